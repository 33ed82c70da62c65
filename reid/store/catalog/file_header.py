"""What the first bytes of a file say: whether it is a catalogue of ours, and of which format."""

from __future__ import annotations

from pathlib import Path

from reid.errors import GalleryError, GalleryTooNew
from reid.store.catalog.schema import APPLICATION, CATALOG_FORMAT
from reid.store.catalog.sqlite_errors import RESTORE


def refuse_newer(found: int, path: Path) -> None:
    """Raise GalleryTooNew if format `found` is above ours."""
    if found > CATALOG_FORMAT:
        raise GalleryTooNew(
            f"{path} has format {found}, this reid knows formats up to {CATALOG_FORMAT}: update reid (nothing was changed)"
        )


def has_tables(path: Path) -> bool:
    """Whether the file at `path` is a finished catalogue; read from its first bytes, so that nothing is touched.

    Raises:
        GalleryError: it is something else, or damaged. GalleryTooNew: written by a newer reid.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise GalleryError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
    if not head:
        return False
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise GalleryError(f"{path} is damaged, it is no SQLite file: {RESTORE}")
    version, application = int.from_bytes(head[60:64], "big"), int.from_bytes(head[68:72], "big")
    if version == 0 and application == 0:
        return False
    if application != APPLICATION:
        raise GalleryError(f"{path} is the database of another program, not a reid gallery: choose another folder")
    refuse_newer(version, path)
    return True
