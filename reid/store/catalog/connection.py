"""How a catalogue is opened: to write, or to read where its folder cannot be written or its disk is full."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from reid.errors import GalleryError
from reid.store.catalog.sqlite_errors import is_full

_NO_PLACE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
"""What SQLite meets where it cannot make the files that WAL wants beside a catalogue."""


def connected(path: Path, wait: float, *, write: bool) -> tuple[sqlite3.Connection, bool]:
    """A connection, and whether the disk has room: where it has none, a gallery can still be read, and that is all.

    Raises GalleryError where it is unknown what the catalogue holds without room for its log; sqlite3's errors.
    """
    if not write:
        return _to_read(path, wait), True
    try:
        return _to_write(path, wait), True
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _NO_PLACE or not is_full(path):
            raise
    return _to_read(path, wait), False


def _to_write(path: Path, wait: float) -> sqlite3.Connection:
    connection = connect(path, "mode=rw", wait)
    try:
        patience = time.monotonic() + wait
        while True:  # the switch to WAL, needed once, does not wait for locks by itself
            try:
                connection.execute("PRAGMA journal_mode=WAL").fetchall()
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > patience:
                    raise
                time.sleep(0.01)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _to_read(path: Path, wait: float) -> sqlite3.Connection:
    connection = connect(path, "mode=ro", wait)
    try:
        connection.execute("SELECT count(*) FROM meta").fetchall()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in _NO_PLACE:
            raise
    except BaseException:
        connection.close()
        raise
    else:
        return connection
    # WAL wants a file beside the catalogue, which cannot be made here. Without a log, the file alone is all there is.
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise GalleryError(
            f"{log} holds changes that are not merged yet, and its folder cannot be written: "
            "copy the whole gallery folder to a disk that can be written and open it there"
        )
    return connect(path, "mode=ro&immutable=1", wait)


def connect(path: Path, options: str, wait: float) -> sqlite3.Connection:
    """Open a catalogue by SQLite's options of a file's address; its schema is not trusted, for it may come from elsewhere."""
    address = f"{path.absolute().as_uri()}?{options}"
    connection = sqlite3.connect(address, uri=True, timeout=wait, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA trusted_schema=OFF")
    except BaseException:
        connection.close()
        raise
    return connection
