"""The commands that take the other side of a conflict, worked out one after the other from how the gallery is by then.

Each command is carried out, in a dry run, before the next one is asked for: a resolution reads the gallery as a person will
have it who runs all the commands in their order.
"""

from __future__ import annotations

from collections.abc import Iterator

from reid.store.sync.conflict_commands import (
    Command,
    correct_photo,
    merge,
    move_photo,
    remove,
    remove_photo,
    rename,
    restore,
    restore_photo,
    split,
)
from reid.store.sync.three_way import TheirIndividual, ThreeWay


class Resolutions:
    """What to type for each kind of conflict of a merge."""

    def __init__(self, both: ThreeWay) -> None:
        """Of the replicas of one merge."""
        self._both = both

    def back(self, mine: int) -> Iterator[Command]:
        """Bring an individual back; no command if it is there by now."""
        row = self._both.individual(mine)
        if row["removed_seq"] is None:
            return
        into = row["merged_into"]
        if not into:
            yield from self.freed(mine, row["name"])
            yield from self._restored(mine, row["removed_seq"])
            return
        above = self._both.individual(into)
        yield from self.back(into)
        yield from self.freed(mine, row["name"])
        yield split(into, mine)
        if above["merged_into"]:
            yield merge(into, above["merged_into"])

    def _restored(self, mine: int, removed: int) -> Iterator[Command]:
        """A removed individual comes back; what was enrolled again meanwhile stays with the individual it has now."""
        again = self._both.change.ask(
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
        """Take a name away from another individual, if one has it."""
        species_id = self._both.individual(mine)["species_id"]
        holder = self._both.holder(species_id, name)
        if holder and holder != mine:
            yield rename(holder, self._both.unused(species_id, name))

    def renamed(self, mine: int, name: str) -> Iterator[Command]:
        """Give a name, though another one may have it; no command for an individual that is not there any more."""
        if self._both.individual(mine)["removed_seq"] is None:
            yield from self.freed(mine, name)
            yield rename(mine, name)

    def united(self, mine: int, holder: int) -> Iterator[Command]:
        """Make one individual of two; no command where those before took one of them away, or did it."""
        first, second = self._both.final(mine), self._both.final(holder)
        if first != second and all(self._both.individual(number)["removed_seq"] is None for number in (first, second)):
            yield merge(first, second)

    def as_theirs(self, mine: int, row: TheirIndividual, *, unless_one: bool) -> Iterator[Command]:
        """Make an individual what it is over there: there, removed, or merged into another one.

        unless_one: no command where both ways lead to the same individual by then.
        """
        both = self._both
        into = both.individual_of(row.into) if row.into and both.alive(row.into) else None
        if unless_one and row.into and both.final(both.individual_of(row.into) or mine) == both.final(mine):
            return
        yield from self.back(mine)
        if into:
            yield from self._together(mine, into)
        elif row.removed is not None:
            yield from self._parted(mine)
            yield remove(mine)

    def _together(self, mine: int, target: int) -> Iterator[Command]:
        """Merge an individual that is there into another one, or into the one that this was merged into."""
        into = self._both.final(target)
        if into == mine:  # the two are merged the other way round
            into = target
        yield from self.back(into)
        if into != mine:
            yield merge(mine, into)

    def _parted(self, mine: int) -> Iterator[Command]:
        """Bring back those that were merged into one here and are there over there: they shall not go with it."""
        merged = self._both.change.ask("SELECT id, name FROM individual WHERE merged_into = ? ORDER BY id", (mine,))
        ways = ((self._into_theirs(number), number, name) for number, name in merged)
        for into, number, name in sorted((into, number, name) for into, number, name in ways if into is not None):
            yield from self.freed(number, name)  # first those that others are merged into
            yield split(mine, number)
            if into:
                yield from self._together(number, into)

    def _into_theirs(self, mine: int) -> int | None:
        """Ours for the individual that ours is merged into over there; 0 = it is there by itself; None = it is not there."""
        theirs = self._both.theirs_of(mine)
        if theirs is None or not self._both.alive(theirs):
            return None
        while (into := self._both.other.ask("SELECT merged_into FROM individual WHERE id = ?", (theirs,))[0][0]) is not None:
            theirs = int(into)
        return 0 if (last := self._both.individual_of(theirs)) == mine else last

    def placed(self, number: int, their_id: int | None) -> Iterator[Command]:
        """Let a photo stand where it does over there. their_id: with that individual of theirs; None = removed."""
        if their_id is not None:
            yield from self._stand(number, self._both.ours_of(their_id))
        elif standing := self._standing(number)[0]:
            yield remove_photo(standing)

    def housed(self, target: int, numbers: list[int]) -> Iterator[Command]:
        """Bring an individual back, and let photos stand with it."""
        yield from self.back(self._both.final(target))
        for number in numbers:
            yield from self._stand(number, target)

    def corrected(self, number: int, option: str, value: str) -> Iterator[Command]:
        """Correct an attribute of a photo, of the row that stands for it by then; no command if none does."""
        if standing := self._standing(number)[0]:
            yield correct_photo(standing, option, value)

    def _stand(self, number: int, target: int) -> Iterator[Command]:
        """Let a photo stand with an individual that is there, or was merged into one that is."""
        target = self._both.final(target)
        standing, owner = self._standing(number)
        if not standing:
            (was,) = self._both.change.ask("SELECT individual_id FROM photo WHERE id = ?", (number,))[0]
            yield restore_photo(number, target if was != target else None)
        elif owner != target:
            yield move_photo(standing, target)

    def _standing(self, number: int) -> tuple[int, int]:
        """The row that stands for a photo's content by now, itself or of another enrollment, and with whom; 0 = none."""
        rows = self._both.change.ask(
            "SELECT o.id, o.individual_id FROM photo p JOIN photo o ON o.sha256 = p.sha256 AND o.box_key = p.box_key"
            " AND o.species_id = p.species_id AND o.removed_seq IS NULL WHERE p.id = ?", (number,)
        )
        return rows[0] if rows else (0, 0)
