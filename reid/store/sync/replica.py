"""One of two replicas that are brought together: what it changed by itself, and what it knew of the other one then.

A change that came from the other replica, by a merge, comes back with the next merge: it is an echo, never a local change.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reid.store.catalog.catalog import Catalog, Change
from reid.store.history.entries import undone_by

PLACE = ("individual_id", "removed_seq")
"""The columns that say where a photo stands: with whom, or nowhere."""
STATUS = ("removed_seq", "merged_into")
"""The columns that say whether an individual is there, or whom it was merged into."""


@dataclass(slots=True)
class LocalChange:
    """What one replica changed by itself of one value.

    seq: its last change. before: what it was then, column by column, as far as it was another value: at the start, and when
    the two replicas were synchronised and left it as it was; None = the row is new.
    """

    seq: int
    before: list[dict[str, Any]] | None

    def altered(self, now: Mapping[str, Any]) -> bool:
        """Whether it is another value now; that of a removal is that it is one, whenever it was made."""
        return self.before is None or any(
            (was is None) != (now[column] is None) if column == "removed_seq" else was != now[column]
            for then in self.before for column, was in then.items()
        )

    def start(self, now: Mapping[str, Any]) -> dict[str, Any] | None:
        """The value as it was before the first of the changes; None = the row is new."""
        return None if self.before is None else {**now, **self.before[0]}


class Replica:
    """One of the two galleries."""

    def __init__(
        self, source: Catalog | Change, other: Mapping[str, int], third: Collection[str], known: int, until: int
    ) -> None:
        """Read which merges it made, and what it had of the other one after each.

        Args:
            source: the gallery.
            other: mark of an entry -> its seq, of the other one's journal.
            third: marks of the entries of third replicas that the other one has, too.
            known: the last entry that both began with.
            until: only changes before this one count.
        """
        self.source, self.until = source, until
        echoes: set[int] = set()
        self._synchronised: list[tuple[int, int]] = [(0, known)]
        self._seen: dict[int, int] = {0: known}
        undone = undone_by(source)
        for seq, what, mark, knows, target, conflicts in source.ask(
            "SELECT seq, what, json_extract(after, '$.other_mark'), coalesce(json_extract(after, '$.knows'), '[]'),"
            " json_extract(after, '$.undone'), json_array_length(after, '$.conflicts') FROM journal"
            " WHERE what IN ('merge_galleries', 'undo') AND seq > ? AND seq < ? ORDER BY seq", (known, until),
        ):
            if what == "undo":
                if target in echoes:
                    echoes.add(seq)
                continue
            if mark in other or mark in third:
                echoes.add(seq)
            if seq not in undone and (at := max(other.get(entry, 0) for entry in (mark, *json.loads(knows)))):
                self._seen[seq] = at
                self._synchronised.append((seq if conflicts or mark not in other else 0, at))
        self.echoes = frozenset(echoes)
        """Entries that brought changes of the other one, or such as it has from elsewhere, and those that took them back."""
        self.seen_by_other: tuple[int, ...] = ()
        """Entries as of which the other one knew this replica at some time; see `introduce`."""

    def introduce(self, other: Replica) -> None:
        """Let each of the two know as of which of its entries the other one knew it."""
        self.seen_by_other, other.seen_by_other = tuple(other._seen.values()), tuple(self._seen.values())

    def last_synchronised(self, seq: int) -> int:
        """The last entry of the other replica that was known here when the change `seq` was made, or that agreed with it.

        What a merge brought without a conflict goes together with all that was changed here before.
        """
        return max(at for entry, at in self._synchronised if entry < seq)

    def last_seen(self, seq: int) -> int:
        """The last entry of the other replica that was known here when `seq` was made, by way of a third one perhaps."""
        return max(at for entry, at in self._seen.items() if entry < seq)

    def last_agreed(self, seq: int) -> int:
        """The last entry of the other replica whose state the change `seq` came from, or went together with."""
        return max(self.last_synchronised(seq), self.last_seen(seq + 1))

    def local_change(
        self, kind: str, rows: Sequence[tuple[int, int]], columns: Sequence[str], after: int, *, echoes: bool = False
    ) -> LocalChange | None:
        """What this replica itself changed of a value after an entry; None if nothing, or the other's value came in since.

        Args:
            kind: the table.
            rows: (id, added_seq) of those that speak for the thing: a photo that was removed and enrolled again has two.
            columns: that make up the value.
            after: an entry of this replica.
            echoes: what came from the other one counts, too.
        """
        local: LocalChange | None = None
        for seq, changed in self._events(kind, rows, after):
            if changed is not None and not changed.keys() & set(columns):
                continue
            if seq in self.echoes and not echoes:
                local = None
                continue
            if local is None:
                local = LocalChange(seq, [{}] if len(rows) == 1 else None)
            elif local.before is not None and any(local.seq <= at < seq for at in (*self._seen, *self.seen_by_other)):
                local.before.append({})
            local.seq = seq
            if changed is None or local.before is None:
                local.before = None
                continue
            for then in local.before:
                then |= {column: pair[0] for column, pair in changed.items() if column in columns} | then
        return local

    def merged_change(self, kind: str, rows: Sequence[tuple[int, int]], columns: Sequence[str], after: int) -> int:
        """The entry that changed a value last, if that was a merge with the other replica; 0 if it was not."""
        last = [seq for seq, changed in self._events(kind, rows, after) if changed is None or changed.keys() & set(columns)][-1:]
        return last[0] if last and last[0] in self.echoes else 0

    def _events(self, kind: str, rows: Sequence[tuple[int, int]], after: int) -> list[tuple[int, dict[str, Any] | None]]:
        """(seq, column -> [before, after]) of every change, in their order; None for the columns of a row that was added."""
        events: list[tuple[int, int, dict[str, Any] | None]] = []
        for number, added in rows:
            if added > after:
                events.append((added, 0, None))
            events += [(seq, at, json.loads(changed)) for seq, at, changed in self.source.ask(
                "SELECT seq, id, changed FROM history WHERE kind = ? AND row = ? AND seq > ? AND seq < ?",
                (kind, number, after, self.until),
            )]
        return [(seq, changed) for seq, _, changed in sorted(events, key=lambda event: event[:2])]

    def author(self, seq: int) -> str:
        """Who made a change, for people."""
        entries = self.source.ask("SELECT who, at FROM journal WHERE seq = ?", (seq,))
        return f"entry {seq}, {entries[0][0]}, {entries[0][1][:10]}" if entries else "this merge"


def carried(source: Catalog | Change) -> frozenset[str]:
    """The marks of all entries of other journals that a gallery has, by merges that stand."""
    undone = undone_by(source)
    return frozenset(mark for entry, mark in source.ask("SELECT entry, mark FROM merged_journal") if entry not in undone)


def known_by_way(source: Catalog, after: int) -> list[str]:
    """Of each merge of galleries that stands, after an entry, the last entry that came with it, and those that one knew of."""
    undone, known = undone_by(source), []
    for seq, mark, knows in source.ask(
        "SELECT seq, json_extract(after, '$.other_mark'), coalesce(json_extract(after, '$.knows'), '[]') FROM journal"
        " WHERE what = 'merge_galleries' AND seq > ? ORDER BY seq", (after,),
    ):
        if seq not in undone:
            known += [mark, *json.loads(knows)]
    return sorted(set(known))
