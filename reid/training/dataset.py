"""Photos decoded once into one array that training draws its batches from."""

from __future__ import annotations

import logging
import mmap
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid import images, threads
from reid.errors import PhotoError
from reid.records import Photo, Pixels, Problem
from reid.training.photo_cache import Facts, PhotoCache, key_of

log = logging.getLogger("reid")

MARGIN = 1.15
"""Decoded larger than the net's input by this factor, so that a random crop loses nothing in sharpness."""
IN_MEMORY_BYTES = 256_000_000
"""Above this the decoded photos lie in a temporary file that is mapped into memory."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Photos decoded to one size.

    photos: (N,) those that could be read, with side, camera and date filled from EXIF where the manifest has none.
    store: (M, H, W, 3) uint8 RGB, squashed to the size asked for times the margin; shared by every subset of the photos.
    problems: the photos that could not be read.
    rows: (N,) the row of each photo in `store`; None = they are in its order, and M = N.
    """

    photos: tuple[Photo, ...]
    store: Pixels
    problems: tuple[Problem, ...]
    rows: NDArray[np.int64] | None = None

    @property
    def pixels(self) -> Pixels:
        """(N, H, W, 3) of all photos; of a subset a copy: `take` some at a time instead."""
        return self.store if self.rows is None else self.take(slice(None))

    def take(self, photos: slice | Sequence[int] | NDArray[np.int64]) -> Pixels:
        """A copy (n, H, W, 3) of the pixels of some of the photos, in the order asked for."""
        pixels = np.array(self.store[photos if self.rows is None else self.rows[photos]])
        _let_go(self.store)
        return pixels

    def subset(self, rows: Sequence[int]) -> Decoded:
        """The same for some of the rows, in the order given; the pixels are shared, not copied."""
        numbers = np.asarray(rows, dtype=np.int64)
        stored = numbers if self.rows is None else self.rows[numbers]
        return Decoded(tuple(self.photos[row] for row in rows), self.store, (), stored)


def decode(
    photos: Sequence[Photo], size: tuple[int, int], *, cache: Path | None = None,
    progress: Callable[[int], None] | None = None, margin: float = MARGIN,
) -> Decoded:
    """Decode photos to one size; those that cannot be read become problems.

    Args:
        photos: what to read.
        size: (height, width) of the net's input in pixels.
        cache: a folder where the decoded photos are kept for the next time, see `photo_cache`; None = nowhere.
        progress: called with the number of photos done, after each.
        margin: how much larger than `size`; 1 = as a query sees them.
    """
    height, width = (round(edge * margin) for edge in size)
    pixels = _room((len(photos), height, width, 3))
    kept = PhotoCache(cache, (height, width), len(photos)) if cache is not None and photos else None

    def read(row: int) -> Photo | Problem:
        photo = photos[row]
        try:
            captured_at, camera = _fill(photo, pixels[row], kept)
        except PhotoError as error:
            return Problem(str(photo.path), str(error), photo.origin)
        return replace(photo, captured_at=photo.captured_at or captured_at, camera=photo.camera or camera)

    good: list[Photo] = []
    rows: list[int] = []
    problems: list[Problem] = []
    with closing(kept) if kept is not None else nullcontext(), ThreadPoolExecutor(threads.cores()) as pool:
        for row, answer in enumerate(pool.map(read, range(len(photos)))):
            if isinstance(answer, Problem):
                problems.append(answer)
            else:
                good.append(answer)
                rows.append(row)
            if row % 64 == 0:
                _let_go(pixels)
            if progress is not None:
                progress(row + 1)
    _let_go(pixels)
    return Decoded(tuple(good), pixels, tuple(problems), None if len(rows) == len(photos) else np.asarray(rows, np.int64))


def _fill(photo: Photo, row: Pixels, kept: PhotoCache | None) -> Facts:
    """Put a photo's pixels into its row, as they were kept or from its file; its EXIF facts. Raises PhotoError."""
    data = images.content(photo.path)
    key = key_of(data, photo) if kept is not None else b""
    found = kept.get(key, row) if kept is not None else None
    if found is not None:
        return found
    picture = images.decode(data, str(photo.path), box=photo.box, sizes=[(row.shape[0], row.shape[1])])
    row[:] = picture.pixels
    if kept is not None:
        kept.put(key, picture.pixels, (picture.captured_at, picture.camera))
    return picture.captured_at, picture.camera


def _room(shape: tuple[int, ...]) -> Pixels:
    """Zeros, in memory or in a temporary file; in memory too where no file has room, for a full disk would end the process."""
    size = int(np.prod(shape))
    if size <= IN_MEMORY_BYTES or not size:
        return np.zeros(shape, np.uint8)
    with tempfile.NamedTemporaryFile(prefix="reid-photos-", delete=False) as file:
        path = Path(file.name)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            path.unlink()
            log.info("decoded photos stay in memory: %s", error)
            return np.zeros(shape, np.uint8)
    room = np.memmap(path, np.uint8, "w+" if not hasattr(os, "posix_fallocate") else "r+", shape=shape)
    path.unlink()
    return room


def _let_go(pixels: Pixels) -> None:
    """Give back the memory through which a file was read or written; the file keeps what was written."""
    if isinstance(pixels, np.memmap) and hasattr(mmap, "MADV_DONTNEED"):
        pixels._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]
