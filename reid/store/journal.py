"""The journal: what was changed, by whom and why; each entry can be undone as long as nothing later builds on it.

An undo is an entry of its own: it restores every value that the entry altered, if the value is still as the entry left it,
and takes back every row that it added. So an undo can be undone, and nothing is ever lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from reid.errors import UndoConflict, UsageError
from reid.store import past, purging
from reid.store.catalog import Catalog, Change, Row, to_json
from reid.store.rows import Alteration, Detail, JournalEntry
from reid.store.schema import KEPT

ADDED = {"individual": "added_seq", "photo": "added_seq", "sighting": "seq"}
"""The tables whose rows can be taken back, and the column that says which change added them."""
FINAL = ("purge", "embed")
"""Verbs that cannot be undone: what was purged is gone, and an embedding beside the others changes no answer."""

_ENTRY = "SELECT seq, at, who, what, why, before, after FROM journal "


class History:
    """The journal of an open gallery, `Gallery.history`."""

    def __init__(self, catalog: Catalog, publish: Callable[[], None], cache: Path) -> None:
        """Made by the gallery. publish: called after every change."""
        self._catalog, self._publish, self._cache = catalog, publish, cache

    def log(self, limit: int = 100, *, individual_id: int | None = None) -> tuple[JournalEntry, ...]:
        """The last changes, the newest first.

        Args:
            limit: so many at most.
            individual_id: only those that added, altered or moved photos of this individual, or itself.
        """
        only, values = "", []  # type: tuple[str, list[object]]
        if individual_id is not None:
            only, values = f"WHERE seq IN ({_CONCERNS})", [individual_id] * 5
        with self._catalog.reading():
            rows = self._catalog.ask(f"{_ENTRY}{only} ORDER BY seq DESC LIMIT ?", (*values, max(limit, 0)))
            undone = undone_by(self._catalog)
        return tuple(_entry(row, undone) for row in rows)

    def detail(self, seq: int) -> Detail:
        """One entry with every value it altered. Raises UsageError for an entry that never was."""
        with self._catalog.reading():
            entry = _entry(_row(self._catalog, seq), undone_by(self._catalog))
            altered = [
                Alteration(kind, row, column, *pair)
                for kind, row, changed in _altered(self._catalog, seq)
                for column, pair in changed.items()
            ]
            counts = {table: len(_added(self._catalog, table, seq)) for table in ADDED}
        return Detail(entry, tuple(altered), {table: count for table, count in counts.items() if count})

    def undo(self, seq: int | None = None, *, why: str = "") -> JournalEntry:
        """Undo one entry; that becomes an entry itself, which can be undone in turn.

        Args:
            seq: which; None = the last one that is neither an undo nor undone.
            why: for the journal.

        Returns:
            The new entry; its `undoes` says which one was undone.

        Raises:
            UsageError: there is no such entry, it is undone already, or it is of a kind that cannot be undone.
            UndoConflict: a later entry builds on it; its number is named and is `entry`. Nothing was changed.
        """
        with self._catalog.change("undo", why) as change:
            undone = undone_by(change)
            target = _entry(_row(change, _last(change, undone) if seq is None else seq), undone)
            if target.undone_by:
                raise UsageError(
                    f"entry {target.seq} was undone by entry {target.undone_by} already: "
                    f"`reid undo {target.undone_by}` brings it back"
                )
            if target.what in FINAL:
                raise UsageError(f"entry {target.seq} ({target.what}) cannot be undone")
            _Undo(change, target).run()
            change.before = {"undone": target.seq, "what": target.what, "summary": target.summary}
            change.after = {"undone": target.seq}
            number = change.seq
        self._publish()
        return self.detail(number).entry

    def purge(
        self, *, before: datetime | date | None = None, old_vectors: bool = False, only_plan: bool = False, why: str = ""
    ) -> purging.Purge:
        """Delete for good what was removed: the only real delete, which cannot be undone. Merged individuals stay.

        Args:
            before: only what was removed by that moment; None = everything that is removed now.
            old_vectors: embeddings too that those of the species' current net have replaced.
            only_plan: delete nothing, tell what would be deleted.
            why: for the journal.

        Raises:
            UsageError: the gallery knows nothing of `before`. GalleryError, GalleryBusy: it cannot be written.
        """
        until = self._catalog.head() if before is None else past.seq_at(self._catalog, before)
        if only_plan:
            return purging.planned(self._catalog, until, old_vectors)
        done = purging.purge(self._catalog, self._cache, until, old_vectors, why)
        self._publish()
        return done


_CONCERNS = """SELECT added_seq FROM individual WHERE id = ?
    UNION SELECT seq FROM history WHERE kind = 'individual' AND row = ?
    UNION SELECT added_seq FROM photo WHERE individual_id = ?
    UNION SELECT h.seq FROM photo p JOIN history h ON h.kind = 'photo' AND h.row = p.id WHERE p.individual_id = ?
    UNION SELECT seq FROM history WHERE kind = 'photo' AND json_extract(changed, '$.individual_id[0]') = ?"""


def undone_by(source: Catalog | Change) -> dict[int, int]:
    """Entry -> the entry that undid it, for all that are undone now (an undo that was undone itself does not count)."""
    pairs = source.ask("SELECT seq, json_extract(after, '$.undone') FROM journal WHERE what = 'undo' ORDER BY seq DESC")
    undone: dict[int, int] = {}
    for seq, target in pairs:  # the newest first: whether an undo stands is known before its target is looked at
        if seq not in undone:
            undone.setdefault(target, seq)
    return undone


def _last(change: Change, undone: dict[int, int]) -> int:
    for (seq,) in change.ask("SELECT seq FROM journal WHERE what NOT IN ('undo', 'purge', 'embed') ORDER BY seq DESC"):
        if seq not in undone:
            return int(seq)
    raise UsageError("there is nothing to undo: no entry, or all of them are undone")


def _row(source: Catalog | Change, seq: int) -> Row:
    found = source.ask(_ENTRY + "WHERE seq = ?", (seq,))
    if not found:
        raise UsageError(f"the journal has no entry {seq}: `reid log` lists them")
    return found[0]


def _entry(row: Row, undone: dict[int, int]) -> JournalEntry:
    seq, at, who, what, why, before, after = row
    values = json.loads(after)
    return JournalEntry(
        seq, datetime.fromisoformat(at), who, what, why, before, after, summary(what, json.loads(before), values),
        int(values.get("undone", 0)) if what == "undo" else 0, undone.get(seq, 0),
    )


def summary(what: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """One line about an entry."""
    if what == "undo":
        return f"entry {before['undone']} undone ({before['what']}: {before['summary']})"
    if what == "enroll":
        fresh = len(after["new_individuals"])
        return f"{after['species']}: {after['photos']} photos, {fresh} new individuals"
    if what == "set_species_net":
        return f"net {after['fingerprint']}"
    if what == "set_embedding_net":
        return f"{after['species']}: net {before.get('fingerprint') or 'none'} -> {after['fingerprint']}"
    if what == "set_calibrations":
        return ", ".join(one["species"] for one in after["species"])
    if what == "add_sightings":
        return f"{after['sightings']} sightings"
    return str(after.get("summary", ""))


def _altered(source: Catalog | Change, seq: int) -> list[tuple[str, int, dict[str, Any]]]:
    rows = source.ask("SELECT kind, row, changed FROM history WHERE seq = ? ORDER BY id", (seq,))
    return [(kind, row, json.loads(changed)) for kind, row, changed in rows]


def _added(source: Catalog | Change, table: str, seq: int) -> list[int]:
    return [row[0] for row in source.ask(f"SELECT id FROM {table} WHERE {ADDED[table]} = ?", (seq,))]


class _Undo:
    """One undo inside its transaction: what the rows shall be is worked out first, then written, then checked."""

    def __init__(self, change: Change, target: JournalEntry) -> None:
        self.change, self.target = change, target
        self.rows: dict[tuple[str, int], dict[str, Any]] = {}
        """Every row touched, as it shall be."""

    def run(self) -> None:
        altered = _altered(self.change, self.target.seq)
        for kind, row, changed in reversed(altered):
            state = self._state(kind, row)
            for column, (before, after) in changed.items():
                if state[column] != after:
                    raise self._conflict(kind, row, column)
                state[column] = before
        self._check_removed_since(altered)
        added = {table: _added(self.change, table, self.target.seq) for table in ADDED}
        for table, ids in added.items():
            for number in ids:
                self._take_back(table, number)
        if not altered and not any(added.values()):
            raise UsageError(
                f"entry {self.target.seq} ({self.target.what}) left nothing that could be undone, or it has been purged"
            )
        self._check_vectors()
        self._write()
        self._check_owners()

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
                raise self._told(seq, f"removed photo {photo} together with {name!r}")

    def _state(self, kind: str, row: int) -> dict[str, Any]:
        if (kind, row) not in self.rows:
            if kind == "meta":
                found = self.change.ask("SELECT nullif(value, '') FROM meta WHERE name = 'species_net'")
                columns: tuple[str, ...] = ("species_net",)
            else:
                columns = KEPT[kind]
                found = self.change.ask(f"SELECT {', '.join(columns)} FROM {kind} WHERE id = ?", (row,))
            if not found:
                raise UsageError(f"entry {self.target.seq} cannot be undone: {kind} {row} has been purged since")
            self.rows[kind, row] = dict(zip(columns, found[0], strict=True))
        return self.rows[kind, row]

    def _take_back(self, table: str, number: int) -> None:
        """What the entry added is removed; nothing of it may have been altered since, other than back and forth."""
        state = self._state(table, number)
        first: dict[str, Any] = {}
        for (changed,) in self.change.ask(
            "SELECT changed FROM history WHERE kind = ? AND row = ? AND seq > ? ORDER BY id",
            (table, number, self.target.seq),
        ):
            for column, (before, _) in json.loads(changed).items():
                first.setdefault(column, before)
        for column, before in first.items():
            if state[column] != before:
                raise self._conflict(table, number, column)
        state["removed_seq"] = self.change.seq

    def _conflict(self, kind: str, row: int, column: str) -> UndoConflict:
        found = self.change.ask(
            "SELECT max(seq) FROM history WHERE kind = ? AND row = ? AND seq > ? AND json_type(changed, ?) IS NOT NULL",
            (kind, row, self.target.seq, f"$.{column}"),
        )
        return self._told(found[0][0], f"changed {column} of {kind} {row}")

    def _told(self, seq: int | None, did: str) -> UndoConflict:
        later = _entry(_row(self.change, seq or self.target.seq), {})
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
                        f"({len(lost)} photos have none): `reid upgrade` embeds them anew"
                    )
                raise self._told(lost[0][1], f"enrolled photos ({len(lost)}) that have no embedding of {what}")

    def _write(self) -> None:
        species: set[int] = set()
        def leaving_first(one: tuple[tuple[str, int], dict[str, Any]]) -> tuple[bool, bool]:
            return one[0][0] == "photo", not one[1].get("removed_seq")  # so that a name is free for who comes back

        for (kind, row), state in sorted(self.rows.items(), key=leaving_first):
            if kind == "meta":
                self.change.put("UPDATE meta SET value = ? WHERE name = 'species_net'", (state["species_net"] or "",))
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

    def _check_free(self, kind: str, row: int, state: dict[str, Any]) -> None:
        """A name, or a photo's content, that comes back must not be in use by another one meanwhile."""
        if state["removed_seq"] is not None:
            return
        if kind == "individual":
            taken = self.change.ask(
                "SELECT id, seq FROM individual WHERE name = ? AND removed_seq IS NULL AND id <> ?"
                " AND species_id = (SELECT species_id FROM individual WHERE id = ?)", (state["name"], row, row),
            )
            did = f"gave the name {state['name']!r} to another individual"
        else:
            taken = self.change.ask(
                "SELECT o.id, o.seq FROM photo p JOIN photo o ON o.sha256 = p.sha256 AND o.species_id = p.species_id"
                " WHERE p.id = ? AND o.id <> p.id AND o.box_key = ? AND o.removed_seq IS NULL", (row, state["box_key"]),
            )
            did = "enrolled the same photo again"
        if taken:
            raise self._told(taken[0][1], did)

    def _check_owners(self) -> None:
        """No photo may be left with an individual that is not there."""
        by_kind = {kind: to_json([row for of, row in self.rows if of == kind]) for kind in ("individual", "photo")}
        left = (
            "SELECT p.id, i.name, max(p.seq, p.added_seq), i.seq FROM {} WHERE p.removed_seq IS NULL"
            " AND i.removed_seq IS NOT NULL LIMIT 1"
        )
        found = self.change.ask(left.format(
            "json_each(?) j CROSS JOIN individual i ON i.id = j.value CROSS JOIN photo p ON p.individual_id = i.id"
        ), (by_kind["individual"],)) or self.change.ask(left.format(
            "json_each(?) j CROSS JOIN photo p ON p.id = j.value CROSS JOIN individual i ON i.id = p.individual_id"
        ), (by_kind["photo"],))
        if found:
            photo, name, photo_seq, owner_seq = found[0]
            later = min(photo_seq, owner_seq)  # the other of the two was just written by this undo
            raise self._told(later, f"would be left with photo {photo} under {name!r}, who would not be there")
