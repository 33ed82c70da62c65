"""The catalogue of a gallery, catalog.sqlite: the truth, and the only place that knows sqlite3.

WAL with synchronous=FULL: what a transaction committed survives a kill and a power cut; readers never wait for writers.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reid.errors import GalleryError
from reid.settings.resolving import user_name
from reid.store.catalog.connection import connect, connected
from reid.store.catalog.file_header import has_tables, refuse_newer
from reid.store.catalog.schema import APPLICATION, CATALOG_FORMAT, PAGE_BYTES, TABLES
from reid.store.catalog.schema_check import Strange, strange
from reid.store.catalog.sqlite_errors import RESTORE, as_gallery_errors

_GET_PERMISSION = "give yourself write permission, or copy the gallery to a disk that can be written"

Row = tuple[Any, ...]
CLOCK_BACK = "clock_back"
"""In `after` of an entry whose clock is behind that of the entry before it: what that one's clock showed."""
Values = Sequence[object] | Mapping[str, object]


class Change:
    """One transaction: rows may be written, and it becomes one entry of the journal.

    A change whose `after` stays None was no change: everything is rolled back and the journal stays as it is.
    """

    def __init__(self, connection: sqlite3.Connection, seq: int) -> None:
        """Made by `Catalog.change`."""
        self._connection = connection
        self.seq = seq
        self.before: Mapping[str, object] = {}
        self.after: Mapping[str, object] | None = None

    def ask(self, sql: str, values: Values = ()) -> list[Row]:
        """The rows that `sql` answers."""
        return self._connection.execute(sql, values).fetchall()

    def put(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one INSERT or UPDATE; the id of the row inserted (0 if none)."""
        return self._connection.execute(sql, values).lastrowid or 0

    def ensure(self, *indexes: str) -> None:
        """Make indexes (CREATE statements) that a gallery which was made before they were thought of lacks."""
        for statement in indexes:
            self.put(statement.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS", 1))

    def put_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one INSERT or UPDATE for each of `rows`."""
        self._connection.executemany(sql, rows)


class _Nothing(Exception):
    """A change that was none."""


class Catalog:
    """An open catalog.sqlite. May be used from several threads, one at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool, wait: float) -> None:
        """Use `Catalog.open`."""
        self.path = path
        self.writable = writable
        self._connection = connection
        self._wait = wait
        self._lock = threading.RLock()
        self.read_only = ("its folder or file cannot be written", _GET_PERMISSION)
        self._changes = 0
        self.user: str | None = None
        """Whose changes the journal names; None = the user of this process."""
        self.gathering = False
        """Inside `together`, where a change is a part of one transaction."""
        self.sightings_lack = ""
        """Why the kept decisions of the day that is shown cannot all be read; see `as_of`."""

    @classmethod
    def create(cls, path: Path, *, wait: float) -> None:
        """Make an empty catalogue at `path`, or finish one that a kill left without tables.

        Two processes may do so at once: the second one finds the work done.
        """
        with as_gallery_errors(path, wait):
            connection = sqlite3.connect(path, timeout=wait, isolation_level=None)
            try:
                connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
                # The tables come before WAL: so the version is in the first page of the main file from the start.
                connection.execute("BEGIN EXCLUSIVE")
                if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                    for table in TABLES:
                        connection.execute(table)
                    meta = {"gallery": secrets.token_hex(16), "created_at": now()}
                    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
                    connection.execute(f"PRAGMA application_id={APPLICATION}")
                    connection.execute(f"PRAGMA user_version={CATALOG_FORMAT}")
                connection.execute("COMMIT")
            finally:
                connection.close()

    @classmethod
    def open(cls, path: Path, *, wait: float, unsafe: str = "") -> Catalog:
        """Open the catalogue at `path`; for reading only where its folder cannot be written, or is `unsafe` to (why).

        Raises:
            GalleryError: it is damaged, or no catalogue of reid. GalleryTooNew: written by a newer reid. GalleryBusy.
        """
        if not has_tables(path):
            raise GalleryError(f"{path} is an empty catalogue: {RESTORE}")
        writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) and not unsafe
        with as_gallery_errors(path, wait):
            connection, room = connected(path, wait, write=writable)
        catalog = cls(path, connection, writable=writable, wait=wait)
        if unsafe:
            catalog.only_read(unsafe)
        elif not room:
            catalog.only_read("its disk is full", "free some space")
        try:
            refuse_newer(catalog.ask("PRAGMA user_version")[0][0], path)
            catalog.ask("SELECT value FROM meta WHERE name = 'gallery'")[0]
            catalog.trust_if_ours()
        except BaseException:
            catalog.close()
            raise
        return catalog

    def trust_if_ours(self) -> None:
        """Let our own triggers run; where anything is not defined as we define it, nothing is written."""
        if self.writable and (others := self.strange()):
            self.only_read(others[0].what, f"`reid doctor` lists what is strange; {others[0].remedy}")
        elif self.writable:  # they need json_patch, which not every SQLite trusts in a schema
            self.ask("PRAGMA trusted_schema=ON")

    def strange(self) -> list[Strange]:
        """What is not defined as reid defines it; see `definitions`."""
        return strange(self.ask("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"), self.format())

    def format(self) -> int:
        """The format it was written in."""
        return int(self.ask("PRAGMA user_version")[0][0])

    @contextmanager
    def migration(self, target: int) -> Iterator[Change | None]:
        """One transaction after which the catalogue has the format `target`; None if it has it already."""
        with self._transaction():
            if self.format() >= target:
                yield None
            else:
                yield Change(self._connection, self.head() + 1)
                self._connection.execute(f"PRAGMA user_version={target:d}")

    def only_read(self, reason: str, remedy: str = _GET_PERMISSION) -> None:
        """From now on nothing can be written, for this reason; what to do about it."""
        self.writable, self.read_only = False, (reason, remedy)

    def copy_to(self, path: Path) -> None:
        """Write the catalogue, as last committed, to a new file; other processes may go on writing meanwhile."""
        with (
            as_gallery_errors(self.path, self._wait), closing(connect(self.path, "mode=ro", self._wait)) as source,
            as_gallery_errors(path, self._wait), closing(sqlite3.connect(path, isolation_level=None)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE").fetchall()

    def unsound(self, limit: int) -> list[str]:
        """What SQLite's own check finds wrong with the file, `limit` things at most; empty if it is whole."""
        reports = [str(row[0]) for row in self.ask(f"PRAGMA integrity_check({int(limit)})")]
        return [] if reports == ["ok"] else reports

    def close(self) -> None:
        """Let go of the file. May be called again."""
        with self._lock:
            self._connection.close()

    def ask(self, sql: str, values: Values = ()) -> list[Row]:
        """The rows that `sql` answers."""
        with self._lock, as_gallery_errors(self.path, self._wait):
            return self._connection.execute(sql, values).fetchall()

    def chunks(self, sql: str, values: Sequence[object], size: int) -> Iterator[list[Row]]:
        """The rows that `sql` answers, at most `size` at a time. Use inside `reading`."""
        with as_gallery_errors(self.path, self._wait):
            cursor = self._connection.execute(sql, values)
            while rows := cursor.fetchmany(size):
                yield rows

    @contextmanager
    def reading(self, *, keep: bool = False) -> Iterator[None]:
        """Everything asked inside sees one moment of the catalogue. May be nested. keep: temporary tables made inside stay."""
        with self._lock, as_gallery_errors(self.path, self._wait):
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
                if keep:
                    self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def change(self, what: str, why: str) -> Iterator[Change]:
        """One transaction, durable once the `with` block is left; an exception inside leaves everything as it was."""
        self.check_writable(what)
        with suppress(_Nothing), self._transaction():
            change = Change(self._connection, self.head() + 1)
            yield change
            if change.after is None:
                raise _Nothing
            at, last = now(), self.last_clock()
            mark = {CLOCK_BACK: last} if at < last else {}
            self._connection.execute(
                "INSERT INTO journal (seq, at, who, what, why, before, after, mark) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (change.seq, at, self.user or who(), what, why, to_json(change.before), to_json({**change.after, **mark}),
                 secrets.token_hex(8)),
            )
            self._changes += 1

    @contextmanager
    def together(self) -> Iterator[None]:
        """The changes made inside are one transaction: all of their entries, or, where an error comes out of it, none."""
        self.check_writable("write")
        with self._transaction():
            outer, self.gathering = self.gathering, True
            try:
                yield
            finally:
                self.gathering = outer

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """A transaction, or a part of the one that gathers several; an exception inside leaves everything as it was."""
        with self._lock, as_gallery_errors(self.path, self._wait):
            inner = self.gathering
            if inner:
                self._check_still_open()
            self._connection.execute("SAVEPOINT one" if inner else "BEGIN IMMEDIATE")
            try:
                yield
                self._check_still_open()
                self._connection.execute("RELEASE one" if inner else "COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK TO one" if inner else "ROLLBACK")
                    if inner:
                        self._connection.execute("RELEASE one")
                raise

    def _check_still_open(self) -> None:
        """A full disk ends the whole transaction, and what came after it would be committed alone."""
        if not self._connection.in_transaction:
            raise GalleryError(f"{self.path}: a change failed and took back all those that belong together with it: try again")

    def check_writable(self, what: str) -> None:
        """Raise GalleryError with the reason and the remedy where nothing can be written; `what` to do again then."""
        if not self.writable:
            reason, remedy = self.read_only
            raise GalleryError(f"{self.path} is open for reading only ({reason}): {remedy}, then {what} again")

    def version(self) -> tuple[int, int]:
        """Something that differs after every commit, ours or another process'; 5 microseconds. Not inside `reading`."""
        with self._lock, as_gallery_errors(self.path, self._wait):
            return self._connection.execute("PRAGMA data_version").fetchone()[0], self._changes

    def head(self) -> int:
        """The seq of the last change; 0 in an empty gallery."""
        return int(self.ask("SELECT coalesce(max(seq), 0) FROM journal")[0][0])

    def last_clock(self) -> str:
        """When the last change was made, by the clock of its machine; "" in an empty gallery."""
        rows = self.ask("SELECT at FROM journal ORDER BY seq DESC LIMIT 1")
        return str(rows[0][0]) if rows else ""

    def mark(self, seq: int) -> str:
        """The random mark of the change `seq`; "" if this history has no such change."""
        found = self.ask("SELECT mark FROM journal WHERE seq = ?", (seq,))
        return str(found[0][0]) if found else ""

    def meta(self, name: str) -> str:
        """A value of the table meta; "" if absent."""
        found = self.ask("SELECT value FROM meta WHERE name = ?", (name,))
        return str(found[0][0]) if found else ""


def now() -> str:
    """This moment in UTC as ISO text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def who() -> str:
    """Who makes a change: REID_USER, else the login name."""
    return user_name()


def to_json(value: object) -> str:
    """Compact JSON text that keeps accents readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
