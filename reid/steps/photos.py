"""Photos opened ahead of the nets, in order, a few at a time; one that cannot be read never stops the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

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
    """The photos with date and camera from EXIF where nothing else tells them; an unreadable one stays as it is."""
    return read_headers(photos)[0]


def read_headers(photos: Iterable[Photo]) -> tuple[list[Photo], list[Problem]]:
    """Read date and camera of photos that lack one of them from EXIF: the header of each file once, and never again.

    Returns:
        The photos in the order given, marked (`Photo.exif_read`) where the header was looked into, with the note `date_from`
        where their date is EXIF's DateTime, which programs change; and those of them whose file cannot be read, as far as its
        first bytes tell.
    """
    photos = list(photos)
    files = list(dict.fromkeys(photo.path for photo in photos if _lacks_header(photo)))
    with ThreadPoolExecutor(threads.cores()) as pool:
        headers = dict(zip(files, pool.map(_header, files), strict=True))
    complete, failed = [], []
    for photo in photos:
        header = headers.get(photo.path) if _lacks_header(photo) else None
        if isinstance(header, PhotoError):
            failed.append(Problem(str(photo.path), str(header), photo.origin))
            photo = replace(photo, exif_read=True)
        elif header is not None:
            more = {"date_from": header.date_from} if header.date_from and photo.captured_at is None else {}
            photo = replace(
                photo, captured_at=photo.captured_at or header.captured_at, camera=photo.camera or header.camera,
                notes={**photo.notes, **more} if more else photo.notes, exif_read=True,
            )
        complete.append(photo)
    return complete, failed


def _lacks_header(photo: Photo) -> bool:
    return not photo.exif_read and (photo.captured_at is None or not photo.camera)


def _header(path: Path) -> images.Header | PhotoError:
    try:
        return images.header(path)
    except PhotoError as error:
        return error


def _open(photo: Photo, shortest: int | None, sizes: Sequence[Size]) -> Opened | Problem:
    try:
        picture = images.read(photo.path, box=photo.box, shortest=shortest, sizes=sizes)
    except PhotoError as error:
        return Problem(str(photo.path), str(error), photo.origin)
    known = replace(
        photo, captured_at=photo.captured_at or picture.captured_at, camera=photo.camera or picture.camera
    )
    return Opened(known, picture)
