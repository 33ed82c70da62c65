"""The reliability diagram and its one figure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.calibration.reliability import Bin, calibration_error, reliability


def test_the_points_by_hand() -> None:
    found = reliability(np.asarray([0.05, 0.0, 0.3, 0.25, 0.99, 1.0]), np.asarray([0, 1, 1, 1, 1, 0], bool), bins=4)
    assert found == (
        Bin(0.0, 0.25, 0.025, 0.5, 2),
        Bin(0.25, 0.5, 0.275, 1.0, 2),
        Bin(0.75, 1.0, 0.995, 0.5, 2),
    )
    assert calibration_error(found) == pytest.approx((0.475 + 0.725 + 0.495) / 3)


def test_a_probability_on_a_border_belongs_to_the_bin_above_and_one_to_the_last() -> None:
    found = reliability(np.asarray([0.5, 1.0]), np.asarray([True, True]), bins=2)
    assert [(one.low, one.count) for one in found] == [(0.5, 2)]


def test_no_answer_has_no_bin_and_no_error() -> None:
    found = reliability(np.zeros(0), np.zeros(0, bool))
    assert found == ()
    assert math.isnan(calibration_error(found))


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=60), st.integers(1, 20))
def test_every_answer_is_in_one_bin_that_holds_its_probability(answers: list[tuple[float, bool]], bins: int) -> None:
    probability, right = (np.asarray(column) for column in zip(*answers, strict=True))
    found = reliability(probability.astype(np.float64), right.astype(bool), bins=bins)
    assert sum(one.count for one in found) == len(answers)
    assert sum(one.count * one.right for one in found) == pytest.approx(right.sum())
    assert all(one.low - 1e-9 <= one.probability <= one.high + 1e-9 for one in found)
    assert 0.0 <= calibration_error(found) <= 1.0


def test_answers_as_sure_as_they_are_right_have_next_to_no_error() -> None:
    rng = np.random.default_rng(0)
    probability = rng.random(40_000)
    honest, sure = rng.random(40_000) < probability, rng.random(40_000) < probability**2
    assert calibration_error(reliability(probability, honest)) < 0.02
    assert calibration_error(reliability(probability, sure)) == pytest.approx(1 / 6, abs=0.01)  # mean of p - p**2
