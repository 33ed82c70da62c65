"""A whole gallery copied while it is in use: the catalogue as of one moment, then the nets, swapped in as one folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from reid.errors import GalleryError, UsageError
from reid.files import TEMPORARY, clear_left_over, make_folder, move_folder, temporary_name
from reid.store.catalog.catalog import Catalog
from reid.store.contents.reading import species_rows
from reid.store.contents.stage_nets import known_nets
from reid.store.layout.folder import CATALOG, MANIFEST, NETS
from reid.store.layout.manifest import publish


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of a gallery. seq: the last change it has. photos, individuals: that it holds; size: bytes."""

    folder: Path
    seq: int
    photos: int
    individuals: int
    nets: int
    size: int


def copy_gallery(catalog: Catalog, folder: Path, target: Path) -> Backup:
    """Copy catalogue and nets to a new folder, which is a gallery itself; the cache is left out, it is made again.

    The copy is checked before it takes its place: an interrupted one leaves no folder of that name. What a killed one left
    beside it is cleared.

    Raises:
        UsageError: there is something at `target` already.
        GalleryError: it cannot be written, or the copy is not whole.
    """
    if target.exists():
        raise UsageError(f"{target} is there already: name a new folder for the copy")
    clear_left_over(target.parent.glob(f"*{TEMPORARY}*"))
    fresh = temporary_name(target)
    try:
        (fresh / NETS).mkdir(parents=True)
        catalog.copy_to(fresh / CATALOG)
        copy = Catalog.open(fresh / CATALOG, wait=1)
        try:
            if reports := copy.unsound(1):
                raise GalleryError(f"the copy of {catalog.path} is not whole ({reports[0]}): nothing was kept; check the disk")
            nets = _copy_nets(copy, folder / NETS, fresh / NETS)
            publish(copy, fresh / MANIFEST)
            species, seq = species_rows(copy), copy.head()
        finally:
            copy.close()
        make_folder(target.parent)
        move_folder(fresh, target)
    except OSError as error:
        raise GalleryError(f"{target} cannot be written ({error}): nothing was kept") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    photos, individuals = sum(row.photos for row in species), sum(row.individuals for row in species)
    return Backup(target, seq, photos, individuals, nets, size)


def _copy_nets(copy: Catalog, source: Path, target: Path) -> int:
    """The nets that the catalogue knows, as far as their files are there (an old net's may have been taken away)."""
    count = 0
    for fingerprint in known_nets(copy):
        files = [source / f"{fingerprint}{suffix}" for suffix in (".safetensors", ".json")]
        if all(path.is_file() for path in files):
            count += 1
            for path in files:
                shutil.copyfile(path, target / path.name)
    return count
