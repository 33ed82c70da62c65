"""What another replica changed since the common past: individuals, taken where only it changed them, else reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reid.store.contents.individuals import add_individual
from reid.store.sync.replica import STATUS, LocalChange
from reid.store.sync.resolutions import Resolutions
from reid.store.sync.three_way import TheirIndividual, ThreeWay, uid_of


class IndividualMerge:
    """The individuals of a merge: planned, settled once it is known where photos go, then written."""

    def __init__(self, both: ThreeWay) -> None:
        """Of the replicas of one merge, whose species are merged."""
        self._both, self._resolve = both, Resolutions(both)

    # Planned.

    def plan(self) -> None:
        """New individuals come in; of one that both know, find who gets a name, who comes back and who goes."""
        both = self._both
        rows = [TheirIndividual(*row) for row in both.other.ask(
            "SELECT id, species_id, added_seq, name, merged_into, removed_seq, seq FROM individual WHERE seq > ? ORDER BY id",
            (both.past.their_seq,),
        )]
        for row in rows:
            mine = both.individual_of(row.id)
            if mine is None:
                mine = self._arrive(row)
            else:
                self._plan_name(row, mine)
            both.rows[mine] = row
        new_first = sorted(rows, key=lambda row: both.individuals[row.id] not in both.arrived)  # they are no party to a ring
        disputed = [row for row in new_first if not self._plan_status(row, both.individuals[row.id])]
        for row in disputed:  # once it is known who goes where: the two ways may lead to the same one
            self._settle_status(row, both.individuals[row.id])

    def _arrive(self, row: TheirIndividual) -> int:
        both = self._both
        species_id, species = both.species[row.species_id]
        now = row.removed is None and not both.holder(species_id, row.name)
        fresh = add_individual(both.change, species_id, species, row.name, origin=uid_of(both.other, row.id), there=now)
        both.individuals[row.id] = fresh.id
        both.arrived.add(fresh.id)
        if row.removed is None and not now:
            both.entering.add(fresh.id)
            both.names[fresh.id] = row.name
        return fresh.id

    def _plan_name(self, row: TheirIndividual, mine: int) -> None:
        both = self._both
        theirs = both.theirs.local_change("individual", [(row.id, row.added)], ("name",), both.past.their_seq)
        now = both.individual(mine)
        if now["name"] == row.name:
            return
        if theirs is None or not theirs.altered({"name": row.name}):
            renamed = both.ours.local_change("individual", [(mine, 0)], ("name",), 0)
            by_merge = now["added_seq"] in both.ours.echoes and not renamed
            if by_merge and now["removed_seq"] is None and not both.holder(now["species_id"], row.name):
                both.names[mine] = row.name  # it came as "Zuri (2)", and Zuri is free by now
            return
        ours = self._our_change(mine, now, ("name",), theirs)
        if ours and self._our_version(mine, ("name",), both.theirs.last_agreed(theirs.seq)) == {"name": row.name}:
            return  # as it was called here when they last knew of it
        if ours and self._their_version(row, ("name",), both.ours.last_agreed(ours.seq)) != {"name": now["name"]}:
            both.report(  # an individual that is not there may come back by the command of another conflict
                0 if now["removed_seq"] is None else 4, both.species[row.species_id][1], f"name of individual #{mine}",
                f"{now['name']!r} ({both.ours.author(ours.seq)})", f"{row.name!r} ({both.theirs.author(theirs.seq)})",
                lambda: self._resolve.renamed(mine, row.name),
            )
            return
        both.names[mine] = row.name

    def _our_change(self, mine: int, now: dict[str, Any], columns: tuple[str, ...], theirs: LocalChange) -> LocalChange | None:
        """What we changed of a value of an individual without that they knew of it, nor we of theirs."""
        after = self._both.theirs.last_synchronised(theirs.seq)
        ours = self._both.ours.local_change("individual", [(mine, now["added_seq"])], columns, after)
        return ours if ours and ours.altered(now) else None

    def _plan_status(self, row: TheirIndividual, mine: int) -> bool:
        """Whether one that both know is there from now on; False where both changed that."""
        both = self._both
        target = both.ours_of(row.into) if row.into else None
        if mine in both.arrived:
            if target is not None:
                both.leaving[mine] = target
            return True
        theirs = both.theirs.local_change("individual", [(row.id, row.added)], STATUS, both.past.their_seq)
        now = both.individual(mine)
        into = both.final(mine) if now["merged_into"] else None
        if (row.removed is not None, target) == (now["removed_seq"] is not None, into):
            return theirs is None or not row.into or both.individual_of(row.into) == now["merged_into"]
        if theirs is None or not theirs.altered({"removed_seq": row.removed, "merged_into": row.into}):
            return True
        ours = self._our_change(mine, now, STATUS, theirs)
        if ours:
            was = self._our_version(mine, STATUS, both.theirs.last_agreed(theirs.seq))
            if was and _status(was, both.final) == (row.removed is not None, target):
                return True  # as it was here when they last knew of it
            was = self._their_version(row, STATUS, both.ours.last_agreed(ours.seq))
            if was and _status(was, both.ours_of) == (now["removed_seq"] is not None, into):
                ours = None  # another replica brought it from them
        if ours or (target is not None and mine in both.way(target)):  # merges of both would go round in a ring
            return False
        if row.removed is not None:
            both.leaving[mine] = target
        else:
            both.entering.add(mine)
            both.names.setdefault(mine, now["name"])
        return True

    def _their_version(self, row: TheirIndividual, columns: tuple[str, ...], after: int) -> dict[str, Any] | None:
        """A value of their individual as it was after an entry of theirs that we knew; None = we knew none."""
        if after <= self._both.past.start:
            return None
        since = self._both.theirs.local_change("individual", [(row.id, row.added)], columns, after, echoes=True)
        return _before(since, {"name": row.name, "removed_seq": row.removed, "merged_into": row.into}, columns)

    def _our_version(self, mine: int, columns: tuple[str, ...], after: int) -> dict[str, Any] | None:
        """A value of our individual as it was after an entry of ours that they knew; None = they knew none."""
        if after <= self._both.past.start:
            return None
        now = self._both.individual(mine)
        since = self._both.ours.local_change("individual", [(mine, now["added_seq"])], columns, after, echoes=True)
        return _before(since, now, columns)

    def _settle_status(self, row: TheirIndividual, mine: int) -> None:
        """Both changed whether an individual is there: nothing is taken, it is reported, unless both ways lead to the same one.

        Even then it is, if a command that was reported before parts the two ways.
        """
        both = self._both
        theirs = both.theirs.local_change("individual", [(row.id, row.added)], STATUS, both.past.their_seq)
        assert theirs is not None
        now, target = both.individual(mine), both.ours_of(row.into) if row.into else None
        ours = self._our_change(mine, now, STATUS, theirs)
        seq = ours.seq if ours else now["seq"]
        swapped = target == mine and bool(row.into)
        if swapped and row.into:
            target = both.individual_of(row.into)
        if target and not ours and mine not in both.way(target):  # the other way round no longer: they knew, and settled it
            both.leaving[mine] = target
            return
        if not swapped and target is not None and now["merged_into"] and both.planned(target) == both.planned(mine):
            if ours:
                self._report_status(4, row, mine, target, seq)
            return
        self._refuse(mine, target, seq)

    # Settled, once it is known where photos go.

    def settle(self, moving: set[int], follows: Callable[[int, int], bool]) -> None:
        """Keep an individual that would leave a photo behind, or be merged into one that is not there.

        Args:
            moving: our photos that will stand elsewhere.
            follows: whether a photo of ours goes along to the individual of a merge, because that is where it is there.
        """
        both = self._both
        for mine, target in list(both.leaving.items()):
            left = {number for (number,) in both.change.ask(
                "SELECT id FROM photo WHERE individual_id = ? AND removed_seq IS NULL", (mine,)
            )} - moving
            left = {number for number in left if target is None or not both.stands(target) or not follows(number, target)}
            if mine not in both.arrived and (left or self._lost(mine, target)):
                del both.leaving[mine]
                self._refuse(mine, target, both.individual(mine)["seq"])

    def _lost(self, mine: int, target: int | None) -> bool:
        """Whether an individual would be merged into one that is there over there, and is not here."""
        both = self._both
        return target is not None and not (both.stands(target) or target in both.leaving) and both.alive(both.rows[mine].into)

    def _refuse(self, mine: int, target: int | None, seq: int) -> None:
        """Their removal, merge or return of an individual is not taken, it is reported. seq: of what we did."""
        row = self._both.rows[mine]
        if not self._both.alive(row.into):
            target = None
        if row.removed is not None:
            self._both.refused[mine] = target
        self._report_status(1, row, mine, target, seq)

    def _report_status(self, rank: int, row: TheirIndividual, mine: int, target: int | None, seq: int) -> None:
        both = self._both
        now, into = both.individual(mine), both.final(mine)
        ours = f"merged into {both.called(into)}" if into != mine else "there" if now["removed_seq"] is None else "removed"
        theirs = f"merged into {both.called(target)}" if target else "there" if row.removed is None else "removed"
        both.report(
            rank, both.species[row.species_id][1], f"individual #{mine} {both.called(mine)}",
            f"{ours} ({both.ours.author(seq)})", f"{theirs} ({both.theirs.author(row.seq)})",
            lambda: self._resolve.as_theirs(mine, row, unless_one=rank == 4),
        )

    # Written.

    def write(self) -> None:
        """Removals and merges; then names, and who is there from now on.

        Two may change names; one whose name is another's here is "Zuri (2)", and reported.
        """
        both = self._both
        for mine, target in both.leaving.items():
            both.alter("individual", mine, removed_seq=both.change.seq, merged_into=target)
        waiting = dict(both.names)
        while waiting:
            free = [mine for mine, name in waiting.items() if self._name_is_free(mine, name)]
            for mine in free[:1]:
                self._name(mine, waiting.pop(mine))
            if free:
                continue
            ring = self._ring(waiting)
            if ring:  # its name is free for a moment: it gets another one
                both.change.put("UPDATE individual SET removed_seq = ? WHERE id = ?", (both.change.seq, ring))
                both.entering.add(ring)
                continue
            mine, name = next(iter(waiting.items()))
            del waiting[mine]
            self._clash(mine, name)

    def _name_is_free(self, mine: int, name: str) -> bool:
        now = self._both.individual(mine)
        gone = now["removed_seq"] is not None and mine not in self._both.entering
        return gone or self._both.holder(now["species_id"], name) in (0, mine)

    def _name(self, mine: int, name: str) -> None:
        values: dict[str, Any] = {}
        if self._both.individual(mine)["name"] != name:
            values["name"] = name
        if mine in self._both.entering:
            values |= {"removed_seq": None, "merged_into": None}
        self._both.alter("individual", mine, **values)

    def _ring(self, waiting: dict[int, str]) -> int:
        """One of several who wait for each other's names; 0 if there are none."""
        for first in waiting:
            at, seen = first, set()  # type: int, set[int]
            while at in waiting and at not in seen:
                seen.add(at)
                at = self._both.holder(self._both.individual(at)["species_id"], waiting[at])
            if at == first and len(seen) > 1:
                return first
        return 0

    def _clash(self, mine: int, name: str) -> None:
        both = self._both
        now, row = both.individual(mine), both.rows[mine]
        species, holder = both.species[row.species_id][1], both.holder(now["species_id"], name)
        ours = f"#{holder} {name!r} ({both.ours.author(both.individual(holder)['seq'])})"
        if mine in both.entering:
            wanted = both.unused(now["species_id"], name)
            self._name(mine, wanted)
            both.report(
                5, species, f"both galleries have a {name!r}", ours,
                f"#{mine}, called {wanted!r} here ({both.theirs.author(row.seq)})", lambda: self._resolve.united(mine, holder),
            )
        else:
            both.report(
                0, species, f"name of individual #{mine}", f"{now['name']!r}; {ours} has the name",
                f"{name!r} ({both.theirs.author(row.seq)})", lambda: self._resolve.renamed(mine, name),
            )


def _before(since: LocalChange | None, now: dict[str, Any], columns: tuple[str, ...]) -> dict[str, Any] | None:
    """A value as it was before some changes; None = the row is new."""
    was = now if since is None else since.start(now)
    return None if was is None else {column: was[column] for column in columns}


def _status(was: dict[str, Any], mine_of: Callable[[int], int]) -> tuple[bool, int | None]:
    """Whether one was removed, and which of ours it was merged into."""
    return was["removed_seq"] is not None, mine_of(was["merged_into"]) if was["merged_into"] else None
