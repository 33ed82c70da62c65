"""Opening a gallery by what a person names it: the only place that says which store answers."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reid.errors import UsageError
from reid.store.gallery import Gallery as LocalGallery

if TYPE_CHECKING:
    from reid.store.contract import GalleryStore

__all__ = ["LocalGallery", "is_gallery", "open_gallery", "open_local_gallery"]

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


def open_gallery(
    where: str | Path, *, create: bool = False, who: str | None = None, as_of: datetime | date | None = None
) -> GalleryStore:
    """Open a gallery, whichever store keeps it.

    Args:
        where: its folder, such as indexes/serengeti. An address such as postgresql://... is for stores to come.
        create: make a gallery if there is none.
        who: whose changes the journal names; None = REID_USER, else the login name.
        as_of: show the gallery as it was at that moment (a day: at its end), for reading only.

    Raises:
        UsageError: an address of a store that this version has not, or `as_of` is before the first change.
        GalleryError, GalleryTooNew, GalleryBusy: as `reid.Gallery.open`.
    """
    return open_local_gallery(where, create=create, who=who, as_of=as_of)


def open_local_gallery(
    where: str | Path, *, create: bool = False, who: str | None = None, as_of: datetime | date | None = None
) -> LocalGallery:
    """Open a gallery in a folder, for what is done to folders alone: backup, bundle, merge, doctor. Raises as `open_gallery`."""
    address = _ADDRESS.match(str(where))
    if address:
        raise UsageError(
            f"{where}: galleries at {address[1]}:// cannot be opened by this version of reid; give the folder of a gallery"
        )
    return LocalGallery.open(Path(where), create=create, as_of=as_of, who=who)


def is_gallery(where: str | Path) -> bool:
    """Whether there is a gallery to open at `where`; nothing is made or read."""
    return LocalGallery.exists(Path(where))
