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
    """A folder, made where absent. Raises UsageError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"{folder}: cannot be made ({fault.strerror}); name a folder that can be written to.") from fault
    return folder
