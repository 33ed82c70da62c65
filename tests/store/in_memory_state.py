"""What a gallery in memory holds: frozen rows in plain dicts, and a journal of the states before and after each change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from reid.records import Calibration, Sighting
from reid.records.gallery import EnrolledPhoto, JournalEntry

Key = tuple[str, Any]
"""A table of `State` and the key there."""


@dataclass(frozen=True)
class Species:
    id: int
    name: str
    fingerprint: str = ""
    dimension: int = 0
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Animal:
    """An individual; merged_into 0: into none."""

    id: int
    species: str
    name: str
    removed_seq: int | None = None
    merged_into: int = 0


@dataclass(frozen=True)
class Kept:
    """An enrolled photo; the name of its individual and whether it is removed are filled in when it is asked for."""

    photo: EnrolledPhoto
    removed_seq: int | None = None


@dataclass(frozen=True)
class Decided:
    """A decision that was kept. marks: what its photos are known by; animals: content and box of each."""

    id: int
    seq: int
    species: str
    individual_id: int
    sighting: Sighting
    removed_seq: int | None = None


@dataclass(frozen=True)
class StageNet:
    fingerprint: str | None = None


@dataclass
class State:
    """Everything that a change may alter. Rows are frozen, so that copies of the dicts are a copy of it all."""

    species: dict[str, Species] = field(default_factory=dict)
    animals: dict[int, Animal] = field(default_factory=dict)
    photos: dict[int, Kept] = field(default_factory=dict)
    sightings: dict[int, Decided] = field(default_factory=dict)
    stage: dict[str, StageNet] = field(default_factory=dict)
    nets: dict[str, str] = field(default_factory=dict)
    vectors: dict[tuple[int, str], NDArray[Any]] = field(default_factory=dict)

    def copied(self) -> State:
        return State(**{name: dict(values) for name, values in vars(self).items()})

    def photo(self, number: int) -> EnrolledPhoto:
        kept = self.photos[number]
        return replace(
            kept.photo, individual=self.animals[kept.photo.individual_id].name, removed=kept.removed_seq is not None
        )

    def live(self, species: str | None = None, *, removed: bool = False) -> list[EnrolledPhoto]:
        rows = [number for number, kept in sorted(self.photos.items()) if (kept.removed_seq is not None) == removed]
        return [self.photo(number) for number in rows if species is None or self.photos[number].photo.species == species]

    def of(self, animal: int) -> list[int]:
        """Every photo of an individual, removed ones too."""
        return [number for number, kept in sorted(self.photos.items()) if kept.photo.individual_id == animal]

    def give(self, photos: list[int], animal: int) -> None:
        for number in photos:
            kept = self.photos[number]
            self.photos[number] = replace(kept, photo=replace(kept.photo, individual_id=animal))


def columns(row: Any) -> dict[str, Any]:
    """What can be altered of a row, flat."""
    values = {column.name: getattr(row, column.name) for column in fields(row)}
    photo = values.pop("photo", None)
    return values | ({column.name: getattr(photo, column.name) for column in fields(photo)} if photo else {})


def with_columns(row: Any, values: dict[str, Any]) -> Any:
    if not isinstance(row, Kept):
        return replace(row, **values)
    rest = {name: value for name, value in values.items() if name != "removed_seq"}
    return Kept(replace(row.photo, **rest), values["removed_seq"])


@dataclass
class Change:
    """One entry with the states around it. taken_back: whether an undo wrote it."""

    entry: JournalEntry
    before: State
    after: State

    def added(self) -> dict[Key, Any]:
        """The rows that it added; a species and a stage net are altered from nothing instead."""
        return {
            (table, key): row for table in ("animals", "photos", "sightings")
            for key, row in getattr(self.after, table).items() if key not in getattr(self.before, table)
        }  # fmt: skip

    def altered(self) -> dict[Key, dict[str, tuple[Any, Any]]]:
        """Column -> (before, after) of every row that it altered."""
        return dict(self._altered())

    def _altered(self) -> Iterator[tuple[Key, dict[str, tuple[Any, Any]]]]:
        for table in ("species", "animals", "photos", "sightings", "stage"):
            old, new = getattr(self.before, table), getattr(self.after, table)
            for key, row in new.items():
                before = old.get(key)
                if before is row or (before is None and table not in ("species", "stage")):
                    continue
                if before is None:
                    before = Species(row.id, row.name) if table == "species" else StageNet()
                pairs = {name: (value, columns(row)[name]) for name, value in columns(before).items()}
                if pairs := {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}:
                    yield (table, key), pairs


@dataclass
class Disk:
    """What a gallery in memory is kept in, so that it can be opened twice."""

    folder: Path
    state: State = field(default_factory=State)
    changes: list[Change] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    maps: dict[str, dict[int, NDArray[Any]]] = field(default_factory=dict)
    purged: list[tuple[int, int, int]] = field(default_factory=list)
    """Of each purge: its seq, and from which change on and before which one something that it deleted was in use."""
    removals: dict[int, int] = field(default_factory=dict)
    """Of what was purged: the change that had removed it, and the purge."""

    def fresh(self, table: str) -> int:
        self.ids[table] = self.ids.get(table, 0) + 1
        return self.ids[table]

    def undone(self) -> dict[int, int]:
        """Entry -> the entry that undid it, for all that are undone now."""
        result: dict[int, int] = {}
        for change in reversed(self.changes):
            if change.entry.undoes and change.entry.seq not in result:
                result.setdefault(change.entry.undoes, change.entry.seq)
        return result
