"""Dates as people give them: clock offsets, spans of days, seasons by name and dates."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from reid.errors import ManifestError, UsageError
from reid.records import MISSING, Season
from reid.tables.cell_values import BadCell, read_date, spaced
from reid.tables.tables import TABLE_SUFFIXES, Row, read_table

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|min|m|s)")
MOST_DAYS = 36_525
"""A century."""
_CLOCK = re.compile(r"(\d{1,3}):(\d\d)(?::(\d\d))?")
_UNITS = {"d": 86400.0, "h": 3600.0, "min": 60.0, "m": 60.0, "s": 1.0}


def read_offset(text: str) -> timedelta:
    """What must be added to a camera's clock to make it right: `+1h`, `-30m`, `+1d2h30m`, `-365d`, `+01:30`, `90s`.

    Raises:
        UsageError: no such offset.
    """
    bare = text.strip().lower().replace("−", "-")
    sign = -1 if bare.startswith("-") else 1
    rest = bare.lstrip("+-").strip()
    clock = _CLOCK.fullmatch(rest)
    parts = _PART.findall(rest)
    if clock:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    elif parts and not _PART.sub("", rest).strip():
        whole = sum(float(number) * _UNITS[unit] for number, unit in parts)
        if whole > MOST_DAYS * 86400:
            raise UsageError(f"clock offset {text!r} is more than {MOST_DAYS} days; no camera's clock is that wrong")
        offset = timedelta(seconds=whole)
    else:
        raise UsageError(f"clock offset {text!r} cannot be read; wanted what to add to the clock, such as +1h, -30m or +1d2h30m")
    return sign * offset


def read_clocks(texts: Iterable[str]) -> dict[str, timedelta]:
    """`CAMERA=+1h`, several of them, as camera -> what to add to its clock. Raises UsageError."""
    clocks: dict[str, timedelta] = {}
    for text in texts:
        camera, sign, offset = text.rpartition("=")
        name = spaced(camera)
        if not sign or not name:
            raise UsageError(f"clock {text!r}: wanted CAMERA=OFFSET, such as A12=+1h")
        if name in clocks:
            raise UsageError(f"clock of {name!r} is given twice; give it once")
        clocks[name] = read_offset(offset)
    return clocks


def read_days(column: str, text: str) -> frozenset[date]:
    """Days and spans of days: `2023-05-03; 2023-05-07..2023-05-09` (`to` and `/` also make a span).

    Raises:
        BadCell: no date, or a span that ends before it starts.
    """
    days: set[date] = set()
    for part in re.split(r"[;,|]", text):
        if part.strip():
            start, end = _span(column, part)
            days.update(start + timedelta(days=at) for at in range((end - start).days + 1))
    return frozenset(days)


def read_season(text: str) -> Season:
    """`NAME=2023-03-01..2023-06-30`. Raises UsageError."""
    name, sign, span = text.partition("=")
    if not sign or not spaced(name):
        raise UsageError(f"season {text!r}: wanted NAME=START..END, such as 2023=2023-03-01..2023-06-30")
    try:
        start, end = _span("season", span)
    except BadCell as fault:
        raise UsageError(f"season {text!r}: {fault}") from None
    return Season(spaced(name), start, end)


def read_seasons(texts: Sequence[str]) -> tuple[Season, ...]:
    """Seasons by rising start. Each text is NAME=START..END, or a table with the columns name, start, end.

    Raises:
        UsageError: a season that cannot be read, two of one name, or two that overlap.
        ManifestError: a table that cannot be read, or a row of it.
    """
    seasons = [season for text in texts for season in (_season_table(Path(text)) if _is_table(text) else [read_season(text)])]
    seasons.sort(key=lambda span: (span.start, span.end, span.name))
    for before, after in itertools.pairwise(seasons):
        if after.start <= before.end:
            raise UsageError(
                f"seasons {before.name!r} ({before.start} to {before.end}) and {after.name!r} (from {after.start}) "
                "overlap; a day is of one season"
            )
    names = [span.name for span in seasons]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"season {twice[0]!r} is given twice; give each a name of its own")
    return tuple(seasons)


def season_of(moment: datetime | date, seasons: Sequence[Season]) -> str:
    """The season in which a day lies, "" if in none."""
    day = moment.date() if isinstance(moment, datetime) else moment
    return next((season.name for season in seasons if season.start <= day <= season.end), "")


def _is_table(text: str) -> bool:
    return "=" not in text and Path(text).suffix.lower() in TABLE_SUFFIXES


def _season_table(path: Path) -> list[Season]:
    aliases = {"season": "name", "from": "start", "to": "end"}
    table = read_table(path, {*aliases, *aliases.values()})
    if missing := {"name", "start", "end"} - {aliases.get(name, name) for name in table.columns}:
        raise ManifestError(f"{path}: has no column {', '.join(sorted(missing))}; wanted name, start, end.")
    seasons = []
    for row in table.rows:
        cells = {aliases.get(name, name): cell for name, cell in row.cells.items() if cell not in MISSING}
        try:
            if "name" not in cells:
                raise BadCell("name", "is empty; name the season.")
            start, end = (read_date(name, cells.get(name, "")) for name in ("start", "end"))
            if start is None or end is None or end < start:
                raise BadCell("end", f"the season runs from {start} to {end}; give two dates, the earlier first.")
        except BadCell as fault:
            raise ManifestError(f"{path}, row {row.number}: {fault}") from None
        seasons.append(Season(spaced(Row(row.number, cells).text("name")), start.date(), end.date()))
    return seasons


def _span(column: str, text: str) -> tuple[date, date]:
    ends = re.split(r"\s*(?:\.\.|/|\bto\b)\s*", text.strip())
    if len(ends) not in (1, 2) or not all(ends):
        raise BadCell(column, f'"{text.strip()}" is no span of days; write 2023-05-07..2023-05-09.')
    start, end = (read_date(column, part) for part in (ends[0], ends[-1]))
    assert start is not None and end is not None
    if end < start:
        raise BadCell(column, f'"{text.strip()}" ends before it starts.')
    return start.date(), end.date()
