"""Two galleries with a common past, one of them in a transaction that brings the other in: who is who, and what both changed.

Who is who across the two: an individual by the mark of the journal entry that added it and its id there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from reid.errors import GalleryError
from reid.store.catalog.catalog import Catalog, Change
from reid.store.catalog.schema import KEPT
from reid.store.sync.conflict_commands import Command, Rehearsal, merge, remove_photo, rename, restore, restore_photo, split
from reid.store.sync.replica import Camp, carried

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
        self.here = Camp(change, past.theirs, carried(theirs), past.start, change.seq)
        self.there = Camp(theirs, past.ours, carried(change), past.start, 1 << 62)
        self.here.look(self.there)
        self._told: list[tuple[int, Conflict, Callable[[], Iterator[Command]]]] = []
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

    def individual_of(self, their_id: int) -> int | None:
        """Our id of one of their individuals; None if we have none."""
        if their_id not in self.individuals:
            found = _known_as(self.change, uid_of(self.theirs, their_id))
            if found is None:
                return None
            self.individuals[their_id] = found
        return self.individuals[their_id]

    def theirs_of(self, mine: int) -> int | None:
        """Their id of one of our individuals; None if they have none."""
        return _known_as(self.theirs, uid_of(self.change, mine))

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

    def planned(self, mine: int) -> int:
        """As `final`, after this merge, as far as it is planned."""
        return self.way(mine)[-1]

    def way(self, mine: int) -> list[int]:
        """From one of ours over whom it is merged into, after this merge, to the last of them."""
        way = [mine]
        while into := self.next(way[-1]):
            way.append(into)
        return way

    def next(self, mine: int) -> int:
        """Whom ours is merged into after this merge; 0 = nobody."""
        if mine in self.coming:
            return 0
        return int((self.going[mine] if mine in self.going else self.one(mine)["merged_into"]) or 0)

    def one(self, mine: int) -> dict[str, Any]:
        """Our individual as it is now."""
        columns = ("species_id", "name", "removed_seq", "merged_into", "added_seq", "seq")
        row = self.change.ask(f"SELECT {', '.join(columns)} FROM individual WHERE id = ?", (mine,))[0]
        return dict(zip(columns, row, strict=True))

    def stands(self, mine: int) -> bool:
        """Whether an individual will be there after this merge."""
        return mine in self.coming or (mine not in self.going and self.one(mine)["removed_seq"] is None)

    def tell(self, rank: int, species: str, what: str, ours: str, theirs: str, do: Callable[[], Iterator[Command]]) -> None:
        """One more thing that both changed.

        rank: 0 of a name, 1 of an individual, 2 of a photo, 3 of who is not there, 4 of the name of one, 5 of two who may be
        one. do: asked for the commands at the end, when all that is taken is written; each is carried out, as a rehearsal,
        before the next is asked for.
        """
        self._told.append((rank, Conflict(species, what, ours, theirs, ""), do))

    def conflicts(self, ours: Catalog) -> tuple[Conflict, ...]:
        """All that was told, in the order in which the commands fit. Call it when everything is written."""
        self.coming.clear()
        self.going.clear()
        told = []
        with Rehearsal(ours, self.change) as rehearsal:
            for _, one, do in sorted(self._told, key=lambda one: one[0]):
                texts = list(rehearsal.texts(do()))
                if texts:  # else another one's command does it
                    told.append(replace(one, do=" && ".join(texts)))
        return tuple(told)

    def back(self, mine: int) -> Iterator[Command]:
        """The commands that bring an individual back; none if it is there by now."""
        here = self.one(mine)
        if here["removed_seq"] is None:
            return
        into = here["merged_into"]
        if not into:
            yield from self.freed(mine, here["name"])
            yield from self._restored(mine, here["removed_seq"])
            return
        above = self.one(into)
        yield from self.back(into)
        yield from self.freed(mine, here["name"])
        yield split(into, mine)
        if above["merged_into"]:
            yield merge(into, above["merged_into"])

    def _restored(self, mine: int, removed: int) -> Iterator[Command]:
        """A removed individual comes back; what was enrolled again meanwhile stays with whom it is now."""
        again = self.change.ask(
            "SELECT p.id, o.id FROM photo p JOIN photo o ON o.sha256 = p.sha256 AND o.box_key = p.box_key"
            " AND o.species_id = p.species_id AND o.removed_seq IS NULL WHERE p.individual_id = ? AND p.removed_seq = ?"
            " ORDER BY p.id", (mine, removed),
        )
        yield from (remove_photo(newer) for _, newer in again)
        yield restore(mine)
        for older, newer in again:
            yield remove_photo(older)
            yield restore_photo(newer)

    def freed(self, mine: int, name: str) -> Iterator[Command]:
        """The command that takes a name away from another individual, if one has it."""
        species_id = self.one(mine)["species_id"]
        holder = self.holder(species_id, name)
        if holder and holder != mine:
            yield rename(holder, self.unused(species_id, name))

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


def uid_of(source: Catalog | Change, number: int) -> str:
    """What an individual is known by in every gallery."""
    origin, mark = source.ask(
        "SELECT i.origin, j.mark FROM individual i JOIN journal j ON j.seq = i.added_seq WHERE i.id = ?", (number,)
    )[0]
    return str(origin or f"{mark}-{number}")


def _known_as(source: Catalog | Change, uid: str) -> int | None:
    """The id of whom a gallery knows by that; None = nobody."""
    found = source.ask("SELECT id FROM individual WHERE origin = ?", (uid,))
    if not found and (parts := _UID.fullmatch(uid)):
        found = source.ask(
            "SELECT i.id FROM individual i JOIN journal j ON j.seq = i.added_seq WHERE j.mark = ? AND i.id = ?",
            (parts[1], int(parts[2])),
        )
    return int(found[0][0]) if found else None
