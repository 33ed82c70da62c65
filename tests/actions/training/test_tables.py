"""Training, calibration and upgrade as tables of plain values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from reid.actions.training.results import (
    CalibrateReport,
    NearestChange,
    SpeciesCalibration,
    SpeciesUpgrade,
    TrainedNet,
    TrainReport,
)
from reid.actions.training.tables import calibrated, training, upgraded
from tests.actions.training.vector_gallery import OLD

NET = TrainedNet("embedding", "zebra", "ab12", 40, 8, 3, 12.6, {"rank_1": 0.91234, "top_1": 0.5}, True)


def test_each_net_in_use_has_its_own_figure_and_says_whether_it_is_calibrated() -> None:
    side = TrainedNet("species", "", "cd34", 60, 0, 2, 5.4, {"top_1": 0.98765}, False)
    shared = replace(NET, species="lion", figures={}, calibrated=False, shared=True)
    ((title, columns, rows),) = training(TrainReport(Path("g"), (NET, side, shared), (), ()))
    assert title == "Nets of g" and [tuple(row) for row in rows] == [
        ("embedding", "zebra", 40, 8, 3, 13, "rank-1 0.912", "yes", "ab12"),
        ("species", "all", 60, "", 2, 5, "top-1 0.988", "", "cd34"),
        ("embedding", "lion", 40, 8, 3, 13, "", "no: REVIEW only", "ab12 (shared)"),
    ]  # fmt: skip
    assert all(len(row) == len(columns) for row in rows)


def test_thresholds_stand_before_and_after_with_what_must_be_known_of_them() -> None:
    new = replace(OLD, known_at=0.9, new_at=0.7, checked_up_to=100)
    learned = SpeciesCalibration("zebra", "f", 8, 32, 200, ("z08", "z09"), OLD, new, "", (), 0.03)
    stays = SpeciesCalibration("lion", "f", 1, 2, 2, (), None, None, "too few", (), 0.0)
    ((title, columns, rows),) = calibrated(CalibrateReport(Path("g"), 0.01, (learned, stays), None, ()))
    first, second = (dict(zip(columns, row, strict=True)) for row in rows)
    assert title == "Thresholds of g for a stated error of 0.01"
    assert (first["known from, before"], first["known from"], first["new from"], first["checked up to"]) == (
        "0.97", "0.90", "0.70", 100,
    )  # fmt: skip
    assert (first["wrong individual"], first["calibration error"]) == (new.false_match, 0.03)
    assert first["note"] == (
        "2 individuals left out: the net was, or may have been, trained on them; 200 individuals are enrolled: more than these "
        "thresholds were checked for"
    )
    assert tuple(rows[1]) == ("lion", 1, 2, "none", "", "", "", "", "", "too few") and second["note"] == "too few"


def test_an_upgrade_shows_figures_before_and_after_and_the_photos_that_changed_if_any() -> None:
    change = NearestChange(7, "Ada", "Ada", "Bo")
    one = SpeciesUpgrade("zebra", "old", "new", 4, (), 4, (change,), 0.5, np.nan, None, OLD, True)
    figures, changes = upgraded(one)
    assert [tuple(row) for row in figures[2]] == [
        ("net", "old", "new"), ("rank-1 on the gallery's own photos (other encounters)", 0.5, None),
        ("known from", "none: REVIEW only", 0.97),
    ]  # fmt: skip
    assert changes == ("Nearest individual changes for 1 of 4 photos", ("photo", "shows", "before", "after"),
                       [(7, "Ada", "Ada", "Bo")])  # fmt: skip
    assert len(upgraded(replace(one, changes=()))) == 1, "no empty table"
