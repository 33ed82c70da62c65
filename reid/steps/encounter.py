"""Which photos belong together: encounters by camera and time, seasons by name or year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from reid.records import Photo


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


def season(photo: Photo) -> str:
    """The season of a photo: as its manifest names it, else the year it was taken; "" if neither is known."""
    if photo.season:
        return photo.season
    return str(photo.captured_at.year) if photo.captured_at else ""


def _when(photo: Photo) -> float:
    """Seconds since the year 1, so that no time zone of this computer enters."""
    when = photo.captured_at
    assert when is not None
    return (when.replace(tzinfo=None) - type(when)(1, 1, 1)).total_seconds()
