"""Two galleries with a common past, one of them in a transaction that brings the other in: who is who, and what both changed.

Who is who across the two: an individual by the mark of the journal entry that added it and its id there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from reid.errors import GalleryError
from reid.store.camp import Camp
from reid.store.catalog import Catalog, Change
from reid.store.schema import KEPT

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


class Camps:
    """Two galleries inside one transaction of ours."""

    def __init__(self, change: Change, theirs: Catalog, name: str, past: Past) -> None:
        """name: of the other gallery, for messages."""
        self.change, self.theirs, self.name, self.past = change, theirs, name, past
        self.here = Camp(change, past.theirs, past.start, change.seq)
        self.there = Camp(theirs, past.ours, past.start, 1 << 62)
        self._told: list[tuple[int, Conflict, Callable[[], list[str]]]] = []
        self.individuals: dict[int, int] = {}
        """Their individual's id -> ours."""
        self.species: dict[int, tuple[int, str]] = {}
        self.arrived: set[int] = set()
        self.coming: set[int] = set()
        """Ours who shall be there after this merge and are not yet: they get their names last."""
        self.going: dict[int, int | None] = {}
        """Ours who shall be removed, or merged into another."""
        self.refused: dict[int, int | None] = {}
        """Ours of whom their removal or merge is not taken: the photos stay where they are here, too."""
        self.names: dict[int, str] = {}
        self.altered = 0
        self.rows: dict[int, TheirIndividual] = {}
        """Theirs that were changed, by our id."""
        self.told_back: set[int] = set()
        """Ours that the commands told so far bring back, and (told_into) merge into another."""
        self.told_into: dict[int, int] = {}

    def individual_of(self, their_id: int) -> int | None:
        """Our id of one of their individuals; None if we have none."""
        if their_id not in self.individuals:
            uid = self.uid(their_id)
            found = self.change.ask("SELECT id FROM individual WHERE origin = ?", (uid,))
            if not found and (parts := _UID.fullmatch(uid)):
                found = self.change.ask(
                    "SELECT i.id FROM individual i JOIN journal j ON j.seq = i.added_seq WHERE j.mark = ? AND i.id = ?"
                    " AND i.origin IS NULL", (parts[1], int(parts[2])),
                )
            if not found:
                return None
            self.individuals[their_id] = int(found[0][0])
        return self.individuals[their_id]

    def uid(self, their_id: int) -> str:
        """What an individual of theirs is known by in every gallery."""
        origin, mark = self.theirs.ask(
            "SELECT i.origin, j.mark FROM individual i JOIN journal j ON j.seq = i.added_seq WHERE i.id = ?", (their_id,)
        )[0]
        return str(origin or f"{mark}-{their_id}")

    def ours_of(self, their_id: int) -> int:
        """Our individual for one of theirs, followed where it was merged into another one here."""
        mine = self.individual_of(their_id)
        if mine is None:
            raise GalleryError(f"individual #{their_id} of {self.name} is in no entry since the common past: it is damaged")
        return self.final(mine)

    def final(self, mine: int) -> int:
        """Whom ours was merged into at last; itself, where it was not."""
        while mine not in self.coming and (into := self.one(mine)["merged_into"]):
            mine = int(into)
        return mine

    def one(self, mine: int) -> dict[str, Any]:
        """Our individual as it is now."""
        columns = ("species_id", "name", "removed_seq", "merged_into", "added_seq", "seq")
        row = self.change.ask(f"SELECT {', '.join(columns)} FROM individual WHERE id = ?", (mine,))[0]
        return dict(zip(columns, row, strict=True))

    def stands(self, mine: int) -> bool:
        """Whether an individual will be there after this merge."""
        return mine in self.coming or (mine not in self.going and self.one(mine)["removed_seq"] is None)

    def tell(self, rank: int, species: str, what: str, ours: str, theirs: str, do: Callable[[], list[str]]) -> None:
        """One more thing that both changed. rank: 0 of a name, 1 of a photo, 2 of an individual, 3 of who is not there.

        do: asked for the commands at the end, when all that is taken is written.
        """
        self._told.append((rank, Conflict(species, what, ours, theirs, ""), do))

    def conflicts(self) -> tuple[Conflict, ...]:
        """All that was told, in the order in which the commands fit."""
        ranked = sorted(self._told, key=lambda one: one[0])
        with_commands = [replace(one, do=" && ".join(do())) for _, one, do in ranked]
        return tuple(one for one in with_commands if one.do)  # else another one's command does it

    def back(self, mine: int) -> list[str]:
        """The commands that bring an individual back that is not there; none if a conflict that was told before does so."""
        here = self.one(mine)
        if here["removed_seq"] is None or mine in self.told_back:
            return []
        self.told_back.add(mine)
        into, do = here["merged_into"], self.freed(mine, here["name"])
        if not into:
            return [*do, f"reid individuals restore '#{mine}'"]
        above = self.one(into)
        do = [*self.back(into), *do, f"reid individuals split '#{into}' '#{mine}'"]
        return do + ([f"reid individuals merge '#{into}' '#{above['merged_into']}'"] if above["merged_into"] else [])

    def freed(self, mine: int, name: str) -> list[str]:
        """The command that takes a name away from another individual, if one has it."""
        species_id = self.one(mine)["species_id"]
        holder = self.holder(species_id, name)
        return [rename_command(holder, self.unused(species_id, name))] if holder and holder != mine else []

    def holder(self, species_id: int, name: str) -> int:
        """Who has a name here now; 0 = nobody."""
        found = self.change.ask(
            "SELECT id FROM individual WHERE species_id = ? AND name = ? AND removed_seq IS NULL", (species_id, name)
        )
        return int(found[0][0]) if found else 0

    def unused(self, species_id: int, name: str) -> str:
        """A name like this one that nobody has or waits for."""
        return next(
            wanted for turn in range(2, 1 << 31) if not self.holder(species_id, wanted := f"{name} ({turn})")
            and wanted not in self.names.values()
        )

    def called(self, mine: int) -> str:
        """An individual's name, quoted."""
        return repr(self.one(mine)["name"])

    def alter(self, kind: str, number: int, **values: Any) -> None:
        """Write values of a row of ours."""
        assert values and set(values) <= set(KEPT[kind])
        assigned = ", ".join(f"{column} = ?" for column in values)
        self.change.put(f"UPDATE {kind} SET {assigned}, seq = ? WHERE id = ?", (*values.values(), self.change.seq, number))
        self.altered += 0 if number in self.arrived and kind == "individual" else 1


def rename_command(mine: int, name: str) -> str:
    """The command; a name that begins like an option is kept from being read as one."""
    return f"reid individuals rename {'-- ' if name.startswith('-') else ''}'#{mine}' {shlex.quote(name)}"
