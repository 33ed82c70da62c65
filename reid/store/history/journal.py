"""The journal: what was changed, by whom and why; each entry can be undone as long as nothing later builds on it.

An undo is an entry of its own: it restores every value that the entry altered, if the value is still as the entry left it,
and takes back every row that it added. So an undo can be undone, and nothing is ever lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from reid.errors import UsageError
from reid.records.gallery import Alteration, Detail, JournalEntry
from reid.store.catalog.catalog import Catalog, Change
from reid.store.contents.individuals import not_searched
from reid.store.history import as_of
from reid.store.history import purge as purging
from reid.store.history.entries import ADDED, ENTRY, FINAL, added_by, altered_by, entry_of, row_of, undone_by
from reid.store.history.undo import Undo


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
            rows = self._catalog.ask(f"{ENTRY}{only} ORDER BY seq DESC LIMIT ?", (*values, max(limit, 0)))
            undone = undone_by(self._catalog)
        return tuple(entry_of(row, undone) for row in rows)

    def detail(self, seq: int) -> Detail:
        """One entry with every value it altered. Raises UsageError for an entry that never was."""
        with self._catalog.reading():
            entry = entry_of(row_of(self._catalog, seq), undone_by(self._catalog))
            altered = [
                Alteration(kind, row, column, *pair)
                for kind, row, changed in altered_by(self._catalog, seq)
                for column, pair in changed.items()
            ]
            counts = {table: len(added_by(self._catalog, table, seq)) for table in ADDED}
        return Detail(entry, tuple(altered), {table: count for table, count in counts.items() if count})

    def clocks(self) -> tuple[str, ...]:
        """Entries whose clock was wrong, a sentence each: the order of the journal counts, not its dates."""
        return as_of.clocks(self._catalog)

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
            target = entry_of(row_of(change, _last(change, undone) if seq is None else seq), undone)
            if target.undone_by:
                raise UsageError(
                    f"entry {target.seq} was undone by entry {target.undone_by} already: "
                    f"`reid undo {target.undone_by}` brings it back"
                )
            if target.what in FINAL:
                raise UsageError(f"entry {target.seq} ({target.what}) cannot be undone")
            undo = Undo(change, target)
            undo.run()
            warnings = not_searched(change, [row for kind, row in undo.rows if kind == "photo"])
            change.before = {"undone": target.seq, "what": target.what, "summary": target.summary}
            change.after = {"undone": target.seq}
            number = change.seq
        self._publish()
        return replace(self.detail(number).entry, warnings=warnings)

    def undo_to(self, seq: int, *, why: str = "") -> tuple[JournalEntry, ...]:
        """Undo all that was changed after an entry, the newest first: all of it in one transaction, or nothing.

        Each undo is an entry, so `undo_to` the last entry before them brings everything back. Entries that are undone by now,
        and embeddings that were only prepared, are passed over.

        Args:
            seq: the last entry that stays as it is; 0 = none does.
            why: for the journal.

        Returns:
            The new entries, in their order.

        Raises:
            UsageError: there is no such entry, nothing is to be undone, or a later one was a purge, which cannot be.
            UndoConflict: an entry cannot be undone; its number is named.
        """
        undos: list[JournalEntry] = []
        with self._catalog.together():
            if seq:
                row_of(self._catalog, seq)
            undone = undone_by(self._catalog)
            rows = self._catalog.ask(f"{ENTRY}WHERE seq > ? ORDER BY seq DESC", (seq,))
            later = [entry for row in rows if not (entry := entry_of(row, undone)).undone_by and entry.undoes <= seq]
            for entry in later:
                if entry.what == "purge":
                    raise UsageError(f"entry {entry.seq} (purge) cannot be undone: go back to {entry.seq} at most")
            undos = [self.undo(entry.seq, why=why) for entry in later if entry.what not in FINAL]
            if not undos:
                raise UsageError(f"nothing was changed after entry {seq} that is not undone: `reid log` lists the entries")
        self._publish()
        return tuple(undos)

    def purge(
        self, *, before: datetime | date | None = None, old_vectors: bool = False, only_plan: bool = False, why: str = "",
        until: int = 0,
    ) -> purging.Purge:
        """Delete for good what was removed: the only real delete, which cannot be undone. Merged individuals stay.

        Args:
            before: only what was removed before the first entry that is later than that moment; None = all that is removed now.
            old_vectors: embeddings too that those of the species' current net have replaced, by that moment too.
            only_plan: delete nothing, tell what would be deleted.
            why: for the journal.
            until: of the plan that a person agreed to: nothing that was removed after it is deleted; 0 = no plan was made.

        Raises:
            UsageError: the gallery knows nothing of `before`. GalleryError, GalleryBusy: it cannot be written.
        """
        if not until:
            until = self._catalog.head() if before is None else as_of.seq_at(self._catalog, before)
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


def _last(change: Change, undone: dict[int, int]) -> int:
    left = " OR ".join(  # what altered nothing, or was purged since, is no step back
        f"EXISTS (SELECT 1 FROM {table} WHERE {column} = j.seq)" for table, column in (("history", "seq"), *ADDED.items())
    )
    for (seq,) in change.ask(
        f"SELECT seq FROM journal j WHERE what NOT IN ('undo', 'purge', 'embed') AND ({left}) ORDER BY seq DESC"
    ):
        if seq not in undone:
            return int(seq)
    raise UsageError(
        "there is nothing to undo: no entry, or all of them are undone or purged; `reid log` lists them, and "
        "`reid undo NUMBER` undoes an undo"
    )
