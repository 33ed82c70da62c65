"""`reid bundle`, `reid unbundle`: a gallery as one file to carry."""

from __future__ import annotations

import glob
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from reid import images
from reid import settings as options
from reid.errors import GalleryError, PhotoError, UsageError
from reid.files import TEMPORARY, clear_left_over, make_folder, move_folder, temporary_name
from reid.nets import net_files as nets
from reid.progress import SILENT, Progress
from reid.store.contract import GalleryStore
from reid.store.opening import open_local_gallery
from reid.tables.archive import Parcel, read_parcel, write_parcel

THUMBNAIL = 300
"""Longest side of a thumbnail in a bundle, in pixels."""


def bundle(
    path: Path, *, gallery: Path | None = None, thumbnails: bool = True, progress: Progress = SILENT
) -> Parcel:
    """Pack a gallery into one checksummed file to carry: catalogue, nets and a small picture of every photo.

    Args:
        path: of the file, which is made or replaced.
        gallery: its folder; None = REID_GALLERY or indexes/default.
        thumbnails: with small pictures of the enrolled photos whose files are there, unchanged.
        progress: called for every photo.

    Raises:
        GalleryError: the gallery cannot be read, or the file cannot be written.
    """
    folder = options.gallery_folder(gallery)
    with open_local_gallery(folder) as opened, tempfile.TemporaryDirectory(prefix="reid-bundle-") as place:
        copy = opened.exchange.copy_to(Path(place) / "copy")
        files: list[tuple[str, Path | bytes]] = [
            (one.relative_to(copy.folder).as_posix(), one) for one in sorted(copy.folder.rglob("*"))
            if one.is_file() and one.suffix in (".sqlite", ".json", ".safetensors")
        ]
        if thumbnails:
            files += _thumbnails(opened, progress)
        about = {
            "gallery": opened.name, "entry": copy.seq, "photos": copy.photos, "individuals": copy.individuals,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        progress.finish()
        return write_parcel(path, files, about)


def _thumbnails(gallery: GalleryStore, progress: Progress) -> Iterator[tuple[str, bytes]]:
    photos = gallery.photos()
    progress.start("thumbnails", len(photos))
    seen: set[str] = set()
    for done, one in enumerate(photos, start=1):
        path = gallery.locate(one)
        progress.advance(done)
        if path is None or one.sha256 in seen or len(one.sha256) != 64:
            continue
        try:
            picture = images.read(path, shortest=THUMBNAIL)
        except PhotoError:
            continue
        if picture.sha256 != one.sha256:  # another picture by now: its thumbnail would pass for the one enrolled
            continue
        seen.add(one.sha256)
        yield f"thumbnails/{one.sha256}.jpg", images.jpeg_bytes(picture.pixels, longest=THUMBNAIL)


def unbundle(path: Path, folder: Path) -> Parcel:
    """Unpack a bundle into a new folder, which then is a gallery. Everything is checked before anything is written.

    A kill leaves a hidden folder beside it, which the next call for the same folder clears.

    Raises:
        UsageError: there is something at `folder`. GalleryError: the file is no bundle, or damaged.
    """
    if folder.exists():
        raise UsageError(f"{folder} is there already: name a new folder")
    read_parcel(path)
    clear_left_over(folder.parent.glob(f".{glob.escape(folder.name)}{TEMPORARY}*"))
    place = temporary_name(make_folder(folder.parent) / folder.name, hidden=True)
    try:
        place.mkdir()
        parcel = read_parcel(path, place / "gallery")
        check_copy(place / "gallery", path)
        move_folder(place / "gallery", folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return parcel


def check_copy(folder: Path, source: Path) -> None:
    """What came from elsewhere: is it a whole gallery, and are its nets what their names say?"""
    with open_local_gallery(folder) as opened:
        damage = [one for one in opened.checkup.damage() if not one.derived]
        if damage:
            raise GalleryError(f"{source} holds no whole gallery: {damage[0].reason}")
        for fingerprint in opened.nets.known():
            path = opened.nets.path(fingerprint)
            card, _ = nets.load(path)
            if card.fingerprint != fingerprint:
                raise GalleryError(f"{source}: {path.name} holds net {card.fingerprint}, it is refused")
