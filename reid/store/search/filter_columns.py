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
from reid.store.catalog.catalog import Row, to_json
from reid.store.rows import Ids, Where
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
class Facts:
    """One row a photo, (n,) each. season and camera are numbers of `Books`; taken is the camera's clock or NaT."""

    individual: NDArray[np.int64]
    side: NDArray[np.int8]
    season: NDArray[np.int32]
    camera: NDArray[np.int32]
    taken: NDArray[np.datetime64]

    def part(self, chosen: Any) -> Facts:
        """Some of the rows: a slice, a mask or their numbers."""
        return Facts(*(getattr(self, column.name)[chosen] for column in fields(self)))

    def put(self, rows: slice, facts: Facts) -> None:
        """Fill some of the rows."""
        for column in fields(self):
            getattr(self, column.name)[rows] = getattr(facts, column.name)

    @staticmethod
    def joined(parts: Sequence[Facts]) -> Facts:
        """The rows of several, one after the other."""
        return Facts(**{name: np.concatenate([part.columns()[name] for part in parts]) for name in _KINDS})

    def columns(self) -> dict[str, NDArray[Any]]:
        """By name."""
        return {column.name: getattr(self, column.name) for column in fields(self)}


_KINDS = {"individual": np.int64, "side": np.int8, "season": np.int32, "camera": np.int32, "taken": "datetime64[us]"}


def empty_facts(count: int) -> Facts:
    """Room for so many rows."""
    return Facts(**{name: np.zeros(count, kind) for name, kind in _KINDS.items()})


class Books:
    """The names of seasons and cameras behind the numbers in `Facts`."""

    def __init__(self, seasons: Iterable[str] = (), cameras: Iterable[str] = ()) -> None:
        """With the names that a file holds."""
        self.seasons, self.cameras = Names(seasons), Names(cameras)

    def facts(self, rows: Sequence[Row]) -> Facts:
        """Of rows (individual_id, side, season, camera, captured_at) of the catalogue."""
        taken = [row[4][:WALL] if row[4] else "NaT" for row in rows]
        return Facts(
            np.array([row[0] for row in rows], np.int64), np.array([SIDES.index(row[1]) for row in rows], np.int8),
            np.array([self.seasons.number(row[2]) for row in rows], np.int32),
            np.array([self.cameras.number(row[3]) for row in rows], np.int32), np.array(taken, "datetime64[us]"),
        )

    def pass_(self, facts: Facts, where: Where, individuals: Ids | None) -> Mask:
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

    def write(self, path: Path, facts: Facts) -> None:
        """Write the columns with their names. Raises OSError."""
        names = to_json([self.seasons.all(), self.cameras.all()]).encode()
        arrays: dict[str, Any] = {**facts.columns(), "names": np.frombuffer(names, np.uint8)}
        with path.open("wb") as file:
            np.savez(file, **arrays)


def read_facts(path: Path, count: int) -> tuple[Facts, Books]:
    """What `Books.write` wrote. Raises ValueError where it is damaged or of other photos, OSError."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            facts = Facts(**{name: file[name].astype(kind, casting="equiv", copy=False) for name, kind in _KINDS.items()})
            books = Books(*json.loads(file["names"].tobytes()))
    except (BadZipFile, KeyError, EOFError, TypeError) as error:
        raise ValueError(f"{path.name} is damaged ({error})") from error
    if any(column.shape != (count,) for column in facts.columns().values()):
        raise ValueError(f"{path.name} is of other photos")
    return facts, books


def merged(parts: Sequence[tuple[Facts, Books]], chosen: Sequence[Ids]) -> tuple[Facts, Books]:
    """The rows numbered `chosen` of several, one after the other, with one set of names."""
    books, found = Books(), []
    for (facts, names), numbers in zip(parts, chosen, strict=True):
        season = np.array([books.seasons.number(name) for name in names.seasons.all()], np.int32)
        camera = np.array([books.cameras.number(name) for name in names.cameras.all()], np.int32)
        some = facts.part(numbers)
        found.append(replace(some, season=season[some.season], camera=camera[some.camera]))
    return Facts.joined(found), books
