"""The rows of one photo in two galleries, and which of them speaks for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from reid.records import SIDE_NET, SIDE_PROBABILITY


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
    """A photo that both have: the rows of each, and the one of each that speaks for it."""

    species: str
    theirs: list[PhotoRow]
    ours: list[PhotoRow]
    there: PhotoRow = field(init=False)
    here: PhotoRow = field(init=False)

    def __post_init__(self) -> None:
        """Choose them."""
        self.there, self.here = speaks(self.theirs), speaks(self.ours)


def speaks(rows: list[PhotoRow]) -> PhotoRow:
    """Of all enrollments of one photo the one that is there, else the one that was changed last."""
    return max(rows, key=lambda one: (one.stands_with is not None, one.seq, one.id))


def told_by(row: PhotoRow, columns: tuple[str, ...]) -> tuple[Any, ...]:
    """A fact of a photo, and of a side what its notes say of the net that told it."""
    if len(columns) == 1:
        return (row.values[columns[0]],)
    notes = json.loads(row.values["notes"])
    return (row.values[columns[0]], *((key, notes[key]) for key in (SIDE_NET, SIDE_PROBABILITY) if key in notes))


def without_net(row: PhotoRow) -> dict[str, Any]:
    """The notes of a photo without what they say of the net that told its side."""
    notes: dict[str, Any] = json.loads(row.values["notes"])
    return {key: value for key, value in notes.items() if key not in (SIDE_NET, SIDE_PROBABILITY)}
