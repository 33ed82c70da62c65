"""What "looks like nobody enrolled" is worth, learned from held-out individuals."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reid.calibration import novelty_calibration, thresholds
from reid.calibration.novelty_calibration import with_novelty
from reid.calibration.thresholds import HeldOut
from reid.records import Bounds, Calibration
from tests.calibration.test_thresholds import held_out
from tests.steps.stock import calibration


def learned(held: HeldOut, size: int) -> Bounds:
    (found,) = with_novelty([Bounds(size, 0.9, 0.5)], held, ceiling=30.0, prior=0.5)
    return found


def nobody(evidence: np.ndarray) -> np.ndarray:
    listed = -np.sort(-evidence, axis=1)[:, :20]
    return np.asarray(1 / (1 + np.exp(listed).sum(axis=1) / evidence.shape[1]))


@pytest.mark.parametrize("size", [10, 60])
def test_what_is_missed_and_found_holds_among_animals_never_held_out(size: int) -> None:
    found = learned(held_out(0, 150), size)
    rng = np.random.default_rng(1)
    table = rng.normal(-3.0, 6.0**0.5, (8000, size))
    never = nobody(table)
    table[:, 0] += 6.0
    enrolled = nobody(table)
    for at, worth in found.missed[:6]:
        share = float((enrolled >= at).mean()) / float((never >= at).mean())
        assert 0.85 * share <= worth <= 1.15 * share + 0.03  # true to what 150 held out can tell
    assert float((enrolled >= found.new_at).mean()) <= thresholds.MAX_FALSE_NEW


def test_the_line_is_the_log_likelihood_ratio_of_enrolled_and_never_enrolled() -> None:
    """Of evidence that is a log-likelihood ratio itself, among few: near ln o, so near slope 1 and intercept 0."""
    found = learned(held_out(2, 200), 3)
    assert (found.slope, found.intercept) == pytest.approx((1.0, 0.0), abs=0.15)


def test_few_individuals_prove_little_however_clean() -> None:
    clean = [learned(held_out(3, many, apart=30.0), 3).missed[-1][1] for many in (4, 20, 200)]
    assert clean == pytest.approx([1 / 34 / 0.9, 1 / 50 / 0.9, 1 / 230 / 0.9], rel=0.05)  # nine of ten new animals are found


def test_a_net_that_tells_nobody_apart_calls_nobody_new() -> None:
    blind = held_out(4, 40, apart=1e-6)
    found = learned(blind, 30)
    assert all(worth > 0.8 for _, worth in found.missed)
    assert found.new_at == 1.0


def test_photos_like_nobody_their_own_animal_included_are_counted() -> None:
    """A fifth of the photos are blurred: like nobody. With other photos' look-alikes they would look less new."""
    held = held_out(5, 60)
    rng = np.random.default_rng(5)
    table = held.evidence.copy()
    blurred = rng.random(len(held.own)) < 0.2
    table[:, blurred] = rng.normal(-9.0, 1.0, table[:, blurred].shape)
    found = learned(HeldOut(table, held.fold, held.own), 30)
    strict = found.missed[-1][1]
    assert strict > 0.5  # even at the strictest threshold every blurred photo passes, of enrolled and of new animals alike
    drawn = thresholds.bounds(
        HeldOut(table, held.fold, held.own), 30, ceiling=30.0, prior=0.5, max_false_match=0.01
    )[-1]
    assert found.new_at > drawn.new_at


def test_shares_are_counted_by_individual() -> None:
    """One odd individual with most of the photos is one of ten, not most of them."""
    own = np.concatenate([np.zeros(60, np.int64), np.repeat(np.arange(1, 10), 2)])
    table = np.full((len(own), 10), -6.0)
    table[np.arange(len(own)), own] = 6.0
    table[:60, 0] = -6.0
    held = HeldOut(table[None], np.zeros(len(own), np.int64), own)
    enrolled, never = novelty_calibration._drawn(held, 5, ceiling=9.0, prior=0.5)
    at = float(never.nobody.min())
    assert enrolled.share(at).sum() == pytest.approx(1.0)
    assert len(enrolled.share(at)) == 10


def test_what_was_learned_is_kept_and_an_older_calibration_is_read() -> None:
    kept = calibration(bounds=(learned(held_out(6, 20), 10),))
    assert Calibration.from_json(json.loads(json.dumps(kept.to_json()))) == kept
    older = calibration(bounds=(Bounds(3, 0.9, 0.8),)).to_json()
    assert older["bounds"] == [[3, 0.9, 0.8]]
    assert Calibration.from_json(older).bounds == (Bounds(3, 0.9, 0.8, 1.0, 0.0, ()),)
    both = calibration(bounds=(Bounds(10, 0.9, 0.8, 2.0), Bounds(100, 0.8, 0.9, 3.0)))
    assert [both.bounds_for(size).slope for size in (5, 31, 32, 200)] == [2.0, 2.0, 3.0, 3.0]  # the nearer in the logarithm


def test_where_no_photo_can_be_compared_with_its_own_animal_and_another_nobody_is_new() -> None:
    """Two animals known from one side each, and two strangers seen once: nothing says how seldom an enrolled one looks new."""
    held = held_out(5, 4)
    apart = np.where(np.arange(4)[None, :] == held.own[:, None], held.evidence, np.nan)
    strangers = np.isin(held.own, [2, 3])
    apart[:, strangers] = np.where(np.arange(4) >= 2, held.evidence[:, strangers], np.nan)
    apart[:, strangers, held.own[strangers]] = np.nan
    found = learned(HeldOut(apart, held.fold, held.own), 4)
    assert (found.new_at, found.missed) == (1.0, ())
