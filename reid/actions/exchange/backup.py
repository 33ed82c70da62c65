"""`reid backup`: a copy of the gallery, taken while it is in use."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from reid import settings as options
from reid.store import Backup
from reid.store.opening import open_local_gallery


def backup(target: Path | None = None, *, gallery: Path | None = None) -> Backup:
    """Copy a gallery (catalogue and nets) to a new folder, which is a gallery itself; others may go on changing it.

    Args:
        target: a folder that is not there yet; None = "<gallery>-<UTC date and time>" beside the gallery.
        gallery: its folder; None = REID_GALLERY or indexes/default.

    Returns:
        Where it is, and the last change it has. To go back to it, use that folder as the gallery.

    Raises:
        UsageError: there is something at `target`. GalleryError: it cannot be read or written; nothing was kept.
    """
    with open_local_gallery(options.gallery_folder(gallery)) as opened:
        stamp = f"{opened.name}-{datetime.now(UTC):%Y-%m-%dT%H%M%S}Z"
        return opened.exchange.copy_to(target if target is not None else opened.folder.with_name(stamp))
