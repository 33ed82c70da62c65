"""The decision: pure, calibrated, and aware of how many are enrolled."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.records import Bounds, Calibration, Outcome
from reid.steps.decision import FEWEST, Candidate, Posterior, decide, evidence, posterior

CALIBRATION = Calibration(
    slope=20.0,
    intercept=-10.0,
    ceiling=6.0,
    known_at=0.8,
    new_at=0.6,
    prior=0.5,
    max_false_match=0.01,
    false_match=0.0,
    false_new=0.0,
    individuals=40,
    photos=160,
    comparisons=400,
)
EVIDENCE = st.floats(-12.0, 12.0)


def test_evidence_is_linear_in_the_score_and_cut_at_the_ceiling_on_both_sides() -> None:
    assert evidence(0.5, CALIBRATION) == 0.0
    assert evidence(0.6, CALIBRATION) == pytest.approx(2.0)
    assert evidence(1.0, CALIBRATION) == 6.0
    assert evidence(-1.0, CALIBRATION) == -6.0


def test_the_posterior_is_bayes_by_hand() -> None:
    found = posterior([Candidate("a", math.log(30.0)), Candidate("b", math.log(2.0))], enrolled=10, prior=0.4)
    # 0.4/10 * 30 = 1.2, 0.4/10 * 2 = 0.08, nobody 0.6: together 1.88
    assert found.individuals == pytest.approx({"a": 1.2 / 1.88, "b": 0.08 / 1.88})
    assert found.nobody == pytest.approx(0.6 / 1.88)


def test_an_empty_shortlist_leaves_nobody() -> None:
    assert posterior([], enrolled=0, prior=0.5) == Posterior({}, 1.0)


@given(st.lists(EVIDENCE, max_size=20), st.integers(0, 1000), st.floats(0.01, 0.99))
def test_the_probabilities_never_sum_to_more_than_one(values: list[float], more: int, prior: float) -> None:
    found = posterior([Candidate(str(i), value) for i, value in enumerate(values)], len(values) + more, prior)
    everything = [*found.individuals.values(), found.nobody]
    assert all(0.0 <= chance <= 1.0 for chance in everything)
    assert math.fsum(everything) <= 1.0 + 1e-12


@given(EVIDENCE, EVIDENCE, st.integers(1, 500), st.integers(1, 500))
def test_a_larger_gallery_lowers_the_probability_of_the_same_score(own: float, other: float, enrolled: int, more: int) -> None:
    both = [Candidate("own", own), Candidate("other", other)]
    small, large = posterior(both, enrolled + 1, 0.5), posterior(both, enrolled + 1 + more, 0.5)
    assert large.individuals["own"] < small.individuals["own"]
    assert large.nobody > small.nobody


@given(EVIDENCE, st.integers(2, 50))
def test_two_look_alikes_share_the_probability(value: float, enrolled: int) -> None:
    alone = posterior([Candidate("a", value)], enrolled, 0.5).individuals["a"]
    pair = posterior([Candidate("a", value), Candidate("b", value)], enrolled, 0.5).individuals
    assert pair["a"] == pair["b"] < alone
    assert pair["a"] <= 0.5


@given(EVIDENCE, st.floats(0.001, 3.0), EVIDENCE, st.integers(2, 50))
def test_more_evidence_for_one_takes_from_all_others(low: float, more: float, other: float, enrolled: int) -> None:
    before = posterior([Candidate("a", low), Candidate("b", other)], enrolled, 0.5)
    after = posterior([Candidate("a", low + more), Candidate("b", other)], enrolled, 0.5)
    assert after.individuals["a"] > before.individuals["a"]
    assert after.individuals["b"] < before.individuals["b"]
    assert after.nobody < before.nobody


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_probability_never_falls_with_the_score(one: float, two: float) -> None:
    low, high = sorted((one, two))
    chances = [posterior([Candidate("a", evidence(s, CALIBRATION))], 5, 0.5).individuals["a"] for s in (low, high)]
    assert chances[0] <= chances[1]


def test_a_probability_on_the_known_bound_counts_as_reached() -> None:
    on = decide("a", Posterior({"a": 0.8}, 0.1), CALIBRATION, 7)
    assert (on.outcome, on.individual, on.probability) == (Outcome.KNOWN, "a", 0.8)
    assert "a with probability 0.80, among 7 enrolled" in on.reason
    below = decide("a", Posterior({"a": math.nextafter(0.8, 0)}, 0.1), CALIBRATION, 7)
    assert below.outcome is Outcome.REVIEW


def test_a_probability_on_the_new_bound_counts_as_reached() -> None:
    strict = replace(CALIBRATION, new_at=0.95)
    on = decide("a", Posterior({"a": 0.03}, 0.95), strict, 7)
    assert (on.outcome, on.individual, on.nobody) == (Outcome.NEW, None, 0.95)
    assert on.probability == on.new == pytest.approx(0.95)
    assert on.reason == "new with probability 0.95 (needs 0.90): like nobody among 7 enrolled"
    below = decide("a", Posterior({"a": 0.03}, math.nextafter(0.95, 0)), strict, 7)
    assert (below.outcome, below.individual, below.probability) == (Outcome.REVIEW, "a", 0.03)
    assert "nobody enrolled 0.95, below 0.95" in below.reason


def test_where_both_bounds_are_reached_the_known_individual_is_told() -> None:
    loose = replace(CALIBRATION, known_at=0.5, new_at=0.5)
    assert decide("a", Posterior({"a": 0.5}, 0.5), loose, 2).outcome is Outcome.KNOWN


def test_uncalibrated_says_review_whatever_the_score() -> None:
    for chances, calibration in ((None, None), (None, CALIBRATION), (Posterior({"a": 1.0}, 0.0), None)):
        found = decide("a", chances, calibration, 3)
        assert (found.outcome, found.individual, found.probability) == (Outcome.REVIEW, "a", None)
        assert "not calibrated" in found.reason


def test_with_nobody_enrolled_every_animal_is_new() -> None:
    for calibration in (None, CALIBRATION):
        found = decide(None, None, calibration, 0)
        assert (found.outcome, found.individual, found.probability) == (Outcome.NEW, None, None)
        assert "enrolled yet" in found.reason


BY_SIZE = replace(
    CALIBRATION, known_at=0.9, new_at=0.97, checked_up_to=30,
    bounds=(Bounds(3, 0.6, 0.97), Bounds(10, 0.9, 0.94), Bounds(30, 0.8, 0.92)),
)


@pytest.mark.parametrize(("enrolled", "known_at"), [(2, 0.6), (3, 0.6), (7, 0.9), (10, 0.9), (20, 0.9), (30, 0.8), (31, 0.8)])
def test_known_needs_what_holds_for_as_many_individuals_as_could_match(enrolled: int, known_at: float) -> None:
    on = decide("a", Posterior({"a": known_at}, 0.1), BY_SIZE, enrolled)
    assert on.outcome is Outcome.KNOWN
    assert f"(needs {known_at:.2f})" in on.reason
    below = decide("a", Posterior({"a": math.nextafter(known_at, 0)}, 0.1), BY_SIZE, enrolled)
    assert (below.outcome, below.individual) == (Outcome.REVIEW, "a")
    assert f"below {known_at:.2f}; nobody" in below.reason


@pytest.mark.parametrize(("enrolled", "new_at"), [(2, 0.97), (7, 0.97), (10, 0.94), (30, 0.92)])
def test_new_needs_what_holds_for_as_many_individuals_as_could_match(enrolled: int, new_at: float) -> None:
    assert decide("a", Posterior({"a": 0.01}, new_at), BY_SIZE, enrolled).outcome is Outcome.NEW
    assert decide("a", Posterior({"a": 0.01}, math.nextafter(new_at, 0)), BY_SIZE, enrolled).outcome is Outcome.REVIEW


@pytest.mark.parametrize(
    ("chances", "outcome"),
    [
        (Posterior({"a": 0.95}, 0.01), Outcome.KNOWN),
        (Posterior({"a": 0.01}, 0.98), Outcome.NEW),
        (Posterior({"a": 0.5}, 0.3), Outcome.REVIEW),
    ],
)
def test_a_gallery_that_outgrew_the_calibration_is_told_of_in_every_reason(chances: Posterior, outcome: Outcome) -> None:
    within, beyond = decide("a", chances, BY_SIZE, 30), decide("a", chances, BY_SIZE, 31)
    assert within.outcome is beyond.outcome is outcome
    assert "checked for" not in within.reason
    assert "; checked for up to 30 individuals only: calibrate again" in beyond.reason
    assert "checked for" not in decide("a", chances, CALIBRATION, 10_000).reason  # an older calibration does not know


def test_further_scores_add_their_own_evidence() -> None:
    two = replace(CALIBRATION, more_slopes=(0.5, -1.0))
    assert evidence(0.5, two, (4.0, 1.0)) == pytest.approx(1.0)
    assert evidence(0.9, two, (4.0, 1.0)) == 6.0
    with pytest.raises(ValueError, match="zip"):
        evidence(0.5, two)


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.integers(1, 200))
def test_the_decision_rises_from_new_over_review_to_known_with_the_score(one: float, two: float, enrolled: int) -> None:
    order = [Outcome.NEW, Outcome.REVIEW, Outcome.KNOWN]
    places = []
    for score in sorted((one, two)):
        chances = posterior([Candidate("a", evidence(score, CALIBRATION))], enrolled, 0.5)
        places.append(order.index(decide("a", chances, CALIBRATION, enrolled).outcome))
    assert places[0] <= places[1]


def test_new_beyond_the_size_checked_needs_what_it_would_need_at_that_size() -> None:
    at_99 = 1 / (1 + 0.08 / 0.92 * 30 / 99)  # the same evidence among 30: 0.92
    assert decide("a", Posterior({"a": 0.01}, at_99 + 1e-9), BY_SIZE, 99).outcome is Outcome.NEW
    assert decide("a", Posterior({"a": 0.01}, at_99 - 1e-9), BY_SIZE, 99).outcome is Outcome.REVIEW
    assert decide("a", Posterior({"a": 0.1}, 0.0), BY_SIZE, 99).outcome is Outcome.REVIEW


FEW = replace(CALIBRATION, known_at=0.96, new_at=0.5, checked_up_to=6)
"""Checked with three individuals, so for six at most, as a first small study has it."""


def decided(values: list[float], enrolled: int) -> Outcome:
    found = posterior([Candidate(str(i), value) for i, value in enumerate(values)], enrolled, FEW.prior)
    return decide("0", found, FEW, enrolled).outcome


@given(st.lists(EVIDENCE, min_size=1, max_size=6), st.integers(6, 5000))
def test_nobody_is_new_only_because_many_are_enrolled(values: list[float], enrolled: int) -> None:
    if decided(values, enrolled) is Outcome.NEW:
        assert decided(values, 6) is Outcome.NEW


@pytest.mark.parametrize(("individuals", "outcome"), [(13, Outcome.REVIEW), (14, Outcome.NEW)])
def test_few_held_out_individuals_call_nobody_new_whose_best_match_speaks_for_it(individuals: int, outcome: Outcome) -> None:
    few = replace(CALIBRATION, new_at=0.5, individuals=individuals)
    for value, wanted in ((0.01, outcome), (-0.01, Outcome.NEW)):
        found = posterior([Candidate("a", value)], 10, few.prior)
        told = decide("a", found, few, 10)
        assert told.outcome is wanted
        if wanted is Outcome.REVIEW:
            assert "the match speaks for a, and 13 individuals held out (of 14 wanted) cannot say that it is new" in told.reason
    assert 0.95 ** (FEWEST - 1) > 0.5 > 0.95**FEWEST


def test_an_enrolled_zebra_among_fourteen_is_for_a_person_and_a_stranger_is_still_new() -> None:
    found = posterior([Candidate("z10", math.log(7.55))], 14, FEW.prior)  # the best that three held-out zebras can say
    told = decide("z10", found, FEW, 14)
    assert (told.outcome, told.individual) == (Outcome.REVIEW, "z10")
    assert told.nobody == pytest.approx(0.65, abs=0.005)
    assert "nobody enrolled 0.65, among 6 0.44, below 0.50; checked for up to 6 individuals only" in told.reason
    assert decided([-3.0], 14) is Outcome.NEW
