"""A folder of photos whose sub-folders are the names: species/individual/photo.jpg."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from reid import images
from reid.errors import ManifestError
from reid.formats.readers.video_frames import FRAMES, MARK, is_video
from reid.records import Photo, Problem
from reid.tables.cell_values import spaced
from reid.tables.tables import TABLE_SUFFIXES

_IGNORED = frozenset({"__macosx", "@eadir", "$recycle.bin"})


def read_folder(folder: Path) -> Iterator[Photo | Problem]:
    """Find the photos and videos of a folder, in the order of their names. A video is given as a Photo of its path.

    The names count from the folder given:

        folder/photo.jpg                       neither species nor individual
        folder/species/photo.jpg               the species
        folder/species/individual/photo.jpg    both; deeper folders change nothing

    Hidden files, `__MACOSX`, frames taken out of a video and whatever has no photo's ending are passed over. Links to folders
    are followed, once. A sub-folder that cannot be read is a Problem.

    Raises:
        ManifestError: there is no photo in the folder.
    """
    refused: list[OSError] = []
    seen: set[tuple[int, int]] = set()
    any_photo = False
    for place, names, files in os.walk(folder, onerror=refused.append, followlinks=True):
        status = Path(place).stat()
        if (status.st_dev, status.st_ino) in seen:
            names.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        names[:] = sorted(name for name in names if _counts(name) and not _of_a_video(Path(place), name))
        levels = [spaced(level) for level in Path(place).relative_to(folder).parts[:2]]
        species, individual = [*levels, "", ""][:2]
        for name in sorted(files):
            if _counts(name) and (Path(name).suffix.lower() in images.IMAGE_SUFFIXES or is_video(Path(name))):
                any_photo = True
                yield Photo(Path(place, name), species=species, individual=individual, origin=str(folder))
    for fault in refused:
        reason = f"the folder cannot be read ({fault.strerror}); check its permissions."
        yield Problem(str(fault.filename), reason, str(folder))
    if not any_photo:
        raise ManifestError(f"{folder}: holds no photo ({', '.join(sorted(images.IMAGE_SUFFIXES))}); wanted "
                            "species/individual/photo.jpg, or a manifest.csv.")


def manifest_in(folder: Path) -> Path | None:
    """The folder's own manifest.csv or manifest.xlsx, None if it has none.

    Raises:
        ManifestError: it lies beside other tables, so that it is not certain which one is meant.
    """
    try:
        tables = sorted(path for path in folder.iterdir() if path.suffix.lower() in TABLE_SUFFIXES
                        and not path.name.startswith((".", "~$")) and path.is_file())
    except OSError as fault:
        raise ManifestError(f"{folder}: cannot be read ({fault.strerror}); check its permissions.") from fault
    manifests = [path for path in tables if path.stem.lower() == "manifest"]
    if manifests and len(tables) > 1:
        raise ManifestError(f"{folder}: holds several tables ({', '.join(path.name for path in tables)}); name the one "
                            "that is meant instead of the folder.")
    return manifests[0] if manifests else None


def _of_a_video(place: Path, name: str) -> bool:
    """Whether a folder holds the frames of a video, which is there itself or was: they come with it.

    Where taking them was cut short there is no mark yet, but there is the video.
    """
    video = place / name.removesuffix(FRAMES)
    return name.endswith(FRAMES) and ((place / name / MARK).is_file() or (is_video(video) and video.is_file()))


def _counts(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _IGNORED
