"""The names that reid makes inside a gallery: only files of such names are deleted, and nothing inside is a link.

A link in a gallery leads out of it: what is deleted, read or written by its name would be somebody else's.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from reid.errors import GalleryError
from reid.files import TEMPORARY

MANIFEST, CATALOG, NETS, CACHE = "gallery.json", "catalog.sqlite", "nets", "cache"
CHECKPOINTS = "training"
"""The folder in `nets` where a training that was cut off can go on from."""

_OF_CACHE = re.compile(
    r"[\w-]+-[\w-]{1,16}\.\d+\.(faiss|codes\.faiss|facts\.npz|ids\.npy|sums\.npy)|[\w-]+-[0-9a-f]{16}\.json"
    r"|[\w-]+\.maps(-journal|-wal|-shm)?|photos-\d+x\d+\.pixels"
)
"""Index files and their card, feature maps, decoded photos."""
_OF_CHECKPOINTS = re.compile(r"\w+-[0-9a-f]{12}\.ckpt")
_MADE = re.compile(
    rf"\.?([\w.-]+\.(faiss|npz|npy|json|maps|pixels|safetensors|onnx|ckpt)|catalog\.sqlite(\.format-\d+(-\d+)?)?)"
    rf"{re.escape(TEMPORARY)}\d[\w-]*"
)
"""What is written before it takes its place."""


def of_cache(name: str) -> bool:
    """Whether a file of the cache has a name that reid makes, temporary names left out."""
    return _OF_CACHE.fullmatch(name) is not None


def is_temporary(name: str) -> bool:
    """Whether it is a temporary name of a file of a gallery."""
    return _MADE.fullmatch(name) is not None


def cached(cache: Path) -> list[Path]:
    """The files of a cache that are reid's own, temporary ones left out."""
    return [path for path in _files(cache) if of_cache(path.name)]


def foreign(cache: Path) -> list[Path]:
    """What lies in a cache and is not reid's own: it is named, and left."""
    paths = sorted(cache.iterdir()) if cache.is_dir() else []
    return [path for path in paths if not (of_cache(path.name) or is_temporary(path.name)) or path.is_dir()]


def half_written(folder: Path) -> list[Path]:
    """Files in a gallery's folder, its nets and its cache that have a temporary name."""
    places = [folder, folder / NETS, folder / NETS / CHECKPOINTS, folder / CACHE]
    return [path for place in places for path in _files(place) if is_temporary(path.name)]


def clear_checkpoints(folder: Path) -> None:
    """Throw away the checkpoints of a finished training, and their folder if nothing else is in it."""
    if _is_link(folder):
        return
    for path in _files(folder):
        if _OF_CHECKPOINTS.fullmatch(path.name) or is_temporary(path.name):
            path.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def refuse_links(folder: Path) -> None:
    """Raise GalleryError if a file or folder inside a gallery is a link; the gallery's folder itself may be one."""
    own = [folder / name for name in (MANIFEST, NETS, CACHE, *(f"{CATALOG}{end}" for end in ("", "-wal", "-shm", "-journal")))]
    inside = [folder / NETS, folder / NETS / CHECKPOINTS, folder / CACHE]
    paths = [*own, *(path for place in inside if place.is_dir() and not _is_link(place) for path in sorted(place.iterdir()))]
    for path in paths:
        if _is_link(path):
            raise GalleryError(
                f"{path} is a link: what is deleted or written by its name would lie elsewhere. Put in its place what it leads "
                "to, or delete it (the cache is made again); to keep a gallery on another disk, link its whole folder"
            )


def _files(folder: Path) -> list[Path]:
    """The plain files in a folder, by name; none where it is absent."""
    return [path for path in sorted(folder.iterdir()) if not path.is_symlink() and path.is_file()] if folder.is_dir() else []


def _is_link(path: Path) -> bool:
    """Whether it is a link, or on Windows a junction."""
    junction = getattr(os.path, "isjunction", None)
    return path.is_symlink() or (junction is not None and junction(path))
