"""gallery.json, which says to people and programs what the gallery holds; the catalogue is the truth."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from reid.files import atomic_replace
from reid.store.catalog.catalog import Catalog
from reid.store.catalog.file_header import refuse_newer
from reid.store.catalog.schema import CATALOG_FORMAT
from reid.store.contents.reading import species_rows
from reid.store.contents.stage_nets import STAGE_NETS, net_of

log = logging.getLogger("reid")
_TURNS = 50


def refuse_newer_manifest(path: Path) -> None:
    """Raise GalleryTooNew if gallery.json is of a newer format. One that cannot be read says nothing."""
    try:
        version = json.loads(path.read_text("utf-8")).get("format")
    except (OSError, ValueError, AttributeError):
        return
    if isinstance(version, int):
        refuse_newer(version, path)


def publish(catalog: Catalog, path: Path) -> None:
    """Bring gallery.json up to the catalogue.

    Failing to write it is logged only: the change is in the catalogue, and the next opening publishes again.
    """
    for _ in range(_TURNS if catalog.writable else 0):
        seq, text = _manifest(catalog)
        try:
            if not path.exists() or path.read_bytes() != text:
                with atomic_replace(path) as temporary:
                    temporary.write_bytes(text)
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
        "format": CATALOG_FORMAT, "gallery": gallery, "created_at": made,
        "seq": max((row.seq for row in rows), default=0),
        **{name: {"fingerprint": fingerprint} if fingerprint else None for name, fingerprint in nets.items()},
        "species": species,
        "counts": {
            "species": len(rows), "individuals": sum(row.individuals for row in rows),
            "photos": sum(row.photos for row in rows),
        },
    }
    return seq, (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode("utf-8")
