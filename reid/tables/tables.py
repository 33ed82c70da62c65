"""Tables as people keep them: rows out of CSV or XLSX, one by one, and CSV that a spreadsheet opens safely."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from reid.errors import ManifestError
from reid.files import output_file

Cell = str | datetime
"""Text without white space at its ends; a datetime only where a spreadsheet cell is formatted as a date."""

TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".xlsx"})
"""Lower-case endings of the tables that `read_table` takes."""

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""What would run as a formula, and what was escaped before: one more apostrophe keeps the two apart."""
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


def read_table(path: Path) -> Table:
    """Open a table: .xlsx (its first sheet), or CSV with commas, semicolons or tabs in UTF-8, UTF-16 or cp1252.

    Number cells of a spreadsheet become text without a needless ".0"; a text cell stays as it is, leading zeros too. An
    apostrophe before = + - @ is dropped: `write_table` and spreadsheets put it there to say "no formula".

    Raises:
        ManifestError: missing, no such table, no header, or a column twice. While the rows are read: a quote that is
            never closed, or a damaged spreadsheet.
    """
    if not path.is_file():
        raise ManifestError(f"{path}: there is no such table; check the path.")
    records = _xlsx_records(path) if path.suffix.lower() == ".xlsx" else _csv_records(path)
    header = next(records, None)
    if header is None or not any(header):
        raise ManifestError(f"{path}: has no header in its first row; wanted the names of the columns.")
    while header and not header[-1]:
        header.pop()
    columns = tuple(" ".join(str(cell).lower().split()) or f"column {at}" for at, cell in enumerate(header, start=1))
    for at, name in enumerate(columns):
        if name in columns[:at]:
            raise ManifestError(f'{path}: has the column "{name}" twice; rename or delete one.')
    return Table(columns, _rows(records, columns))


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


def _safe(value: object) -> str:
    if value is None:
        return ""
    text = value.isoformat(" ") if isinstance(value, datetime) else str(value)
    return "'" + text if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _rows(records: Iterator[list[Cell]], columns: tuple[str, ...]) -> Iterator[Row]:
    for number, record in enumerate(records, start=2):
        if any(record):
            cells = {name: cell for name, cell in zip(columns, record, strict=False) if cell}
            yield Row(number, cells, surplus=sum(1 for cell in record[len(columns) :] if cell))


def _clean(text: str) -> str:
    text = text.strip()
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _csv_records(path: Path) -> Iterator[list[Cell]]:
    encoding = _encoding(path)
    delimiter = _delimiter(path, encoding)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        done = 0
        try:
            for record in reader:
                done += 1
                yield [_clean(text) for text in record]
        except csv.Error as fault:
            raise ManifestError(f"{path}, row {done + 1}: cannot be read as CSV ({fault}); look for a quote that is "
                                "never closed.") from fault


def _encoding(path: Path) -> str:
    """UTF-8 if all of the file is, UTF-16 by its mark, else what Excel writes in Western Europe."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if b"\0" in head or head.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
                raise ManifestError(f"{path}: is no text table; save it as CSV (UTF-8), or name it .xlsx if it is one.")
            decoder = codecs.getincrementaldecoder("utf-8")()
            decoder.decode(head)
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    except OSError as fault:
        raise ManifestError(f"{path}: cannot be read ({fault.strerror}); check its permissions.") from fault
    return "utf-8-sig"


def _delimiter(path: Path, encoding: str) -> str:
    """The one that gives the header a column "path", else the one that gives it most columns; the comma on a tie."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = file.readline(100_000).splitlines()[:1]

    def fit(delimiter: str) -> tuple[bool, int]:
        names = [name.strip().lower() for name in next(csv.reader(lines, delimiter=delimiter), [])]
        return "path" in names, len(names)

    return max(",;\t", key=fit)


def _xlsx_records(path: Path) -> Iterator[list[Cell]]:
    import openpyxl

    try:
        with warnings.catch_warnings():  # openpyxl warns of styles and validations that nobody asked for
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # some programs write a wrong extent, and rows would be lost
            values = sheet.iter_rows(values_only=True)
            while True:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    batch = [[_text_or_date(value) for value in row] for row in itertools.islice(values, 1000)]
                if not batch:
                    return
                yield from batch
        finally:
            book.close()
    except Exception as fault:
        raise ManifestError(f"{path}: cannot be read as a spreadsheet ({str(fault) or type(fault).__name__}); save it "
                            "again as .xlsx, or as CSV (UTF-8).") from fault


def _text_or_date(value: object) -> Cell:
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
    return _clean(str(value))
