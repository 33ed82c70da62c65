"""Photos decoded once into one array that training draws its batches from."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reid import images, threads
from reid.errors import PhotoError
from reid.records import Photo, Pixels, Problem
from reid.training.photo_cache import Facts, PhotoCache, key_of

MARGIN = 1.15
"""Decoded larger than the net's input by this factor, so that a random crop loses nothing in sharpness."""
IN_MEMORY_BYTES = 1_500_000_000
"""Above this the decoded photos lie in a temporary file that is mapped into memory."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Photos decoded to one size.

    photos: (N,) those that could be read, with side, camera and date filled from EXIF where the manifest has none.
    pixels: (N, H, W, 3) uint8 RGB, squashed to the size asked for times the margin.
    problems: the photos that could not be read.
    """

    photos: tuple[Photo, ...]
    pixels: Pixels
    problems: tuple[Problem, ...]

    def subset(self, rows: Sequence[int]) -> Decoded:
        """The same for some of the rows, in the order given."""
        return Decoded(tuple(self.photos[row] for row in rows), _taken(self.pixels, rows), ())


def decode(
    photos: Sequence[Photo], size: tuple[int, int], *, cache: Path | None = None,
    progress: Callable[[int], None] | None = None, margin: float = MARGIN,
) -> Decoded:
    """Decode photos to one size; those that cannot be read become problems.

    Args:
        photos: what to read.
        size: (height, width) of the net's input in pixels.
        cache: a folder where the decoded photos are kept for the next time, see `photo_cache`; None = nowhere.
        progress: told the number of photos done, after each.
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
            if progress is not None:
                progress(row + 1)
    return Decoded(tuple(good), pixels if len(rows) == len(photos) else _taken(pixels, rows), tuple(problems))


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


def _taken(pixels: Pixels, rows: Sequence[int]) -> Pixels:
    """Some of the photos; what was mapped from a file is so again, a few photos at a time pass through memory."""
    room, chosen = _room((len(rows), *pixels.shape[1:])), np.asarray(rows, dtype=np.int64)
    for start in range(0, len(rows), 64):
        room[start : start + 64] = pixels[chosen[start : start + 64]]
    return room


def _room(shape: tuple[int, ...]) -> Pixels:
    if int(np.prod(shape)) <= IN_MEMORY_BYTES or 0 in shape:
        return np.zeros(shape, np.uint8)
    with tempfile.NamedTemporaryFile(prefix="reid-photos-", delete=False) as file:
        path = Path(file.name)
    room = np.memmap(path, np.uint8, "w+", shape=shape)
    path.unlink()
    return room
