"""Who of a gallery no longer looks like itself."""

from __future__ import annotations

from collections.abc import Sequence

from reid.evaluation.appearance_drift import Aged, Drifted, drifted
from reid.store import EnrolledPhoto
from reid.store.contract import GalleryStore


def drifts(gallery: GalleryStore, photos: Sequence[EnrolledPhoto]) -> tuple[tuple[str, Drifted], ...]:
    """The drifted individuals among photos of any species, each with its species."""
    return tuple(
        (name, one) for name in sorted({one.species for one in photos})
        for one in drift_of(gallery, name, [photo for photo in photos if photo.species == name])
    )


def drift_of(gallery: GalleryStore, species: str, photos: Sequence[EnrolledPhoto]) -> tuple[Drifted, ...]:
    """The drifted individuals among photos of one species, by its current net; () where that is not calibrated."""
    calibration = gallery.calibration(species)
    if calibration is None:
        return ()
    ids, vectors = gallery.vectors(species)
    row = {int(number): at for at, number in enumerate(ids)}
    known = [one for one in photos if one.id in row]
    aged = [Aged(one.id, one.individual, one.season, one.side, one.captured_at) for one in known]
    return drifted(aged, vectors[[row[one.id] for one in known]], calibration) if known else ()
