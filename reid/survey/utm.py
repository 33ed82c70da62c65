"""Positions in metres: latitude and longitude to UTM, the transverse Mercator grid of the WGS 84 ellipsoid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reid.errors import UsageError
from reid.records import Deployment

_AXIS, _FLATTENING = 6378137.0, 1 / 298.257223563
_SCALE, _EASTING, _NORTHING_SOUTH = 0.9996, 500_000.0, 10_000_000.0


@dataclass(frozen=True, slots=True)
class Grid:
    """Positions in metres: (x, y) for each deployment in the order given, and what they are counted in."""

    points: tuple[tuple[float, float], ...]
    name: str
    """Such as "UTM zone 36N (WGS 84)", or "as the table gives them"."""


def utm(latitude: float, longitude: float, zone: int) -> tuple[float, float]:
    """Easting and northing in metres from the equator (negative in the south), good to a millimetre within a zone.

    Krüger's series to the third order: L. Krüger, Konforme Abbildung des Erdellipsoids in der Ebene, 1912.
    """
    n = _FLATTENING / (2 - _FLATTENING)
    radius = _AXIS / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    series = (
        n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16,
        13 * n**2 / 48 - 3 * n**3 / 5,
        61 * n**3 / 240,
    )
    across = math.radians(longitude - (6 * zone - 183))
    sine = math.sin(math.radians(latitude))
    root = 2 * math.sqrt(n) / (1 + n)
    t = math.sinh(math.atanh(sine) - root * math.atanh(root * sine))
    xi, eta = math.atan2(t, math.cos(across)), math.atanh(math.sin(across) / math.sqrt(1 + t * t))
    x = eta + sum(a * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, a in enumerate(series, start=1))
    y = xi + sum(a * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, a in enumerate(series, start=1))
    return _EASTING + _SCALE * radius * x, _SCALE * radius * y


def in_metres(deployments: Sequence[Deployment]) -> Grid:
    """The deployments' x and y where the table has them, else UTM in the zone of their middle.

    Raises:
        UsageError: a deployment has no position, or some have degrees and others metres.
    """
    if all(place.x is not None for place in deployments):
        return Grid(tuple((place.x or 0.0, place.y or 0.0) for place in deployments), "as the table gives them")
    without = [place.camera for place in deployments if place.latitude is None]
    if without:
        raise UsageError(
            f"deployment of {without[0]} has no position ({len(without)} such); the table needs latitude and "
            "longitude, or x and y in metres, in every row"
        )
    places = [(place.latitude or 0.0, place.longitude or 0.0) for place in deployments]
    middle = sum(longitude for _, longitude in places) / len(places)
    zone = min(60, int((middle + 180) // 6) + 1)
    south = sum(latitude for latitude, _ in places) < 0
    points = [utm(latitude, longitude, zone) for latitude, longitude in places]
    shifted = tuple((x, y + _NORTHING_SOUTH if south else y) for x, y in points)
    return Grid(shifted, f"UTM zone {zone}{'S' if south else 'N'} (WGS 84), metres")
