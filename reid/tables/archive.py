"""One checksummed file to carry: a plain ZIP whose first member, `parcel.json`, names the others with size and SHA-256.

Any ZIP program opens it. Reading one checks everything before anything is written: names that lead out of the folder, links,
compressed members (which could be bombs), members that are missing, added, of another size or damaged are refused.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from reid.errors import GalleryError
from reid.files import atomic_replace, make_folder

ARCHIVE_FORMAT = 1
LIST = "parcel.json"
MAX_LIST_BYTES = 200_000_000
_NAME = re.compile(r"(catalog\.sqlite|gallery\.json|nets/[0-9a-zA-Z_-]{1,80}\.(safetensors|json)|thumbnails/[0-9a-f]{64}\.jpg)")
"""The only names there are; a path that leads anywhere else cannot be among them."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel on disk. about: what its writer said of it. members: name -> bytes. size: of the file."""

    path: Path
    about: Mapping[str, Any]
    members: Mapping[str, int]
    size: int


def write_parcel(path: Path, files: Iterable[tuple[str, Path | bytes]], about: Mapping[str, Any]) -> Parcel:
    """Pack files under the names given; written whole or not at all.

    Raises:
        GalleryError: it cannot be written.
    """
    members: dict[str, dict[str, Any]] = {}
    kept = list(files)
    try:
        make_folder(path.parent)
        for name, content in kept:
            assert _NAME.fullmatch(name), name
            members[name] = {"bytes": _size(content), "sha256": _digest(content)}
        with atomic_replace(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED, allowZip64=True) as file:
            listed = {"format": ARCHIVE_FORMAT, "about": dict(about), "members": members}
            file.writestr(LIST, json.dumps(listed, ensure_ascii=False, indent=1))
            for name, content in kept:
                if isinstance(content, bytes):
                    file.writestr(name, content)
                else:
                    file.write(content, name)
    except OSError as error:
        raise GalleryError(f"{path} cannot be written ({error}): nothing was kept") from error
    return Parcel(path, about, {name: facts["bytes"] for name, facts in members.items()}, path.stat().st_size)


def read_parcel(path: Path, folder: Path | None = None) -> Parcel:
    """Check a parcel, and unpack it into a new folder if one is given.

    Raises:
        GalleryError: it is no parcel, damaged, or holds what none may hold; nothing was written.
    """
    try:
        with zipfile.ZipFile(path) as file:
            listed = _listed(path, file)
            for name, facts in listed["members"].items():
                with file.open(name) as member:
                    if _digest_of(member) != facts["sha256"]:
                        raise GalleryError(f"{path} is damaged: {name} is not what was packed; fetch it again")
            if folder is not None:
                for name in listed["members"]:
                    target = folder / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with file.open(name) as member, target.open("xb") as out:
                        while block := member.read(_BLOCK):
                            out.write(block)
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, NotImplementedError, RuntimeError, EOFError) as error:
        raise GalleryError(f"{path} is no parcel of reid, or damaged ({error}): fetch it again") from error
    return Parcel(path, listed["about"], {name: facts["bytes"] for name, facts in listed["members"].items()}, path.stat().st_size)


def _listed(path: Path, file: zipfile.ZipFile) -> dict[str, Any]:
    infos = {info.filename: info for info in file.infolist()}
    if len(infos) != len(file.infolist()):
        raise GalleryError(f"{path} holds two members of one name: it is no parcel of reid")
    if LIST not in infos or infos[LIST].file_size > MAX_LIST_BYTES or infos[LIST].compress_type != zipfile.ZIP_STORED:
        raise GalleryError(f"{path} is no parcel of reid: its list {LIST} is missing, compressed or absurdly large")
    listed: dict[str, Any] = json.loads(file.read(LIST))
    if listed["format"] > ARCHIVE_FORMAT:
        raise GalleryError(f"{path} has format {listed['format']}, this reid knows formats up to {ARCHIVE_FORMAT}: update reid")
    if set(infos) != {LIST, *listed["members"]}:
        raise GalleryError(f"{path} is damaged: its members are not those on its list; fetch it again")
    for name, info in infos.items():
        if name == LIST:
            continue
        if not _NAME.fullmatch(name):
            raise GalleryError(f"{path} holds {name!r}, which no parcel may hold: it is refused")
        plain = info.compress_type == zipfile.ZIP_STORED and info.external_attr >> 28 in (0, 0o10)
        if not plain or info.file_size != listed["members"][name]["bytes"]:
            raise GalleryError(f"{path} is refused: {name} is compressed, a link, or of another size than its list says")
    return listed


def _size(content: Path | bytes) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _digest(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return _digest_of(file)


def _digest_of(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
