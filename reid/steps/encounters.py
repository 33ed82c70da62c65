"""Which photos belong together: encounters by camera and time, seasons by name or year."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from reid.records import Photo
from reid.steps.cannot_link import seconds


def encounters(photos: Sequence[Photo], *, minutes: float) -> tuple[str, ...]:
    """The encounter of each photo, in the order given.

    A photo whose manifest names an encounter keeps it. Photos of one camera (and one individual, where it is known) that
    follow each other within `minutes` belong to one encounter. A photo without a date stands for itself.

    Args:
        photos: with date and camera where known.
        minutes: the longest gap within an encounter.
    """
    found = [photo.encounter for photo in photos]
    dated: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row, photo in enumerate(photos):
        if found[row]:
            continue
        if photo.captured_at is None:
            found[row] = f"photo:{photo.path.as_posix()}"
        else:
            dated[photo.camera, photo.species, photo.individual].append(row)
    for (camera, _, individual), rows in dated.items():
        rows.sort(key=lambda row: (_when(photos[row]), row))
        start = rows[0]
        for before, row in zip([rows[0], *rows], rows, strict=False):
            if _when(photos[row]) - _when(photos[before]) > timedelta(minutes=minutes).total_seconds():
                start = row
            when = photos[start].captured_at
            assert when is not None
            found[row] = "/".join(part for part in (camera, individual, when.isoformat(timespec="seconds")) if part)
    return tuple(found)


def stays(photos: Sequence[Photo], groups: Sequence[str]) -> tuple[str, ...]:
    """The stay of each photo: how long its individual's photos are too alike to teach what it looks like when it comes back.

    An individual of several seasons has one for each season, one of several days one for each day, else one for each encounter;
    photos without season or date keep their encounter. An encounter is of the season or day it began on: at midnight nobody has
    gone yet.

    Args:
        photos: with their individual. groups: the encounter of each photo, see `encounters`.
    """
    found = list(groups)
    own: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, photo in enumerate(photos):
        own[photo.species, photo.individual].append(row)
    for (_, individual), rows in own.items():
        for name_of in (season, _day):
            names = _of_first(name_of, [photos[row] for row in rows], [groups[row] for row in rows])
            if len(set(names) - {""}) > 1:
                for row, name in zip(rows, names, strict=True):
                    found[row] = f"{individual}/{name}" if name else found[row]
                break
    return tuple(found)


def _of_first(name_of: Callable[[Photo], str], photos: Sequence[Photo], groups: Sequence[str]) -> list[str]:
    """The name of each photo's encounter: of its first photo that has a date, else of the first with a name."""
    first: dict[str, tuple[float, str]] = {}
    for photo, encounter in zip(photos, groups, strict=True):
        found = (math.inf if photo.captured_at is None else _when(photo), name_of(photo))
        if found[1] and (encounter not in first or found[0] < first[encounter][0]):
            first[encounter] = found
    return [first.get(encounter, (0.0, ""))[1] for encounter in groups]


def events(taken: Sequence[tuple[str, datetime | None]], minutes: float) -> int:
    """How many independent events photos of one animal are: at each camera, those so long after the last that counted.

    Args:
        taken: camera and time of each photo; those without a time are one event at each camera, where it has no other.
        minutes: the independence interval; 0 = each moment is one.
    """
    count = 0
    for camera in {camera for camera, _ in taken}:
        times = sorted({seconds(when) for name, when in taken if name == camera and when is not None})
        last = None
        for time in times:
            if last is None or time - last >= 60 * minutes:
                last, count = time, count + 1
        count += not times
    return count


def season(photo: Photo) -> str:
    """The season of a photo: as its manifest names it, else the year it was taken; "" if neither is known."""
    if photo.season:
        return photo.season
    return str(photo.captured_at.year) if photo.captured_at else ""


def _when(photo: Photo) -> float:
    assert photo.captured_at is not None
    return seconds(photo.captured_at)


def _day(photo: Photo) -> str:
    return photo.captured_at.date().isoformat() if photo.captured_at else ""
