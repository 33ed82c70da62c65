"""Feature maps of enrolled photos, kept for the next closer look: derived, may be deleted at any time, never the truth."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from reid.records.gallery import EnrolledPhoto

log = logging.getLogger("reid")

Map = NDArray[np.float32]
"""(h, w, C) feature map of one photo."""
WAIT_SECONDS = 5.0


class MapCache:
    """The maps made by one net, a file of its own. May be used by several threads and processes.

    Every map is kept in half precision under the photo's id and its content, so that it is never taken for another photo's.
    Whatever goes wrong with the file, nothing is lost: it is begun again, or, where the folder cannot be written, not used.
    """

    def __init__(self, path: Path) -> None:
        """In `path`, made when the first map is put into it."""
        self.path = path
        self._lock = threading.Lock()

    def get(self, photos: Sequence[EnrolledPhoto]) -> dict[int, Map]:
        """The maps that are there, by photo id."""
        found: dict[int, Map] = {}
        wanted = {photo.id: _content(photo) for photo in photos}
        if not wanted or not self.path.exists():
            return found
        marks = ",".join("?" * len(wanted))
        query = f"SELECT photo, content, shape, half, checksum FROM maps WHERE photo IN ({marks})"
        for number, content, shape, values, checksum in self._use(lambda file: file.execute(query, list(wanted)).fetchall()):
            if content == wanted[number] and checksum == _checksum(shape, values):
                one = np.frombuffer(values, np.float16).reshape([int(part) for part in shape.split("x")])
                found[number] = one.astype(np.float32)
        return found

    def put(self, photos: Sequence[EnrolledPhoto], maps: Mapping[int, Map]) -> None:
        """Keep the maps of photos, by their ids."""
        rows = []
        for photo in (photo for photo in photos if photo.id in maps):
            shape, values = "x".join(map(str, maps[photo.id].shape)), maps[photo.id].astype(np.float16).tobytes()
            rows.append((photo.id, _content(photo), shape, values, _checksum(shape, values)))
        if rows:
            self._use(lambda file: file.executemany("INSERT OR REPLACE INTO maps VALUES (?, ?, ?, ?, ?)", rows).fetchall())

    def _use(self, what: Callable[[sqlite3.Connection], list[Any]]) -> list[Any]:
        """Do one thing with the file, in one transaction; [] where it cannot be used."""
        file = None
        with self._lock:
            try:
                file = sqlite3.connect(self.path, timeout=WAIT_SECONDS)
                file.execute("PRAGMA synchronous = OFF")  # it can be made again
                file.execute(
                    "CREATE TABLE IF NOT EXISTS maps"
                    " (photo INTEGER PRIMARY KEY, content TEXT, shape TEXT, half BLOB, checksum INTEGER)"
                )
                with file:
                    return what(file)
            except sqlite3.OperationalError as error:  # read-only, full, busy
                log.debug("feature maps are not kept in %s: %s", self.path, error)
            except sqlite3.DatabaseError as error:
                log.warning("%s is damaged (%s); it is made again", self.path, error)
                with contextlib.suppress(OSError):
                    self.path.unlink()
            finally:
                if file is not None:
                    file.close()
        return []


def _content(photo: EnrolledPhoto) -> str:
    return photo.sha256 + (photo.box.key() if photo.box else "")


def _checksum(shape: str, values: bytes) -> int:
    return zlib.crc32(values, zlib.crc32(shape.encode()))
