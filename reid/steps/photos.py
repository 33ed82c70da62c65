"""Photos opened ahead of the nets, in order, a few at a time; one that cannot be read never stops the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from reid import images, threads
from reid.errors import PhotoError
from reid.records import Photo, Picture, Problem, Size


@dataclass(frozen=True, slots=True)
class Opened:
    """A photo with its picture; date and camera come from its EXIF where the manifest has none."""

    photo: Photo
    picture: Picture


def open_photos(
    photos: Iterable[Photo], shortest: int | None = None, *, sizes: Sequence[Size] = ()
) -> Iterator[Opened | Problem]:
    """Decode photos in the order given, with a few decoded and resized ahead by other threads.

    Args:
        photos: what to open.
        shortest: the shorter side that is enough, in pixels; larger photos are scaled down while decoding.
        sizes: the input sizes of the nets that will see them, for `Picture.inputs`. Each photo is decoded once for all.
            With sizes alone, only these are kept of a photo.

    Yields:
        For each photo, in order, itself opened or the problem with it.
    """
    ahead = 4 * threads.cores()
    waiting: deque[Future[Opened | Problem]] = deque()
    with ThreadPoolExecutor(threads.cores()) as pool:
        try:
            for photo in photos:
                waiting.append(pool.submit(_open, photo, shortest, sizes))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def dated(photos: Iterable[Photo]) -> list[Photo]:
    """The photos with date and camera from EXIF where the manifest has none; an unreadable one stays as it is."""
    with ThreadPoolExecutor(threads.cores()) as pool:
        return list(pool.map(_dated, photos))


def unread(photos: Iterable[Photo]) -> list[Problem]:
    """Of photos, those whose file cannot be read, as far as its first bytes tell, and why."""
    with ThreadPoolExecutor(threads.cores()) as pool:
        return [problem for problem in pool.map(_unread, photos) if problem is not None]


def _unread(photo: Photo) -> Problem | None:
    try:
        images.facts(photo.path)
    except PhotoError as error:
        return Problem(str(photo.path), str(error), photo.origin)
    return None


def _dated(photo: Photo) -> Photo:
    if photo.captured_at is not None and photo.camera:
        return photo
    try:
        captured_at, camera = images.facts(photo.path)
    except PhotoError:
        return photo
    return replace(photo, captured_at=photo.captured_at or captured_at, camera=photo.camera or camera)


def _open(photo: Photo, shortest: int | None, sizes: Sequence[Size]) -> Opened | Problem:
    try:
        picture = images.read(photo.path, box=photo.box, shortest=shortest, sizes=sizes)
    except PhotoError as error:
        return Problem(str(photo.path), str(error), photo.origin)
    known = replace(
        photo, captured_at=photo.captured_at or picture.captured_at, camera=photo.camera or picture.camera
    )
    return Opened(known, picture)
