"""Text files written beside and swapped in."""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path

from reid.errors import UsageError


def write_text(path: Path, text: str, *, encoding: str = "utf-8") -> Path:
    """Write a text file, its folders made where absent; line ends as given. Raises UsageError where it cannot be written."""
    beside = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(text.encode(encoding))
        beside.replace(path)
    except OSError as fault:
        raise UsageError(f"{path}: not written ({fault.strerror}); name a folder that can be written to.") from fault
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
    return path


def made(folder: Path) -> Path:
    """A folder that can be written to, made where absent. Raises UsageError where it cannot be made, or not be written to.

    To be asked before hours of work, and before anything in a gallery changes.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"{folder}: cannot be made ({fault.strerror}); name a folder that can be written to.") from fault
    probe = folder / f".{uuid.uuid4().hex}.part"
    try:
        probe.touch()
        probe.unlink()
    except OSError as fault:
        raise UsageError(f"{folder}: cannot be written to ({fault.strerror}); name a folder that can be.") from fault
    return folder


def place_for(folder: Path) -> None:
    """Make sure that a folder can be written to, or made, and leave nothing behind. Raises UsageError."""
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    made(there)
