"""What one cell of a manifest means: a date, a side, a box. What means nothing certain is refused with the reason."""

from __future__ import annotations

import math
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path

from reid import images
from reid.dates import AmbiguousDateError, read_moment
from reid.errors import ManifestError, PhotoError
from reid.records import Box
from reid.tables.spreadsheets import Cell

_SIDES = {"": "", "unknown": "", "l": "left", "left": "left", "r": "right", "right": "right"}


class BadCell(ManifestError):
    """A cell that cannot be used: the column and the reason. `formats/` catches it and makes it a `Problem`."""

    def __init__(self, column: str, reason: str) -> None:
        """Name the column as the manifest does."""
        super().__init__(f"{column}: {reason}")
        self.column = column


def spaced(text: str) -> str:
    """The text as given: white space trimmed and every run of it one space, accents composed (NFC) as in the gallery."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def read_date(column: str, cell: Cell, order: str | None = None) -> datetime | None:
    """When the photo was taken, by the wall clock of the camera; None for an empty cell.

    What `dates.read_moment` reads (ISO 8601, where the date alone means midnight, EXIF's `2020:03:04 18:05:59`, `4-Mar-2020`, a
    day number), or a spreadsheet's date cell. Fractions of a second and a time zone are dropped, as EXIF has neither.

    order: "day-first" or "month-first", for dates as 3/4/2020; "" = they are refused, with the option that says it; None = there
    is no such option here.

    Raises:
        BadCell: no date, or one that may mean two days.
    """
    if isinstance(cell, datetime):
        late = timedelta(seconds=cell.microsecond >= 500_000)  # spreadsheets count in days: 18:05:59 is 18:05:58.9999
        return cell.replace(microsecond=0, tzinfo=None) + late
    if not cell:
        return None
    try:
        return read_moment(cell, order or "")
    except AmbiguousDateError as fault:
        more = "" if order is None else ", or say --dates day-first or month-first"
        raise BadCell(column, f'"{cell}" {fault}; write it as 2020-03-04{more}.') from None
    except ValueError as fault:
        why = f" ({fault})." if str(fault) else "; write 2020-03-04 or 2020-03-04 18:05:59."
        raise BadCell(column, f'"{cell}" is no date{why}') from None


def read_side(column: str, text: str) -> str:
    """"left", "right" or "" from L, R, left, right, unknown or nothing, in any case. Raises BadCell."""
    side = _SIDES.get(text.lower())
    if side is None:
        raise BadCell(column, f'"{text}" is no side; write left, right, or leave it empty.')
    return side


def read_box(texts: dict[str, str], photo: Path) -> Box | None:
    """The box of x, y, width and height; None if all are empty.

    Fractions of the upright frame if all four are at most 1, else its pixels: then the photo's header is read. What
    reaches out of the frame by a rounding (images.BOX_SLACK) is clipped. Raises BadCell.
    """
    if not any(texts.values()):
        return None
    numbers = []
    for column, text in texts.items():
        if not text:
            filled = ", ".join(name for name, other in texts.items() if other)
            raise BadCell(column, f"is empty, but {filled} not; give all four or none.")
        try:
            numbers.append(float(text.replace(",", ".")))
        except ValueError:
            raise BadCell(column, f'"{text}" is no number.') from None
        if not math.isfinite(numbers[-1]) or numbers[-1] < 0:
            raise BadCell(column, f'"{text}" is no length; wanted a number of 0 or more.')
    x, y, width, height = numbers
    if max(numbers) > 1:
        try:
            across, down = images.size(photo)
        except PhotoError as fault:
            raise BadCell("path", f"the box is in pixels, so the photo's size is needed: {fault}") from fault
        if x + width > across + 0.5 or y + height > down + 0.5:
            raise BadCell(",".join(texts), f"the box x={x:g} y={y:g} width={width:g} height={height:g} reaches outside "
                                           f"of the photo of {across} x {down} pixels.")
        x, y, width, height = x / across, y / down, width / across, height / down
    if reason := images.box_fault(Box(x, y, width, height)):
        raise BadCell(",".join(texts), reason)
    clipped = Box(x, y, min(width, 1 - x), min(height, 1 - y))
    if reason := images.box_fault(clipped):
        raise BadCell(",".join(texts), f"nothing of the box lies in the photo: {reason}")
    return clipped
