"""Thresholds: the least that keep a stated error, in galleries larger than what was held out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.calibration import thresholds
from reid.calibration.thresholds import HeldOut, HeldOutAnswers, bounds, least_bound
from reid.records import Bounds, Calibration
from reid.steps.decision import Candidate, posterior

TWO_SIZES = Calibration(
    20.0, -10.0, 6.0, 0.9, 0.8, 0.5, 0.01, 0.0, 0.0, 10, 40, 400, 30,
    (Bounds(3, 0.7, 0.8), Bounds(10, 0.9, 0.6), Bounds(30, 0.8, 0.5)),
)


def held_out(seed: int, individuals: int, photos: int = 6, apart: float = 6.0) -> HeldOut:
    """Evidence of two Gaussians whose ln LR it is: means apart / 2 above and below 0, variance `apart`."""
    rng = np.random.default_rng(seed)
    own = np.repeat(np.arange(individuals), photos)
    evidence = rng.normal(-apart / 2, apart**0.5, (len(own), individuals))
    evidence[np.arange(len(own)), own] += apart
    fold = (own % 5).astype(np.int64)
    return HeldOut(np.repeat(evidence[None], fold.max() + 1, axis=0), fold, own)


def test_the_trial_is_the_decisions_own_bayes_number_by_number() -> None:
    held = held_out(0, 4, photos=2)
    found = thresholds.answers(held, ceiling=2.5, prior=0.4)
    judged = held.judged()
    row = 0
    for enrolled in (True, False):
        for query, own in enumerate(held.own):
            shown = [column for column in range(4) if enrolled or column != own]
            items = [Candidate(str(one), float(np.clip(judged[query, one], -2.5, 2.5))) for one in shown]
            chances = posterior(items, len(shown), 0.4)
            best = max(shown, key=lambda one: judged[query, one])
            assert found.probability[row] == pytest.approx(chances.individuals[str(best)])
            assert found.nobody[row] == pytest.approx(chances.nobody)
            assert (found.right[row], found.enrolled[row], found.size[row]) == (enrolled and best == own, enrolled, len(shown))
            row += 1
    assert row == len(found.right) == 16


def test_what_may_not_be_compared_is_not_asked() -> None:
    held = held_out(1, 3, photos=1)
    table = held.evidence.copy()
    table[:, 0, 0] = np.nan  # cannot be matched with its own individual
    table[:, 1, [0, 2]] = np.nan  # can be matched with nobody else
    found = thresholds.answers(HeldOut(table, held.fold, held.own), ceiling=9.0, prior=0.5)
    assert found.enrolled.tolist() == [True, True, False, False]
    assert found.size.tolist() == [1, 3, 2, 2]


@pytest.mark.parametrize("stated", [0.005, 0.02, 0.1])
def test_the_bounds_keep_the_stated_error_in_galleries_of_their_size(stated: float) -> None:
    """A hundred individuals held out: the thresholds hold in fresh galleries, and a looser one would not do much better."""
    rng = np.random.default_rng(9)
    for one in bounds(held_out(2, 100), 100, ceiling=30.0, prior=0.5, max_false_match=stated):
        own = rng.normal(-3.0, 6.0**0.5, (6000, one.size))
        own[:3000, 0] += 6.0
        weights = 0.5 / one.size * np.exp(own)
        chance = weights.max(axis=1) / (0.5 + weights.sum(axis=1))
        wrong = (weights.argmax(axis=1) != 0) | (np.arange(6000) >= 3000)
        share = float((wrong & (chance >= one.known_at)).mean())
        assert share <= 1.25 * stated + 0.002
        assert share >= 0.25 * stated or one.known_at == 0.5
        nobody = (0.5 / (0.5 + weights.sum(axis=1)))[:3000]
        assert float((nobody >= one.new_at).mean()) <= 1.3 * thresholds.MAX_FALSE_NEW


@pytest.mark.parametrize("individuals", [5, 20])
def test_fewer_individuals_ask_for_more(individuals: int) -> None:
    few = bounds(held_out(3, individuals), 20, ceiling=30.0, prior=0.5, max_false_match=0.01)
    many = bounds(held_out(3, 100), 20, ceiling=30.0, prior=0.5, max_false_match=0.01)
    assert [one.size for one in few] == [one.size for one in many] == [3, 10, 20]
    assert all(one.known_at > other.known_at for one, other in zip(few, many, strict=True))


def test_a_gallery_may_be_as_large_as_different_pairs_were_compared() -> None:
    own = np.asarray([0, 0, 1, 2])
    impostor = np.asarray([[0, 1, 1], [0, 1, 0], [1, 0, 0], [0, 0, 0]], bool)
    assert thresholds.supported(own, impostor) == 3  # 0 with 1 and 2, 1 with 0; the two photos of 0 count once
    everyone = np.repeat(np.arange(200), 2)
    assert thresholds.supported(everyone, everyone[:, None] != np.arange(200)) == thresholds.LARGEST


@pytest.mark.parametrize(
    ("size", "known_at", "new_at"),
    [(1, 0.7, 0.8), (3, 0.7, 0.8), (4, 0.9, 0.8), (10, 0.9, 0.6), (11, 0.9, 0.6), (30, 0.8, 0.5), (99, 0.8, 0.5)],
)
def test_between_two_sizes_the_stricter_bound_holds(size: int, known_at: float, new_at: float) -> None:
    assert TWO_SIZES.bounds_for(size) == Bounds(size, known_at, new_at)


def test_errors_are_counted_against_the_bounds_of_each_questions_size() -> None:
    found = HeldOutAnswers(
        probability=np.asarray([0.75, 0.75, 0.95, 0.2, 0.2]),
        right=np.asarray([False, False, True, False, False]),
        enrolled=np.asarray([True, True, True, True, False]),
        nobody=np.asarray([0.25, 0.25, 0.05, 0.98, 0.98]),
        size=np.asarray([3, 10, 10, 3, 3]),
    )
    # the first is KNOWN and wrong at size 3, the second REVIEW at size 10; the fourth is enrolled and called NEW
    assert thresholds.errors(found, TWO_SIZES) == pytest.approx((1 / 5, 1 / 4))
    unsure = replace(found, nobody=np.asarray([0.25, 0.25, 0.05, 0.85, 0.85]))  # above the threshold, but new with 0.85 only
    assert thresholds.errors(unsure, TWO_SIZES) == pytest.approx((1 / 5, 0.0))
    # nor is one called NEW whose best match speaks for it where few were held out: 0.4 of 0.98 among 3 is a ratio above 1
    alike = replace(found, probability=np.asarray([0.75, 0.75, 0.95, 0.4, 0.4]))
    assert thresholds.errors(alike, TWO_SIZES) == pytest.approx((1 / 5, 0.0))
    assert thresholds.errors(alike, replace(TWO_SIZES, individuals=14)) == pytest.approx((1 / 5, 1 / 4))


def test_the_chunks_change_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other draws, the same galleries: bounds agree to what chance leaves."""
    held = held_out(4, 30)
    whole = bounds(held, 30, ceiling=30.0, prior=0.5, max_false_match=0.05)
    monkeypatch.setattr(thresholds, "NUMBERS_OF_A_TABLE", 500)
    for one, other in zip(bounds(held, 30, ceiling=30.0, prior=0.5, max_false_match=0.05), whole, strict=True):
        assert one.known_at == pytest.approx(other.known_at, abs=0.05)


def test_the_same_evidence_gives_the_same_bounds() -> None:
    one, two = (bounds(held_out(5, 6), 30, ceiling=9.0, prior=0.5, max_false_match=0.01) for _ in "12")
    assert one == two


@given(st.lists(st.floats(0.0, 1.0, exclude_max=True), max_size=30), st.floats(0.0, 12.0))
def test_the_bound_is_reached_by_no_more_errors_than_may_pass(errors: list[float], may_pass: float) -> None:
    bound = least_bound(errors, may_pass)
    assert 0.5 <= bound <= 1.0
    assert sum(error >= bound for error in errors) <= may_pass or bound == 1.0
    lower = max((error for error in errors if 0.5 <= error < bound), default=None)
    if lower is not None:
        assert sum(error >= lower for error in errors) > may_pass


@given(st.lists(st.floats(0.0, 1.0, exclude_max=True), max_size=30), st.floats(0.0, 12.0), st.floats(0.0, 12.0))
def test_the_more_errors_may_pass_the_lower_the_bound(errors: list[float], one: float, other: float) -> None:
    assert least_bound(errors, min(one, other)) >= least_bound(errors, max(one, other))


def test_the_bound_lies_half_way_to_the_next_error_that_may_pass() -> None:
    errors = [0.2, 0.6, 0.7, 0.9]
    assert [least_bound(errors, count) for count in range(5)] == pytest.approx([0.95, 0.8, 0.65, 0.5, 0.5])
