"""Files written beside and swapped in whole: gallery.json, which tells people and programs what the gallery holds."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from reid.store.catalog.catalog import Catalog
from reid.store.catalog.file_header import refuse_newer
from reid.store.catalog.schema import CATALOG_FORMAT
from reid.store.contents.reading import species_rows
from reid.store.contents.stage_nets import STAGE_NETS, net_of

log = logging.getLogger("reid")
NEW = ".new-"
"""In the name of a file that is being written; one left by a kill may be deleted."""
OLD_SECONDS = 3600.0
"""Nobody is writing such a file any more that was not touched for so long."""
_TURNS = 50


def beside(path: Path, hidden: str = "") -> Path:
    """A name beside `path` for what is written before it takes its place; it tells which process of which machine writes.

    hidden: "." for a name that lists do not show.
    """
    return path.with_name(f"{hidden}{path.name}{NEW}{os.getpid()}-{_machine()}{secrets.token_hex(4)}")


def left_over(path: Path) -> bool:
    """Whether it has a name of `beside` and nobody writes there any more: the process is gone, or it was still for an hour."""
    made = _MADE.search(path.name)
    if made is None:
        return False
    if made[2] == _machine() and not _lives(int(made[1])):
        return True
    try:
        return time.time() - max(one.stat().st_mtime for one in (path, *path.rglob("*"))) > OLD_SECONDS
    except OSError:  # somebody is at work there, or clears it up
        return False


def clear_left_over(paths: Iterable[Path]) -> None:
    """Throw away the folders among `paths` that a kill left."""
    for path in paths:
        if path.is_dir() and not path.is_symlink() and left_over(path):
            shutil.rmtree(path, ignore_errors=True)  # another one clears it, too


_MADE = re.compile(rf"{re.escape(NEW)}(\d{{1,9}})-([0-9a-f]{{8}})[0-9a-f]{{8}}$")


@cache
def _machine() -> str:
    """Of this machine and, in a container, of what numbers its processes: the number of a process says nothing elsewhere.

    Many machines bear one name ("raspberrypi"): where it can be told, what counts is since when this one is up.
    """
    up = space = ""
    with contextlib.suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
        up = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    return hashlib.sha256(f"{platform.node()} {space} {up}".encode()).hexdigest()[:8]


def _lives(process: int) -> bool:
    if os.name != "posix":
        return True  # asking would end it; an hour says it there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another one's
        return True
    return True


@contextmanager
def swapped_in(path: Path) -> Iterator[Path]:
    """A path to write to; once the block is left, that file is on the disk and has taken the place of `path`.

    Raises:
        OSError: it could not be written; `path` is as it was.
    """
    fresh = beside(path)
    try:
        yield fresh
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        fresh.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
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
                with swapped_in(path) as fresh:
                    fresh.write_bytes(text)
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
