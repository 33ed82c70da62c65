"""The rows of a season's table: one for each individual, and one for each animal that got no name."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from reid.actions.seasons.results import SEASON_STATUSES, SeasonRow
from reid.records import Outcome, Sighting
from reid.settings import ENCOUNTER_MINUTES
from reid.steps.cannot_link import seconds
from reid.steps.encounters import events
from reid.steps.season.assignment import Name
from reid.steps.season.joint_identification import Animal
from reid.steps.season.possible_individuals import may_show
from reid.store import EnrolledPhoto

MOST_NAMED = 5
"""Unresolved sightings that a reason names, at most."""


def rows(
    enrolled: Sequence[EnrolledPhoto], animals: Sequence[Animal], first: str, second: str, minutes: float = ENCOUNTER_MINUTES,
    kept: Sequence[Sighting] = (),
) -> list[SeasonRow]:
    """The table of two seasons, by status, species and name.

    Args:
        enrolled: photos of every season.
        animals: of the second season, as `steps.season.joint_identification` decided.
        first, second: names of the seasons.
        minutes: the independence interval of events.
        kept: decisions about other photos of the second season that were kept and are not enrolled, by the names of today.
    """
    by_name: dict[Name, list[EnrolledPhoto]] = defaultdict(list)
    for photo in enrolled:
        by_name[photo.species, photo.individual].append(photo)
    named: dict[Name, list[Animal]] = defaultdict(list)
    for animal in animals:
        if animal.name is not None:
            named[animal.name].append(animal)
    found = _unnamed(animals, second, minutes)
    maybe: dict[Name, list[SeasonRow]] = defaultdict(list)
    for row in found:
        if row.status == "review" and row.individual:
            maybe[row.species, row.individual].append(row)
    waiting = [(row.proposal, animal.sighting) for row, animal in zip(found, _open(animals), strict=True)]
    waiting += [("", sighting) for sighting in kept]
    for key in sorted(by_name):
        individual = _individual_row(key, by_name[key], named[key], first, second, minutes)
        if individual is None:
            continue
        if individual.status == "not seen":
            individual = _doubtful(individual, maybe[key]) if maybe[key] else _decidable(individual, by_name[key], waiting)
        found.append(individual)
    order = {status: place for place, status in enumerate(SEASON_STATUSES)}
    return sorted(found, key=lambda row: (order[row.status], row.species, row.individual, row.proposal))


def _individual_row(
    name: Name, photos: Sequence[EnrolledPhoto], animals: Sequence[Animal], first: str, second: str, minutes: float
) -> SeasonRow | None:
    """The row of one individual; None when it was in neither season."""
    again = [photo for photo in photos if photo.season == second]
    before = [photo for photo in photos if photo.season == first]
    moments = _moments(again, animals)
    earlier = before or _earlier(photos, second, moments)
    status = _status(bool(before), bool(again or animals), bool(earlier))
    if not status:
        return None
    last = max(earlier, key=_when, default=None)
    best = max(animals, key=lambda animal: animal.sighting.decision.probability or 0.0, default=None)
    photo_before, photo_again = _photo_pair(best, last, again)
    decision = best.sighting.decision if best else None
    shown, encounters = _photos_and_encounters(again, animals)
    first_again, last_again = (moments[0], moments[-1]) if moments else (None, None)
    both = "enrolled under this name in both seasons" if status == "returned" else ""
    return SeasonRow(
        status,
        *name,
        decision.probability if decision else None,
        shown,
        encounters,
        last.captured_at if last else None,
        first_again,
        last_again,
        photo_before,
        photo_again,
        decision.reason if decision else both,
        sides=side_word([photo.side for photo in photos] + [side for animal in animals for side in animal.sides]),
        events=events([*((photo.camera, photo.captured_at) for photo in again), *_taken(animals)], minutes),
    )


def _photos_and_encounters(again: Sequence[EnrolledPhoto], animals: Sequence[Animal]) -> tuple[int, int]:
    """Of the second season, enrolled and given, each counted once."""
    counted = {photo.sha256 for photo in again}
    photos = len(again) + sum(look.sha256 not in counted for animal in animals for look in animal.looks)
    encounters = {photo.encounter or photo.sha256 for photo in again}
    return photos, len(encounters) + sum(_fresh(animal, counted) for animal in animals)


def _earlier(photos: Sequence[EnrolledPhoto], second: str, moments: Sequence[datetime]) -> list[EnrolledPhoto]:
    """The photos of any season before the second, and of none after it."""
    start = seconds(moments[0]) if moments else math.inf
    return [photo for photo in photos if photo.season != second and _when(photo) < start]


def _moments(again: Sequence[EnrolledPhoto], animals: Sequence[Animal]) -> list[datetime]:
    """When an individual was seen in the second season, in time."""
    dates = [photo.captured_at for photo in again] + [date for animal in animals for date in (animal.first, animal.last)]
    return sorted((date for date in dates if date), key=seconds)


def _status(before: bool, seen: bool, earlier: bool) -> str:
    """The status of an individual by whether it was seen in the first, in the second and in an earlier season; "" = neither."""
    if before:
        return "returned" if seen else "not seen"
    return ("reappeared" if earlier else "new") if seen else ""


def _photo_pair(best: Animal | None, last: EnrolledPhoto | None, again: Sequence[EnrolledPhoto]) -> tuple[str, str]:
    """A photo of before and one of the second season: those of the surest decision, else enrolled ones; "" = none."""
    shown = best.sighting.photo if best else str(again[0].path) if again else ""
    matched = best.sighting.matches[0].photo if best and best.sighting.matches else ""
    return matched or (str(last.path) if last else ""), shown


def _fresh(animal: Animal, counted: Collection[str]) -> int:
    """Encounters of an animal without a photo that is enrolled already, and so counted with those."""
    known = {str(look.photo.path) for look in animal.looks if look.sha256 in counted}
    return sum(known.isdisjoint(part.photos) for part in animal.parts)


def _doubtful(row: SeasonRow, maybe: Sequence[SeasonRow]) -> SeasonRow:
    """The row of an individual that animals under review may be."""
    best = max(maybe, key=lambda one: one.probability or 0.0)
    chance = "" if best.probability is None else f" with probability {best.probability:.2f}"
    others = len(maybe) - 1
    more = f", and {others} other{'s' if others > 1 else ''} may be" if others else ""
    return replace(
        row, status="doubtful", probability=best.probability, first_again=best.first_again, last_again=best.last_again,
        photo_before=best.photo_before, photo_again=best.photo_again, proposal=best.proposal,
        reason=f"{best.proposal}, under review, may be it{chance}{more}",
    )


def _decidable(row: SeasonRow, photos: Sequence[EnrolledPhoto], waiting: Sequence[tuple[str, Sighting]]) -> SeasonRow:
    """The row of an individual that is not seen, unless photos that wait for a person may show it.

    waiting: unresolved sightings, each with the name proposed for its animal, "" = a decision that was kept.
    """
    sides = {photo.side for photo in photos}
    open_ones = [(name, one) for name, one in waiting if may_show(one, row.individual, row.species, sides)]
    if not open_ones:
        return row
    lead, plural = open_ones[0][1], "s" if len(open_ones) > 1 else ""
    shown = [f"{Path(one.photo).name} ({name or 'kept'})" for name, one in open_ones[:MOST_NAMED]]
    more = f" and {len(open_ones) - MOST_NAMED} more" if len(open_ones) > MOST_NAMED else ""
    return replace(
        row, status="not decided", photo_again=lead.photo,
        reason=f"{len(open_ones)} unresolved sighting{plural} of the second season may show it: {', '.join(shown)}{more}",
    )


def _taken(animals: Sequence[Animal]) -> list[tuple[str, datetime | None]]:
    return [(look.photo.camera, look.photo.captured_at) for animal in animals for look in animal.looks]


def _when(photo: EnrolledPhoto) -> float:
    return seconds(photo.captured_at) if photo.captured_at is not None else -1.0


def _unnamed(animals: Sequence[Animal], second: str, minutes: float) -> list[SeasonRow]:
    """The rows of animals that are new or in doubt, with the names proposed for them."""
    number: Counter[str] = Counter()
    found = []
    for animal in _open(animals):
        number[animal.species] += 1
        found.append(_proposed(animal, f"new-{second}-{number[animal.species]:03d}", minutes))
    return found


def _open(animals: Sequence[Animal]) -> list[Animal]:
    """The animals without a name, by their first photo."""
    unnamed = [animal for animal in animals if animal.sighting.decision.outcome in (Outcome.NEW, Outcome.REVIEW)]
    return sorted(
        unnamed, key=lambda animal: (animal.first is None, seconds(animal.first) if animal.first else 0.0, animal.sighting.photo)
    )


def _proposed(animal: Animal, proposal: str, minutes: float) -> SeasonRow:
    one = animal.sighting
    new = one.decision.outcome == Outcome.NEW
    best = one.matches[0] if one.matches else None
    weakest = animal.ties[0] if animal.ties else None
    reason = one.decision.reason
    if weakest is not None:
        reason += f"; {len(animal.parts)} encounters, the weakest link right with probability {weakest.probability:.2f}"
    return SeasonRow(
        "new" if new else "review",
        animal.species,
        best.individual if best and not new else "",
        one.decision.probability,
        len(animal.looks),
        len(animal.parts),
        best.captured_at if best else None,
        animal.first,
        animal.last,
        best.photo if best else "",
        one.photo,
        reason,
        proposal,
        side_word(animal.sides),
        weakest.probability if weakest else None,
        weakest.cosine if weakest else None,
        weakest.photos if weakest else (),
        events(_taken([animal]), minutes),
    )


def side_word(sides: Iterable[str]) -> str:
    """left, right, both, or "" where no side is known."""
    shown = sorted(set(sides) - {""})
    return "both" if len(shown) == 2 else "".join(shown)


def halves(found: Sequence[SeasonRow]) -> tuple[str, ...]:
    """What must be said of animals known from one side only, species by species."""
    count: Mapping[str, Counter[str]] = defaultdict(Counter)
    for row in found:
        count[row.species][row.sides] += row.status not in ("not seen", "doubtful", "not decided")
    return tuple(
        f"{species}: {sides['left']} animals are known from the left only and {sides['right']} from the right only; some of "
        "them may be one animal, counted twice. An encounter that shows both sides, or `reid individuals merge`, links them."
        for species, sides in sorted(count.items()) if sides["left"] and sides["right"]
    )
