"""Files written beside and swapped in whole: gallery.json, which tells people and programs what the gallery holds."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reid.store.catalog import Catalog
from reid.store.reading import species_rows
from reid.store.schema import FORMAT
from reid.store.signature import refuse_newer
from reid.store.stage_nets import STAGE_NETS, net_of

log = logging.getLogger("reid")
NEW = ".new-"
"""In the name of a file that is being written; one left by a kill may be deleted."""
OLD_SECONDS = 3600.0
"""Nobody is writing such a file any more that was not touched for so long."""
_TURNS = 50


@contextmanager
def swapped_in(path: Path) -> Iterator[Path]:
    """A path to write to; once the block is left, that file is on the disk and has taken the place of `path`.

    Raises:
        OSError: it could not be written; `path` is as it was.
    """
    beside = path.with_name(f"{path.name}{NEW}{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    if os.name != "posix":
        return  # other systems do not open folders
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refuse_newer_manifest(path: Path) -> None:
    """Raise GalleryTooNew if gallery.json is of a newer format. One that cannot be read says nothing."""
    try:
        found = json.loads(path.read_text("utf-8")).get("format")
    except (OSError, ValueError, AttributeError):
        return
    if isinstance(found, int):
        refuse_newer(found, path)


def publish(catalog: Catalog, path: Path) -> None:
    """Bring gallery.json up to the catalogue.

    Failing to write it is logged only: the change is in the catalogue, and the next opening publishes again.
    """
    for _ in range(_TURNS if catalog.writable else 0):
        seq, text = _manifest(catalog)
        try:
            if not path.exists() or path.read_bytes() != text:
                with swapped_in(path) as beside:
                    beside.write_bytes(text)
        except OSError as error:
            log.warning("%s could not be republished (%s); the catalogue itself is up to date", path, error)
            return
        if catalog.head() == seq:  # else another process committed meanwhile, and ours may have replaced its newer file
            return


def _manifest(catalog: Catalog) -> tuple[int, bytes]:
    with catalog.reading():
        seq, rows = catalog.head(), species_rows(catalog)
        gallery, made = catalog.meta("gallery"), catalog.meta("created_at")
        nets = {name: net_of(catalog, name) for name in STAGE_NETS}
    species = {}
    for row in rows:
        species[row.name] = {
            "embedding_net": {"fingerprint": row.fingerprint, "dimension": row.dimension} if row.net_id else None,
            "thresholds": json.loads(row.calibration) if row.calibration else None,
            "individuals": row.individuals,
            "photos": row.photos,
        }
    manifest = {
        "format": FORMAT, "gallery": gallery, "created_at": made,
        "seq": max((row.seq for row in rows), default=0),
        **{name: {"fingerprint": fingerprint} if fingerprint else None for name, fingerprint in nets.items()},
        "species": species,
        "counts": {
            "species": len(rows), "individuals": sum(row.individuals for row in rows),
            "photos": sum(row.photos for row in rows),
        },
    }
    return seq, (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode("utf-8")
