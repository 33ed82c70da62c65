"""Every error that reid raises on purpose: one base class, each class with its exit code and HTTP status.

The text of an error says what was met, what was wanted, and what to do next. Doors (CLI, API, web) catch `ReidError` only.
"""

from __future__ import annotations


class ReidError(Exception):
    """Base of all errors raised on purpose by reid."""

    exit_code = 10
    http_status = 500


class UsageError(ReidError):
    """The caller asked for something that does not exist or does not fit together."""

    exit_code = 2
    http_status = 400


class PhotoError(ReidError):
    """One photo cannot be used: missing, truncated, empty, no image, or too large."""

    exit_code = 3
    http_status = 422


class ManifestError(ReidError):
    """A table of photos cannot be read at all (a bad row is a `Problem`, not this)."""

    exit_code = 4
    http_status = 422


class GalleryError(ReidError):
    """A folder is no gallery, or its content cannot be trusted."""

    exit_code = 5
    http_status = 409


class GalleryTooNew(GalleryError):
    """The gallery was written by a newer reid, in a format this one does not know."""

    exit_code = 6


class GalleryBusy(GalleryError):
    """Another process holds the gallery's write lock for longer than we wait."""

    exit_code = 7
    http_status = 503


class ModelMismatch(ReidError):
    """Net and gallery do not fit: the gallery was enrolled with another embedding net."""

    exit_code = 8
    http_status = 409


class NetError(ReidError):
    """A net file is damaged, incomplete, or of an architecture this reid cannot build."""

    exit_code = 9
    http_status = 409


class TrainingError(ReidError):
    """Training cannot start or cannot go on (too few photos, collapsed net, no such device)."""

    exit_code = 11
    http_status = 422


class ShapeError(ReidError):
    """An array has another shape or type than asked for."""

    exit_code = 12
    http_status = 400


class UndoConflict(ReidError):
    """An entry of the journal cannot be undone because a later one builds on it; `entry` is that later one."""

    exit_code = 13
    http_status = 409

    def __init__(self, text: str, entry: int) -> None:
        """The text names the later entry too."""
        super().__init__(text)
        self.entry = entry
