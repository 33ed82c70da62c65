"""Rankings measured twice: against pytorch_metric_learning and against figures worked out by hand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_metric_learning.distances import CosineSimilarity

from reid.errors import ShapeError
from reid.evaluation import metrics
from reid.evaluation.metrics import Pool, best_scores, places, rank, summary
from reid.records import Vectors
from tests.evaluation.pools import at_angles, pool, unit


def theirs(queries: Vectors, own: Sequence[str], gallery: Vectors, names: Sequence[str], *, same: bool) -> dict[str, Any]:
    """pytorch_metric_learning's figures; without k it looks at the whole gallery, less the query if that is in it."""
    with pytest.MonkeyPatch.context() as patch:
        # it would load faiss.contrib.torch_utils, which replaces faiss' search for the whole process by one without filters
        patch.setitem(sys.modules, "faiss.contrib.torch_utils", ModuleType("faiss.contrib.torch_utils"))
        from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
        from pytorch_metric_learning.utils.inference import CustomKNN

    codes = {name: code for code, name in enumerate(sorted({*own, *names}))}
    wanted = ("precision_at_1", "mean_average_precision", "mean_average_precision_at_r")
    found: dict[str, Any] = AccuracyCalculator(
        include=wanted, k=None, knn_func=CustomKNN(CosineSimilarity()), device=torch.device("cpu")
    ).get_accuracy(
        torch.from_numpy(queries),
        torch.tensor([codes[name] for name in own]),
        torch.from_numpy(gallery),
        torch.tensor([codes[name] for name in names]),
        ref_includes_query=same,
    )
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_pool_against_itself_measures_as_pytorch_metric_learning_does(seed: int) -> None:
    names = [f"n{number}" for number in np.random.default_rng(seed).integers(0, 7, 60)]
    vectors = unit(seed, 60)
    ours, wanted = rank(pool(vectors, names), pool(vectors, names)), theirs(vectors, names, vectors, names, same=True)
    assert ours.skipped == sum(names.count(name) == 1 for name in names)
    assert ours.rank_1 == pytest.approx(wanted["precision_at_1"], abs=1e-6)
    assert ours.mean_ap == pytest.approx(wanted["mean_average_precision"], abs=1e-6)
    assert ours.map_at_r == pytest.approx(wanted["mean_average_precision_at_r"], abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_queries_against_a_gallery_measure_as_pytorch_metric_learning_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    own, names = ([f"n{number}" for number in rng.integers(0, 6, count)] for count in (30, 80))
    queries, gallery = unit(seed, 30), unit(seed + 100, 80)
    ours = rank(pool(queries, own, hashes=[f"q{row}" for row in range(30)]), pool(gallery, names))
    wanted = theirs(queries, own, gallery, names, same=False)
    assert (ours.queries, ours.skipped) == (30, 0)
    assert ours.rank_1 == pytest.approx(wanted["precision_at_1"], abs=1e-6)
    assert ours.mean_ap == pytest.approx(wanted["mean_average_precision"], abs=1e-6)
    assert ours.map_at_r == pytest.approx(wanted["mean_average_precision_at_r"], abs=1e-6)


def test_every_query_of_its_own_measures_as_pytorch_metric_learning_does() -> None:
    rng = np.random.default_rng(7)
    own, names = ([f"n{number}" for number in rng.integers(0, 6, count)] for count in (20, 50))
    queries, gallery = pool(unit(7, 20), own, hashes=[f"q{row}" for row in range(20)]), pool(unit(107, 50), names)
    found = places(queries, gallery)
    assert found.rows.tolist() == list(range(20))
    for row in range(20):
        wanted = theirs(queries.vectors[row : row + 1], own[row : row + 1], gallery.vectors, names, same=False)
        assert float(found.first[row] == 0) == wanted["precision_at_1"]
        assert found.precision[row] == pytest.approx(wanted["mean_average_precision"], abs=1e-6)
        assert found.at_r[row] == pytest.approx(wanted["mean_average_precision_at_r"], abs=1e-6)


GALLERY = at_angles(5, 10, 20, 30, 40)
NAMES = ["x", "a", "x", "a", "a"]


def ask(**columns: Sequence[str]) -> Pool:
    return pool(at_angles(0), ["a"], **{"hashes": ["q"], "groups": ["q"], **columns})


def test_one_query_by_hand() -> None:
    found = rank(ask(), pool(GALLERY, NAMES))
    # order x a x a a: hits at places 2, 4, 5
    assert (found.queries, found.rank_1, found.rank_5, found.rank_10) == (1, 0.0, 1.0, 1.0)
    assert found.mean_ap == pytest.approx((1 / 2 + 2 / 4 + 3 / 5) / 3)
    assert found.map_at_r == pytest.approx((1 / 2) / 3)


def test_rank_k_counts_places_exactly() -> None:
    found = rank(ask(), pool(at_angles(*range(10, 120, 10)), [*"xxxx", "a", *"xxxxxx"]))
    assert (found.rank_1, found.rank_5, found.rank_10) == (0.0, 1.0, 1.0)
    found = rank(ask(), pool(at_angles(*range(10, 120, 10)), [*"xxxxx", "a", *"xxxxx"]))
    assert (found.rank_5, found.rank_10) == (0.0, 1.0)
    found = rank(ask(), pool(at_angles(*range(10, 120, 10)), [*"xxxxxxxxxx", "a"]))
    assert found.rank_10 == 0.0
    assert found.mean_ap == pytest.approx(1 / 11)


def test_only_equal_or_unknown_sides_are_compared() -> None:
    gallery = pool(GALLERY, NAMES, sides=["right", "right", "left", "", "left"])
    found = rank(ask(sides=["left"]), gallery, same_side=True)
    # left over: x(left) a("") a(left)
    assert found.mean_ap == pytest.approx((1 / 2 + 2 / 3) / 2)
    unknown = rank(ask(sides=[""]), gallery, same_side=True)
    assert unknown == rank(ask(), pool(GALLERY, NAMES))
    assert rank(ask(sides=["left"]), gallery) == unknown


def test_photos_of_one_encounter_are_not_compared() -> None:
    gallery = pool(GALLERY, NAMES, groups=["e", "q", "f", "q", "g"])
    found = rank(ask(), gallery, other_encounter=True)
    # left over: x x a
    assert found.rank_1 == found.map_at_r == 0.0
    assert found.mean_ap == pytest.approx(1 / 3)


def test_a_photo_is_never_compared_with_itself() -> None:
    found = rank(ask(hashes=["h1"]), pool(GALLERY, NAMES))
    assert found.mean_ap == pytest.approx((1 / 3 + 2 / 4) / 2)


def test_ties_go_to_the_lower_row() -> None:
    twins = at_angles(10, 10)
    assert rank(ask(), pool(twins, ["a", "x"])).rank_1 == 1.0
    assert rank(ask(), pool(twins, ["x", "a"])).rank_1 == 0.0


def test_a_query_without_an_allowed_photo_of_its_individual_is_skipped_and_counted() -> None:
    queries = pool(at_angles(0, 0), ["a", "nobody"], hashes=["q1", "q2"])
    found = rank(queries, pool(GALLERY, NAMES))
    assert (found.queries, found.skipped) == (1, 1)
    assert found.mean_ap == rank(ask(), pool(GALLERY, NAMES)).mean_ap


def test_with_nothing_to_rank_every_figure_is_not_a_number() -> None:
    found = rank(pool(at_angles(0), ["nobody"], hashes=["q"]), pool(GALLERY, NAMES))
    assert (found.queries, found.skipped) == (0, 1)
    assert np.isnan([found.rank_1, found.rank_5, found.rank_10, found.mean_ap, found.map_at_r]).all()


def test_the_size_of_the_chunks_changes_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"n{number}" for number in np.random.default_rng(0).integers(0, 9, 50)]
    sides = ["left" if row % 3 else "" for row in range(50)]
    one = pool(unit(0, 50), names, sides=sides, groups=[str(row // 2) for row in range(50)])
    whole = rank(one, one, same_side=True, other_encounter=True)
    monkeypatch.setattr(metrics, "QUERY_CHUNK", 7)
    assert rank(one, one, same_side=True, other_encounter=True) == whole


def test_the_places_of_queries_give_the_match_characteristic_and_chance() -> None:
    # seen from 0 degrees: x a x a a; from 40: a a x a x
    queries = pool(at_angles(0, 40, 25), ["a", "x", "nobody"], hashes=["q1", "q2", "q3"])
    found = places(queries, pool(GALLERY, NAMES))
    assert found.rows.tolist() == [0, 1]
    assert found.first.tolist() == [1, 2]
    assert found.chance.tolist() == [3 / 5, 2 / 5]
    assert found.cmc(4).tolist() == [0.0, 0.5, 1.0, 1.0]
    assert summary(found, 3) == rank(queries, pool(GALLERY, NAMES))


def test_chance_counts_only_the_photos_that_are_allowed() -> None:
    gallery = pool(GALLERY, NAMES, sides=["right", "right", "left", "", "left"])
    assert places(ask(sides=["left"]), gallery, same_side=True).chance.tolist() == [2 / 3]


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"the columns of a pool have lengths \[1, 2\]"):
        Pool(at_angles(0, 1), ["a"], ["", ""], ["", ""], ["", ""])


def test_a_subset_keeps_each_rows_columns() -> None:
    part = pool(GALLERY, NAMES, sides=list("lrlrl")).subset([4, 1])
    assert (part.vectors == GALLERY[[4, 1]]).all()
    assert (part.individuals, part.sides, part.groups, part.hashes) == (
        ["a", "a"],
        ["l", "r"],
        ["4", "1"],
        ["h4", "h1"],
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=25), st.integers(0, 99))
def test_figures_are_shares_and_in_order(codes: list[int], seed: int) -> None:
    one = pool(unit(seed, len(codes)), [f"n{code}" for code in codes])
    found = rank(one, one)
    assert found.queries + found.skipped == len(codes)
    if found.queries:
        assert 0.0 <= found.map_at_r <= found.mean_ap <= 1.0
        assert 0.0 <= found.rank_1 <= found.rank_5 <= found.rank_10 <= 1.0
        reached = places(one, one).cmc(len(codes))
        assert (np.diff(reached) >= 0).all() and reached[-1] == 1.0
        assert [reached[0], reached[:5][-1]] == pytest.approx([found.rank_1, found.rank_5])


OF_FOUR = pool(at_angles(30, 10, 60, 20), ["b", "a", "b", "c"], sides=["left", "right", "right", ""])


def test_each_individual_counts_by_its_most_alike_photo() -> None:
    best = best_scores(pool(at_angles(0, 50), ["b", "nobody"], hashes=["q1", "q2"]), OF_FOUR)
    assert best.names == ("a", "b", "c")
    assert best.own.tolist() == [1, -1]
    np.testing.assert_allclose(best.scores, np.cos(np.radians([[10, 30, 20], [40, 10, 30]])), atol=1e-6)
    np.testing.assert_allclose(best.own_scores(), [np.cos(np.radians(30)), -np.inf], atol=1e-6)


def test_an_individual_without_an_allowed_photo_is_minus_infinity() -> None:
    best = best_scores(pool(at_angles(0), ["a"], hashes=["q"], sides=["left"]), OF_FOUR, same_side=True)
    np.testing.assert_allclose(best.scores, [[-np.inf, np.cos(np.radians(30)), np.cos(np.radians(20))]], atol=1e-6)
    assert best.own_scores().tolist() == [-np.inf]
