"""Calibrations survive their JSON, that of an older reid too, and take the stricter bounds of the two sizes around a gallery."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reid.records import Bounds, Calibration

PLAIN = Calibration(
    slope=30.0, intercept=-12.0, ceiling=6.0, known_at=0.9, new_at=0.8, prior=0.5, max_false_match=0.01, false_match=0.004,
    false_new=0.02, individuals=40, photos=200, comparisons=19900,
)  # fmt: skip
LEARNED = Bounds(10, 0.8, 0.7, 1.2, -0.3, ((0.5, 0.1), (0.9, 0.2)))


def test_a_calibration_comes_back_from_its_json_whole() -> None:
    whole = replace(
        PLAIN, checked_up_to=900, bounds=(LEARNED, Bounds(100, 0.9, 0.6)), more_slopes=(2.5,), left=PLAIN,
        closer=replace(PLAIN, slope=20.0, right=PLAIN),
    )  # fmt: skip
    assert Calibration.from_json(json.loads(json.dumps(whole.to_json()))) == whole


def test_an_older_calibration_without_the_later_fields_is_read_and_one_without_a_first_field_is_not() -> None:
    values = PLAIN.to_json()
    for later in ("checked_up_to", "bounds", "more_slopes", "left", "right", "closer"):
        del values[later]
    assert Calibration.from_json(values) == PLAIN
    del values["prior"]
    with pytest.raises(KeyError, match="prior"):
        Calibration.from_json(values)


def test_bounds_are_written_as_short_as_an_older_reid_wrote_them_where_nothing_more_is_known() -> None:
    assert Bounds(100, 0.9, 0.6).to_json() == [100, 0.9, 0.6]
    assert LEARNED.to_json() == [10, 0.8, 0.7, 1.2, -0.3, [[0.5, 0.1], [0.9, 0.2]]]
    assert Bounds.from_json([10, 0.8, 0.7]) == Bounds(10, 0.8, 0.7)


@pytest.mark.parametrize(("size", "known_at", "new_at"), [
    (2, 0.8, 0.7), (10, 0.8, 0.7), (20, 0.9, 0.7), (100, 0.9, 0.6), (5000, 0.9, 0.6),
])
def test_a_size_between_two_checked_ones_takes_the_stricter_bounds(size: int, known_at: float, new_at: float) -> None:
    bounds = replace(PLAIN, bounds=(LEARNED, Bounds(100, 0.9, 0.6))).bounds_for(size)
    assert (bounds.size, bounds.known_at, bounds.new_at) == (size, known_at, new_at)


def test_what_was_learned_of_the_nearer_size_counts_by_the_logarithm() -> None:
    two = replace(PLAIN, bounds=(LEARNED, Bounds(1000, 0.9, 0.6)))
    assert [two.bounds_for(size).slope for size in (99, 100, 101)] == [1.2, 1.2, 1.0]
    assert PLAIN.bounds_for(7) == Bounds(7, 0.9, 0.8)


def test_a_side_without_a_calibration_of_its_own_uses_the_common_one() -> None:
    left = replace(PLAIN, slope=25.0, closer=PLAIN)
    both = replace(PLAIN, left=left)
    assert [both.of_side(side) for side in ("left", "right", "")] == [left, both, both]
    assert (both.looks_closer, PLAIN.looks_closer) == (True, False)
