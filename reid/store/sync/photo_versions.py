"""The rows of one photo in two replicas, and which of them speaks for it.

A photo is known by species, content and box, however often it was removed and enrolled again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from reid.records import SIDE_NET, SIDE_PROBABILITY
from reid.store.catalog.catalog import Catalog, Change
from reid.store.sync.replica import PLACE, LocalChange, Replica
from reid.store.sync.three_way import ThreeWay

ATTRIBUTES = ("side", "captured_at", "camera", "encounter", "season")
"""The columns of a photo that a person may correct."""
_CONTENT = ("sha256", "box_key", "box", "path", "near_path", "notes", "width", "height")
_VALUES = (*PLACE, *ATTRIBUTES, *_CONTENT)

PhotoKey = tuple[str, str, int]
"""Content, box and id of the species."""


@dataclass(slots=True)
class PhotoRow:
    """A row of a photo."""

    id: int
    added: int
    seq: int
    values: dict[str, Any]

    @property
    def stands_with(self) -> int | None:
        """With whom it stands; None = it is removed."""
        return self.values["individual_id"] if self.values["removed_seq"] is None else None


@dataclass(slots=True)
class KnownPhoto:
    """A photo that both have: the rows of each, and the row of each that speaks for it."""

    species: str
    their_rows: list[PhotoRow]
    our_rows: list[PhotoRow]
    theirs: PhotoRow = field(init=False)
    ours: PhotoRow = field(init=False)

    def __post_init__(self) -> None:
        """Choose them."""
        self.theirs, self.ours = speaks(self.their_rows), speaks(self.our_rows)


class PhotoVersions:
    """What each of two replicas has of a photo, and what it changed of it by itself."""

    def __init__(self, both: ThreeWay) -> None:
        """Read the removed photos of both now: there is no index of them, and they are few."""
        self._both = both
        self._removed_ours, self._removed_theirs = _removed(both.change), _removed(both.other)

    def ours(self, key: PhotoKey) -> list[PhotoRow]:
        """All our rows of a photo: of the enrollment that stands, and of those that were removed before this merge."""
        return _rows(self._both.change, key, self._removed_ours)

    def theirs(self, key: PhotoKey) -> list[PhotoRow]:
        """All their rows of a photo; the species in the key is of theirs."""
        return _rows(self._both.other, key, self._removed_theirs)

    def standing_theirs(self, key: PhotoKey) -> list[PhotoRow]:
        """Their row of a photo that stands; none if it is removed."""
        return _rows(self._both.other, key, {})

    def our_change(self, photo: KnownPhoto, columns: tuple[str, ...], after: int) -> LocalChange | None:
        """What we changed of a photo by ourselves after an entry of ours, if it is another value now."""
        return _altered(self._both.ours, photo.our_rows, photo.ours, columns, after)

    def their_change(self, photo: KnownPhoto, columns: tuple[str, ...], after: int) -> LocalChange | None:
        """What they changed of a photo by themselves after an entry of theirs, if it is another value now."""
        return _altered(self._both.theirs, photo.their_rows, photo.theirs, columns, after)

    def our_version(self, photo: KnownPhoto, columns: tuple[str, ...], after: int) -> PhotoRow | None:
        """Our row that speaks for a photo, as it was after an entry that they knew; None = they knew none."""
        return self._as_of(self._both.ours, photo.our_rows, photo.ours, columns, after)

    def their_version(self, photo: KnownPhoto, columns: tuple[str, ...], after: int) -> PhotoRow | None:
        """Their row that speaks for a photo, as it was after an entry that we knew; None = we knew none."""
        return self._as_of(self._both.theirs, photo.their_rows, photo.theirs, columns, after)

    def _as_of(
        self, replica: Replica, rows: list[PhotoRow], now: PhotoRow, columns: tuple[str, ...], after: int
    ) -> PhotoRow | None:
        if after <= self._both.past.start:
            return None
        since = replica.local_change("photo", [(row.id, row.added) for row in rows], columns, after, echoes=True)
        values = now.values if since is None else since.start(now.values)
        return None if values is None else replace(now, values=values)


def speaks(rows: list[PhotoRow]) -> PhotoRow:
    """Of all enrollments of one photo the one that is there, else the one that was changed last."""
    return max(rows, key=lambda row: (row.stands_with is not None, row.seq, row.id))


def attribute_of(row: PhotoRow, columns: tuple[str, ...]) -> tuple[Any, ...]:
    """An attribute of a photo, and of a side what its notes say of the net that predicted it."""
    if len(columns) == 1:
        return (row.values[columns[0]],)
    notes = json.loads(row.values["notes"])
    return (row.values[columns[0]], *((key, notes[key]) for key in (SIDE_NET, SIDE_PROBABILITY) if key in notes))


def without_net(row: PhotoRow) -> dict[str, Any]:
    """The notes of a photo without what they say of the net that predicted its side."""
    notes: dict[str, Any] = json.loads(row.values["notes"])
    return {key: value for key, value in notes.items() if key not in (SIDE_NET, SIDE_PROBABILITY)}


def _removed(source: Catalog | Change) -> dict[PhotoKey, list[int]]:
    """Removed photos by what they are known by."""
    numbers: dict[PhotoKey, list[int]] = defaultdict(list)
    for number, *key in source.ask("SELECT id, sha256, box_key, species_id FROM photo WHERE removed_seq IS NOT NULL"):
        numbers[tuple(key)].append(number)
    return numbers


def _rows(source: Catalog | Change, key: PhotoKey, removed: dict[PhotoKey, list[int]]) -> list[PhotoRow]:
    columns = f"id, added_seq, seq, {', '.join(_VALUES)}"
    rows = source.ask(
        f"SELECT {columns} FROM photo WHERE sha256 = ? AND box_key = ? AND species_id = ? AND removed_seq IS NULL", key
    )
    for number in removed.get(key, ()):
        rows += source.ask(f"SELECT {columns} FROM photo WHERE id = ?", (number,))
    return [PhotoRow(number, added, seq, dict(zip(_VALUES, values, strict=True))) for number, added, seq, *values in rows]


def _altered(
    replica: Replica, rows: list[PhotoRow], now: PhotoRow, columns: tuple[str, ...], after: int
) -> LocalChange | None:
    local = replica.local_change("photo", [(row.id, row.added) for row in rows], columns, after)
    if local and local.before is not None and columns == PLACE:
        then = [replace(now, values=now.values | was) for was in local.before]
        return local if any(row.stands_with != now.stands_with for row in then) else None
    return local if local and local.altered(now.values) else None
