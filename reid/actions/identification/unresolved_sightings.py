"""Sightings that were kept and that nobody has decided by enrolling their photo: whom they may show, by the names of today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reid.records import EMPTY, Box, Match, Outcome, Photo, Sighting
from reid.store import EnrolledPhoto, KeptSighting
from reid.store.contract import GalleryStore

OPEN = (Outcome.KNOWN, Outcome.REVIEW, Outcome.NEW)
"""Outcomes that show an animal of a known species."""
ANY = "any"
"""In place of a box: whichever."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One individual that a doubtful sighting may show. photo: the enrolled one that is most like it."""

    individual: str
    probability: float
    photo: str


@dataclass(frozen=True, slots=True)
class OpenSighting:
    """One animal in one encounter that is not enrolled. photos: one for each sighting, individual "".

    alternatives: by falling probability; nobody: that none of the enrolled is shown. Both are means over the sightings of the
    encounter, which repeat each other; () and None where nothing was calibrated. outcome, individual: as decided. frame:
    content of the photo, where several animals of one frame are sightings of their own; "" = alone. seq: the journal's entry
    that kept the answer. contents: sha256 of each of `photos`, as they were when they were asked about.
    """

    photos: tuple[Photo, ...]
    outcome: Outcome
    individual: str
    alternatives: tuple[Alternative, ...]
    nobody: float | None
    frame: str = ""
    seq: int = 0
    contents: tuple[str, ...] = ()


def to_keep(sightings: Iterable[Sighting]) -> list[Sighting]:
    """The decisions with their photos named by absolute path, so that they are found from another folder, too."""
    return [
        replace(one, photo=str(Path(one.photo).absolute()), photos=tuple(str(Path(path).absolute()) for path in one.photos))
        for one in sightings
    ]


def open_sightings(gallery: GalleryStore, species: str) -> tuple[OpenSighting, ...]:
    """The animals of a species that were sighted but not enrolled, by date.

    Of photos that were asked about several times the newest answer counts. Sightings of one encounter show one animal, unless
    they are of one frame. What was renamed, merged or moved since has the name of today; what was removed is on the list
    no more.
    """
    names = NamesInUse(gallery, species)
    found = [_joined(group, names) for group in _encounters(unsettled(gallery, species))]
    return tuple(sorted(found, key=lambda one: (str(one.photos[0].captured_at or ""), str(one.photos[0].path))))


def unsettled(gallery: GalleryStore, species: str, everything: Sequence[KeptSighting] | None = None) -> list[KeptSighting]:
    """The kept sightings of animals of a species, of each photo the newest, without those whose photo (and box) is enrolled.

    The newest of any answer: a photo that was decided to be empty, or of another species, is no sighting of this one any more.
    A file that lies in two places is one photo.

    Args:
        gallery: open.
        species: of the animals.
        everything: all kept sightings, where they have been read already; they take a second for 40,000.
    """
    everything = gallery.sightings() if everything is None else everything
    kept = [one for one in everything if one.species == species and one.sighting.decision.outcome in OPEN]
    enrolled = gallery.photos(species)
    settled = {(name, box) for one in enrolled for name in (one.sha256, _dated(one.path, one)) for box in (_box(one.box), ANY)}
    settled |= {(str(one.path), ANY) for one in enrolled}
    newest: dict[str, int] = {}
    for one in everything:
        for key in keys(one.sighting):
            newest[key] = max(newest.get(key, 0), one.seq)
    place: dict[tuple[str, str], str] = {}
    return [
        one for one in kept
        if max(newest.get(name, 0) for name in _lead(one.sighting)) == one.seq and settled.isdisjoint(_places(one.sighting))
        and place.setdefault((one.sighting.sha256, _box(one.sighting.box)), one.sighting.photo) == one.sighting.photo
    ]  # fmt: skip


def keys(sighting: Sighting) -> set[str]:
    """What its photos are known by: their contents, and the place of the first with its date, for a file may be written again.

    Never the place alone, where the content is known: the next card has the same names. An encounter that was kept before the
    contents of its other photos were has their places only.
    """
    own = {sighting.sha256, *(_dated(place, sighting) for place in _named(sighting.photo))}
    contents = {one.partition(" ")[0] for one in sighting.contents}
    return own | (contents or {place for path in _others(sighting) for place in _named(path)})


def _lead(sighting: Sighting) -> set[str]:
    """What its first photo may be known by, in any sighting."""
    places = _named(sighting.photo)
    return {sighting.sha256, *places, *(_dated(place, sighting) for place in places)}


def _places(sighting: Sighting) -> set[tuple[str, str]]:
    """The animals it rests on: of its first photo by content, or place and date, and box; of the others without the box."""
    lead = _box(sighting.box)
    own = {(name, lead) for name in (sighting.sha256, *(_dated(place, sighting) for place in _named(sighting.photo)))}
    others = {one.partition(" ")[0] for one in sighting.contents} - {sighting.sha256}
    return own | {(name, ANY) for name in others or {place for path in _others(sighting) for place in _named(path)}}


def _others(sighting: Sighting) -> set[str]:
    return set(sighting.photos) - {sighting.photo} if not sighting.contents else set()


def _named(path: str) -> tuple[str, str]:
    return path, str(Path(path).absolute())


def _dated(place: str | Path, one: Sighting | EnrolledPhoto) -> str:
    return f"{place} of {one.captured_at}"


def _box(box: Box | None) -> str:
    return box.key() if box else ""


def _encounters(kept: Iterable[KeptSighting]) -> list[list[KeptSighting]]:
    groups: dict[str, list[KeptSighting]] = defaultdict(list)
    for one in kept:
        groups[one.sighting.encounter or f"sighting {one.id}"].append(one)
    found = []
    for members in groups.values():
        frames = {one.sighting.sha256 for one in members}
        found += [members] if len(frames) == len(members) else [[one] for one in members]
    return found


class NamesInUse:
    """Whom a match means today: the owner of the enrolled photo that was matched, else who has the name."""

    def __init__(self, gallery: GalleryStore, species: str) -> None:
        """Take the enrolled photos of a species, and who was removed."""
        enrolled = gallery.photos(species)
        self.names = {one.individual for one in enrolled}
        self.removed = {one.name for one in gallery.individuals(species, removed=True) if not one.merged_into} - self.names
        self.owners: dict[str, set[str]] = defaultdict(set)
        for one in enrolled:
            self.owners[one.sha256].add(one.individual)

    def of(self, match: Match) -> str:
        """The name; "" where that individual is no more."""
        owners = self.owners.get(match.sha256, set()) if match.sha256 else set()
        if match.individual in self.removed:  # who is left in the frame is another animal
            return ""
        if len(owners) == 1:
            return next(iter(owners))
        return match.individual if match.individual in (owners or self.names) else ""


def _joined(group: Sequence[KeptSighting], names: NamesInUse) -> OpenSighting:
    shares: dict[str, float] = defaultdict(float)
    shown: dict[str, tuple[float, str]] = {}
    nobody, judged = 0.0, 0
    for one in (kept.sighting for kept in group):
        chances = _chances(one)
        if chances is None:
            continue
        judged += 1
        nobody += chances
        for match in one.matches:
            if name := names.of(match):
                shares[name] += match.probability or 0.0
                shown[name] = max(shown.get(name, (-1.0, "")), (match.probability or 0.0, match.photo))
    order = sorted(shares, key=lambda name: (-shares[name], name))
    outcome, individual = decided(group, names)
    return OpenSighting(
        tuple(_photo(one) for one in group), outcome, individual,
        tuple(Alternative(name, shares[name] / judged, shown[name][1]) for name in order),
        nobody / judged if judged else None, group[0].sighting.sha256 if len(group) == 1 else "",
        min(one.seq for one in group), tuple(one.sighting.sha256 for one in group),
    )  # fmt: skip


def _chances(one: Sighting) -> float | None:
    """The chance of nobody; None where nothing was calibrated. What was kept without it: what the matches leave."""
    decision = one.decision
    if decision.probability is None or any(match.probability is None for match in one.matches):
        return 1.0 if decision.outcome == Outcome.NEW and not one.matches else None
    if decision.nobody is not None:
        return decision.nobody
    if decision.outcome == Outcome.NEW:
        return decision.probability
    return max(0.0, 1.0 - sum(match.probability or 0.0 for match in one.matches))


def decided(group: Sequence[KeptSighting], names: NamesInUse) -> tuple[Outcome, str]:
    """The only individual that was named. All decided new: new. Else it is open."""
    named = set()
    for one in (kept.sighting for kept in group):
        if one.decision.outcome == Outcome.KNOWN:
            best = next((match for match in one.matches if match.individual == one.decision.individual), None)
            named.add(names.of(best) if best else one.decision.individual or "")
    outcomes = {one.sighting.decision.outcome for one in group}
    if len(named) == 1 and "" not in named and Outcome.NEW not in outcomes:
        return Outcome.KNOWN, next(iter(named))
    return (Outcome.NEW if outcomes == {Outcome.NEW} else Outcome.REVIEW), ""


def in_review(gallery: GalleryStore, season: str, asked: Collection[str] = ()) -> list[Sighting]:
    """The kept decisions of a season that wait for a person, by the names of today; none of photos that are asked now.

    Args:
        gallery: open.
        season: as the sighting names it, or the year of its date.
        asked: the photos asked now, by content and by path.
    """
    everything = gallery.sightings()
    waiting = []
    for species in sorted({kept.species for kept in everything} - {"", EMPTY}):
        names = NamesInUse(gallery, species)
        for kept in unsettled(gallery, species, everything):
            sighting = today(kept, names)
            year = str(sighting.captured_at.year) if sighting.captured_at else ""
            if sighting.decision.outcome == Outcome.REVIEW and (sighting.season or year) == season:
                waiting += [sighting] if keys(sighting).isdisjoint(asked) else []
    return waiting


def today(kept: KeptSighting, names: NamesInUse) -> Sighting:
    """A kept answer by the names of today, without who is no more: a decision for one of those is open again."""
    one, decision = kept.sighting, kept.sighting.decision
    now = [(match, names.of(match) if match.species == kept.species else match.individual) for match in one.matches]
    matches = tuple(replace(match, individual=name) for match, name in now if name)
    outcome, individual = decided([kept], names)
    if outcome == decision.outcome == Outcome.REVIEW:
        individual = next((name for match, name in now if match.individual == decision.individual), "")
    gone = f"; {decision.individual} is not in the gallery any more" if decision.individual and not individual else ""
    decision = replace(decision, outcome=outcome, individual=individual or None, reason=decision.reason + gone)
    return replace(one, matches=matches, decision=decision)


def _photo(kept: KeptSighting) -> Photo:
    one = kept.sighting
    year = str(one.captured_at.year) if one.captured_at else ""
    return Photo(
        Path(one.photo), kept.species, "", one.captured_at, one.encounter, one.camera, one.side,
        "" if one.season == year else one.season, one.box,
    )  # fmt: skip


def by_frame(found: Sequence[OpenSighting]) -> Mapping[str, tuple[int, ...]]:
    """Which (by number) are of one frame, by its content; those alone are not in it."""
    frames: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(found):
        if one.frame:
            frames[one.frame].append(at)
    return {frame: tuple(members) for frame, members in frames.items() if len(members) > 1}
