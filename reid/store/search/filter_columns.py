"""What photos are picked by in a search, as columns: side, individual, season, camera and time of capture."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from reid.records import SIDES
from reid.records.gallery import Ids, Where
from reid.store.catalog.catalog import Row, to_json
from reid.store.search.faiss_files import Mask

WALL = 26
"""Characters of `captured_at` that are the camera's clock: 2024-05-01T10:00:00.000000."""


class Names:
    """Numbers for names, in the order in which they were met. Only ever added to, so that views may share it."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Numbered from 0."""
        self._numbers: dict[str, int] = {}
        for name in names:
            self.number(name)

    def number(self, name: str) -> int:
        """Of a name, a new one if it was not met yet."""
        return self._numbers.setdefault(name, len(self._numbers))

    def known(self, names: Iterable[str]) -> list[int]:
        """The numbers of those that were met."""
        return [self._numbers[name] for name in names if name in self._numbers]

    def all(self) -> list[str]:
        """In the order of their numbers."""
        return list(self._numbers)


@dataclass(frozen=True, slots=True, eq=False)
class FilterColumns:
    """One row a photo, (n,) each. season and camera are numbers of `NameCodes`; taken is the camera's clock or NaT."""

    individual: NDArray[np.int64]
    side: NDArray[np.int8]
    season: NDArray[np.int32]
    camera: NDArray[np.int32]
    taken: NDArray[np.datetime64]

    def part(self, chosen: Any) -> FilterColumns:
        """Some of the rows: a slice, a mask or their numbers."""
        return FilterColumns(*(getattr(self, column.name)[chosen] for column in fields(self)))

    def put(self, rows: slice, facts: FilterColumns) -> None:
        """Fill some of the rows."""
        for column in fields(self):
            getattr(self, column.name)[rows] = getattr(facts, column.name)

    @staticmethod
    def joined(parts: Sequence[FilterColumns]) -> FilterColumns:
        """The rows of several, one after the other."""
        return FilterColumns(**{name: np.concatenate([part.columns()[name] for part in parts]) for name in _KINDS})

    def columns(self) -> dict[str, NDArray[Any]]:
        """By name."""
        return {column.name: getattr(self, column.name) for column in fields(self)}


_KINDS = {"individual": np.int64, "side": np.int8, "season": np.int32, "camera": np.int32, "taken": "datetime64[us]"}


def empty_facts(count: int) -> FilterColumns:
    """Room for so many rows."""
    return FilterColumns(**{name: np.zeros(count, kind) for name, kind in _KINDS.items()})


class NameCodes:
    """The names of seasons and cameras behind the numbers in `FilterColumns`."""

    def __init__(self, seasons: Iterable[str] = (), cameras: Iterable[str] = ()) -> None:
        """With the names that a file holds."""
        self.seasons, self.cameras = Names(seasons), Names(cameras)

    def facts(self, rows: Sequence[Row]) -> FilterColumns:
        """Of rows (individual_id, side, season, camera, captured_at) of the catalogue."""
        taken = [row[4][:WALL] if row[4] else "NaT" for row in rows]
        return FilterColumns(
            np.array([row[0] for row in rows], np.int64), np.array([SIDES.index(row[1]) for row in rows], np.int8),
            np.array([self.seasons.number(row[2]) for row in rows], np.int32),
            np.array([self.cameras.number(row[3]) for row in rows], np.int32), np.array(taken, "datetime64[us]"),
        )

    def pass_(self, facts: FilterColumns, where: Where, individuals: Ids | None) -> Mask:
        """Which rows have what `where` picks by; `individuals` are the ids of those it names."""
        mask = np.ones(len(facts.side), bool)
        if where.side:
            mask &= (facts.side == SIDES.index(where.side)) | (facts.side == SIDES.index(""))
        if individuals is not None:
            mask &= np.isin(facts.individual, individuals)
        if where.seasons is not None:
            mask &= np.isin(facts.season, self.seasons.known(where.seasons))
        if where.cameras is not None:
            mask &= np.isin(facts.camera, self.cameras.known(where.cameras))
        if where.after is not None:
            mask &= facts.taken >= np.datetime64(where.after.replace(tzinfo=None), "us")
        if where.before is not None:
            mask &= facts.taken < np.datetime64(where.before.replace(tzinfo=None), "us")
        return mask

    def write(self, path: Path, facts: FilterColumns) -> None:
        """Write the columns with their names. Raises OSError."""
        names = to_json([self.seasons.all(), self.cameras.all()]).encode()
        arrays: dict[str, Any] = {**facts.columns(), "names": np.frombuffer(names, np.uint8)}
        with path.open("wb") as file:
            np.savez(file, **arrays)


def read_facts(path: Path, count: int) -> tuple[FilterColumns, NameCodes]:
    """What `NameCodes.write` wrote. Raises ValueError where it is damaged or of other photos, OSError."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            facts = FilterColumns(**{name: file[name].astype(kind, casting="equiv", copy=False) for name, kind in _KINDS.items()})
            books = NameCodes(*json.loads(file["names"].tobytes()))
    except (BadZipFile, KeyError, EOFError, TypeError) as error:
        raise ValueError(f"{path.name} is damaged ({error})") from error
    if any(column.shape != (count,) for column in facts.columns().values()):
        raise ValueError(f"{path.name} is of other photos")
    return facts, books


def merged(parts: Sequence[tuple[FilterColumns, NameCodes]], chosen: Sequence[Ids]) -> tuple[FilterColumns, NameCodes]:
    """The rows numbered `chosen` of several, one after the other, with one set of names."""
    books, found = NameCodes(), []
    for (facts, names), numbers in zip(parts, chosen, strict=True):
        season = np.array([books.seasons.number(name) for name in names.seasons.all()], np.int32)
        camera = np.array([books.cameras.number(name) for name in names.cameras.all()], np.int32)
        some = facts.part(numbers)
        found.append(replace(some, season=season[some.season], camera=camera[some.camera]))
    return FilterColumns.joined(found), books
