"""Intervals of the number of animals: they hold the truth as often as they say, and nearly all caught is no exception."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from reid.abundance.closed_population import METHODS, Tally, tally
from reid.abundance.intervals import interval, likelihood_interval, log_normal_interval
from tests.abundance.histories import counted, drawn, matrix


def number(name: str, found: Tally) -> tuple[float, float]:
    told = METHODS[name].estimate(found)
    return float(told.number), float(told.variance)


def covered(animals: int, chances: np.ndarray, name: str, repeats: int, seed: int = 4) -> float:
    """Share of the intervals that hold the true number."""
    generator = np.random.default_rng(seed)
    hits = 0
    for _ in range(repeats):
        found = tally(drawn(generator, animals, chances))
        lower, upper, _ = interval(METHODS[name], found)
        hits += lower <= animals <= upper
    return hits / repeats


def test_intervals_hold_even_where_nearly_all_animals_are_caught():
    # With the likeliest chances put in, 0.09 of the intervals of Mt end below the truth; of Chapman's, log-normal alone, 0.18.
    for name in ("m0", "mt", "chapman"):
        generator = np.random.default_rng(5)
        chances, low = np.array([0.95, 0.6]), 0
        for _ in range(300):
            low += interval(METHODS[name], tally(drawn(generator, 13, chances)))[1] < 13
        assert low / 300 < 0.05, name


@pytest.mark.parametrize(
    ("name", "chances"),
    [("chapman", [0.4, 0.5]), ("m0", [0.25] * 6), ("mt", [0.1, 0.2, 0.3, 0.4, 0.3, 0.2]), ("chao", [0.25] * 6)],
)
def test_intervals_hold_the_truth_as_often_as_they_say(name, chances, request):
    repeats = 2000 if request.config.getoption("--campaign") else 150
    share = covered(80, np.array(chances), name, repeats)
    # Three standard errors of a true 0.95, and 0.02 for the approximation.
    assert share >= 0.95 - 0.02 - 3 * math.sqrt(0.95 * 0.05 / repeats), share


def test_the_interval_of_mt_for_two_occasions_is_that_of_the_hypergeometric_distribution():
    first, second, both = 30, 25, 12
    found = counted((first + second - 2 * both, both), 2, (first, second))
    numbers = np.arange(first + second - both, 500)
    likely = scipy.stats.hypergeom.logpmf(both, numbers, first, second)
    inside = numbers[likely >= likely.max() - scipy.stats.chi2.ppf(0.95, 1) / 2]
    lower, upper = likelihood_interval(found, True)
    assert (math.ceil(lower), math.floor(upper)) == (inside[0], inside[-1])


def test_where_a_formula_has_no_variance_the_interval_is_that_of_the_likelihood():
    # Seals of Cornwall, 2015 and 2016: 13 and 8, all of them known from 2015. "13 to 13" said the formula.
    found = counted((5, 8), 2, (13, 8))
    assert number("chapman", found) == (13.0, 0.0)
    lower, upper, kind = interval(METHODS["chapman"], found)
    assert (lower, kind) == (13.0, "likelihood") and 15 < upper < 17
    gone = scipy.stats.hypergeom.logpmf(8, math.ceil(upper), 13, 8)
    assert gone < -scipy.stats.chi2.ppf(0.95, 1) / 2 <= scipy.stats.hypergeom.logpmf(8, math.floor(upper), 13, 8)
    twice = tally(matrix("110 011 101"))
    lower, upper, kind = interval(METHODS["chao"], twice)
    assert (lower, kind) == (3.0, "likelihood") and upper > 4


def test_a_log_normal_interval_never_reaches_below_the_animals_seen_and_without_an_estimate_there_is_none():
    lower, upper = log_normal_interval(24.0, 9.0, 20.0)
    factor = math.exp(1.959964 * math.sqrt(math.log1p(9.0 / 16.0)))
    assert (lower, upper) == pytest.approx((20 + 4 / factor, 20 + 4 * factor), abs=1e-5)
    assert log_normal_interval(20.0, 4.0, 20.0) == pytest.approx((20.0, 20 + 1.959964 * 2), abs=1e-5)
    assert all(math.isnan(end) for end in log_normal_interval(math.nan, 1.0, 5.0))
    assert all(math.isnan(end) for end in likelihood_interval(tally(matrix("10 01 10")), True))
