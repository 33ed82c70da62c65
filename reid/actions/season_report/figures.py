"""What the page of a season says of one species: who was seen when, the discovery curve, cameras and effort. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reid.actions.season_report.results import (
    REPORT_STATUSES,
    CameraPlace,
    IndividualFigures,
    SeasonCount,
    SpeciesSeason,
    UnresolvedSighting,
)
from reid.steps.season.possible_individuals import may_show
from reid.survey.capture_history import Capture, CaptureHistory, IndividualHistory
from reid.survey.effort import effort_days

CURVE_POINTS = 16
"""Points of a discovery curve, at most."""


def species_season(history: CaptureHistory, season: str, doubts: Sequence[UnresolvedSighting] = ()) -> SpeciesSeason:
    """Put the figures of one species together.

    Args:
        history: of all seasons; each photo names the encounter that it belongs to.
        season: the page's, one of the history's.
        doubts: the unresolved sightings of the season.
    """
    names = history.seasons
    before = names[names.index(season) - 1] if names.index(season) else ""
    met = _encounters(history)
    animals = tuple(_decidable(_animal(row, history, season, before), row, history, doubts) for row in history.histories)
    known = tuple(one for one in animals if one.status)
    order = {status: place for place, status in enumerate(REPORT_STATUSES)}
    return SpeciesSeason(
        history.species,
        season,
        before,
        history,
        tuple(sorted(known, key=lambda one: (order[one.status], one.name))),
        _seasons(history, met),
        _places(history, season),
        _discovered([name for _, _, name in met]),
        expected_individuals(list(Counter(name for _, _, name in met).values())),
    )


def expected_individuals(counts: Sequence[int]) -> tuple[tuple[int, float], ...]:
    """How many individuals are expected in n of the N encounters, drawn at random: sum of 1 - C(N - c, n) / C(N, n).

    The exact expectation, S. H. Hurlbert, The nonconcept of species diversity, Ecology 52 (1971). It says how fast
    individuals would have become known whatever the order in which they came.

    Args:
        counts: encounters of each individual, each >= 1.

    Returns:
        (n, individuals expected) for up to `CURVE_POINTS` rising n, the last one N.
    """
    total = sum(counts)
    found = []
    for n in sorted({max(1, round(total * step / CURVE_POINTS)) for step in range(1, CURVE_POINTS + 1)} if total else ()):
        whole = _log_choose(total, n)
        missed = sum(math.exp(_log_choose(total - count, n) - whole) for count in counts if total - count >= n)
        found.append((n, len(counts) - missed))
    return tuple(found)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _encounters(history: CaptureHistory) -> list[tuple[datetime, str, str]]:
    """(when it began, season, individual) of each encounter, in time."""
    first: dict[tuple[str, str, str], datetime] = {}
    for row in history.histories:
        for capture in row.captures:
            key = (capture.photo.encounter, history.occasions[capture.occasion].season, row.individual)
            taken = _taken(capture)
            first[key] = min(first.get(key, taken), taken)
    return sorted((when, season, name) for (_, season, name), when in first.items())


def _taken(capture: Capture) -> datetime:
    """By the camera's clock: photos with and without a time zone stand in one row."""
    assert capture.photo.captured_at is not None
    return capture.photo.captured_at.replace(tzinfo=None)


def _animal(
    row: IndividualHistory, history: CaptureHistory, season: str, before: str
) -> IndividualFigures:
    """One individual; status "" where it was met after the page's season only."""
    by_occasion: dict[int, set[str]] = defaultdict(set)
    for capture in row.captures:
        by_occasion[capture.occasion].add(capture.photo.encounter)
    cells = tuple(
        len(by_occasion[at]) if at in by_occasion else 0 if one.sampled else None for at, one in enumerate(history.occasions)
    )
    met = tuple(dict.fromkeys(history.occasions[at].season for at in sorted(by_occasion)))
    now = [one for one in row.captures if history.occasions[one.occasion].season == season]
    start = min(one.start for one in history.occasions if one.season == season)
    earlier = [_taken(one) for one in row.captures if history.occasions[one.occasion].start < start]
    if now:
        status = "new" if not earlier else "returned" if before in met else "reappeared"
    else:
        status = "" if not earlier else "not seen" if before in met else "not seen for longer"
    return IndividualFigures(
        row.individual,
        status,
        cells,
        len(now),
        len({one.photo.encounter for one in now}),
        tuple(sorted({one.photo.camera for one in now if one.photo.camera})),
        min(map(_taken, row.captures)),
        max(map(_taken, row.captures)),
        max(earlier, default=None),
        met,
    )


def _decidable(
    animal: IndividualFigures, row: IndividualHistory, history: CaptureHistory, doubts: Sequence[UnresolvedSighting]
) -> IndividualFigures:
    """The figures of an individual that was not seen in the season, unless an unresolved sighting of it may show the animal."""
    if animal.status not in ("not seen", "not seen for longer"):
        return animal
    sides = {capture.photo.side for capture in row.captures}
    perhaps = tuple(one.number for one in doubts if may_show(one.sighting, animal.name, history.species, sides))
    return replace(animal, status="not decided", perhaps=perhaps) if perhaps else animal


def _seasons(history: CaptureHistory, met: Sequence[tuple[datetime, str, str]]) -> tuple[SeasonCount, ...]:
    found = []
    known: set[str] = set()
    for season in history.seasons:
        occasions = [one for one in history.occasions if one.season == season]
        here = Counter(name for _, name_of, name in met if name_of == season)
        effort = [one.camera_days for one in occasions if one.camera_days is not None]
        photos = sum(
            history.occasions[capture.occasion].season == season for row in history.histories for capture in row.captures
        )
        found.append(
            SeasonCount(season, occasions[0].start, occasions[-1].end, sum(effort) if effort else None, photos,
                        sum(here.values()), len(here), len(set(here) - known), expected_individuals(list(here.values())))
        )  # fmt: skip
        known |= set(here)
    return tuple(found)


def _places(history: CaptureHistory, season: str) -> tuple[CameraPlace, ...]:
    """The cameras of the season: those of the deployments table, or those that photos name."""
    occasions = [one for one in history.occasions if one.season == season]
    start, end = occasions[0].start, occasions[-1].end
    seen: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
    for row in history.histories:
        for capture in row.captures:
            if history.occasions[capture.occasion].season == season:
                key = (capture.photo.camera, capture.deployment)
                seen[key].add((capture.photo.encounter, row.individual))
    if not history.deployments:
        return tuple(
            CameraPlace(camera, None, None, None, len(pairs), len({name for _, name in pairs}))
            for (camera, _), pairs in sorted(seen.items())
        )
    found = []
    for at, one in enumerate(history.deployments):
        if one.start <= end and one.end >= start:
            pairs = seen[one.camera, at]
            off = sum(max(start, one.start) <= day <= min(end, one.end) for day in one.off)
            worked = effort_days(one, start, end)
            found.append(CameraPlace(one.camera, one, worked, off, len(pairs), len({name for _, name in pairs})))
    return tuple(sorted(found, key=lambda one: (one.camera, one.deployment.start if one.deployment else start)))


def _discovered(names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """(encounters, individuals) after each encounter that brought a new one, and at the end."""
    known: set[str] = set()
    found = []
    for number, name in enumerate(names, start=1):
        if name not in known or number == len(names):
            known.add(name)
            found.append((number, len(known)))
    return tuple(found)
