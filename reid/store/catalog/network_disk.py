"""Can several processes share a gallery on this disk? SQLite's log needs locks, and memory that all of them see."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

NETWORK = frozenset({
    "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "davfs2", "fuse.davfs2", "fuse.gvfsd-fuse", "fuse.rclone", "fuse.sshfs",
    "gfs", "gfs2", "glusterfs", "fuse.glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3",
    "smbfs",
})
"""Kinds of file systems that lie on another machine: two machines would not see each other's log."""
_MOUNTS = Path("/proc/self/mountinfo")
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def unsafe(folder: Path, mounts: Path = _MOUNTS) -> str:
    """Why a gallery there must not be written; "" if it may.

    Args:
        folder: of the gallery; it need not be there yet.
        mounts: the list of mounted disks, in the form of Linux.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    kind = _kind(there.resolve(), mounts)
    if kind in NETWORK:
        return f"it lies on a network disk ({kind}), where two machines would not see each other's changes"
    return "" if os.name != "posix" or not os.access(there, os.W_OK) or _locks(there) else "its disk has no locks"


def _kind(folder: Path, mounts: Path) -> str:
    """The kind of file system that a folder is on; "" if that is unknown."""
    try:
        lines = mounts.read_text("utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        first, _, second = line.partition(" - ")
        words = first.split()
        if len(words) < 5 or not second:
            continue
        point = words[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        if (folder == Path(point) or Path(point) in folder.parents) and len(Path(point).parts) >= best:
            best, kind = len(Path(point).parts), second.split()[0]
    return kind


def _locks(folder: Path) -> bool:
    import fcntl

    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _WITHOUT_LOCKS
    return True
