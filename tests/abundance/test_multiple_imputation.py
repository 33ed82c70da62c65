"""Many histories, one count: against the one history where nothing is in doubt, against sampling, and how often it holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.abundance.closed_population import METHODS, Tally, chao, tally
from reid.abundance.intervals import interval, log_normal_below, log_normal_interval
from reid.abundance.multiple_imputation import combine
from tests.abundance.histories import drawn


def together(*histories: np.ndarray) -> Tally:
    tallies = [tally(one) for one in histories]
    return Tally(np.stack([one.counts for one in tallies]), np.stack([one.frequencies for one in tallies]))


def test_number_and_interval_are_quantiles_of_the_mean_of_the_log_normal_distributions():
    generator = np.random.default_rng(3)
    many = together(*(drawn(generator, 40, np.full(5, 0.25)) for _ in range(6)))
    found, told = chao(many), combine(METHODS["chao"], many)
    missed = found.number - many.seen
    noise = generator.standard_normal((60_000, 6))
    sampled = many.seen + missed * np.exp(np.sqrt(np.log1p(found.variance / missed**2)) * noise)
    lower, number, upper = np.quantile(sampled, (0.025, 0.5, 0.975))
    assert (told.number, told.upper) == pytest.approx((number, upper), rel=0.01)
    assert told.lower == math.floor(lower)
    assert told.within == pytest.approx(found.variance.mean())
    assert told.between == pytest.approx((1 + 1 / 6) * found.number.var(ddof=1))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seen=st.integers(2, 5).flatmap(
        lambda t: st.lists(st.lists(st.booleans(), min_size=t, max_size=t), min_size=1, max_size=25)
    ).map(np.array),
    times=st.integers(1, 5),
)
def test_without_doubts_number_and_interval_are_those_of_the_one_history(seen, times):
    one = tally(seen)
    for method in METHODS.values():
        if not method.fits(one.occasions):
            continue
        told, number = combine(method, together(*[seen] * times)), float(method.estimate(one).number)
        if math.isnan(number):
            assert math.isnan(told.number) and told.failed == 1.0
            continue
        lower, upper, _ = interval(method, one)
        assert told.between == pytest.approx(0.0, abs=1e-20)
        assert told.number == pytest.approx(number, rel=1e-5)
        assert (told.lower, told.upper) == pytest.approx((min(lower, number), max(upper, number)), rel=1e-4), method.name


def test_a_few_histories_without_recaptures_do_not_move_the_number():
    usual = np.repeat(np.array([[True, True, False], [False, True, True], [True, False, False]]), 5, axis=0)
    alone = np.repeat(np.eye(3, dtype=bool), 50, axis=0)
    rare = np.concatenate([alone, [[True, True, False]]])
    told = combine(METHODS["m0"], together(*[usual] * 94, *[rare] * 5, alone))
    number, (lower, *_) = combine(METHODS["m0"], together(usual)).number, interval(METHODS["m0"], tally(usual))
    assert told.number == pytest.approx(number, abs=0.5) and told.lower == pytest.approx(lower, abs=0.2)
    assert told.upper > 1000 and told.failed == pytest.approx(0.01)


def test_where_most_histories_support_no_estimate_there_is_none():
    told = combine(METHODS["m0"], together(np.eye(3, dtype=bool), np.eye(3, dtype=bool), np.ones((3, 3), dtype=bool)))
    assert math.isnan(told.number) and math.isnan(told.lower) and told.failed == pytest.approx(2 / 3)


@pytest.mark.parametrize(("number", "variance", "seen"), [(24.0, 9.0, 20.0), (20.0, 4.0, 20.0), (20.0, 0.0, 20.0)])
def test_log_normal_distributions_reach_their_shares_at_the_ends_of_the_interval(number, variance, seen):
    lower, upper = log_normal_interval(number, variance, seen)
    below = log_normal_below(np.array([number]), np.array([variance]), np.array([seen]))
    assert below(upper)[0] == pytest.approx(0.975 if variance else 1.0)
    assert below(lower)[0] == pytest.approx(0.025 if number > seen else 0.5 if variance else 1.0)
    assert below(seen - 0.01)[0] == 0.0


@pytest.mark.parametrize(("name", "chance", "occasions"), [
    ("mt", 0.8, 2), ("chapman", 0.8, 2), ("m0", 0.8, 3), ("chao", 0.8, 3), ("mt", 0.5, 3), ("chao", 0.5, 3),
])  # fmt: skip
def test_the_combined_interval_holds_the_truth_where_nearly_all_animals_are_caught(name, chance, occasions, request):
    # Log-normal ones alone hold it in 0.26 to 0.87 of these seasons: they leave the animals seen out.
    repeats = 1000 if request.config.getoption("--campaign") else 60
    generator, hits = np.random.default_rng(11), 0
    for _ in range(repeats):
        told = combine(METHODS[name], together(drawn(generator, 20, np.full(occasions, chance))))
        hits += told.lower <= 20 <= told.upper
    # Three standard errors of a true 0.95, and 0.02 for the approximation.
    assert hits / repeats > 0.93 - 3 * math.sqrt(0.95 * 0.05 / repeats), name
