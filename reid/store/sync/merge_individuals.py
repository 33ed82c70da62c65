"""What another gallery changed since the common past: its individuals, taken where only it changed them, told where both did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reid.store.contents.individuals import add_individual
from reid.store.sync.conflict_commands import Command, merge, remove, rename, split
from reid.store.sync.replica import STATUS, News
from reid.store.sync.three_way import Camps, TheirIndividual, uid_of


class Individuals(Camps):
    """Two galleries inside one transaction of ours: the individuals, planned first, then written."""

    # Planned.

    def plan_individuals(self) -> None:
        """New individuals come in; of one that both know, find who gets a name, who comes back and who goes."""
        rows = [TheirIndividual(*row) for row in self.theirs.ask(
            "SELECT id, species_id, added_seq, name, merged_into, removed_seq, seq FROM individual WHERE seq > ? ORDER BY id",
            (self.past.their_seq,),
        )]
        for row in rows:
            mine = self.individual_of(row.id)
            if mine is None:
                mine = self._arrive(row)
            else:
                self._plan_name(row, mine)
            self.rows[mine] = row
        new_first = sorted(rows, key=lambda row: self.individuals[row.id] not in self.arrived)  # they are no party to a ring
        disputed = [row for row in new_first if not self._plan_status(row, self.individuals[row.id])]
        for row in disputed:  # once it is known who goes where: the two ways may lead to the same one
            self._settle_status(row, self.individuals[row.id])

    def _arrive(self, row: TheirIndividual) -> int:
        species_id, species = self.species[row.species_id]
        now = row.removed is None and not self.holder(species_id, row.name)
        fresh = add_individual(self.change, species_id, species, row.name, origin=uid_of(self.theirs, row.id), there=now)
        self.individuals[row.id] = fresh.id
        self.arrived.add(fresh.id)
        if row.removed is None and not now:
            self.coming.add(fresh.id)
            self.names[fresh.id] = row.name
        return fresh.id

    def _plan_name(self, row: TheirIndividual, mine: int) -> None:
        own = self.there.news("individual", [(row.id, row.added)], ("name",), self.past.their_seq)
        here = self.one(mine)
        if here["name"] == row.name:
            return
        if own is None or not own.altered({"name": row.name}):
            by_merge = here["added_seq"] in self.here.echoes and not self.here.news("individual", [(mine, 0)], ("name",), 0)
            if by_merge and here["removed_seq"] is None and not self.holder(here["species_id"], row.name):
                self.names[mine] = row.name  # it came as "Zuri (2)", and Zuri is free by now
            return
        ours = self._ours(mine, here, ("name",), own)
        if ours and self._was(row, mine, ("name",), False, self.there.agreed(own.seq)) == {"name": row.name}:
            return  # as it was called here when they last knew of it
        if ours and self._was(row, mine, ("name",), True, self.here.agreed(ours.seq)) != {"name": here["name"]}:
            self.tell(  # who is not there may come back by the command of another conflict
                0 if here["removed_seq"] is None else 4, self.species[row.species_id][1], f"name of individual #{mine}",
                f"{here['name']!r} ({self.here.by(ours.seq)})", f"{row.name!r} ({self.there.by(own.seq)})",
                lambda: self._renamed(mine, row.name),
            )
            return
        self.names[mine] = row.name

    def _renamed(self, mine: int, name: str) -> Iterator[Command]:
        """The commands that give a name, though another one may have it; none for who is not there any more."""
        if self.one(mine)["removed_seq"] is None:
            yield from self.freed(mine, name)
            yield rename(mine, name)

    def _ours(self, mine: int, here: dict[str, Any], columns: tuple[str, ...], own: News) -> News | None:
        """What we changed of a value of an individual without that they knew of it, nor we of theirs."""
        ours = self.here.news("individual", [(mine, here["added_seq"])], columns, self.there.heard(own.seq))
        return ours if ours and ours.altered(here) else None

    def _plan_status(self, row: TheirIndividual, mine: int) -> bool:
        """Whether one that both know is there from now on; False where both changed that."""
        target = self.ours_of(row.into) if row.into else None
        if mine in self.arrived:
            if target is not None:
                self.going[mine] = target
            return True
        own = self.there.news("individual", [(row.id, row.added)], STATUS, self.past.their_seq)
        here = self.one(mine)
        into = self.final(mine) if here["merged_into"] else None
        if (row.removed is not None, target) == (here["removed_seq"] is not None, into):
            return own is None or not row.into or self.individual_of(row.into) == here["merged_into"]
        if own is None or not own.altered({"removed_seq": row.removed, "merged_into": row.into}):
            return True
        ours = self._ours(mine, here, STATUS, own)
        if ours:
            was = self._was(row, mine, STATUS, False, self.there.agreed(own.seq))
            if was and self._status(was, self.final) == (row.removed is not None, target):
                return True  # as it was here when they last knew of it
            was = self._was(row, mine, STATUS, True, self.here.agreed(ours.seq))
            if was and self._status(was, self.ours_of) == (here["removed_seq"] is not None, into):
                ours = None  # another camp brought it from them
        if ours or (target is not None and mine in self.way(target)):  # merges of both would go round in a ring
            return False
        if row.removed is not None:
            self.going[mine] = target
        else:
            self.coming.add(mine)
            self.names.setdefault(mine, here["name"])
        return True

    def _was(self, row: TheirIndividual, mine: int, columns: tuple[str, ...], there: bool, after: int) -> dict[str, Any] | None:
        """A value of an individual, there or here, as it was after an entry that the other one knew; None = it knew none."""
        if after <= self.past.start:
            return None
        if there:
            now: dict[str, Any] = {"name": row.name, "removed_seq": row.removed, "merged_into": row.into}
            since = self.there.news("individual", [(row.id, row.added)], columns, after, echoes=True)
        else:
            now = self.one(mine)
            since = self.here.news("individual", [(mine, now["added_seq"])], columns, after, echoes=True)
        was = now if since is None else since.start(now)
        return None if was is None else {column: was[column] for column in columns}

    def _status(self, was: dict[str, Any], mine_of: Callable[[int], int]) -> tuple[bool, int | None]:
        """Whether one was removed, and whom of ours it was merged into."""
        return was["removed_seq"] is not None, mine_of(was["merged_into"]) if was["merged_into"] else None

    def _settle_status(self, row: TheirIndividual, mine: int) -> None:
        """Both changed whether an individual is there: nothing is taken, it is told, unless both ways lead to the same one.

        Even then it is, if a command that was told before parts the two ways.
        """
        own = self.there.news("individual", [(row.id, row.added)], STATUS, self.past.their_seq)
        assert own is not None
        here, target = self.one(mine), self.ours_of(row.into) if row.into else None
        ours = self._ours(mine, here, STATUS, own)
        seq = ours.seq if ours else here["seq"]
        swapped = target == mine and bool(row.into)
        if swapped and row.into:
            target = self.individual_of(row.into)
        if target and not ours and mine not in self.way(target):  # the other way round no longer: they knew, and settled it
            self.going[mine] = target
            return
        if not swapped and target is not None and here["merged_into"] and self.planned(target) == self.planned(mine):
            if ours:
                self._tell_status(4, row, mine, target, seq)
            return
        self._refuse(mine, target, seq)

    # Settled, once it is known where photos go.

    def settle_going(self, leaving: set[int], follows: Callable[[int, int], bool]) -> None:
        """Keep who would leave a photo behind, or be merged into somebody who is not there.

        Args:
            leaving: our photos that go.
            follows: whether a photo of ours goes along to the individual of a merge, because that is where it is there.
        """
        for mine, target in list(self.going.items()):
            left = {number for (number,) in self.change.ask(
                "SELECT id FROM photo WHERE individual_id = ? AND removed_seq IS NULL", (mine,)
            )} - leaving
            left = {number for number in left if target is None or not self.stands(target) or not follows(number, target)}
            if mine not in self.arrived and (left or self._lost(mine, target)):
                del self.going[mine]
                self._refuse(mine, target, self.one(mine)["seq"])

    def _lost(self, mine: int, target: int | None) -> bool:
        """Whether an individual would be merged into one who is there over there, and is not here."""
        return target is not None and not (self.stands(target) or target in self.going) and self._alive(self.rows[mine].into)

    def _alive(self, their_id: int | None) -> bool:
        """Whether an individual of theirs, or whom it was merged into, is there."""
        while their_id is not None:
            removed, into = self.theirs.ask("SELECT removed_seq, merged_into FROM individual WHERE id = ?", (their_id,))[0]
            if removed is None:
                return True
            their_id = into
        return False

    def _refuse(self, mine: int, target: int | None, seq: int) -> None:
        """Their removal, merge or return of an individual is not taken, it is told. seq: of what we did."""
        row = self.rows[mine]
        if not self._alive(row.into):
            target = None
        if row.removed is not None:
            self.refused[mine] = target
        self._tell_status(1, row, mine, target, seq)

    def _tell_status(self, rank: int, row: TheirIndividual, mine: int, target: int | None, seq: int) -> None:
        here, into = self.one(mine), self.final(mine)
        ours = f"merged into {self.called(into)}" if into != mine else "there" if here["removed_seq"] is None else "removed"
        theirs = f"merged into {self.called(target)}" if target else "there" if row.removed is None else "removed"

        def do() -> Iterator[Command]:
            into = self.individual_of(row.into) if row.into and self._alive(row.into) else None
            if rank == 4 and row.into and self.final(self.individual_of(row.into) or mine) == self.final(mine):
                return
            yield from self.back(mine)
            if into:
                yield from self._together(mine, into)
            elif row.removed is not None:
                yield from self._parted(mine)
                yield remove(mine)

        self.tell(
            rank, self.species[row.species_id][1], f"individual #{mine} {self.called(mine)}",
            f"{ours} ({self.here.by(seq)})", f"{theirs} ({self.there.by(row.seq)})", do,
        )

    def _together(self, mine: int, target: int) -> Iterator[Command]:
        """The commands that merge an individual that is there into another one, or into whom that one was merged."""
        into = self.final(target)
        if into == mine:  # the two are merged the other way round
            into = target
        yield from self.back(into)
        if into != mine:
            yield merge(mine, into)

    def _parted(self, mine: int) -> Iterator[Command]:
        """The commands that bring back who was merged into one here and is there over there: they shall not go with it."""
        merged = self.change.ask("SELECT id, name FROM individual WHERE merged_into = ? ORDER BY id", (mine,))
        found = ((self._into_there(number), number, name) for number, name in merged)
        for into, number, name in sorted((into, number, name) for into, number, name in found if into is not None):
            yield from self.freed(number, name)  # first those that others are merged into
            yield split(mine, number)
            if into:
                yield from self._together(number, into)

    def _into_there(self, mine: int) -> int | None:
        """Whom ours is merged into over there, as ours; 0 = nobody, it is there by itself; None = it is not there at all."""
        theirs = self.theirs_of(mine)
        if theirs is None or not self._alive(theirs):
            return None
        while (into := self.theirs.ask("SELECT merged_into FROM individual WHERE id = ?", (theirs,))[0][0]) is not None:
            theirs = int(into)
        return 0 if (found := self.individual_of(theirs)) == mine else found

    # Written.

    def leave(self) -> None:
        """Removals and merges."""
        for mine, target in self.going.items():
            self.alter("individual", mine, removed_seq=self.change.seq, merged_into=target)

    def name_all(self) -> None:
        """Names, and who is there from now on. Two may change names; one whose name is another's here is "Zuri (2)", and told."""
        waiting = dict(self.names)
        while waiting:
            free = [mine for mine, name in waiting.items() if self._name_is_free(mine, name)]
            for mine in free[:1]:
                self._name(mine, waiting.pop(mine))
            if free:
                continue
            ring = self._ring(waiting)
            if ring:  # its name is free for a moment: it gets another one
                self.change.put("UPDATE individual SET removed_seq = ? WHERE id = ?", (self.change.seq, ring))
                self.coming.add(ring)
                continue
            mine, name = next(iter(waiting.items()))
            del waiting[mine]
            self._clash(mine, name)

    def _name_is_free(self, mine: int, name: str) -> bool:
        here = self.one(mine)
        gone = here["removed_seq"] is not None and mine not in self.coming
        return gone or self.holder(here["species_id"], name) in (0, mine)

    def _name(self, mine: int, name: str) -> None:
        here, values = self.one(mine), {}  # type: dict[str, Any], dict[str, Any]
        if here["name"] != name:
            values["name"] = name
        if mine in self.coming:
            values |= {"removed_seq": None, "merged_into": None}
        self.alter("individual", mine, **values)

    def _ring(self, waiting: dict[int, str]) -> int:
        """One of several who wait for each other's names; 0 if there are none."""
        for first in waiting:
            at, seen = first, set()  # type: int, set[int]
            while at in waiting and at not in seen:
                seen.add(at)
                at = self.holder(self.one(at)["species_id"], waiting[at])
            if at == first and len(seen) > 1:
                return first
        return 0

    def _clash(self, mine: int, name: str) -> None:
        here, row = self.one(mine), self.rows[mine]
        species, holder = self.species[row.species_id][1], self.holder(here["species_id"], name)
        ours = f"#{holder} {name!r} ({self.here.by(self.one(holder)['seq'])})"
        if mine in self.coming:
            wanted = self.unused(here["species_id"], name)
            self._name(mine, wanted)
            self.tell(
                5, species, f"both galleries have a {name!r}", ours,
                f"#{mine}, called {wanted!r} here ({self.there.by(row.seq)})", lambda: self._one(mine, holder),
            )
        else:
            self.tell(
                0, species, f"name of individual #{mine}", f"{here['name']!r}; {ours} has the name",
                f"{name!r} ({self.there.by(row.seq)})", lambda: self._renamed(mine, name),
            )

    def _one(self, mine: int, holder: int) -> Iterator[Command]:
        """The commands that make one of two; none where the commands before took one of them away, or did it."""
        first, second = self.final(mine), self.final(holder)
        if first != second and all(self.one(who)["removed_seq"] is None for who in (first, second)):
            yield merge(first, second)
