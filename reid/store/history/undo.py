"""One undo, worked out and written."""

from __future__ import annotations

import json
from typing import Any

from reid.errors import UndoConflict, UsageError
from reid.records.gallery import JournalEntry
from reid.store.catalog.catalog import Change, to_json
from reid.store.catalog.schema import HISTORY_COLUMNS
from reid.store.contents.stage_nets import STAGE_NETS, put_value, value_of
from reid.store.history.entries import ADDED, added_by, altered_by, entry_of, row_of, undone_by


class Undo:
    """One undo inside its transaction: what the rows shall be is worked out first, then written, then checked."""

    def __init__(self, change: Change, target: JournalEntry) -> None:
        """Of the entry `target`, as an entry of its own: `change`."""
        self.change, self.target, self.undone = change, target, undone_by(change)
        self.rows: dict[tuple[str, int], dict[str, Any]] = {}
        """Every row touched, as it shall be."""

    def run(self) -> None:
        """Do it. Raises UndoConflict where a later entry builds on it, UsageError where something was purged."""
        self._check_whole()
        altered = altered_by(self.change, self.target.seq)
        for kind, row, changed in reversed(altered):
            state = self._state(kind, row)
            for column, (before, after) in changed.items():
                if state[column] != after:
                    raise self._conflict(kind, row, column)
                state[column] = before
        self._check_removed_since(altered)
        added = {table: added_by(self.change, table, self.target.seq) for table in ADDED}
        own = {(kind, row): set(changed) for kind, row, changed in altered}
        for table, ids in added.items():
            for number in ids:
                self._take_back(table, number, own.get((table, number), set()))
        if not altered and not any(added.values()) and not self._only_met():
            raise UsageError(
                f"entry {self.target.seq} ({self.target.what}) left nothing that could be undone, or it has been purged: "
                "`reid log` lists the others"
            )
        self._check_there()
        self._check_vectors()
        self._write()
        self._check_owners()

    def _only_met(self) -> bool:
        """Whether it is a merge with a gallery that brought nothing, or an undo of one: two galleries met, and that is all."""
        root = self.target
        while root.what == "undo":
            root = entry_of(row_of(self.change, root.undoes), {})
        purged = self.change.ask("SELECT 1 FROM journal WHERE what = 'purge' AND seq > ?", (root.seq,))
        return root.what == "merge_galleries" and not purged

    def _check_whole(self) -> None:
        """Nothing that the entry removed may have been purged: the rest alone is not what was there before it."""
        if self.change.ask(
            "SELECT 1 FROM journal j JOIN json_each(j.after, '$.removals') r ON r.value = ?1"
            " WHERE j.what = 'purge' AND j.seq > ?1", (self.target.seq,),
        ):
            raise self._purged("something that it removed")

    def _check_removed_since(self, altered: list[tuple[str, int, dict[str, Any]]]) -> None:
        """A photo that was removed since together with whom it belongs to must not be parted from that removal."""
        moved = [row for kind, row, changed in altered if kind == "photo" and "individual_id" in changed]
        gone = self.change.ask(
            "SELECT p.id, i.name, p.removed_seq FROM photo p JOIN individual i ON i.id = p.individual_id"
            " AND i.removed_seq = p.removed_seq WHERE p.removed_seq > ? AND p.id IN (SELECT value FROM json_each(?))",
            (self.target.seq, to_json(moved)),
        )
        for photo, name, seq in gone:
            if self.rows["photo", photo]["removed_seq"] is not None:
                raise self._obstacle(seq, f"removed photo {photo} together with {name!r}")

    def _state(self, kind: str, row: int) -> dict[str, Any]:
        if (kind, row) not in self.rows:
            if kind == "meta":
                columns: tuple[str, ...] = STAGE_NETS
                found = [tuple(value_of(self.change, name) for name in STAGE_NETS)]
            else:
                columns = HISTORY_COLUMNS[kind]
                found = self.change.ask(f"SELECT {', '.join(columns)} FROM {kind} WHERE id = ?", (row,))
            if not found:
                raise self._purged(f"{kind} {row}")
            self.rows[kind, row] = dict(zip(columns, found[0], strict=True))
        return self.rows[kind, row]

    def _purged(self, what: str) -> UsageError:
        (purge,) = self.change.ask("SELECT max(seq) FROM journal WHERE what = 'purge'")[0]
        return UsageError(
            f"entry {self.target.seq} ({self.target.what}) cannot be undone: {what} has been purged since (entry {purge} of the "
            "journal), and a purge cannot be undone"
        )

    def _check_there(self) -> None:
        """Whom a row shall point to again must not have been purged."""
        for state in self.rows.values():
            for column in ("individual_id", "merged_into"):
                number = state.get(column)
                if number is not None and not self.change.ask("SELECT 1 FROM individual WHERE id = ?", (number,)):
                    raise self._purged(f"individual #{number}")
            if state.get("net_id") is not None and not self.change.ask("SELECT 1 FROM net WHERE id = ?", (state["net_id"],)):
                raise self._purged("its net")

    def _take_back(self, table: str, number: int, own: set[str]) -> None:
        """What the entry added is removed; nothing of it may have been altered since, other than back and forth.

        own: columns that the entry itself altered (as a merge of galleries does): they were looked at before.
        """
        state = self._state(table, number)
        first: dict[str, Any] = {}
        for (changed,) in self.change.ask(
            "SELECT changed FROM history WHERE kind = ? AND row = ? AND seq > ? ORDER BY id",
            (table, number, self.target.seq),
        ):
            for column, (before, _) in json.loads(changed).items():
                first.setdefault(column, before)
        for column, before in first.items():
            if column not in own and state[column] != before:
                raise self._conflict(table, number, column)
        state["removed_seq"] = self.change.seq

    def _conflict(self, kind: str, row: int, column: str) -> UndoConflict | UsageError:
        return self._obstacle(self._culprit(kind, row, column), f"changed {column} of {kind} {row}")

    def _culprit(self, kind: str, row: int, *columns: str) -> int:
        """The later change that gave one of the columns its present value; if none of those did, the one that added the row.

        An entry and its undo leave a value as it was: neither is in the way.
        """
        found = [(seq, json.loads(changed)) for seq, changed in self.change.ask(
            "SELECT seq, changed FROM history WHERE kind = ? AND row = ? AND seq > ? AND seq < ? ORDER BY id DESC",
            (kind, row, self.target.seq, self.change.seq),
        )]
        seqs = [seq for seq, changed in found if any(column in changed for column in columns)]
        undoes: dict[int, int] = dict(self.change.ask(
            "SELECT seq, json_extract(after, '$.undone') FROM journal WHERE what = 'undo' AND seq > ?", (self.target.seq,)
        ))
        standing = [seq for seq in seqs if seq not in self.undone and undoes.get(seq, 0) <= self.target.seq]
        if not standing and kind in ADDED:
            (added,) = self.change.ask(f"SELECT {ADDED[kind]} FROM {kind} WHERE id = ?", (row,))[0]
            standing = [added] if added > self.target.seq else []
        return int((*standing, *seqs, self.target.seq)[0])

    def _obstacle(self, seq: int, did: str) -> UndoConflict | UsageError:
        later = entry_of(row_of(self.change, seq), {})
        if later.what == "purge":
            return UsageError(
                f"entry {self.target.seq} ({self.target.what}) cannot be undone any more: the later entry {later.seq} (purge by "
                f"{later.who}, {later.at:%Y-%m-%d %H:%M} UTC) deleted for good what belongs to it, and a purge cannot be undone"
            )
        return UndoConflict(
            f"entry {self.target.seq} ({self.target.what}) cannot be undone: the later entry {later.seq} "
            f"({later.what} by {later.who}, {later.at:%Y-%m-%d %H:%M} UTC: {later.summary}) {did}. "
            f"`reid undo {later.seq}` first (nothing was changed)",
            later.seq,
        )

    def _check_vectors(self) -> None:
        """A species that goes back to an older net must not lose the photos enrolled since."""
        for (kind, row), state in self.rows.items():
            if kind != "species":
                continue
            lost = self.change.ask(
                "SELECT p.id, p.added_seq FROM species s JOIN photo p ON p.species_id = s.id AND p.removed_seq IS NULL"
                " JOIN embedding e ON e.photo_id = p.id AND e.net_id = s.net_id WHERE s.id = ? AND s.net_id IS NOT ?"
                " AND NOT EXISTS (SELECT 1 FROM embedding o WHERE o.photo_id = p.id AND o.net_id IS ?) ORDER BY p.id",
                (row, state["net_id"], state["net_id"]),
            )
            lost = [one for one in lost if self.rows.get(("photo", one[0]), {}).get("removed_seq") is None]
            if lost:
                what = "the net before" if state["net_id"] else "no net"
                (purge,) = self.change.ask("SELECT max(seq) FROM journal WHERE what = 'purge'")[0]
                if (purge or 0) > self.target.seq:
                    raise UsageError(
                        f"entry {self.target.seq} cannot be undone: entry {purge} purged embeddings of {what} "
                        f"({len(lost)} photos have none): `reid upgrade` embeds them again"
                    )
                raise self._obstacle(lost[0][1], f"enrolled photos ({len(lost)}) that have no embedding of {what}")

    def _write(self) -> None:
        species: set[int] = set()
        def leaving_first(one: tuple[tuple[str, int], dict[str, Any]]) -> tuple[bool, bool]:
            return one[0][0] == "photo", not one[1].get("removed_seq")  # so that a name is free for who comes back

        for row in self._in_the_way():  # a merge of galleries may have let two change names: each is free for a moment
            self.change.put("UPDATE individual SET removed_seq = ? WHERE id = ?", (self.change.seq, row))
        for (kind, row), state in sorted(self.rows.items(), key=leaving_first):
            if kind == "meta":
                for name in STAGE_NETS:
                    put_value(self.change, name, state[name])
                continue
            if kind in ("individual", "photo"):
                self._check_free(kind, row, state)
                species.add(self.change.ask(f"SELECT species_id FROM {kind} WHERE id = ?", (row,))[0][0])
            if kind == "species":
                species.add(row)
            assigned = "".join(f"{column} = ?, " for column in state) + ("" if kind == "sighting" else "seq = ?")
            values = (*state.values(), *(() if kind == "sighting" else (self.change.seq,)))
            self.change.put(f"UPDATE {kind} SET {assigned.rstrip(', ')} WHERE id = ?", (*values, row))
        for number in species:
            self.change.put("UPDATE species SET seq = ? WHERE id = ?", (self.change.seq, number))

    def _in_the_way(self) -> list[int]:
        """Individuals that have a name now which goes to another one by this undo, while they get another name themselves."""
        states = [state for (kind, _), state in self.rows.items() if kind == "individual"]
        wanted = {state["name"] for state in states if state["removed_seq"] is None}
        there = self.change.ask(
            "SELECT id, name FROM individual WHERE removed_seq IS NULL AND id IN (SELECT value FROM json_each(?))",
            (to_json([row for kind, row in self.rows if kind == "individual"]),),
        )
        return [row for row, name in there if name in wanted and self.rows["individual", row]["name"] != name]

    def _check_free(self, kind: str, row: int, state: dict[str, Any]) -> None:
        """A name, or a photo's content, that comes back must not be in use by another one meanwhile."""
        if state["removed_seq"] is not None:
            return
        if kind == "individual":
            taken = self.change.ask(
                "SELECT id FROM individual WHERE name = ? AND removed_seq IS NULL AND id <> ?"
                " AND species_id = (SELECT species_id FROM individual WHERE id = ?)", (state["name"], row, row),
            )
            columns, did = ("name", "removed_seq"), f"gave the name {state['name']!r} to another individual"
        else:
            taken = self.change.ask(
                "SELECT o.id FROM photo p JOIN photo o ON o.sha256 = p.sha256 AND o.species_id = p.species_id"
                " WHERE p.id = ? AND o.id <> p.id AND o.box_key = ? AND o.removed_seq IS NULL", (row, state["box_key"]),
            )
            columns, did = ("box_key", "removed_seq"), "enrolled the same photo again"
        if taken:
            raise self._obstacle(self._culprit(kind, taken[0][0], *columns), did)

    def _check_owners(self) -> None:
        """No photo may be left with an individual that is not there."""
        by_kind = {kind: to_json([row for of, row in self.rows if of == kind]) for kind in ("individual", "photo")}
        left = (
            "SELECT p.id, i.name, i.id, i.seq FROM {} WHERE p.removed_seq IS NULL"
            " AND i.removed_seq IS NOT NULL LIMIT 1"
        )
        found = self.change.ask(left.format(
            "json_each(?) j CROSS JOIN individual i ON i.id = j.value CROSS JOIN photo p ON p.individual_id = i.id"
        ), (by_kind["individual"],)) or self.change.ask(left.format(
            "json_each(?) j CROSS JOIN photo p ON p.id = j.value CROSS JOIN individual i ON i.id = p.individual_id"
        ), (by_kind["photo"],))
        if found:
            photo, name, owner, owner_seq = found[0]
            if owner_seq == self.change.seq:  # one of the two was just written by this undo, the other one is in the way
                later = self._culprit("photo", photo, "individual_id", "removed_seq")
            else:
                later = self._culprit("individual", owner, "removed_seq")
            raise self._obstacle(later, f"would be left with photo {photo} under {name!r}, who would not be there")
