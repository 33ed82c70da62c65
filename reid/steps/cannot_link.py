"""Which photos cannot show one animal: two boxes of one frame, or two places too far apart for the time between."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from math import asin, cos, hypot, radians, sin, sqrt

from reid.records import Box, Deployment, Photo
from reid.settings import FASTEST

ONE_PLACE = 0.2
"""Kilometres within which places are one: cameras that face each other, and GPS that is not sure."""
SAME_PLACE = 0.5
"""Boxes of one frame with at least this intersection over union are of one animal; below `APART` they are of two."""
APART = 0.3
_EARTH_KM = 6371.0
_LATITUDE, _LONGITUDE = ("latitude", "lat", "y_coord"), ("longitude", "lon", "lng", "long", "x_coord")


@dataclass(frozen=True, slots=True)
class Position:
    """A position: latitude and longitude in degrees, or, with `metres`, x and y of a projection."""

    first: float
    second: float
    metres: bool = False


@dataclass(frozen=True, slots=True)
class LocatedDetection:
    """One animal in one photo, as far as it tells where the animal was and when; "" or None = not known.

    box: None = the whole frame.
    """

    sha256: str
    box: Box | None = None
    when: datetime | None = None
    place: Position | None = None


@dataclass(frozen=True, slots=True)
class CannotLinkConflict:
    """Why two groups of photos cannot show one animal. frame: they share one; else the way is too far."""

    frame: bool
    reason: str


def cannot_be_one(
    groups: Sequence[Sequence[LocatedDetection]], fastest: float = FASTEST
) -> dict[tuple[int, int], CannotLinkConflict]:
    """Pairs of groups that cannot show one animal; the lower number first.

    Args:
        groups: each the photos of what is taken for one animal.
        fastest: kilometres an hour.
    """
    found: dict[tuple[int, int], CannotLinkConflict] = {}
    for a, b, conflict in (*_travels(groups, fastest), *_frames(groups)):
        if a != b:
            found[min(a, b), max(a, b)] = conflict  # a shared frame is the stronger reason, so it comes last
    return found


def _frames(groups: Sequence[Sequence[LocatedDetection]]) -> list[tuple[int, int, CannotLinkConflict]]:
    by_file: dict[str, list[tuple[int, LocatedDetection]]] = defaultdict(list)
    for number, group in enumerate(groups):
        for snap in group:
            if snap.sha256:
                by_file[snap.sha256].append((number, snap))
    return [
        (a, b, CannotLinkConflict(True, "two animals of one frame"))
        for same in by_file.values()
        for (a, one), (b, other) in combinations(same, 2)
        if one.box is not None and other.box is not None and overlap(one.box, other.box) < APART
    ]


def _travels(groups: Sequence[Sequence[LocatedDetection]], fastest: float) -> list[tuple[int, int, CannotLinkConflict]]:
    """Pairs of photos that are too far apart for the time between; only those near in time are compared."""
    placed = [
        (seconds(snap.when), number, snap.place)
        for number, group in enumerate(groups)
        for snap in group
        if snap.when is not None and snap.place is not None
    ]
    placed.sort(key=lambda one: one[:2])
    times = [one[0] for one in placed]
    window = 3600 * _widest([one[2] for one in placed]) / fastest
    found = []
    for row, (time, a, here) in enumerate(placed):
        for later, b, there in placed[row + 1 : bisect_right(times, time + window)]:
            if a != b and too_fast(apart := kilometres(here, there), hours := (later - time) / 3600, fastest):
                reason = f"{apart:.1f} km apart within {60 * hours:.0f} minutes"
                found.append((a, b, CannotLinkConflict(False, reason)))
    return found


def _widest(places: Sequence[Position]) -> float:
    """Kilometres that no two of the places exceed: once across their box, in each system of coordinates."""
    widest = 0.0
    for metres in (False, True):
        own = [one for one in places if one.metres == metres]
        if own:
            south, north = (edge(one.first for one in own) for edge in (min, max))
            west, east = (edge(one.second for one in own) for edge in (min, max))
            high, wide = north - south, east - west
            widest = max(widest, hypot(high, wide) / 1000 if metres else hypot(high, min(wide, 360.0)) * 111.4)
    return widest


def too_fast(apart: float | None, hours: float, fastest: float) -> bool:
    """Whether no animal goes so far (kilometres, None = not known) in that time."""
    return apart is not None and apart > ONE_PLACE and apart > fastest * hours


def kilometres(a: Position | None, b: Position | None) -> float | None:
    """Between two places: great circle (the haversine formula), or straight in metres; None where it cannot be known."""
    if a is None or b is None or a.metres != b.metres:
        return None
    if a.metres:
        return hypot(a.first - b.first, a.second - b.second) / 1000
    north, east, north_2, east_2 = map(radians, (a.first, a.second, b.first, b.second))
    half = hypot(sin((north_2 - north) / 2), sqrt(cos(north) * cos(north_2)) * sin((east_2 - east) / 2))
    return 2 * _EARTH_KM * asin(min(1.0, half))


def overlap(a: Box | None, b: Box | None) -> float:
    """Intersection over union of two boxes of one frame, in [0, 1]; None is the whole frame."""
    a, b = a or Box(0, 0, 1, 1), b or Box(0, 0, 1, 1)
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / (a.width * a.height + b.width * b.height - shared)


def seconds(when: datetime) -> float:
    """Since the year 1, so that no time zone of this computer enters."""
    return (when.replace(tzinfo=None) - datetime(1, 1, 1)).total_seconds()


def place_in(notes: Mapping[str, str]) -> Position | None:
    """Where a photo was taken, as columns of its manifest tell (`latitude`, `longitude`)."""
    lower = {name.lower(): value for name, value in notes.items()}
    found = [next((lower[name] for name in names if lower.get(name)), "") for names in (_LATITUDE, _LONGITUDE)]
    try:
        latitude, longitude = (float(value.replace(",", ".")) for value in found)
    except ValueError:
        return None
    return Position(latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def place_of(photo: Photo, deployments: Sequence[Deployment] = ()) -> Position | None:
    """Where a photo was taken: by its own columns, else by the deployment of its camera on that day."""
    own = place_in(photo.notes)
    if own is not None or photo.captured_at is None:
        return own
    day = photo.captured_at.date()
    one = next((one for one in deployments if one.camera == photo.camera and one.start <= day <= one.end), None)
    if one is None:
        return None
    if one.latitude is not None and one.longitude is not None:
        return Position(one.latitude, one.longitude)
    return Position(one.x, one.y, metres=True) if one.x is not None and one.y is not None else None
