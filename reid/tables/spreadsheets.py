"""Spreadsheets read and written: the only openpyxl. Cells as shown, merged ones reported, sheets in their order."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

from reid.errors import ManifestError
from reid.files import output_file

Cell = str | datetime
"""Text without white space at its ends; a datetime only where a spreadsheet cell is formatted as a date."""

_AT_ONCE = 1000
_LITERAL = r'(?:"[^"]*"|\\.|[-_ /.])*'
_ZEROS = re.compile(rf"(?P<before>{_LITERAL})(?P<zeros>0+)(?P<after>{_LITERAL})")
"""A number's format that is only zeros and text: `000`, `"Z-"000`."""


@dataclass(frozen=True, slots=True)
class MergedCells:
    """Cells of one column that are one: column counts from 0, rows from 1 as a spreadsheet counts; the first holds the value."""

    column: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one sheet, read when asked for, and its merged cells that are higher than one row."""

    rows: Iterator[list[Cell]]
    merged: tuple[MergedCells, ...] = ()


def read_book(path: Path, chosen: Callable[[Sequence[Sequence[Cell]]], bool], look: int) -> Sheet:
    """Open the first sheet whose first `look` rows are those wanted; the first sheet of all where none is.

    Numbers are text without a needless ".0", with the zeros in front that their format shows.

    Raises:
        ManifestError: no spreadsheet. While the rows are read: a damaged one.
    """
    with _quiet(path):
        count, merges, zeros = _sheets(path)
    for at in range(count):
        sheet = _sheet(path, at, merges, zeros)
        head = list(islice(sheet.rows, look))
        if chosen(head):
            return Sheet(chain(head, sheet.rows), sheet.merged)
    return _sheet(path, 0, merges, zeros)


def write_book(path: Path, sheets: Mapping[str, tuple[Sequence[str], Iterable[Sequence[object]]]]) -> None:
    """Write an .xlsx with one sheet for each name (31 characters at most), whole or not at all.

    Numbers and datetimes stay what they are; text stays text, also where it looks like a formula.

    Raises:
        UsageError: the file cannot be written.
    """
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    for name, (columns, rows) in sheets.items():
        sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", "-", name)[:31])
        sheet.append(list(columns))
        for row in rows:
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, value if isinstance(value, int | float | datetime) or value is None else str(value))
                if isinstance(cell.value, str):
                    cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
    with output_file(path) as temporary:
        book.save(temporary)


def _sheets(path: Path) -> tuple[int, bool, bool]:
    """How many sheets there are at most, whether one has merged cells, and whether a number's format shows zeros in front.

    Merged cells stand behind the rows, and openpyxl knows of them only where it holds all of a book in memory; formats take
    time for each cell.
    """
    count, merges, zeros = 0, False, False
    with zipfile.ZipFile(path) as archive:
        if "xl/styles.xml" in archive.namelist():
            codes = re.findall(r'formatCode="([^"]*)"', archive.read("xl/styles.xml").decode("utf-8", "replace"))
            zeros = any(_ZEROS.fullmatch(unescape(code, {"&quot;": '"'}).split(";")[0]) for code in codes)
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                count += 1
                with archive.open(name) as file:
                    before = b""
                    while not merges and (chunk := file.read(1 << 20)):
                        merges = b"mergeCell " in before + chunk
                        before = chunk[-16:]
    return max(1, count), merges, zeros


def _sheet(path: Path, at: int, merges: bool, zeros: bool) -> Sheet:
    if not merges:
        return Sheet(_rows(path, at, zeros))
    import openpyxl

    with _quiet(path):
        book = openpyxl.load_workbook(path, data_only=True)
        if at >= len(book.worksheets):
            return Sheet(iter(()))
        sheet = book.worksheets[at]
        merged = tuple(
            MergedCells(span.min_col - 1, span.min_row, span.max_row)
            for span in sheet.merged_cells.ranges if span.max_row > span.min_row
        )
        return Sheet(iter([[_shown(cell) for cell in row] for row in sheet.iter_rows()]), merged)


def _rows(path: Path, at: int, zeros: bool) -> Iterator[list[Cell]]:
    import openpyxl

    with _quiet(path):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        if at >= len(book.worksheets):
            return
        with _quiet(path):
            sheet = book.worksheets[at]
            sheet.reset_dimensions()  # some programs write a wrong extent, and rows would be lost
            rows = sheet.iter_rows(values_only=not zeros)
        while True:
            with _quiet(path):
                batch = [[_shown(cell) if zeros else _plain(cell) for cell in row] for row in islice(rows, _AT_ONCE)]
            if not batch:
                return
            yield from batch
    finally:
        book.close()


@contextmanager
def _quiet(path: Path) -> Iterator[None]:
    """Without the warnings of styles and validations that nobody asked for; whatever openpyxl raises is a ManifestError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as fault:
        raise ManifestError(f"{path}: cannot be read as a spreadsheet ({str(fault) or type(fault).__name__}); save it "
                            "again as .xlsx, or as CSV (UTF-8).") from fault


def _shown(cell: Any) -> Cell:
    """A cell as the sheet shows it, as far as it matters: text, a date, or a number with its zeros in front."""
    text = _plain(cell.value)
    number = isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
    return _with_zeros(int(text), cell.number_format) if number and isinstance(text, str) and text.isdigit() else text


def _plain(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def _with_zeros(number: int, shape: str | None) -> str:
    match = _ZEROS.fullmatch((shape or "").split(";")[0])
    if match is None:
        return str(number)
    before, after = (re.sub(r'"([^"]*)"|\\(.)', r"\1\2", match[name]) for name in ("before", "after"))
    return f"{before}{number:0{len(match['zeros'])}d}{after}".strip()
