"""Photos as training reads them, kept on disk from one training to the next: derived, bounded, believed only when whole.

One file a size, `cache/photos-<height>x<width>.pixels`: a head of 256 bytes for every slot, then the slots' pixels. A photo's
key says which eight slots it may lie in, so that nothing is searched and nothing has to be kept in step; where all are taken,
one of them is overwritten. Two processes may write at once: what is torn fails its check sum and is decoded again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import struct
import threading
import zlib
from datetime import datetime
from io import FileIO
from pathlib import Path

from reid.records import Photo, Pixels, Size

log = logging.getLogger("reid")

DECODING_VERSION = 1
"""Of what decoding gives; what an earlier version kept is not read."""
MOST_BYTES = 4_000_000_000
"""No file grows beyond this."""
FREE_SHARE = 0.5
"""Of the disk's free space that a file may take at most."""
_HEAD, _TOGETHER = 256, 8
_FIXED = struct.Struct("<32sIH")
"""Key, check sum, and the length of the facts behind them."""
Facts = tuple[datetime | None, str]
"""When and with what camera, from EXIF."""


def key_of(content: bytes, photo: Photo) -> bytes:
    """What a photo's pixels depend on, but for their size: the file's bytes and the box."""
    box = photo.box.key() if photo.box else ""
    return hashlib.sha256(f"{DECODING_VERSION}|{box}|".encode() + hashlib.sha256(content).digest()).digest()


class PhotoCache:
    """The kept photos of one size. Whatever the disk refuses makes it forgetful, never wrong."""

    def __init__(self, folder: Path, size: Size, count: int) -> None:
        """Open the file, or make one with room for twice `count` photos where there is none or it is too small."""
        self._bytes = size[0] * size[1] * 3
        self._path = folder / f"photos-{size[0]}x{size[1]}.pixels"
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._sets = 0
        try:
            self._open(2 * count)
        except OSError as error:
            log.info("decoded photos are not kept: %s", error)

    def get(self, key: bytes, pixels: Pixels) -> Facts | None:
        """Fill `pixels` (H, W, 3) with a photo kept under this key; its facts, None where it is not there or damaged."""
        try:
            with self._lock:
                if self._file is None:
                    return None
                for slot, head in self._heads(key):
                    if head.startswith(key):
                        self._file.seek(self._place(slot))
                        if self._file.readinto(pixels.data.cast("B")) != self._bytes:
                            return None
                        return _facts(head, pixels)
        except (OSError, ValueError) as error:
            log.debug("a kept photo cannot be read: %s", error)
        return None

    def put(self, key: bytes, pixels: Pixels, facts: Facts) -> None:
        """Keep a photo."""
        encoded = json.dumps([facts[0].isoformat() if facts[0] else None, facts[1]]).encode()
        if len(encoded) > _HEAD - _FIXED.size:
            return
        head = (_FIXED.pack(key, zlib.crc32(encoded, zlib.crc32(pixels.data)), len(encoded)) + encoded).ljust(_HEAD, b"\0")
        try:
            with self._lock:
                if self._file is None:
                    return
                slots = self._heads(key)
                free = [slot for slot, there in slots if there[:32] in (key, bytes(32))]
                slot = (free or [slots[key[-1] % _TOGETHER][0]])[0]
                self._file.seek(self._place(slot))
                self._file.write(pixels.data.cast("B"))
                self._file.seek(slot * _HEAD)
                self._file.write(head)
        except OSError as error:
            log.info("decoded photos are kept no longer: %s", error)
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            file, self._file = self._file, None
            if file is not None:
                file.close()

    def _open(self, count: int) -> None:
        each = _TOGETHER * (_HEAD + self._bytes)
        there = self._path.stat().st_size if self._path.exists() else 0
        free = shutil.disk_usage(self._path.parent).free * FREE_SHARE
        most = int(min(MOST_BYTES, max(free, there)) // each)
        wanted = min(-(-count // _TOGETHER), most)
        if not wanted:
            return
        if there % each or there < wanted * each * 0.5:  # else what it holds is worth more than the room it lacks
            self._path.unlink(missing_ok=True)
            with self._path.open("wb") as file:
                file.truncate(wanted * each)
            there = wanted * each
        self._sets = there // each
        self._file = FileIO(self._path, "r+")

    def _heads(self, key: bytes) -> list[tuple[int, bytes]]:
        assert self._file is not None
        first = int.from_bytes(key[:8], "little") % self._sets * _TOGETHER
        self._file.seek(first * _HEAD)
        found = self._file.read(_TOGETHER * _HEAD)
        return [(first + row, found[row * _HEAD : (row + 1) * _HEAD]) for row in range(_TOGETHER)]

    def _place(self, slot: int) -> int:
        return self._sets * _TOGETHER * _HEAD + slot * self._bytes


def _facts(head: bytes, pixels: Pixels) -> Facts | None:
    _, wanted, length = _FIXED.unpack_from(head)
    encoded = head[_FIXED.size : _FIXED.size + length]
    if zlib.crc32(encoded, zlib.crc32(pixels.data)) != wanted:
        return None
    taken, camera = json.loads(encoded)
    return (datetime.fromisoformat(taken) if taken else None), str(camera)
