"""`reid merge-galleries`: two field stations, one study, no internet between them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from reid import settings as options
from reid.actions.exchange.bundles import check_copy
from reid.errors import UsageError
from reid.store import Merged
from reid.store.opening import LocalGallery, open_local_gallery
from reid.tables.archive import read_parcel


def merge_galleries(
    other: Path, *, gallery: Path | None = None, dry_run: bool = False, why: str = ""
) -> Merged:
    """Bring what another replica changed into this gallery; both must have started as copies of one gallery.

    What only one of the two changed is taken; what both changed stays as it is here and is reported as a conflict, with both
    sides and the command that takes theirs (but for the nets of stage 1 and for the side: of those ours stay). Journals of
    both are kept. The merge is one entry, which can be undone. Decisions that `reid query --record` kept there come in, but for
    photos that were asked about here, too.

    Args:
        other: the other gallery's folder, or a bundle of it.
        gallery: the one to change; None = REID_GALLERY or indexes/default.
        dry_run: change nothing, tell what would be changed.
        why: for the journal.

    Raises:
        UsageError: the two have no common past.
        GalleryError, NetError: one of the two is damaged, or they do not fit together. Nothing was changed.
    """
    with ExitStack() as stack:
        opened = stack.enter_context(open_local_gallery(options.gallery_folder(gallery)))
        theirs = stack.enter_context(_other(other))
        if theirs.folder.resolve() == opened.folder.resolve():
            raise UsageError(f"{other} is this gallery itself: name the other replica")
        plan = opened.exchange.merge_from(theirs.exchange, only_plan=True)  # whatever can be refused is, before a net comes in
        if not dry_run:
            for fingerprint in theirs.nets.known():
                opened.nets.put(theirs.nets.path(fingerprint))
        return plan if dry_run else opened.exchange.merge_from(theirs.exchange, why=why)


@contextmanager
def _other(other: Path) -> Iterator[LocalGallery]:
    """The other gallery, checked; a bundle is unpacked for a while."""
    with ExitStack() as stack:
        folder = other
        if other.is_file():
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reid-bundle-")))
            folder = place / other.stem
            read_parcel(other, folder)
        check_copy(folder, other)
        yield stack.enter_context(open_local_gallery(folder))
