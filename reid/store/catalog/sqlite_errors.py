"""What SQLite meets, as errors of reid."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reid.errors import GalleryBusy, GalleryError, UsageError

RESTORE = "restore the gallery from a backup (nothing was repaired or changed)"


_LEAST = 1 << 16
"""Bytes that SQLite needs beside a catalogue to open it: 32 kB of shared memory, and the log's first page."""


def is_full(path: Path) -> bool:
    """Whether the disk of a file has no room left; SQLite calls that a failing disk where it cannot lengthen its files."""
    try:
        return shutil.disk_usage(path.parent).free < _LEAST
    except OSError:
        return False


@contextmanager
def as_gallery_errors(path: Path, wait: float) -> Iterator[None]:
    """Turn what SQLite meets, on the disk or in what a person gave, into errors of reid; mistakes in our own SQL pass through."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise UsageError(f"{str(error.object)[:200]!r} holds bytes that are no UTF-8 text: give it as text") from error
    except OverflowError as error:
        raise UsageError("a number that was given is larger than any id or entry of a gallery: look it up again") from error
    except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise GalleryBusy(
                f"another process has been writing to {path} for more than {wait:g} s: try again when it is done"
            ) from error
        if strange := re.search(r"malformed database schema \((.*)\) - unsafe use of", str(error)):
            raise GalleryError(
                f"{path} cannot be read ({error}): reid did not make ({strange[1]}): drop it in any SQLite program, or {RESTORE}"
            ) from error
        if str(error).startswith(("no such table", "no such column")):
            raise GalleryError(f"{path} is not whole ({error}): {RESTORE}") from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise GalleryError(f"{path} is damaged ({error}): {RESTORE}") from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
            raise GalleryError(f"{path} cannot be opened or written ({error}): check its permissions") from error
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and is_full(path)):
            raise GalleryError(f"the disk of {path} is full: free some space, then try again") from error
        if code == sqlite3.SQLITE_IOERR:
            raise GalleryError(f"the disk of {path} fails ({error}): check the disk") from error
        raise
