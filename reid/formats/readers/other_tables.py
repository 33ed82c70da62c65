"""Tables of other programs as if they were manifests: camtrapR's records, Wildbook's bulk import, Timelapse.

A table is known by its columns. Only their names and their way of saying a path or a date are changed here; what a cell
means is read where manifests are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from reid.records import MISSING
from reid.tables.spreadsheets import Cell
from reid.tables.tables import Row, Table

_ASSET = re.compile(r"encounter\.mediaasset(\d+)")


def as_manifest(table: Table) -> Table | None:
    """The table with a manifest's columns; None if it is of none of these programs.

    Row numbers stay those of the table; a row that names several photos becomes several rows.
    """
    for known, columns, change in _KINDS:
        if known(table.columns):
            kept = tuple(name for name in table.columns if name not in columns and not _ASSET.fullmatch(name))
            named = tuple(dict.fromkeys([*_OURS, *kept]))
            return Table(named, (row for row in table.rows for row in change(_without_missing(row, columns), columns)))
    return None


def _without_missing(row: Row, columns: Mapping[str, str]) -> Row:
    """Without the cells that R left NA: those that become a manifest's column are reported where manifests are read."""
    kept = {name: cell for name, cell in row.cells.items() if cell not in MISSING or columns.get(name)}
    return Row(row.number, kept, row.surplus)


_OURS = ("path", "species", "individual", "captured_at", "encounter", "camera", "side")
_CAMTRAPR = {"station": "camera", "species": "species", "individual": "individual", "datetimeoriginal": "captured_at",
             "directory": "", "filename": ""}  # fmt: skip
_TIMELAPSE = {"file": "", "relativepath": "", "folder": "", "datetime": "captured_at", "date": "", "time": "", "rootfolder": ""}
_WILDBOOK = {
    "encounter.genus": "", "encounter.specificepithet": "", "encounter.year": "", "encounter.month": "", "encounter.day": "",
    "encounter.hour": "", "encounter.minutes": "", "encounter.individualid": "", "markedindividual.individualid": "individual",
    "encounter.locationid": "camera", "encounter.occurrenceid": "encounter", "occurrence.occurrenceid": "encounter",
    "sighting.sightingid": "encounter", "encounter.sex": "sex", "encounter.lifestage": "lifestage",
}  # fmt: skip


KNOWN_COLUMNS = frozenset({*_CAMTRAPR, *_TIMELAPSE, *_WILDBOOK, *(f"encounter.mediaasset{at}" for at in range(3))})
"""The names by which these programs' tables are known."""


def _renamed(row: Row, columns: Mapping[str, str]) -> dict[str, Cell]:
    cells = {name: cell for name, cell in row.cells.items() if name not in columns and not _ASSET.fullmatch(name)}
    return cells | {columns[name]: cell for name, cell in row.cells.items() if columns.get(name)}


def _joined(*parts: str) -> str:
    """A path of its parts, with forward slashes; "" where the file's name is empty."""
    return str(PurePosixPath(*(part.replace("\\", "/") for part in parts if part))) if parts[-1] else ""


def _camtrapr(row: Row, columns: Mapping[str, str]) -> Iterator[Row]:
    path = _joined(row.text("directory"), row.text("filename"))
    yield Row(row.number, _renamed(row, columns) | {"path": path}, row.surplus)


def _timelapse(row: Row, columns: Mapping[str, str]) -> Iterator[Row]:
    """Newer tables have RelativePath and DateTime, older ones Folder (of the root), Date and Time."""
    cells = _renamed(row, columns) | {"path": _joined(row.text("relativepath"), row.text("file"))}
    if "captured_at" not in cells and row.text("date"):
        cells["captured_at"] = f"{row.text('date')} {row.text('time')}".strip()
    yield Row(row.number, cells, row.surplus)


def _wildbook(row: Row, columns: Mapping[str, str]) -> Iterator[Row]:
    cells = _renamed(row, columns)
    cells["species"] = f"{row.text('encounter.genus')} {row.text('encounter.specificepithet')}".strip()
    cells.setdefault("individual", row.text("encounter.individualid"))
    day = [row.text(f"encounter.{name}") for name in ("year", "month", "day")]
    if all(day):  # a year alone is no date: 1 January would be invented
        hour, minute = row.text("encounter.hour"), row.text("encounter.minutes") or "0"
        clock = f" {hour:0>2}:{minute:0>2}" if hour else ""
        cells["captured_at"] = f"{day[0]}-{day[1]:0>2}-{day[2]:0>2}{clock}"
    if side := re.search(r"side: (left|right)(?!\|)", row.text("encounter.researchercomments")):
        cells["side"] = side[1]
    assets = sorted((int(number[1]), name) for name in row.cells if (number := _ASSET.fullmatch(name)))
    for _, name in assets or [(0, "")]:
        yield Row(row.number, cells | {"path": _joined(row.text(name))}, row.surplus)


_Known = Callable[[tuple[str, ...]], bool]
_Change = Callable[[Row, Mapping[str, str]], Iterator[Row]]
_KINDS: tuple[tuple[_Known, Mapping[str, str], _Change], ...] = (
    (lambda names: {"station", "filename", "datetimeoriginal"} <= set(names), _CAMTRAPR, _camtrapr),
    (lambda names: any(_ASSET.fullmatch(name) for name in names), _WILDBOOK, _wildbook),
    (lambda names: "file" in names and bool({"relativepath", "folder"} & set(names)), _TIMELAPSE, _timelapse),
)  # fmt: skip
