"""The journal of a gallery in memory, undo, and what is deleted for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from reid.errors import UndoConflict, UsageError
from reid.records.gallery import Alteration, Detail, JournalEntry
from reid.store.history.purge import Purge
from tests.store.in_memory_corrections import Part, same_photo
from tests.store.in_memory_state import Change, Key, State, columns, with_columns

TABLES = {"animals": "individual", "photos": "photo", "sightings": "sighting", "species": "species", "stage": "meta"}


class History(Part):
    def log(self, limit: int = 100, *, individual_id: int | None = None) -> tuple[JournalEntry, ...]:
        undone = self.gallery.disk.undone()
        changes = [change for change in self.gallery.changes() if individual_id is None or _concerns(change, individual_id)]
        entries = [replace(change.entry, undone_by=undone.get(change.entry.seq, 0)) for change in reversed(changes)]
        return tuple(entries[: max(limit, 0)])

    def detail(self, seq: int) -> Detail:
        change = self._change(seq)
        rows = tuple(
            Alteration(TABLES[table], key if isinstance(key, int) else 0, column, *pair)
            for (table, key), pairs in change.altered().items() for column, pair in pairs.items()
        )  # fmt: skip
        added: dict[str, int] = {}
        for table, _ in change.added():
            added[TABLES[table]] = added.get(TABLES[table], 0) + 1
        return Detail(replace(change.entry, undone_by=self.gallery.disk.undone().get(seq, 0)), rows, added)

    def clocks(self) -> tuple[str, ...]:
        return ()

    def _change(self, seq: int) -> Change:
        changes = self.gallery.changes()
        if not 1 <= seq <= len(changes):
            raise UsageError(f"the journal has no entry {seq}")
        return changes[seq - 1]

    def _last(self) -> int:
        undone = self.gallery.disk.undone()
        for change in reversed(self.gallery.changes()):
            entry = change.entry
            standing = entry.what not in ("undo", "purge", "embed") and entry.seq not in undone
            if standing and any(_left(change, self.gallery.state)):
                return entry.seq
        raise UsageError("there is nothing to undo")

    def undo(self, seq: int | None = None, *, why: str = "") -> JournalEntry:
        target = self._change(self._last() if seq is None else seq)
        seq = target.entry.seq
        if by := self.gallery.disk.undone().get(seq):
            raise UsageError(f"entry {seq} was undone by entry {by} already")
        if target.entry.what in ("purge", "embed"):
            raise UsageError(f"entry {seq} ({target.entry.what}) cannot be undone")
        with self.gallery.change("undo", why, always=True, undoes=seq) as (state, number):
            undo = _Undo(self.gallery.disk.changes, self.gallery.disk.removals, target, state, number)
            undo.run(self.gallery.disk.undone())
            warnings = self.not_searched(state, [key for table, key in undo.rows if table == "photos"])
        return replace(self.gallery.disk.changes[number - 1].entry, warnings=warnings)

    def undo_to(self, seq: int, *, why: str = "") -> tuple[JournalEntry, ...]:
        if seq:
            self._change(seq)
        undone = self.gallery.disk.undone()
        entries = [change.entry for change in self.gallery.changes()[seq:]]
        later = [entry for entry in reversed(entries) if entry.seq not in undone and entry.undoes <= seq]
        if any(entry.what == "purge" for entry in later):
            raise UsageError("a purge cannot be undone")
        with self.gallery.together():
            undos = tuple(self.undo(entry.seq, why=why) for entry in later if entry.what != "embed")
        if not undos:
            raise UsageError(f"nothing was changed after entry {seq} that is not undone")
        return undos

    def purge(
        self, *, before: datetime | date | None = None, old_vectors: bool = False, only_plan: bool = False, why: str = "",
        until: int = 0,
    ) -> Purge:
        gallery, state = self.gallery, self.gallery.state
        until = until or (gallery.head() if before is None else gallery.seq_at(before))
        photos = [number for number, kept in state.photos.items() if kept.removed_seq is not None and kept.removed_seq <= until]
        sightings = [number for number, row in state.sightings.items() if row.removed_seq and row.removed_seq <= until]
        animals = _gone(state, set(photos), until)
        vectors = [key for key in state.vectors if key[0] in photos]
        replaced = self._replaced(state, until) if old_vectors else []
        vectors += [key for key in replaced if key not in vectors]
        plan = Purge(0, len(photos), len(animals), len(sightings), len(vectors), until)
        if only_plan or plan.empty:
            return plan
        with gallery.change("purge", why) as (after, seq):
            self._delete(after, seq, {"photos": photos, "animals": animals, "sightings": sightings, "vectors": vectors})
        return replace(plan, seq=seq)

    def _delete(self, state: State, seq: int, doomed: dict[str, list[Any]]) -> None:
        changes = self.gallery.disk.changes
        for table, keys in doomed.items():
            for key in keys:
                row = getattr(state, table).pop(key)
                there = [change.entry.seq for change in changes if key in getattr(change.after, table)]
                removed = getattr(row, "removed_seq", None)
                if removed is not None:
                    self.gallery.disk.removals[removed] = seq
                if table in ("photos", "animals"):
                    self.gallery.disk.purged.append((seq, there[0], removed or seq))
                elif table == "vectors" and key[0] in state.photos:
                    used = [
                        change.entry.seq for change in changes
                        if change.after.species[state.photos[key[0]].photo.species].fingerprint == key[1]
                    ]  # fmt: skip
                    self.gallery.disk.purged.append((seq, there[0], used[-1] + 1))
        gone = set(doomed["animals"])
        for number, row in state.sightings.items():
            if row.individual_id in gone:
                state.sightings[number] = replace(row, individual_id=0)

    def _replaced(self, state: State, until: int) -> list[tuple[int, str]]:
        """Embeddings of nets that were in use once and are not, of photos that have one of the net in use."""
        changes = self.gallery.disk.changes
        result = []
        for number, net in state.vectors:
            species = state.species[state.photos[number].photo.species]
            used = {change.after.species[species.name].fingerprint for change in changes if species.name in change.after.species}
            current = (number, species.fingerprint)
            if net != species.fingerprint and net in used and current in changes[until - 1].after.vectors:
                result.append((number, net))
        return result


def _left(change: Change, state: State) -> tuple[dict[Key, dict[str, tuple[Any, Any]]], dict[Key, Any]]:
    """What a change altered and added, without the rows that were purged since."""
    altered, added = (
        {key: row for key, row in rows.items() if key[1] in getattr(state, key[0])} for rows in (change.altered(), change.added())
    )
    return altered, added


def _concerns(change: Change, individual: int) -> bool:
    rows: list[tuple[Key, Any]] = [*change.added().items()]
    for table, key in change.altered():
        states = [getattr(state, table) for state in (change.before, change.after)]
        rows += [((table, key), state[key]) for state in states if key in state]
    return any(
        (table == "animals" and key == individual) or (table == "photos" and row.photo.individual_id == individual)
        for (table, key), row in rows
    )


def _gone(state: State, photos: set[int], until: int) -> list[int]:
    """Removed individuals with all who were merged into them, where none of them keeps a photo."""
    doomed: list[int] = []
    for animal in state.animals.values():
        if animal.removed_seq is None or animal.removed_seq > until or animal.merged_into:
            continue
        group = [animal.id]
        for number in group:
            group += [other.id for other in state.animals.values() if other.merged_into == number]
        if all(number in photos for member in group for number in state.of(member)):
            doomed += group
    return doomed


class _Undo:
    """What the rows shall be is worked out first, then checked, then written."""

    def __init__(self, changes: list[Change], purged: dict[int, int], target: Change, state: State, seq: int) -> None:
        self.changes, self.purged, self.target, self.state, self.seq = changes, purged, target, state, seq
        self.rows: dict[Key, dict[str, Any]] = {}

    def run(self, undone: dict[int, int]) -> None:
        self.undone = undone
        seq = self.target.entry.seq
        if seq in self.purged:
            raise UsageError(f"entry {seq} cannot be undone: something that it removed has been purged since")
        altered, added = _left(self.target, self.state)
        for key, pairs in altered.items():
            row = self._row(key)
            for column, (before, after) in pairs.items():
                if row[column] != after:
                    raise self._conflict(key, column)
                row[column] = before
        self._check_removed_since([key for key, pairs in altered.items() if "individual_id" in pairs])
        for key, first in added.items():
            self._take_back(key, columns(first), set(altered.get(key, ())))
        if not altered and not added:
            raise UsageError(f"entry {seq} left nothing that could be undone")
        self._check_vectors()
        self._check_free()
        for (table, key), values in self.rows.items():
            getattr(self.state, table)[key] = with_columns(getattr(self.state, table)[key], values)
        self._check_owners()

    def _row(self, key: Key) -> dict[str, Any]:
        if key not in self.rows:
            row = getattr(self.state, key[0]).get(key[1])
            if row is None:
                raise UsageError(f"entry {self.target.entry.seq} cannot be undone: {key[0]} {key[1]} has been purged since")
            self.rows[key] = columns(row)
        return self.rows[key]

    def _take_back(self, key: Key, first: dict[str, Any], own: set[str]) -> None:
        row = self._row(key)
        for column, value in first.items():
            if column not in own and row[column] != value:
                raise self._conflict(key, column)
        row["removed_seq"] = self.seq

    def _conflict(self, key: Key, *names: str) -> UndoConflict | UsageError:
        return self._because(self._culprit(key, *names))

    def _because(self, seq: int) -> UndoConflict | UsageError:
        later, target = self.changes[seq - 1].entry, self.target.entry
        if later.what == "purge":
            return UsageError(f"entry {target.seq} cannot be undone any more: entry {seq} purged what belongs to it")
        return UndoConflict(f"entry {target.seq} ({target.what}) cannot be undone: the later entry {seq} builds on it", seq)

    def _culprit(self, key: Key, *names: str) -> int:
        """The later change that gave a column its present value; if there is none, the one that added the row."""
        target = self.target.entry.seq
        later = self.changes[target:]
        seqs = [change.entry.seq for change in reversed(later) if set(names) & set(change.altered().get(key, ()))]
        standing = [seq for seq in seqs if seq not in self.undone and self.changes[seq - 1].entry.undoes <= target]
        if not standing:
            standing = [change.entry.seq for change in later if key in change.added()]
        return (*standing, *seqs, target)[0]

    def _check_removed_since(self, moved: list[Key]) -> None:
        """A photo that was removed since together with whom it belongs to is not parted from that removal."""
        for key in moved:
            kept = self.state.photos[key[1]]
            owner = self.state.animals[kept.photo.individual_id]
            together = (kept.removed_seq or 0) > self.target.entry.seq and kept.removed_seq == owner.removed_seq
            if together and self.rows[key]["removed_seq"] is not None:
                raise self._because(kept.removed_seq or 0)

    def _check_vectors(self) -> None:
        """A species that goes back to an older net must not lose photos enrolled since."""
        for (table, name), values in self.rows.items():
            current = self.state.species[name].fingerprint if table == "species" else ""
            if not current or values["fingerprint"] == current:
                continue
            for photo in self.state.live(name):
                stays = self.rows.get(("photos", photo.id), {}).get("removed_seq") is None
                vectors = self.state.vectors
                if stays and (photo.id, current) in vectors and (photo.id, values["fingerprint"]) not in vectors:
                    if any(change.entry.what == "purge" for change in self.changes[self.target.entry.seq :]):
                        raise UsageError(f"entry {self.target.entry.seq} cannot be undone: embeddings were purged since")
                    raise self._because(next(c.entry.seq for c in self.changes if ("photos", photo.id) in c.added()))

    def _check_free(self) -> None:
        """A name, or a photo's content, that comes back must not be in use by another one."""
        for (table, key), values in self.rows.items():
            if table not in ("animals", "photos") or values["removed_seq"] is not None:
                continue
            for other in list(getattr(self.state, table)):
                now = self.rows.get((table, other)) or columns(getattr(self.state, table)[other])
                if other == key or now["removed_seq"] is not None:
                    continue
                if table == "animals" and (now["species"], now["name"]) == (values["species"], values["name"]):
                    raise self._conflict((table, other), "name", "removed_seq")
                if table == "photos" and same_photo(self.state.photo(other), self.state.photo(key)):
                    raise self._conflict((table, other), "removed_seq")

    def _check_owners(self) -> None:
        """No photo may be left with an individual that is not there."""
        touched = {key for table, key in self.rows if table == "animals"}
        for photo in self.state.live():
            owner = self.state.animals[photo.individual_id]
            if owner.removed_seq is None or (owner.id not in touched and ("photos", photo.id) not in self.rows):
                continue
            if owner.removed_seq == self.seq:
                raise self._conflict(("photos", photo.id), "individual_id", "removed_seq")
            raise self._conflict(("animals", owner.id), "removed_seq")
