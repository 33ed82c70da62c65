"""`reid gallery`: what is in it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from reid import settings as options
from reid.actions.curation.results import GallerySummary, SpeciesInGallery
from reid.errors import NetError
from reid.nets import net_files
from reid.store import EnrolledPhoto, IndividualSummary
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery


def gallery(folder: Path | None = None) -> GallerySummary:
    """What is in a gallery: species, nets, individuals, photos, seasons.

    Args:
        folder: None = REID_GALLERY or indexes/default.

    Raises:
        GalleryError: no gallery there, or it cannot be read.
    """
    with open_gallery(options.gallery_folder(folder)) as opened:
        found = tuple(
            SpeciesInGallery(one, _card(opened, one.fingerprint), opened.calibration(one.name))
            for one in opened.species()
        )
        stage_1 = opened.species_net() or ""
        card = _card(opened, stage_1)
        return GallerySummary(
            Path(opened.where),
            found,
            stage_1,
            card.classes if card else (),
            sum(one.summary.individuals for one in found),
            sum(one.summary.photos for one in found),
            opened.sides.net() or "",
        )


def individuals(
    folder: Path | None = None, *, species: str | None = None, removed: bool = False, as_of: datetime | date | None = None
) -> tuple[IndividualSummary, ...]:
    """The enrolled individuals, or those removed and merged, by species and name.

    Args:
        folder: None = REID_GALLERY or indexes/default.
        species: only of this one.
        removed: those that were removed or merged into others, instead.
        as_of: as the gallery was at that moment (a day: at its end).

    Raises:
        GalleryError: no gallery there, or it cannot be read. UsageError: it knows nothing of that moment.
    """
    with open_gallery(options.gallery_folder(folder), as_of=as_of) as opened:
        return opened.individuals(species, removed=removed)


def photos(
    folder: Path | None = None,
    *,
    species: str | None = None,
    individual: str | None = None,
    removed: bool = False,
    as_of: datetime | date | None = None,
) -> tuple[EnrolledPhoto, ...]:
    """The enrolled photos, or those removed, by id; the arguments are those of `individuals`. Raises GalleryError, UsageError."""
    with open_gallery(options.gallery_folder(folder), as_of=as_of) as opened:
        return opened.photos(species, individual, removed=removed)


def _card(opened: GalleryStore, fingerprint: str) -> net_files.NetCard | None:
    if not fingerprint:
        return None
    try:
        return net_files.read_card(opened.nets.path(fingerprint))
    except NetError:
        return None
