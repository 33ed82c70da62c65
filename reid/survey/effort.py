"""When was looked: the seasons of a survey, their occasions, and the days on which cameras worked."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reid.errors import UsageError
from reid.records import Deployment, Photo, Season


@dataclass(frozen=True, slots=True)
class Occasion:
    """One span of days in which an animal is seen or not; both ends in it. `season` is its primary period."""

    season: str
    number: int
    """From 1, within the season."""
    start: date
    end: date
    camera_days: float | None
    """Days on which cameras worked, summed over cameras; None = not known (no deployments table)."""

    @property
    def name(self) -> str:
        """The season and the number in it: 2023-1."""
        return f"{self.season}-{self.number}"

    @property
    def sampled(self) -> bool:
        """False where no camera worked: then nothing is known of anybody, and a 0 would be wrong."""
        return self.camera_days is None or self.camera_days > 0


def spans_of(photos: Sequence[Photo], deployments: Sequence[Deployment]) -> tuple[Season, ...]:
    """The seasons that nobody gave dates for, by rising start: each from its first day to its last.

    Raises:
        UsageError: two of them overlap.
    """
    days: dict[str, list[date]] = defaultdict(list)
    for photo in photos:
        days[photo.season or str(day_of(photo).year)].append(day_of(photo))
    for place in deployments:
        if place.season:
            days[place.season] += [place.start, place.end]
            continue
        for year in range(place.start.year, place.end.year + 1):
            if str(year) in days:
                days[str(year)] += [max(place.start, date(year, 1, 1)), min(place.end, date(year, 12, 31))]
    spans = sorted((Season(name, min(dates), max(dates)) for name, dates in days.items()), key=lambda season: season.start)
    for before, after in itertools.pairwise(spans):
        if after.start <= before.end:
            raise UsageError(
                f"seasons {before.name!r} (to {before.end}) and {after.name!r} (from {after.start}) overlap; give "
                "their dates with --season NAME=START..END"
            )
    return tuple(spans)


def occasions_of(seasons: Sequence[Season], days: int, deployments: Sequence[Deployment]) -> tuple[Occasion, ...]:
    """The occasions of all seasons, each of `days` days but the last of a season; days = 0: each season is one."""
    occasions = []
    for season in seasons:
        length = days or (season.end - season.start).days + 1
        start, number = season.start, 1
        while start <= season.end:
            end = min(start + timedelta(days=length - 1), season.end)
            effort = sum(effort_days(place, start, end) for place in deployments) if deployments else None
            occasions.append(Occasion(season.name, number, start, end, effort))
            start, number = end + timedelta(days=1), number + 1
    return tuple(occasions)


def effort_days(place: Deployment, start: date, end: date) -> int:
    """Days from start to end, both counted, on which a deployment worked."""
    first, last = max(place.start, start), min(place.end, end)
    return max(0, (last - first).days + 1) - sum(first <= day <= last for day in place.off)


def day_of(photo: Photo) -> date:
    """The day, by the camera's clock, of a photo that has a date."""
    assert photo.captured_at is not None
    return photo.captured_at.date()
