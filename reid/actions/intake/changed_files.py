"""Files whose content is no longer what was enrolled from them: reported by name, with what they were and what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from reid.records import Box, Photo, Problem
from reid.store import EnrolledPhoto
from reid.store.contract import GalleryStore


def changed_files(gallery: GalleryStore, photos: Sequence[Photo]) -> Iterator[Problem]:
    """The photos whose file was enrolled with another content; files that are enrolled, and no others, are read for it."""
    there = gallery.enrolled_at([photo.path for photo in photos])
    digests: dict[str, str] = {}
    for photo in photos:
        path = photo.path.absolute().as_posix()
        if path not in there:
            continue
        try:
            digest = digests.get(path) or digests.setdefault(path, _sha256(photo.path))
        except OSError:
            continue  # one that cannot be read is found when it is enrolled
        if problem := changed(photo, digest, there[path]):
            yield problem


def changed(photo: Photo, sha256: str, enrolled: Sequence[EnrolledPhoto]) -> Problem | None:
    """The problem with a photo whose content is `sha256`, where its file was enrolled with another content; None if it was not.

    A photo of another moment is none: memory cards are read at the same place year after year, and count from IMG_0001 again.

    enrolled: the photos that were enrolled from a file at this path.
    """
    if not enrolled or any(one.sha256 == sha256 for one in enrolled):
        return None
    moments = {_moment(one.captured_at) for one in enrolled}
    if photo.captured_at and None not in moments and _moment(photo.captured_at) not in moments:
        return None
    before = next((one for one in enrolled if _key(one.box) == _key(photo.box)), enrolled[0])
    when = f", taken {before.captured_at:%Y-%m-%d %H:%M}" if before.captured_at else ""
    ids = " ".join(str(one.id) for one in enrolled)
    reason = (
        f"the file has another content than the one enrolled from it: it was photo {before.id} of {before.individual!r}{when}, "
        f"{before.width} x {before.height} pixels, sha256 {before.sha256[:12]}, and is sha256 {sha256[:12]} now: not enrolled; "
        f"bring the old file back, or `reid photos remove {ids}` and run this again if the new picture takes its place, or "
        "--changed add if it is another photo under an old name"
    )
    return Problem(str(photo.path), reason, photo.origin)


def another_picture(photo: Photo, sha256: str) -> Problem | None:
    """The problem with a photo whose table names another content (column `sha256`) than its file has; None where it fits.

    Such a table was written about a picture that has been replaced since: what it says is not of this one.
    """
    named = photo.column("sha256").lower()
    if not named or named == sha256:
        return None
    reason = (
        f"the table speaks of another picture (sha256 {named[:12]}) than the file holds now ({sha256[:12]}): not enrolled; "
        "make the table again, such as by `reid report`"
    )
    return Problem(str(photo.path), reason, photo.origin)


def stale_guess(photo: Photo, known: Collection[str]) -> Problem | None:
    """The problem with a photo that is to get the name its table guessed (column `best_guess`), where nobody has it any more.

    A guess names who was enrolled when the table was written; since renamed, merged or removed, it would be a new animal.

    Args:
        photo: with the individual that it is to show.
        known: the individuals of its species.
    """
    guess = photo.column("best_guess")
    if not guess or guess != photo.individual or guess in known:
        return None
    reason = (
        f"the table guessed {guess!r}, who is not in the gallery any more (renamed, merged or removed): not enrolled; make the "
        "table again, such as by `reid report`"
    )
    return Problem(str(photo.path), reason, photo.origin)


def _moment(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=None) if at else None


def _key(box: Box | None) -> str:
    return box.key() if box else ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
