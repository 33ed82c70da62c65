"""What training, calibration and upgrade answer with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reid.actions.training.results import CalibrateReport, SpeciesCalibration, SpeciesUpgrade, UpgradeReport
from reid.records import Problem
from tests.actions.training.vector_gallery import OLD


def test_a_species_that_stays_as_it_was_is_a_failure_with_its_reason() -> None:
    stays = SpeciesCalibration("lion", "f", 1, 2, 2, (), None, None, "too few", (), 0.0)
    learned = SpeciesCalibration("zebra", "f", 8, 32, 20, (), None, OLD, "", (), 0.0)
    assert CalibrateReport(Path("g"), 0.01, (stays, learned), None, ()).failures == ("lion: too few",)


def test_the_photos_left_behind_are_the_problems_of_an_upgrade() -> None:
    gone, unread = Problem("a.jpg", "gone"), Problem("b.jpg", "damaged")
    species = [
        SpeciesUpgrade(name, "old", "new", 1, left, 0, (), np.nan, np.nan, None, None, True)
        for name, left in (("deer", (gone,)), ("zebra", (unread,)))
    ]
    assert UpgradeReport(Path("g"), "new", tuple(species)).problems == (gone, unread)
