from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import pytest

from reid.evaluation.appearance_drift import Aged, drifted
from tests.steps.stock import calibration

YEARS = {"2021": datetime(2021, 5, 1), "2022": datetime(2022, 5, 1), "2023": datetime(2023, 5, 1)}


def turned(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def aged(number: int, name: str, season: str, side: str = "left") -> Aged:
    return Aged(number, name, season, side, YEARS[season])


def test_who_no_longer_looks_like_itself_is_listed_the_worst_first() -> None:
    photos = [
        aged(1, "Ada", "2021"), aged(2, "Ada", "2023"), aged(3, "Bo", "2021"), aged(4, "Bo", "2022"), aged(5, "Bo", "2023"),
        aged(6, "Cy", "2021"), aged(7, "Cy", "2023"),
    ]
    found = drifted(photos, turned(0, 70, 0, 45, 90, 0, 20), calibration())
    assert [(one.individual, one.oldest, one.newest, one.photos) for one in found] == [
        ("Bo", "2021", "2023", (5, 3)), ("Ada", "2021", "2023", (2, 1)),
    ]
    ada = found[1]
    worth = 20 * math.cos(math.radians(70)) - 10  # ln LR of the calibration
    assert ada.score == pytest.approx(math.cos(math.radians(70)), abs=1e-6)
    assert ada.probability == pytest.approx(1 / (1 + math.exp(-worth)), rel=1e-4)
    assert "photos of 2023 fit those of 2021 badly (best 0.34, one animal with probability 0.04)" in ada.reason


def test_left_and_right_are_no_drift_and_one_season_tells_nothing() -> None:
    photos = [aged(1, "Ada", "2021"), aged(2, "Ada", "2023", "right"), aged(3, "Bo", "2021"), aged(4, "Bo", "2021")]
    assert drifted(photos, turned(0, 90, 0, 90), calibration()) == ()
    unknown = [aged(1, "Ada", "2021", ""), aged(2, "Ada", "2023", "right")]
    assert [one.individual for one in drifted(unknown, turned(0, 90), calibration())] == ["Ada"]


def test_nothing_is_told_where_nothing_is_calibrated_or_dated() -> None:
    photos = [aged(1, "Ada", "2021"), aged(2, "Ada", "2023")]
    assert drifted(photos, turned(0, 90), None) == ()
    undated = [photos[0], Aged(2, "Ada", "2023", "left", None)]
    assert drifted(undated, turned(0, 90), calibration()) == ()
