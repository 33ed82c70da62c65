"""Which of the photos given a verb is to use."""

from __future__ import annotations

from collections.abc import Sequence

from reid.errors import UsageError
from reid.records import Photo
from reid.steps.encounter import season
from reid.steps.photo import dated

FIELDS = ("species", "individual", "encounter", "camera", "side")
"""Columns with a meaning of their own that rows may be chosen by, beside `season` and the manifest's other columns."""


def photos_of_column(photos: Sequence[Photo], column: str, values: str) -> list[Photo]:
    """The photos whose column has a value; all of them when no column is named.

    Args:
        photos: to choose from.
        column: of the manifest; `season` is the year for photos whose manifest names none.
        values: the value wanted, or several separated by commas.

    Raises:
        UsageError: no photo has such a column, or none has the value.
    """
    if not column:
        return list(photos)
    name = column.strip().lower()
    pairs = _values(photos, name)
    wanted = {value.strip() for value in values.split(",")}
    chosen = [photo for photo, value in pairs if value in wanted]
    if not chosen:
        raise UsageError(
            f"no photo has {values!r} in column {column!r}; it holds {sorted({value for _, value in pairs})}"
        )
    return chosen


def _values(photos: Sequence[Photo], name: str) -> list[tuple[Photo, str]]:
    if name == "season":
        return [(photo, season(photo)) for photo in dated(photos)]
    if name in FIELDS:
        return [(photo, getattr(photo, name)) for photo in photos]
    if photos and not any(name in photo.notes for photo in photos):
        known = sorted({key for photo in photos for key in photo.notes})
        raise UsageError(f"no photo has a column {name!r}; the manifest's other columns are {known or 'none'}")
    return [(photo, photo.column(name)) for photo in photos]
