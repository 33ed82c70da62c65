"""`reid log` and `reid undo`: what was changed in a gallery, by whom and why, and taking it back."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from reid import settings as options
from reid.store import Detail, JournalEntry, Purge
from reid.store.opening import open_gallery


def log(
    *, gallery: Path | None = None, limit: int = options.LOG_LIMIT, individual: str = "", species: str = ""
) -> tuple[JournalEntry, ...]:
    """The last changes of a gallery, the newest first.

    Args:
        gallery: its folder; None = REID_GALLERY or indexes/default.
        limit: so many at most.
        individual: only what concerns this one, by name or "#id", removed or merged ones too; "" = everything.
        species: of the individual, where several species have one of this name.

    Raises:
        UsageError: there never was such an individual. GalleryError: no gallery there, or it cannot be read.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        who = opened.identities.find(individual, species=species or None).id if individual else None
        return opened.history.log(limit, individual_id=who)


def show_entry(entry: int, *, gallery: Path | None = None) -> Detail:
    """One entry of the journal with every value it altered. Raises UsageError for one that never was, GalleryError."""
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.history.detail(entry)


def undo(entry: int | None = None, *, gallery: Path | None = None, why: str = "") -> JournalEntry:
    """Undo one entry of the journal; the undoing is an entry itself and can be undone in turn.

    Args:
        entry: its number; None = the last one that is neither an undo nor undone.
        gallery: its folder; None = REID_GALLERY or indexes/default.
        why: for the journal.

    Returns:
        The new entry; `undoes` says which one was undone.

    Raises:
        UsageError: no such entry, undone already, or of a kind that cannot be undone.
        UndoConflict: a later entry builds on it; the text and `entry` say which. Nothing was changed.
        GalleryError, GalleryBusy: the gallery cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.history.undo(entry, why=why)


def undo_to(entry: int, *, gallery: Path | None = None, why: str = "") -> tuple[JournalEntry, ...]:
    """Undo all that was changed after one entry of the journal, in one transaction; each undo is an entry of its own.

    Args:
        entry: the last one that stays as it is; 0 = none does.
        gallery: its folder; None = REID_GALLERY or indexes/default.
        why: for the journal.

    Returns:
        The new entries. To go back to the last entry before them brings everything back.

    Raises:
        UsageError: no such entry, nothing to undo after it, or a purge after it. UndoConflict: one cannot be undone.
        GalleryError, GalleryBusy: the gallery cannot be written. Nothing was changed.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.history.undo_to(entry, why=why)


def purge(
    *,
    gallery: Path | None = None,
    before: datetime | date | None = None,
    old_vectors: bool = False,
    yes: bool = False,
    why: str = "",
    until: int = 0,
) -> Purge:
    """Delete for good what was removed: photos, individuals, sightings. The only real delete; it cannot be undone.

    Merged individuals are not removed ones: both histories stay. Photographs are never touched.

    Args:
        gallery: its folder; None = REID_GALLERY or indexes/default.
        before: only what was removed by that moment (a day: by its end); None = everything that is removed now.
        old_vectors: embeddings too that those of the species' current net have replaced.
        yes: do it; without it nothing is deleted, and what would be is reported.
        why: for the journal.
        until: `until` of the plan that was agreed to, as returned without `yes`: nothing that was removed after it is deleted.

    Raises:
        UsageError: the gallery knows nothing of `before`. GalleryError, GalleryBusy: it cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.history.purge(before=before, old_vectors=old_vectors, only_plan=not yes, why=why, until=until)
