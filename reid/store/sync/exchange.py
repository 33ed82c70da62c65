"""What goes from a gallery to another place and comes back: copies, and what another replica changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reid.store.catalog.catalog import Catalog
from reid.store.layout.copy_gallery import Backup, copy_gallery
from reid.store.sync.merge import Merged, merge


class Exchange:
    """An open gallery and others, `Gallery.exchange`."""

    def __init__(self, catalog: Catalog, folder: Path, publish: Callable[[], None]) -> None:
        """Made by the gallery. publish: called after every change."""
        self._catalog, self._folder, self._publish = catalog, folder, publish

    def copy_to(self, target: Path) -> Backup:
        """Copy the gallery as it is now to a new folder, which is a gallery too; others may change this one meanwhile.

        Raises:
            UsageError: there is something at `target`. GalleryError: it cannot be written, or the copy is not whole.
        """
        return copy_gallery(self._catalog, self._folder, Path(target).absolute())

    def merge_from(self, other: Exchange, *, only_plan: bool = False, why: str = "") -> Merged:
        """Bring in what another gallery changed since the common past, in one transaction.

        Args:
            other: of the other gallery, which is not changed; its nets must be in this one's folder already.
            only_plan: change nothing, report what would be changed.
            why: for the journal.

        Raises:
            UsageError: the two have no common past. GalleryError: one of them is damaged. Nothing was changed.
        """
        merged = merge(self._catalog, other._catalog, other._folder.name, why, only_plan=only_plan)
        self._publish()
        return merged
