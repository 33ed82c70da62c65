"""The deployments table: which camera stood where, from when to when, and on which days it did not work."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from reid.errors import ManifestError, UsageError
from reid.records import MISSING, Deployment
from reid.survey.season_dates import read_days, read_offset
from reid.tables.cell_values import BadCell, read_date, spaced
from reid.tables.tables import Row, read_table

DEPLOYMENT_COLUMNS = ("camera", "start", "end", "latitude", "longitude", "x", "y", "off", "clock", "season")
"""Columns with a meaning of their own; camera, start and end are needed. All others are kept as notes."""

_ALIASES = {
    "station": "camera", "locationid": "camera", "location": "camera", "site": "camera",
    "setup_date": "start", "deploymentstart": "start", "from": "start",
    "retrieval_date": "end", "deploymentend": "end", "to": "end",
    "lat": "latitude", "gps_y": "latitude", "lon": "longitude", "long": "longitude", "lng": "longitude", "gps_x": "longitude",
    "utm_x": "x", "easting": "x", "utm_y": "y", "northing": "y",
    "days off": "off", "not working": "off", "clock offset": "clock",
}  # fmt: skip
"""Other names of the same columns: those of camtrapR's camera trap table, of Camtrap DP, and a few of people."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DeploymentTable:
    """The deployments in the order of the table, and what to add to each camera's clock where the table says."""

    deployments: tuple[Deployment, ...]
    clocks: dict[str, timedelta] = field(default_factory=dict)


def read_deployments(path: Path, dates: str = "") -> DeploymentTable:
    """Read a table (.csv, .xlsx) with one row for each camera at one place. NA, as R writes it, is an empty cell.

    Positions are latitude and longitude in degrees, or x and y in metres. `off` holds days: `2023-05-03;
    2023-05-07..2023-05-09`; camtrapR's pairs Problem1_from, Problem1_to say the same. `clock` is what to add to the
    camera's clock (`+1h`). dates: how start and end as 3/4/2020 are read, see `dates.DATE_ORDERS`.

    Raises:
        ManifestError: no table, a column missing, or rows that cannot be used (each is named, with its column).
    """
    table = read_table(path, {*DEPLOYMENT_COLUMNS, *_ALIASES})
    renamed = _renamed(table.columns)
    _check_columns(path, table.columns, renamed)
    deployments: list[Deployment] = []
    clocks: dict[str, timedelta] = {}
    faults: list[str] = []
    for row in table.rows:
        try:
            deployments.append(_read_row(row, renamed, clocks, dates))
        except (BadCell, UsageError) as error:
            faults.append(f"row {row.number}, {error}")
    if faults or not deployments:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise ManifestError(f"{path}: {'; '.join(faults[:_SHOWN]) or 'has no row'}{more}")
    return DeploymentTable(tuple(deployments), clocks)


def _renamed(columns: Sequence[str]) -> dict[str, str]:
    """Each column of a table with the name that we have for it; a camera is named by its place before its own number."""
    renamed = {name: name if name in DEPLOYMENT_COLUMNS else _ALIASES.get(name, name) for name in columns}
    for other in ("deploymentid", "cameraid"):
        if other in renamed and "camera" not in renamed.values():
            renamed[other] = "camera"
    return renamed


def _check_columns(path: Path, columns: Sequence[str], renamed: Mapping[str, str]) -> None:
    """Raise ManifestError where a needed column is missing, or two mean the same."""
    names = list(renamed.values())
    if missing := [name for name in DEPLOYMENT_COLUMNS[:3] if name not in names]:
        raise ManifestError(
            f"{path}: has no column {', '.join(missing)} (met: {', '.join(columns)}); wanted "
            f"{', '.join(DEPLOYMENT_COLUMNS)}, of which camera, start and end are needed."
        )
    if twice := [name for name in DEPLOYMENT_COLUMNS if names.count(name) > 1]:
        both = [column for column, name in renamed.items() if name == twice[0]]
        raise ManifestError(f"{path}: the columns {' and '.join(both)} mean the same; keep one.")


def _read_row(row: Row, renamed: Mapping[str, str], clocks: dict[str, timedelta], dates: str) -> Deployment:
    """The deployment of a row; its camera's clock is added to `clocks`. Raises BadCell, UsageError."""
    source = next(column for column, name in renamed.items() if name == "camera")
    if row.text(source) in MISSING:
        raise BadCell("camera", f"is {row.text(source) or 'empty'}; name the camera as the photos do.")
    cells = Row(row.number, {renamed[name]: cell for name, cell in row.cells.items() if cell not in MISSING})
    deployment = _deployment(cells, dates)
    offset = cells.text("clock")
    if offset and clocks.setdefault(deployment.camera, read_offset(offset)) != read_offset(offset):
        raise BadCell("clock", f"camera {deployment.camera} has two offsets; give its photos apart, one offset each.")
    return deployment


def deployment_on(deployments: Sequence[Deployment], camera: str, day: date) -> Deployment | None:
    """The deployment of a camera that worked on a day; None if there was none."""
    return next((place for place in deployments if place.camera == camera and place.works(day)), None)


def _deployment(row: Row, dates: str) -> Deployment:
    camera = spaced(row.text("camera"))
    start, end = _day(row, "start", dates), _day(row, "end", dates)
    if end < start:
        raise BadCell("end", f"{end} lies before the start {start}.")
    numbers = {
        name: _number(row, name, limit)
        for name, limit in (("latitude", 90.0), ("longitude", 180.0), ("x", math.inf), ("y", math.inf))
    }
    for pair in (("latitude", "longitude"), ("x", "y")):
        if (numbers[pair[0]] is None) != (numbers[pair[1]] is None):
            raise BadCell(",".join(pair), "give both or neither.")
    off = read_days("off", row.text("off")) | _problems(row)
    if outside := sorted(day for day in off if not start <= day <= end):
        raise BadCell("off", f"{outside[0]} is no day of the deployment ({start} to {end}).")
    known = {*DEPLOYMENT_COLUMNS, *(name for name in row.cells if name.startswith("problem"))}
    notes = {name: row.text(name) for name in row.cells if name not in known}
    return Deployment(camera, start, end, **numbers, off=off, season=spaced(row.text("season")), notes=notes)


def _day(row: Row, column: str, dates: str) -> date:
    moment = read_date(column, row.cells.get(column, ""), dates)
    if moment is None:
        raise BadCell(column, "is empty; give the first and the last day.")
    return moment.date()


def _number(row: Row, column: str, limit: float) -> float | None:
    text = row.text(column)
    if not text:
        return None
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        raise BadCell(column, f'"{text}" is no number.') from None
    if not math.isfinite(number) or abs(number) > limit:
        raise BadCell(column, f'"{text}" is out of range (-{limit:g} to {limit:g}).')
    return number


def _problems(row: Row) -> frozenset[date]:
    """camtrapR's days that a camera did not work: Problem1_from to Problem1_to."""
    days: frozenset[date] = frozenset()
    for name in row.cells:
        if name.startswith("problem") and name.endswith("_from"):
            other = name.removesuffix("_from") + "_to"
            days |= read_days(name, f"{row.text(name)}..{row.text(other) or row.text(name)}")
    return days
