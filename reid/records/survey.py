"""When and where a survey took place: frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Season:
    """A named span of days, both ends in it."""

    name: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Deployment:
    """One camera at one place for a span of days, both ends in it.

    Position: latitude and longitude in degrees (WGS 84), or x and y in metres of a projection; None = not known.
    off: days within the span on which it did not work.
    """

    camera: str
    start: date
    end: date
    latitude: float | None = None
    longitude: float | None = None
    x: float | None = None
    y: float | None = None
    off: frozenset[date] = frozenset()
    season: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Every other column of the table, by name."""

    def works(self, day: date) -> bool:
        """Whether the camera worked on that day."""
        return self.start <= day <= self.end and day not in self.off
