"""The chance of an animal never enrolled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.records import Bounds
from reid.steps import novelty
from reid.steps.novelty import Field
from tests.steps.stock import calibration

SHARE = st.floats(0.001, 0.999)
TABLE = Bounds(10, 0.9, 0.5, 2.0, -1.0, ((0.5, 0.2), (0.9, 0.05)))


def test_the_chance_is_bayes_by_hand() -> None:
    # 9 of 10 return, a fifth of them cannot be compared, a hundredth of the others looks so: 0.1 / (0.1 + 0.9 (0.2 + 0.8 x 0.01))
    assert novelty.chance(0.01, Field(0.9, 0.8)) == pytest.approx(0.1 / (0.1 + 0.9 * 0.208))
    assert novelty.chance(float("inf"), Field(0.5, 0.8)) == 0.0
    assert novelty.chance(float("inf"), Field(0.75, 0.0)) == pytest.approx(0.25)  # nobody was compared


@given(st.floats(0.0, 100.0), SHARE, SHARE, SHARE)
def test_it_falls_with_the_share_that_returns_and_rises_with_what_could_be_compared(
    ratio: float, one: float, other: float, comparable: float
) -> None:
    low, high = sorted((one, other))
    assert novelty.chance(ratio, Field(high, comparable)) <= novelty.chance(ratio, Field(low, comparable)) + 1e-12
    if ratio < 1.0:
        assert novelty.chance(ratio, Field(comparable, high)) >= novelty.chance(ratio, Field(comparable, low)) - 1e-12


def test_the_ratio_is_the_line_of_the_calibration_but_never_less_than_was_held_out() -> None:
    learned = calibration()
    at = 1 / (1 + np.exp(0.5))  # odds of e^0.5 against nobody: ln ratio 2 x 0.5 - 1 = 0
    assert novelty.ratio(at, learned, TABLE) == pytest.approx(1.0)
    assert novelty.ratio(0.8, learned, TABLE) == pytest.approx(0.2)  # the line says 0.023
    assert novelty.ratio(0.9, learned, TABLE) == 0.05
    assert novelty.ratio(1.0, learned, TABLE) == 0.05
    assert novelty.ratio(0.0, learned, TABLE) == float("inf")
    assert novelty.ratio(np.nextafter(0.9, 0), learned, TABLE) == 0.2


def test_an_older_calibration_counts_by_its_own_errors() -> None:
    older = calibration(false_new=0.1, individuals=30)
    assert novelty.ratio(0.999, older, older.bounds_for(5)) == pytest.approx(0.1)
    surer = replace(older, false_new=0.0, individuals=470)
    assert novelty.ratio(0.99999, surer, surer.bounds_for(5)) == pytest.approx(1 / 500)


@pytest.mark.parametrize(
    ("errors", "individuals", "chance"),
    [(0, 0, 1 / 30), (0, 4, 1 / 34), (0, 70, 1 / 100), (1, 70, 2 / 100), (3, 30, 0.1), (20, 40, 0.5)],
)
def test_what_was_seen_is_never_lowered_and_raised_where_it_is_little(errors: float, individuals: int, chance: float) -> None:
    assert novelty.missed(errors, individuals) == pytest.approx(chance)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_the_share_that_returns_is_found_from_the_batch(share: float) -> None:
    """Two normal distributions, 3 apart, whose ratio is known: the share comes out within its own standard error or so."""
    rng = np.random.default_rng(0)
    returns = rng.random(1000) < share
    score = rng.standard_normal(1000) + np.where(returns, 3.0, 0.0)
    chances = 1 / (1 + np.exp(3 * score - 4.5))
    assert novelty.share_returning(chances.tolist()) == pytest.approx(returns.mean(), abs=0.03)


def test_what_says_nothing_leaves_the_share_that_is_taken_for_granted() -> None:
    assert novelty.share_returning([]) == pytest.approx(novelty.RETURNING)
    assert novelty.share_returning([0.5] * 100) == pytest.approx(novelty.RETURNING)
    assert novelty.share_returning([1.0] * 3) == pytest.approx(1 / 5, abs=0.01)  # Laplace's rule of succession
    assert novelty.share_returning([0.0] * 3) == pytest.approx(4 / 5, abs=0.01)
