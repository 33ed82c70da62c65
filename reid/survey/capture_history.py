"""The capture history: who was seen on which occasion, and where nobody could have been seen."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reid.errors import UsageError
from reid.records import Deployment, Photo, Season
from reid.settings import SIDE_RULES
from reid.survey.effort import Occasion, day_of, occasions_of, spans_of
from reid.survey.season_dates import season_of


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An individual, or one photo of it, that is not in the history, and why. photo "" = the whole individual."""

    species: str
    individual: str
    photo: str
    reason: str


@dataclass(frozen=True, slots=True)
class Capture:
    """One photo that counts, and the number (from 0) of the occasion and of the deployment; -1 = no deployments table."""

    photo: Photo
    occasion: int
    deployment: int


@dataclass(frozen=True, slots=True)
class IndividualHistory:
    """One individual. seen: one for each occasion; None = no effort, so not known (NA)."""

    individual: str
    seen: tuple[bool | None, ...]
    captures: tuple[Capture, ...]
    group: str = ""
    covariates: tuple[float, ...] = ()

    def text(self, missing: str = ".") -> str:
        """1 for seen, 0 for not seen, `missing` where no camera worked."""
        return "".join(missing if seen is None else "1" if seen else "0" for seen in self.seen)


@dataclass(frozen=True, slots=True)
class CaptureHistory:
    """The histories of one species, by individual, with what they were made from.

    groups: the values of the group column, sorted; () without one. covariates: the names of the columns.
    notes: what a reader of the numbers must know.
    """

    species: str
    occasions: tuple[Occasion, ...]
    histories: tuple[IndividualHistory, ...]
    deployments: tuple[Deployment, ...]
    left_out: tuple[LeftOut, ...]
    side: str
    groups: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def seasons(self) -> tuple[str, ...]:
        """The names of the seasons in their order."""
        return tuple(dict.fromkeys(occasion.season for occasion in self.occasions))

    def intervals(self) -> tuple[float, ...]:
        """Years between each occasion and the next, 0 within a season: MARK's time intervals of the robust design.

        Between seasons: from the first day of one to the first day of the next, to two decimals.
        """
        starts = {occasion.season: occasion.start for occasion in reversed(self.occasions)}
        return tuple(
            0.0 if before.season == after.season else round((starts[after.season] - starts[before.season]).days / 365.25, 2)
            for before, after in itertools.pairwise(self.occasions)
        )


class NothingLeft(UsageError):
    """No photo of a species counts in its history: the reasons, and how many photos each holds for."""


@dataclass(slots=True)
class _Tally:
    """What is left out on the way, and what a reader must know."""

    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def drop(self, photo: Photo, reason: str) -> None:
        self.left_out.append(LeftOut(photo.species, photo.individual, str(photo.path), reason))


def capture_history(
    photos: Sequence[Photo],
    *,
    seasons: Sequence[Season] = (),
    days: int = 0,
    deployments: Sequence[Deployment] = (),
    side: str = "all",
    group: str = "",
    covariates: Sequence[str] = (),
) -> CaptureHistory:
    """Build the history of one species.

    Args:
        photos: of named individuals of one species, with their dates. Those without a date, outside of all seasons, of
            another side than chosen, or of a camera that did not work on that day are left out and listed.
        seasons: by name and dates; () = those the photos (or the deployments) name, else the calendar year, from
            their first day to their last (a day with a photo or with a working camera).
        days: length of an occasion; 0 = each season is one occasion. The last one of a season may be shorter.
        deployments: () = effort is not known, every occasion counts as sampled.
        side: one of SIDE_RULES.
        group, covariates: columns (notes of the photos); see `_traits`.

    Raises:
        UsageError: an option is none.
        NothingLeft: no photo counts.
    """
    if days < 0 or side not in SIDE_RULES:
        raise UsageError(f"occasion of {days} days, side {side!r}: wanted 0 or more days, and one of {', '.join(SIDE_RULES)}")
    species = photos[0].species if photos else ""
    tally = _Tally()
    dated = _dated(photos, tally)
    chosen, kept_side = choose_side(dated, side, tally)
    spans = tuple(seasons) or spans_of(chosen, deployments)
    occasions = occasions_of(spans, days, deployments)
    captures = _captures(chosen, occasions, spans if seasons else None, deployments, tally)
    rows, groups = _histories(captures, occasions, group, covariates, tally)
    _note_lost(species, photos, rows, tally)
    if not rows:
        reasons = Counter(dropped.reason for dropped in tally.left_out).most_common(3)
        why = "".join(f"; {count} x {reason}" for reason, count in reasons)
        raise NothingLeft(f"no photo of {species or 'any species'} is left{why}")
    lost, notes = tuple(tally.left_out), tuple(tally.notes)
    return CaptureHistory(species, occasions, rows, tuple(deployments), lost, kept_side, groups, tuple(covariates), notes)


def choose_side(photos: Sequence[Photo], rule: str, tally: _Tally) -> tuple[list[Photo], str]:
    """The photos that count, and the side they show.

    The left and the right of an animal look different: an individual known from its left side alone and one known from its
    right alone may be one animal. Rules:

        all          every photo. Half-known animals of both sides are named in a note: they may count twice.
        left, right  photos of that side only; who has none is left out.
        best         the side with more individuals; on a tie more photos, then left.
        both-linked  every photo, but only of individuals with photos of both sides under one name.
    """
    sides: dict[str, set[str]] = defaultdict(set)
    for photo in photos:
        sides[photo.individual].add(photo.side)
    halves = {which: sum(shown - {""} == {which} for shown in sides.values()) for which in ("left", "right")}
    if rule == "all":
        if halves["left"] and halves["right"]:
            tally.notes.append(
                f"{halves['left']} individuals are known from the left only and {halves['right']} from the right only: some of "
                "them may be the same animals, counted twice. --side left, right, best or both-linked avoids that."
            )
        return list(photos), "all"
    if rule == "best":
        many = {
            which: (sum(which in shown for shown in sides.values()), sum(photo.side == which for photo in photos))
            for which in ("left", "right")
        }
        rule = "left" if many["left"] >= many["right"] else "right"
        tally.notes.append(
            f"side {rule} was chosen: {many['left'][0]} individuals have photos of the left, {many['right'][0]} of the right"
        )
    kept: list[Photo] = []
    for photo in photos:
        if rule == "both-linked":
            fault = "" if {"left", "right"} <= sides[photo.individual] else "individual is not known from both sides"
        else:
            shown = photo.side or "unknown"
            fault = "" if photo.side == rule else f"photo shows the {shown} side, the history is of the {rule}"
        if fault:
            tally.drop(photo, fault)
        else:
            kept.append(photo)
    return kept, rule


def _dated(photos: Iterable[Photo], tally: _Tally) -> list[Photo]:
    kept = []
    for photo in photos:
        if photo.captured_at is None:
            tally.drop(photo, "photo has no date")
        else:
            kept.append(photo)
    return kept


def _captures(
    photos: Sequence[Photo], occasions: Sequence[Occasion], spans: Sequence[Season] | None, deployments: Sequence[Deployment],
    tally: _Tally,
) -> list[Capture]:  # fmt: skip
    """The photos that lie in an occasion and, where there are deployments, in one. spans: None = as the photos name seasons."""
    cameras = {place.camera for place in deployments}
    captures = []
    for photo in photos:
        day = day_of(photo)
        season = photo.season or str(day.year) if spans is None else season_of(day, spans)
        at = next((
            number for number, occasion in enumerate(occasions)
            if occasion.season == season and occasion.start <= day <= occasion.end
        ), None)  # fmt: skip
        place = next((
            number for number, deployment in enumerate(deployments)
            if deployment.camera == photo.camera and deployment.works(day)
        ), -1)  # fmt: skip
        if at is None:
            tally.drop(photo, "photo lies outside of all seasons")
        elif deployments and place < 0:
            known = "did not work on that day" if photo.camera in cameras else "is not in the deployments table"
            tally.drop(photo, f"camera {photo.camera or '(not named)'} {known}")
        else:
            captures.append(Capture(photo, at, place))
    return captures


def _histories(
    captures: Sequence[Capture], occasions: Sequence[Occasion], group: str, covariates: Sequence[str], tally: _Tally
) -> tuple[tuple[IndividualHistory, ...], tuple[str, ...]]:
    by_name: dict[str, list[Capture]] = defaultdict(list)
    for capture in captures:
        by_name[capture.photo.individual].append(capture)
    rows = []
    for name in sorted(by_name):
        captured = sorted(by_name[name], key=lambda capture: (capture.photo.captured_at, str(capture.photo.path)))
        seen_on = {capture.occasion for capture in captured}
        seen = tuple(at in seen_on if occasion.sampled else None for at, occasion in enumerate(occasions))
        traits = _traits(name, [capture.photo for capture in captured], group, covariates, tally)
        if traits is not None:
            rows.append(IndividualHistory(name, seen, tuple(captured), *traits))
    return tuple(rows), tuple(sorted({row.group for row in rows})) if group else ()


def _traits(
    name: str, photos: Sequence[Photo], group: str, covariates: Sequence[str], tally: _Tally
) -> tuple[str, tuple[float, ...]] | None:
    """An individual's group (`unknown` where no photo says it) and its numeric covariates; None where one is missing.

    Photos that disagree: the value of most photos is taken, on a tie the first in the alphabet, with a note.
    """

    def value(column: str) -> str:
        counted = Counter(text for photo in photos if (text := photo.column(column.lower())))
        if len(counted) > 1:
            values = ", ".join(f"{text} on {many}" for text, many in sorted(counted.items()))
            tally.notes.append(f"{name}: photos disagree on {column} ({values}); the most frequent is taken")
        return min(counted, key=lambda text: (-counted[text], text), default="")

    numbers = []
    for column in covariates:
        text = value(column)
        try:
            number = float(text.replace(",", "."))
            if not math.isfinite(number):
                raise ValueError
            numbers.append(number)
        except ValueError:
            fault = f"is {text!r}, no number" if text else "is not known"
            tally.left_out.append(LeftOut(photos[0].species, name, "", f"covariate {column} {fault}"))
            return None
    return (value(group) or "unknown") if group else "", tuple(numbers)


def _note_lost(species: str, photos: Sequence[Photo], rows: Sequence[IndividualHistory], tally: _Tally) -> None:
    """A line for every individual that lost all of its photos."""
    noted = {lost.individual for lost in tally.left_out if not lost.photo}
    reasons: Mapping[str, Counter[str]] = defaultdict(Counter)
    for lost in tally.left_out:
        reasons[lost.individual][lost.reason] += 1
    for name in sorted({photo.individual for photo in photos} - {row.individual for row in rows} - noted):
        why = "; ".join(f"{reason} ({many})" for reason, many in reasons[name].most_common())
        tally.left_out.append(LeftOut(species, name, "", f"no photo is left: {why}"))
