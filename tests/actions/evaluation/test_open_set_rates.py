"""Decisions on enrolled and never enrolled animals: counted once each, with the closer look where it is calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reid.actions.evaluation.embedded_photos import Embedded
from reid.actions.evaluation.open_set_rates import unknown_rates
from reid.actions.evaluation.results import OpenSet
from reid.calibration import score_calibration
from reid.calibration.score_calibration import Mapped
from reid.evaluation.near_duplicates import BITS, Pictures
from reid.records import Calibration
from tests.evaluation.pools import crowd
from tests.evaluation.test_reranked_pools import coats
from tests.steps import stock

SPREAD = 1.1


def herd() -> Embedded:
    pool = crowd(5, 16, 6, SPREAD)
    count = len(pool.vectors)
    return Embedded(pool, Pictures([], [], np.zeros((count, BITS), np.bool_)), coats(pool, telling=True, grain=1.5))


def learned() -> Calibration:
    pool = crowd(8, 12, 6, SPREAD)
    maps = coats(pool, telling=True, grain=1.5)
    found = score_calibration.calibrate(pool, max_false_match=0.02, mapped=Mapped(np.arange(len(pool.vectors)), maps))
    assert found is not None and found.closer is not None
    return found


def values(found: OpenSet) -> tuple[list[float], list[float]]:
    enrolled = [found.known_right, found.known_wrong, found.called_new, found.enrolled_review]
    unknown = [found.false_match, found.new_right, found.unknown_review]
    return [one.value for one in enrolled], [one.value for one in unknown]


def test_every_query_is_asked_once_as_enrolled_and_once_as_unknown() -> None:
    found = unknown_rates(herd(), herd(), learned(), seed=0)
    assert (found.enrolled, found.unknown) == (96, 96)
    for shares in values(found):
        assert sum(shares) == pytest.approx(1.0)
    assert found.enrolled_review.low <= found.enrolled_review.value <= found.enrolled_review.high


def test_a_calibrated_closer_look_names_more_animals_right_and_no_more_wrong() -> None:
    plain = unknown_rates(herd(), herd(), learned(), rerank=0, seed=0)
    closer = unknown_rates(herd(), herd(), learned(), rerank=20, seed=0)
    assert closer.known_right.value > plain.known_right.value + 0.2
    assert closer.known_wrong.value + closer.false_match.value <= 0.02


def test_individuals_that_are_not_looked_at_count_by_their_cosine() -> None:
    one = unknown_rates(herd(), herd(), learned(), rerank=1, seed=0)
    without = unknown_rates(herd(), herd(), replace(learned(), closer=None), rerank=1, seed=0)
    assert one != without
    assert without == unknown_rates(herd(), herd(), replace(learned(), closer=None), rerank=0, seed=0)


def test_where_nothing_is_calibrated_every_answer_is_review() -> None:
    found = unknown_rates(herd(), herd(), None, seed=0)
    assert (found.enrolled_review.value, found.unknown_review.value) == (1.0, 1.0)


def test_whom_nobody_of_its_side_can_be_compared_with_is_not_called_new() -> None:
    """The gallery knows left flanks alone, and right ones are asked: a query says review there, so that is what is counted."""
    left, right = (replace(herd().pool, sides=[side] * 96) for side in ("left", "right"))
    pictures = herd().pictures
    found = unknown_rates(Embedded(right, pictures, None), Embedded(left, pictures, None), learned(), seed=0)
    assert (found.enrolled, found.unknown) == (0, 96)
    assert (found.new_right.value, found.unknown_review.value) == (0.0, 1.0)


def test_a_photo_of_unknown_side_is_new_no_sooner_than_a_query_says_so() -> None:
    """Everybody is enrolled from the left alone: half of them, shown from anywhere, could not be compared."""
    clear = crowd(5, 16, 6, 0.3)
    left, unknown = (Embedded(replace(clear, sides=[side] * 96), herd().pictures, None) for side in ("left", ""))
    told, found = (unknown_rates(asked, left, stock.calibration(individuals=40), seed=0) for asked in (left, unknown))
    assert told.new_right.value > 0.1
    assert found.new_right.value == found.called_new.value == 0.0
    assert found.known_right.value == told.known_right.value
