from __future__ import annotations

import numpy as np
import pytest

from reid.errors import ShapeError
from reid.evaluation.cluster_agreement import agreement


def test_what_is_right_is_right_by_every_figure_whatever_the_names() -> None:
    found = agreement(["a", "a", "b", "c"], [7, 7, 3, 1])
    assert (found.pair_precision, found.pair_recall, found.b_precision, found.b_recall) == (1, 1, 1, 1)
    assert (found.adjusted_rand, found.b_f1, found.split, found.merged, found.animals, found.groups) == (1, 1, 0, 0, 3, 3)


def test_figures_of_one_case_by_hand() -> None:
    found = agreement(["a", "a", "a", "b", "b"], [1, 1, 2, 2, 3])
    assert (found.pair_precision, found.pair_recall) == (1 / 2, 1 / 4)
    assert found.b_precision == pytest.approx((1 + 1 + 1 / 2 + 1 / 2 + 1) / 5)
    assert found.b_recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5)
    assert found.adjusted_rand == pytest.approx((1 - 4 * 2 / 10) / ((4 + 2) / 2 - 4 * 2 / 10))
    assert (found.split, found.merged, found.animals, found.groups) == (2, 1, 2, 3)


def test_everybody_alone_merges_nobody() -> None:
    found = agreement(["a", "a", "b"], [1, 2, 3])
    assert (found.pair_precision, found.pair_recall, found.b_precision, found.adjusted_rand) == (1.0, 0.0, 1.0, 0.0)
    assert agreement(["a"], [1]).adjusted_rand == 1.0


def test_chance_has_an_adjusted_rand_of_nought() -> None:
    rng = np.random.default_rng(0)
    found = agreement(rng.integers(0, 10, 3000).tolist(), rng.integers(0, 10, 3000).tolist())
    assert abs(found.adjusted_rand) < 0.005


def test_labels_of_unequal_length_are_refused() -> None:
    with pytest.raises(ShapeError, match="2 true and 1 found labels"):
        agreement(["a", "b"], ["a"])
    with pytest.raises(ShapeError, match="0 true and 0 found"):
        agreement([], [])
