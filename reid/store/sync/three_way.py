"""Two replicas with a common past, one of them in a transaction that brings the other in: who is who, and what both changed.

Who is who across the two: an individual by the mark of the journal entry that added it and its id there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from reid.errors import GalleryError
from reid.store.catalog.catalog import Catalog, Change
from reid.store.catalog.schema import HISTORY_COLUMNS
from reid.store.sync.conflict_commands import Command, DryRun
from reid.store.sync.replica import Replica, carried

_UID = re.compile(r"([0-9a-f]+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Conflict:
    """What both galleries changed, each in its own way; here it stays as it was here.

    ours, theirs: each side with the entry that made it so. do: the command that takes their side; several are joined by "&&".
    Those of all the conflicts can be run one after the other, in this order.
    """

    species: str
    what: str
    ours: str
    theirs: str
    do: str


@dataclass(frozen=True, slots=True)
class Past:
    """What two galleries have in common. start: the last entry with which both began. seq, their_seq: up to which each is known.

    ours, theirs: mark of an entry -> its seq.
    """

    start: int
    seq: int
    their_seq: int
    ours: dict[str, int]
    theirs: dict[str, int]


@dataclass(frozen=True, slots=True)
class TheirIndividual:
    """A row of theirs that was changed."""

    id: int
    species_id: int
    added: int
    name: str
    into: int | None
    removed: int | None
    seq: int


class ThreeWay:
    """Two replicas and their common past, inside one transaction of ours; what each part of a merge plans, the others see."""

    def __init__(self, change: Change, other: Catalog, name: str, past: Past) -> None:
        """name: of the other gallery, for messages."""
        self.change, self.other, self.name, self.past = change, other, name, past
        self.ours = Replica(change, past.theirs, carried(other), past.start, change.seq)
        self.theirs = Replica(other, past.ours, carried(change), past.start, 1 << 62)
        self.ours.introduce(self.theirs)
        self._reported: list[tuple[int, Conflict, Callable[[], Iterator[Command]]]] = []
        self.individuals: dict[int, int] = {}
        """Their individual's id -> ours."""
        self.species: dict[int, tuple[int, str]] = {}
        """Their species' id -> ours and its name."""
        self.arrived: set[int] = set()
        """Ours that this merge added."""
        self.entering: set[int] = set()
        """Ours who shall be there after this merge and are not yet: they get their names last."""
        self.leaving: dict[int, int | None] = {}
        """Ours who shall be removed, or merged into another."""
        self.refused: dict[int, int | None] = {}
        """Ours of whom their removal or merge is not taken: the photos stay where they are here, too."""
        self.names: dict[int, str] = {}
        """Ours -> the name that they get."""
        self.altered = 0
        """Values of ours that were written."""
        self.rows: dict[int, TheirIndividual] = {}
        """Theirs that were changed, by our id."""

    def individual_of(self, their_id: int) -> int | None:
        """Our id of one of their individuals; None if we have none."""
        if their_id not in self.individuals:
            number = _known_as(self.change, uid_of(self.other, their_id))
            if number is None:
                return None
            self.individuals[their_id] = number
        return self.individuals[their_id]

    def theirs_of(self, mine: int) -> int | None:
        """Their id of one of our individuals; None if they have none."""
        return _known_as(self.other, uid_of(self.change, mine))

    def ours_of(self, their_id: int) -> int:
        """Our individual for one of theirs, followed where it was merged into another one here."""
        mine = self.individual_of(their_id)
        if mine is None:
            raise GalleryError(f"individual #{their_id} of {self.name} is in no entry since the common past: it is damaged")
        return self.final(mine)

    def final(self, mine: int) -> int:
        """The individual that ours was merged into at last; itself, where it was not."""
        while mine not in self.entering and (into := self.individual(mine)["merged_into"]):
            mine = int(into)
        return mine

    def planned(self, mine: int) -> int:
        """As `final`, after this merge, as far as it is planned."""
        return self.way(mine)[-1]

    def way(self, mine: int) -> list[int]:
        """From one of ours over the individuals it is merged into, after this merge, to the last of them."""
        way = [mine]
        while into := self.next(way[-1]):
            way.append(into)
        return way

    def next(self, mine: int) -> int:
        """The individual that ours is merged into after this merge; 0 = none."""
        if mine in self.entering:
            return 0
        return int((self.leaving[mine] if mine in self.leaving else self.individual(mine)["merged_into"]) or 0)

    def individual(self, mine: int) -> dict[str, Any]:
        """Our individual as it is now: its row by column."""
        columns = ("species_id", "name", "removed_seq", "merged_into", "added_seq", "seq")
        row = self.change.ask(f"SELECT {', '.join(columns)} FROM individual WHERE id = ?", (mine,))[0]
        return dict(zip(columns, row, strict=True))

    def stands(self, mine: int) -> bool:
        """Whether an individual will be there after this merge."""
        return mine in self.entering or (mine not in self.leaving and self.individual(mine)["removed_seq"] is None)

    def alive(self, their_id: int | None) -> bool:
        """Whether an individual of theirs, or the one it was merged into, is there."""
        while their_id is not None:
            removed, into = self.other.ask("SELECT removed_seq, merged_into FROM individual WHERE id = ?", (their_id,))[0]
            if removed is None:
                return True
            their_id = into
        return False

    def holder(self, species_id: int, name: str) -> int:
        """Who has a name here now; 0 = none."""
        numbers = self.change.ask(
            "SELECT id FROM individual WHERE species_id = ? AND name = ? AND removed_seq IS NULL", (species_id, name)
        )
        return int(numbers[0][0]) if numbers else 0

    def unused(self, species_id: int, name: str) -> str:
        """A name like this one that none has or waits for."""
        return next(
            wanted for turn in range(2, 1 << 31) if not self.holder(species_id, wanted := f"{name} ({turn})")
            and wanted not in self.names.values()
        )

    def called(self, mine: int) -> str:
        """An individual's name, quoted."""
        return repr(self.individual(mine)["name"])

    def alter(self, kind: str, number: int, **values: Any) -> None:
        """Write values of a row of ours."""
        assert values and set(values) <= set(HISTORY_COLUMNS[kind])
        assigned = ", ".join(f"{column} = ?" for column in values)
        self.change.put(f"UPDATE {kind} SET {assigned}, seq = ? WHERE id = ?", (*values.values(), self.change.seq, number))
        self.altered += 0 if number in self.arrived and kind == "individual" else 1

    def report(self, rank: int, species: str, what: str, ours: str, theirs: str, do: Callable[[], Iterator[Command]]) -> None:
        """Keep a conflict: one more thing that both changed.

        rank: 0 of a name, 1 of an individual, 2 of a photo, 3 of an individual that is not there, 4 of the name of one, 5 of
        two that may be one. do: asked for the commands at the end, when all that is taken is written; each is carried out,
        in a dry run, before the next is asked for.
        """
        self._reported.append((rank, Conflict(species, what, ours, theirs, ""), do))

    def conflicts(self, ours: Catalog) -> tuple[Conflict, ...]:
        """All that were reported, in the order in which the commands fit. Call it when everything is written."""
        self.entering.clear()
        self.leaving.clear()
        conflicts = []
        with DryRun(ours, self.change) as dry_run:
            for _, conflict, do in sorted(self._reported, key=lambda reported: reported[0]):
                texts = list(dry_run.texts(do()))
                if texts:  # else the command of another conflict does it
                    conflicts.append(replace(conflict, do=" && ".join(texts)))
        return tuple(conflicts)


def uid_of(source: Catalog | Change, number: int) -> str:
    """What an individual is known by in every gallery."""
    origin, mark = source.ask(
        "SELECT i.origin, j.mark FROM individual i JOIN journal j ON j.seq = i.added_seq WHERE i.id = ?", (number,)
    )[0]
    return str(origin or f"{mark}-{number}")


def _known_as(source: Catalog | Change, uid: str) -> int | None:
    """The id of the individual that a gallery knows by that; None = none."""
    numbers = source.ask("SELECT id FROM individual WHERE origin = ?", (uid,))
    if not numbers and (parts := _UID.fullmatch(uid)):
        numbers = source.ask(
            "SELECT i.id FROM individual i JOIN journal j ON j.seq = i.added_seq WHERE j.mark = ? AND i.id = ?",
            (parts[1], int(parts[2])),
        )
    return int(numbers[0][0]) if numbers else None
