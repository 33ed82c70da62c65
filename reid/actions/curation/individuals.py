"""`reid individuals` and `reid photos`: who is who, corrected. Every correction is in the journal and can be undone.

An individual is named by its name, or as "#7" by its permanent id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from reid import settings as options
from reid.actions.curation.results import IndividualShown
from reid.store import Correction
from reid.store.opening import open_gallery


def show_individual(individual: str, *, species: str = "", gallery: Path | None = None) -> IndividualShown:
    """Everything the gallery knows of one individual, removed or merged ones too. Raises UsageError, GalleryError."""
    with open_gallery(options.gallery_folder(gallery)) as opened:
        owner = opened.identities.find(individual, species=species or None)
        everyone = [*opened.individuals(owner.species), *opened.individuals(owner.species, removed=True)]
        (summary,) = [one for one in everyone if one.id == owner.id]
        photos = tuple(one for one in opened.photos(owner.species, owner.name) if one.individual_id == owner.id)
        merged = tuple(one for one in everyone if one.merged_into == owner.id)
        return IndividualShown(summary, photos, merged, opened.history.log(1000, individual_id=owner.id))


def rename_individual(
    individual: str, name: str, *, species: str = "", gallery: Path | None = None, why: str = ""
) -> Correction:
    """Give an individual another name; its id stays.

    Raises:
        UsageError: no such individual, or the name is another's (the message says how to merge the two). Nothing was changed.
        GalleryError, GalleryBusy: the gallery cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.identities.rename(individual, name, species=species or None, why=why)


def merge_individuals(
    individual: str, into: str, *, species: str = "", gallery: Path | None = None, why: str = ""
) -> Correction:
    """Two individuals are one animal: the photos of the first go to the second. `split_individual` takes it apart again.

    Raises:
        UsageError: one of the two is not there, or they are of different species. Nothing was changed.
        GalleryError, GalleryBusy: the gallery cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.identities.merge(individual, into, species=species or None, why=why)


def split_individual(
    individual: str, name: str, *, photos: Sequence[int] = (), species: str = "", gallery: Path | None = None, why: str = ""
) -> Correction:
    """One individual is two animals.

    Args:
        individual: that holds the photos of both.
        name: without photos: of the individual that was merged into it; it comes back with its id and the photos it
            brought. With photos: the name of a new individual.
        photos: ids of the photos that show the new one; () = take a merge apart.
        species: of the individual, where several species have one of this name.
        gallery: its folder; None = REID_GALLERY or indexes/default.
        why: for the journal.

    Raises:
        UsageError: no such individual or merge, a photo that is not its own, or the name is in use. Nothing was changed.
        GalleryError, GalleryBusy: the gallery cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.identities.split(individual, name, photos=photos, species=species or None, why=why)


def remove_individual(individual: str, *, species: str = "", gallery: Path | None = None, why: str = "") -> Correction:
    """Take an individual out of the gallery with its photos; `restore_individual` brings both back.

    Raises:
        UsageError: no such individual. GalleryError, GalleryBusy: the gallery cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.identities.remove(individual, species=species or None, why=why)


def restore_individual(individual: str, *, species: str = "", gallery: Path | None = None, why: str = "") -> Correction:
    """Bring a removed individual back with the photos that were removed together with it.

    Raises:
        UsageError: it is not removed, or its name or a photo is in use by now. Nothing was changed.
        GalleryError, GalleryBusy: the gallery cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.identities.restore(individual, species=species or None, why=why)


def move_photos(
    photos: Sequence[int], to: str, *, new: bool = False, gallery: Path | None = None, why: str = ""
) -> Correction:
    """Photos (ids) show another individual of their species; `new` makes it where there is none of this name.

    Raises:
        UsageError: no such photo or individual, or the photos are of several species. Nothing was changed.
        GalleryError, GalleryBusy: the gallery cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.corrections.move(photos, to, new=new, why=why)


def remove_photos(photos: Sequence[int], *, gallery: Path | None = None, why: str = "") -> Correction:
    """Take photos (ids) out of the gallery; `restore_photos` brings them back. Raises UsageError, GalleryError."""
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.corrections.remove(photos, why=why)


def restore_photos(photos: Sequence[int], *, to: str = "", gallery: Path | None = None, why: str = "") -> Correction:
    """Bring removed photos (ids) back to the individual they were with, or `to` another one of their species.

    Raises:
        UsageError: a photo is not removed, its individual is, or the same photo was enrolled again. Nothing was changed.
        GalleryError, GalleryBusy: the gallery cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.corrections.restore(photos, to=to or None, why=why)


def correct_photos(
    photos: Sequence[int],
    *,
    side: str | None = None,
    captured_at: datetime | Literal[""] | None = None,
    camera: str | None = None,
    encounter: str | None = None,
    season: str | None = None,
    gallery: Path | None = None,
    why: str = "",
) -> Correction:
    """Correct what is known of photos (ids); None leaves a fact as it is, "" says that it is not known.

    With a new date, a season that was the year of the old date becomes the year of the new one.

    Raises:
        UsageError: no such photo, no such side, or nothing to correct was given. Nothing was changed.
        GalleryError, GalleryBusy: the gallery cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        return opened.corrections.correct(
            photos, side=side, captured_at=captured_at, camera=camera, encounter=encounter, season=season, why=why
        )
