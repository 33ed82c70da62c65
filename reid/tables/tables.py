"""Tables as people keep them: rows out of CSV or XLSX, one by one, and CSV that a spreadsheet opens safely."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reid.errors import ManifestError
from reid.files import output_file
from reid.tables.spreadsheets import Cell, MergedCells, Sheet, read_book

TITLE_ROWS = 20
"""So many rows are looked at for the header, where the first is none."""
PATH = "path"
TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".xlsx"})
"""Lower-case endings of the tables that `read_table` takes."""

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""What would run as a formula, and what was escaped before: one more apostrophe keeps the two apart."""
_SEPARATOR = re.compile(r'"?sep=(\\t|tab|.)"?[,;\t ]*', re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank. number: as a spreadsheet counts, the header being row 1. cells: by column name."""

    number: int
    cells: Mapping[str, Cell]
    surplus: int = 0
    """Cells with text beyond the last column: the row does not fit the header."""

    def text(self, column: str) -> str:
        """The cell as text, "" if absent; a date as ISO 8601, without its time where that is midnight."""
        cell = self.cells.get(column, "")
        if isinstance(cell, str):
            return cell
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ")


@dataclass(frozen=True, slots=True)
class Table:
    """The columns (lower case, single spaces; one without a name is "column 5") and the rows, read when asked for."""

    columns: tuple[str, ...]
    rows: Iterator[Row]


def read_table(path: Path, known: Collection[str] = ()) -> Table:
    """Open a table: .xlsx, or CSV with commas, semicolons or tabs in UTF-8 or UTF-16; bytes that are no UTF-8 are cp1252.

    Number cells of a spreadsheet become text without a needless ".0", with the zeros that their format puts in front; a text
    cell stays as it is, leading zeros too. Each of several merged cells of a column has their value. An apostrophe before
    = + - @ is dropped: `write_table` and spreadsheets put it there to say "no formula". A first line `sep=;` is followed.

    known: names of columns. Where the first row has none of them, the header is the row below it that has (at most TITLE_ROWS
    are looked at), and of a spreadsheet the first sheet with such a row is read.

    Raises:
        ManifestError: missing, no such table, no header, or a column twice. While the rows are read: a quote that is
            never closed, or a damaged spreadsheet.
    """
    if not path.is_file():
        raise ManifestError(f"{path}: there is no such table; check the path.")
    names = frozenset(known)
    look = TITLE_ROWS if names else 1
    sheet: Sheet | None = None
    records: Iterator[list[Cell]]
    if path.suffix.lower() == ".xlsx":
        sheet = read_book(path, lambda head: _header_place(head, names) is not None, look)
        records = ([_cleaned(cell) for cell in row] for row in sheet.rows)
    else:
        records = _csv_records(path, names)
    head = list(itertools.islice(records, look))
    place = _header_place(head, names) or 0
    header = head[place] if head else []
    if not any(header):
        raise ManifestError(f"{path}: has no header in its first row; wanted the names of the columns.")
    while header and not header[-1]:
        header.pop()
    columns = tuple(_name(cell) or f"column {at}" for at, cell in enumerate(header, start=1))
    for at, name in enumerate(columns):
        if name in columns[:at]:
            raise ManifestError(f'{path}: has the column "{name}" twice; rename or delete one.')
    below = [one for one in sheet.merged if one.first > place + 1] if sheet else []
    numbered = enumerate(itertools.chain(head[place + 1 :], records), start=place + 2)
    return Table(columns, _rows(_unmerged(numbered, below), columns))


def _header_place(head: Sequence[Sequence[Cell]], known: frozenset[str]) -> int | None:
    """Where the header is among the first rows; None where no row names a known column.

    The first row, unless another has more of the known names, two at least (or `path`).
    """
    counts = [len(known & {_name(cell) for cell in row}) for row in head]
    if not known or not any(counts):
        return None if known or not head else 0
    best = counts.index(max(counts))
    single = counts[0] == 0 and PATH in {_name(cell) for cell in head[best]}
    return best if counts[0] < 2 and (counts[best] >= max(2, counts[0] + 1) or single) else 0


def _name(cell: Cell) -> str:
    """The name of a column: lower case, single spaces, accents composed."""
    return unicodedata.normalize("NFC", " ".join(str(cell).lower().split()))


def _unmerged(
    records: Iterable[tuple[int, list[Cell]]], merged: Sequence[MergedCells]
) -> Iterator[tuple[int, list[Cell]]]:
    """The records with the value of merged cells in each of them."""
    values: dict[MergedCells, Cell] = {}
    for number, record in records:
        for one in merged:
            if one.first <= number <= one.last and one.column < len(record):
                record[one.column] = values.setdefault(one, record[one.column])
        yield number, record


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV (UTF-8, commas, a header), whole or not at all.

    None is an empty cell, a datetime is ISO 8601. Text that a spreadsheet would run as a formula (it begins with = + -
    @, a tab or a line break and is no plain number) gets a leading apostrophe, which `read_table` takes away again.

    Raises:
        UsageError: the file cannot be written.
    """
    with output_file(path) as temporary, temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([_safe(name) for name in columns])
        for row in rows:
            assert len(row) == len(columns), (row, columns)
            writer.writerow([_safe(value) for value in row])


def _safe(value: object) -> str:
    if value is None:
        return ""
    text = value.isoformat(" ") if isinstance(value, datetime) else str(value)
    return "'" + text if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _rows(records: Iterable[tuple[int, list[Cell]]], columns: tuple[str, ...]) -> Iterator[Row]:
    for number, record in records:
        if any(record):
            cells = {name: cell for name, cell in zip(columns, record, strict=False) if cell}
            yield Row(number, cells, surplus=sum(1 for cell in record[len(columns) :] if cell))


def _clean(text: str) -> str:
    text = text.strip()
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _cleaned(cell: Cell) -> Cell:
    return _clean(cell) if isinstance(cell, str) else cell


def _csv_records(path: Path, known: frozenset[str]) -> Iterator[list[Cell]]:
    encoding = _encoding(path)
    delimiter, skipped = _delimiter(path, encoding, known)
    with path.open(encoding=encoding, errors=_ERRORS, newline="") as file:
        for _ in range(skipped):
            file.readline()
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        done = 0
        try:
            for record in reader:
                done += 1
                yield [_clean(text) for text in record]
        except csv.Error as fault:
            raise ManifestError(f"{path}, row {done + 1}: cannot be read as CSV ({fault}); look for a quote that is "
                                "never closed.") from fault


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8, as Excel writes them in Western Europe: one such row must not spoil the others."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_ERRORS = "reid-cp1252"
codecs.register_error(_ERRORS, _as_cp1252)


def _encoding(path: Path) -> str:
    """UTF-16 by its mark or by the zeros between ASCII letters, else UTF-8."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as fault:
        raise ManifestError(f"{path}: cannot be read ({fault.strerror}); check its permissions.") from fault
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = [byte == 0 for byte in head]
    if zeros in ([False, True, False, True], [True, False, True, False]):
        return "utf-16-le" if zeros[1] else "utf-16-be"
    if b"\0" in head or head.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
        raise ManifestError(f"{path}: is no text table; save it as CSV (UTF-8), or name it .xlsx if it is one.")
    return "utf-8-sig"


def _delimiter(path: Path, encoding: str, known: frozenset[str]) -> tuple[str, int]:
    """What stands between cells, and how many lines say so themselves (`sep=;`).

    Else it is what gives a line most of the known columns, the header a column "path", or it most columns; the comma on a tie.
    """
    with path.open(encoding=encoding, errors=_ERRORS, newline="") as file:
        lines = [file.readline(100_000) for _ in range(TITLE_ROWS if known else 1)]
    if said := _SEPARATOR.fullmatch(lines[0].rstrip("\r\n")):
        return {"\\t": "\t", "tab": "\t"}.get(said[1].lower(), said[1]), 1

    def fit(delimiter: str) -> tuple[int, bool, int]:
        names = [{_name(name) for name in _split(line, delimiter)} for line in lines]
        return max(len(known & found) for found in names), PATH in names[0], len(_split(lines[0], delimiter))

    return max(",;\t", key=fit), 0


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(line.splitlines()[:1], delimiter=delimiter), [])
    except csv.Error:
        return []
