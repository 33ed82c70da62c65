"""Who of a gallery no longer looks like itself."""

from __future__ import annotations

from collections.abc import Sequence

from reid.learn.drift import Aged, Drifted, drifted
from reid.store import EnrolledPhoto, Gallery


def drift_of(gallery: Gallery, species: str, photos: Sequence[EnrolledPhoto]) -> tuple[Drifted, ...]:
    """The drifted individuals among photos of one species, by its current net; () where that is not calibrated."""
    calibration = gallery.calibration(species)
    if calibration is None:
        return ()
    ids, vectors = gallery.vectors(species)
    row = {int(number): at for at, number in enumerate(ids)}
    known = [one for one in photos if one.id in row]
    aged = [Aged(one.id, one.individual, one.season, one.side, one.captured_at) for one in known]
    return drifted(aged, vectors[[row[one.id] for one in known]], calibration) if known else ()
