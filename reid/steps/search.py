"""A shortlist of individuals for each query: the best photo of each individual that could match."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from reid.records import Vectors
from reid.store import EnrolledPhoto, Found, Where

FIRST_LOOK = 64
"""Photos asked for at first; more are asked for until the shortlist has enough individuals."""
SHORTLIST = 20
"""Individuals on a shortlist at least, if that many are enrolled: those beyond it weigh nothing in the decision."""
PHOTOS = 3
"""Photos of an individual that a closer look may take, its most alike first."""


class Searchable(Protocol):
    """What a search needs of a gallery."""

    def search(
        self, species: str, queries: Vectors, k: int, *, where: Where = ..., fingerprint: str | None = None
    ) -> Found:
        """The k photos most like each query."""

    def photos_by_id(self, photo_ids: Sequence[int]) -> tuple[EnrolledPhoto, ...]:
        """Photos by id, in order."""

    def count_individuals(self, species: str, where: Where = ...) -> int:
        """How many individuals of a species have a photo that a search may find."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One individual on a shortlist with the score of its best photo.

    best: at most `PHOTOS` of its photos found, each with its score, falling. local, fused: of a closer look, None without
    one: the place-by-place score of `photo` in [0, 1], and that together with its cosine, by which the order goes.
    """

    individual: str
    score: float
    photo: EnrolledPhoto
    best: tuple[tuple[EnrolledPhoto, float], ...] = ()
    local: float | None = None
    fused: float | None = None


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Individuals in falling order of score, ties to the photo enrolled first.

    enrolled: how many could have matched. comparable: chance in [0, 1] that an enrolled animal of the species, were it the one
    shown, would be among these: the other side of an animal is like nobody.
    """

    species: str
    enrolled: int
    listed: tuple[Listed, ...]
    comparable: float = 1.0


def eligible(gallery: Searchable, species: str, where: Where) -> int:
    """How many individuals have a photo that may match, whatever single photos and encounters `where` leaves out."""
    return gallery.count_individuals(species, replace(where, exclude_sha256=frozenset(), exclude_encounters=frozenset()))


def comparable(gallery: Searchable, species: str, where: Where) -> float:
    """The chance that an enrolled animal, shown from the side asked, has a photo that may match; 1 where nobody is enrolled.

    A query of unknown side shows either: of animals enrolled from one side only it misses every second one.
    """
    everybody = eligible(gallery, species, replace(where, side=""))
    if not everybody:
        return 1.0
    sides = [where.side] if where.side else ["left", "right"]
    return sum(eligible(gallery, species, replace(where, side=side)) for side in sides) / (len(sides) * everybody)


@dataclass(frozen=True, slots=True)
class ShortlistQuery:
    """What a query may match, and how its list is made.

    fingerprint: of the net that embedded it. where: which photos may match; a known side restricts to photos of that side or
    of unknown side. enrolled: how many individuals could match, as `eligible` counts. wanted: individuals on the list, if
    there are as many. when: the query was taken; None = not known, nothing fades. fade: what each year between the query and
    an enrolled photo takes off that photo's score; photos without a date keep theirs. share: as `comparable` counts.
    """

    fingerprint: str
    where: Where
    enrolled: int
    wanted: int = SHORTLIST
    when: datetime | None = None
    fade: float = 0.0
    share: float = 1.0


def shortlist(gallery: Searchable, species: str, vector: Vectors, query: ShortlistQuery) -> Shortlist:
    """Search one query.

    Args:
        gallery: where to search.
        species: whose gallery.
        vector: (1, D) embedding.
        query: what may match it.
    """
    asked, when, fade = FIRST_LOOK, query.when, query.fade
    while True:
        matches = gallery.search(species, vector, asked, where=query.where, fingerprint=query.fingerprint)
        ids = [int(number) for number in matches.photo_ids[0] if number >= 0]
        best: dict[int, list[tuple[EnrolledPhoto, float]]] = {}
        photos = gallery.photos_by_id(ids)
        for photo, score in zip(photos, matches.scores[0].tolist(), strict=False):
            best.setdefault(photo.individual_id, []).append((photo, score - fade * years(when, photo.captured_at)))
        if len(best) >= min(query.wanted, query.enrolled) or len(ids) < asked:
            break
        asked *= 4
    if fade:
        best = dict(sorted(
            ((individual, sorted(of, key=lambda pair: (-pair[1], pair[0].id))) for individual, of in best.items()),
            key=lambda pair: (-pair[1][0][1], pair[1][0][0].id),
        ))
    listed = tuple(Listed(of[0][0].individual, of[0][1], of[0][0], tuple(of[:PHOTOS])) for of in best.values())
    return Shortlist(species, query.enrolled, listed, query.share)


def could_match(lists: Sequence[Shortlist]) -> int:
    """How many individuals of one species the photos together could show: of two sides, at least all that are listed."""
    listed = {individual.individual for part in lists for individual in part.listed}
    return max(len(listed), max((part.enrolled for part in lists), default=0))


def comparable_together(sides: Collection[str], lists: Sequence[Shortlist]) -> float:
    """`comparable` of all photos of one animal: one seen from both sides can be compared with any other."""
    return 1.0 if {"left", "right"} <= set(sides) else max((part.comparable for part in lists), default=1.0)


def years(a: datetime | None, b: datetime | None) -> float:
    """Between two moments, whichever is first; 0 where one is not known. Time zones are not looked at."""
    if a is None or b is None:
        return 0.0
    return abs((a.replace(tzinfo=None) - b.replace(tzinfo=None)).total_seconds()) / (365.25 * 86400)
