"""The gallery's folder: the names of what lies in it, how it is made, and how one of an older format is migrated."""

from __future__ import annotations

import logging
import shutil
from itertools import count
from pathlib import Path

from reid.errors import GalleryError
from reid.files import atomic_replace, make_folder
from reid.store.catalog import network_disk
from reid.store.catalog.catalog import Catalog
from reid.store.catalog.file_header import has_tables
from reid.store.catalog.migrations import to_2
from reid.store.catalog.own_files import CACHE, CATALOG, MANIFEST, NETS, refuse_links
from reid.store.catalog.schema import CATALOG_FORMAT
from reid.store.catalog.sqlite_errors import RESTORE
from reid.store.layout import manifest as published

log = logging.getLogger("reid")

__all__ = ["CACHE", "CATALOG", "MANIFEST", "NETS", "make", "migrate", "open_catalog"]


def open_catalog(folder: Path, *, create: bool, wait: float) -> Catalog:
    """Open the catalogue of the gallery in `folder`; see `Gallery.open`."""
    catalog_path, manifest = folder / CATALOG, folder / MANIFEST
    if folder.exists() and not folder.is_dir():
        raise GalleryError(f"{folder} is a file, a gallery is a folder: choose another place")
    refuse_links(folder)
    published.refuse_newer_manifest(manifest)
    if not catalog_path.exists() or not has_tables(catalog_path):
        if manifest.exists():
            raise GalleryError(f"{folder} has {MANIFEST}, but {CATALOG}, the gallery itself, is missing: {RESTORE}")
        if not create:
            raise GalleryError(f"no gallery at {folder}: `reid enroll` or `reid train` make one")
        if reason := network_disk.unsafe(folder):
            raise GalleryError(f"no gallery is made at {folder}: {reason}. Choose a folder on a disk of this machine")
        make(folder, wait)
    elif not manifest.exists():
        log.warning("%s is missing, it is made again from %s", manifest, CATALOG)
    catalog = Catalog.open(catalog_path, wait=wait, unsafe=network_disk.unsafe(folder))
    try:
        migrate(catalog)
        if catalog.writable:
            make_folder(folder / NETS)
            make_folder(folder / CACHE)
        published.publish(catalog, manifest)
    except OSError as error:
        catalog.close()
        raise GalleryError(f"{folder} cannot be written ({error}): check its permissions and its disk") from error
    except BaseException:
        catalog.close()
        raise
    return catalog


def make(folder: Path, wait: float) -> None:
    """Make an empty gallery. Raises GalleryError if the folder holds other things or cannot be written."""
    ours = {MANIFEST, CATALOG, NETS, CACHE, *(f"{CATALOG}{end}" for end in ("-wal", "-shm", "-journal"))}
    try:
        make_folder(folder)
        there = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    except OSError as error:
        raise GalleryError(f"{folder} cannot be made or read ({error.strerror}): check its permissions") from error
    if others := sorted(there - ours):
        raise GalleryError(
            f"{folder} is no gallery and holds other things ({', '.join(others[:3])}{', ...' if others[3:] else ''}): "
            "choose an empty or a new folder"
        )
    Catalog.create(folder / CATALOG, wait=wait)


def migrate(catalog: Catalog) -> None:
    """Migrate a catalogue of an older format to the present one, in one transaction; a copy of it as it was stays beside it.

    Raises:
        GalleryError: it cannot be written, or there is no room for the copy. Nothing was changed.
    """
    found = catalog.format()
    if found >= CATALOG_FORMAT:
        return
    if not catalog.writable:
        reason, remedy = catalog.read_only
        raise GalleryError(
            f"{catalog.path} has format {found} and would have to be brought to format {CATALOG_FORMAT}, but it cannot be "
            f"written ({reason}): {remedy}, and open it there once"
        )
    kept = _free(catalog.path.with_name(f"{CATALOG}.format-{found}"))
    with catalog.migration(CATALOG_FORMAT) as change:
        if change is None:
            return  # another process was faster
        try:
            if shutil.disk_usage(kept.parent).free < 2 * catalog.path.stat().st_size:
                raise GalleryError(f"there is no room beside {catalog.path} for the copy that is kept of it: free some space")
            with atomic_replace(kept) as temporary:
                catalog.copy_to(temporary)
        except OSError as error:
            raise GalleryError(f"{kept}, the copy to keep, cannot be written ({error}): nothing was changed") from error
        to_2(change)
    catalog.trust_if_ours()
    message = "%s was brought from format %d to %d; %s is a copy of it as it was"
    log.warning(message, catalog.path, found, CATALOG_FORMAT, kept.name)


def _free(path: Path) -> Path:
    """The path, or one with a number behind it: a copy from before is never replaced."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return path if not path.exists() else next(name for name in numbered if not name.exists())
