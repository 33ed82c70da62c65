"""Files written whole or not at all, and kept by the disk once they are said to be written.

A file is written under a temporary name beside its place and synced. One atomic replace puts it in its place, and the folder
is synced, for a synced file whose name is not on the disk is lost when the power fails.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
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

from reid.errors import UsageError

TEMPORARY = ".new-"
"""In the name of a temporary file or folder; what a kill left under such a name may be deleted."""
OLD_SECONDS = 3600.0
"""Nobody writes any more to what was not touched for so long."""
_LONGEST_NAME = 255 - 40
"""Bytes of a file's name that its temporary name keeps; most disks allow 255 in all."""
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM)
"""What a disk or a system answers that syncs no folders, or a folder that may be written to and not be read."""
_MADE = re.compile(rf"{re.escape(TEMPORARY)}(\d{{1,9}})-([0-9a-f]{{8}})[0-9a-f]{{8}}$")


@contextmanager
def atomic_replace(path: Path, *, synced: bool = True) -> Iterator[Path]:
    """A temporary file to write to; once the block is left, it is on the disk and has taken the place of `path`.

    Args:
        path: of the file; its folder must be there.
        synced: False for one of many files, which the caller syncs together by `sync_files` before it says that they are written.

    Raises:
        OSError: it could not be written; `path` is as it was, unless only its folder could not be synced.
    """
    temporary = temporary_name(path, hidden=True)
    try:
        yield temporary
        if synced:
            _sync(temporary)
        temporary.replace(path)
        if synced:
            sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def output_file(path: Path, *, synced: bool = True) -> Iterator[Path]:
    """The same for a file that the user asked for. Raises UsageError where it cannot be written."""
    try:
        with atomic_replace(path, synced=synced) as temporary:
            yield temporary
    except OSError as error:
        raise UsageError(f"{path}: not written ({error.strerror}); name a folder that can be written to.") from error


def write_text(path: Path, text: str, *, encoding: str = "utf-8") -> Path:
    """Write a text file, its folders made where absent, line ends as they are. Raises UsageError where it cannot be written."""
    try:
        make_folder(path.parent)
    except OSError as error:
        raise UsageError(f"{path}: not written ({error.strerror}); name a folder that can be written to.") from error
    with output_file(path) as temporary:
        temporary.write_bytes(text.encode(encoding))
    return path


def move_folder(source: Path, target: Path) -> None:
    """Give a finished folder its name: everything in it is synced, then it is renamed, and the name is synced.

    Raises:
        OSError: there is something at `target`, or the disk failed.
    """
    folders = [source, *(path for path in source.rglob("*") if path.is_dir() and not path.is_symlink())]
    sync_files(path for folder in folders for path in folder.iterdir() if path.is_file())
    for folder in reversed(folders):
        sync_folder(folder)
    source.rename(target)
    sync_folder(target.parent)


def sync_files(paths: Iterable[Path]) -> None:
    """Make files durable, and their names: each file, then each of their folders once. Raises OSError."""
    folders: dict[Path, None] = {}
    for path in paths:
        _sync(path)
        folders[path.parent] = None
    for folder in folders:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can. Raises OSError where the disk fails."""
    if os.name != "posix":
        return  # other systems do not open folders
    try:
        _sync(folder)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def _sync(path: Path) -> None:
    """Have the disk keep what was written. Elsewhere than on posix a file must be open for writing for that."""
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> Path:
    """Make a folder with its parents where absent, so that the disk keeps their names, too. Raises OSError."""
    absent = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in reversed(absent):
        sync_folder(path.parent)
    return folder


def writable_folder(folder: Path) -> Path:
    """A folder that can be written to, made where absent. Raises UsageError where it cannot be made, or not be written to.

    To be asked before hours of work, and before anything in a gallery changes.
    """
    try:
        make_folder(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made ({error.strerror}); name a folder that can be written to.") from error
    probe = temporary_name(folder / "probe", hidden=True)
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written to ({error.strerror}); name a folder that can be.") from error
    return folder


def check_writable(folder: Path) -> None:
    """Make sure that a folder can be written to, or made, and leave nothing behind. Raises UsageError."""
    writable_folder(next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists()))


def temporary_name(path: Path, *, hidden: bool = False) -> Path:
    """A name beside `path` for what is written before it takes its place; it says which process of which machine writes.

    hidden: for a name that lists do not show.
    """
    name = path.name
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = os.fsencode(name)[:_LONGEST_NAME].decode("utf-8", "ignore")
    return path.with_name(f"{'.' if hidden else ''}{name}{TEMPORARY}{os.getpid()}-{_machine()}{secrets.token_hex(4)}")


def is_left_over(path: Path) -> bool:
    """Whether it has a temporary name and nobody writes there any more: the process is gone, or it was still for an hour."""
    name = _MADE.search(path.name)
    if name is None:
        return False
    if name[2] == _machine() and not _lives(int(name[1])):
        return True
    try:
        return time.time() - max(part.stat().st_mtime for part in (path, *path.rglob("*"))) > OLD_SECONDS
    except OSError:  # somebody is at work there, or clears it up
        return False


def clear_left_over(paths: Iterable[Path]) -> None:
    """Throw away the folders among `paths` that a kill left."""
    for path in paths:
        if path.is_dir() and not path.is_symlink() and is_left_over(path):
            shutil.rmtree(path, ignore_errors=True)  # another process clears it, too


@cache
def _machine() -> str:
    """Of this machine and, in a container, of what numbers its processes: the number of a process says nothing elsewhere.

    Many machines bear one name ("raspberrypi"): where it can be read, what counts is since when this one is up.
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
    except OSError:  # another user's
        return True
    return True
