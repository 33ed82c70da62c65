"""Intervals over individuals: what they hold, and that they promise no more than so many animals can tell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.evaluation.bootstrap import DRAWS, Estimate, Herd, interval


def test_the_mean_weighs_every_query_the_same() -> None:
    found = Herd(["a", "a", "a", "b"]).mean(np.asarray([1.0, 0.0, 1.0, 0.0]))
    assert found.value == 0.5


def test_the_percentiles_are_those_of_draws_written_out_one_by_one() -> None:
    names, values = list("aabbbcdd"), np.asarray([1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    herd = Herd(names, seed=3)
    means = []
    for draw in herd.draws.astype(int):
        drawn = [value for code, times in enumerate(draw) for value in values[herd.codes == code].tolist() * times]
        means.append(np.mean(drawn))
    assert len(means) == DRAWS
    assert herd.mean(values) == Estimate(0.625, *np.quantile(means, (0.025, 0.975)))


def test_each_draw_has_as_many_individuals_as_there_are() -> None:
    assert (Herd(list("abcdefg")).draws.sum(axis=1) == 7).all()


def test_photos_of_one_animal_are_no_independent_witnesses() -> None:
    hits = np.asarray([1.0] * 50 + [0.0] * 50)
    few = Herd([f"n{row // 25}" for row in range(100)]).mean(hits)
    many = Herd([f"n{row}" for row in range(100)]).mean(hits)
    assert (few.value, few.low, few.high) == (0.5, 0.0, 1.0)
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.05, abs=0.02)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    names, values = [f"n{row // 3}" for row in range(60)], np.random.default_rng(0).random(60)
    assert Herd(names, seed=1).mean(values) == Herd(names, seed=1).mean(values) != Herd(names, seed=2).mean(values)


def test_one_individual_gives_no_interval_and_no_query_no_figure() -> None:
    one, none = Herd(["a", "a"]).mean(np.asarray([1.0, 0.0])), Herd([]).mean(np.zeros(0))
    assert one.value == 0.5 and np.isnan([one.low, one.high]).all()
    assert np.isnan([none.value, none.low, none.high]).all()


@pytest.mark.parametrize("individuals", [2, 8, 35])
def test_where_all_agree_the_interval_is_the_exact_binomial_one(individuals: int) -> None:
    names = [f"n{row % individuals}" for row in range(3 * individuals)]
    none, every = (Herd(names).mean(np.full(len(names), share)) for share in (0.0, 1.0))
    assert (none.value, none.low, every.value, every.high) == (0.0, 0.0, 1.0, 1.0)
    # the chance of no hit (or no miss) in so many trials is 2.5 % on the bound
    assert (1.0 - none.high) ** individuals == pytest.approx(0.025)
    assert every.low**individuals == pytest.approx(0.025)


def test_draws_in_which_nothing_can_be_measured_are_left_out() -> None:
    found = interval(0.5, np.asarray([np.nan, 0.25, 0.75, np.nan]), 2)
    assert found == Estimate(0.5, *np.quantile([0.25, 0.75], (0.025, 0.975)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=2, max_size=30), st.floats(0, 1))
def test_the_interval_of_equal_values_holds_the_value(codes: list[int], value: float) -> None:
    found = Herd([f"n{code}" for code in codes]).mean(np.full(len(codes), value))
    assert found.value == pytest.approx(value)
    if len(set(codes)) > 1:
        assert found.low - 1e-12 <= found.value <= found.high + 1e-12


def test_a_figure_stands_with_its_interval_alone_or_not_at_all():
    assert Estimate(0.78699, 0.702, 0.858).spread() == "0.787\n(0.70–0.86)"
    assert Estimate(0.78699, 0.702, 0.858).spread(" ") == "0.787 (0.70–0.86)"
    assert Estimate(0.5, math.nan, math.nan).spread() == "0.500"
    assert Estimate(math.nan, math.nan, math.nan).spread() == ""
