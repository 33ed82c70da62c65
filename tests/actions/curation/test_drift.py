"""Who no longer looks like itself, asked of a gallery in memory."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from reid.actions.curation.drift import drift_of, drifts
from reid.records import Calibration
from tests.store.in_memory import Disk, InMemoryGallery
from tests.store.stock import DIMENSION, LEARNT, NET, item

AXES = np.eye(DIMENSION, dtype=np.float32)


def stocked(place: Path, calibration: Calibration | None) -> InMemoryGallery:
    """Ada looks another way in her second season, Bo as ever."""
    gallery = InMemoryGallery(Disk(place / "g"))
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=calibration)
    gallery.enroll("zebra", NET, [
        item(name, f"{name} {year}", AXES[axis], side="left", season=str(year), captured_at=datetime(year, 5, 1))
        for name, year, axis in (("Ada", 2023, 0), ("Ada", 2024, 1), ("Bo", 2023, 2), ("Bo", 2024, 2))
    ])  # fmt: skip
    return gallery


def test_an_individual_whose_newest_photos_fit_the_oldest_badly_has_drifted(tmp_path: Path) -> None:
    gallery = stocked(tmp_path, LEARNT)
    ((species, ada),) = drifts(gallery, gallery.photos())
    assert (species, ada.individual, ada.oldest, ada.newest, ada.score) == ("zebra", "Ada", "2023", "2024", 0.0)
    assert ada.probability < 0.5


def test_without_a_calibration_or_photos_nobody_is_said_to_have_drifted(tmp_path: Path) -> None:
    raw = stocked(tmp_path / "raw", None)
    assert drift_of(raw, "zebra", raw.photos()) == ()
    assert drift_of(stocked(tmp_path, LEARNT), "zebra", ()) == ()
