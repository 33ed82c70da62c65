"""The distribution's name, and whether another project's package of the name `reid` lies in the same environment.

The import name and the command are `reid`; another project, on persons, is distributed under that name.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

DISTRIBUTION = "wild-reid"
INSTALL_VIDEO = f"pip install '{DISTRIBUTION}[video]'"
_OURS = "Summary: Re-identification of individual animals"
"""How the metadata of this project begin to describe it; distributions of its first days were called `reid`, too."""
_METADATA = re.compile(r"(?P<name>.+?)(-\d[^-]*)?(-py[\d.]+)?\.(dist-info|egg-info)", re.IGNORECASE)


def namesake(*, thorough: bool = False) -> str:
    """What to do about another project's package `reid`; "" where there is none.

    Args:
        thorough: read the file lists of all distributions, too, for one of another name that brings a package `reid`. It takes
            some tens of milliseconds; without it only names of folders are read.
    """
    strangers = [folder for folder in _metadata("reid-") if _name(folder) == "reid" and not _is_ours(folder)]
    if thorough:
        strangers += [folder for folder in _metadata() if _name(folder) not in ("reid", DISTRIBUTION) and _brings_reid(folder)]
    if not strangers:
        return ""
    names = " ".join(sorted({_name(folder) for folder in strangers}))
    return (
        f"another project's package `reid` is installed beside this one ({', '.join(map(str, strangers))}), and one overwrites "
        f"files of the other; remedy: pip uninstall -y {names} {DISTRIBUTION}, then pip install {DISTRIBUTION}"
    )


def _metadata(start: str = "") -> Iterator[Path]:
    """The metadata folders of every installed distribution whose names begin so."""
    for place in dict.fromkeys(sys.path):
        try:
            names = os.listdir(place or ".")  # noqa: PTH208 (names alone: this runs before every command)
        except OSError:  # a path that is no folder: a zip file, or nothing
            continue
        yield from (Path(place, name) for name in names if name.lower().startswith(start) and _METADATA.fullmatch(name))


def _name(folder: Path) -> str:
    """The distribution's name, normalised as pip does."""
    match = _METADATA.fullmatch(folder.name)
    return re.sub(r"[-_.]+", "-", match["name"]).lower() if match else ""


def _is_ours(folder: Path) -> bool:
    return any(line.startswith(_OURS) for file in ("METADATA", "PKG-INFO") for line in _lines(folder / file))


def _brings_reid(folder: Path) -> bool:
    return any(line.startswith("reid/__init__.py,") for line in _lines(folder / "RECORD"))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
