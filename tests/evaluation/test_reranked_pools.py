"""Closer looks over whole pools are those of a query; a calibration of them is kept where it helps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reid.calibration import score_calibration, thresholds
from reid.calibration.score_calibration import Mapped
from reid.evaluation import metrics, reranked_pools
from reid.evaluation.metrics import Pool
from reid.evaluation.reranked_pools import Maps, look, of_individuals
from reid.records import Calibration
from reid.steps.local_matching import WEIGHT, compare
from tests.evaluation.pools import crowd


def coats(pool: Pool, *, telling: bool, grain: float = 0.5) -> Maps:
    """Maps of 8 x 8 cells: of the individual's own marks (telling) or of nobody's."""
    rng = np.random.default_rng(3)
    of = {name: rng.standard_normal((8, 8, 6)) for name in sorted(set(pool.individuals))}
    noise = rng.standard_normal((len(pool.individuals), 8, 8, 6))
    return np.stack([
        (of[name] if telling else 0.0) + grain * one for name, one in zip(pool.individuals, noise, strict=True)
    ]).astype(np.float16)


def test_the_best_photos_of_the_best_individuals_are_looked_at_as_in_a_query() -> None:
    gallery, queries = crowd(0, 7, 5), crowd(1, 7, 1)
    maps, asked = coats(gallery, telling=True), coats(queries, telling=True)
    found = look(queries, gallery, asked, maps, same_side=True, other_encounter=True, individuals=3)
    for query in range(7):
        scores = gallery.vectors @ queries.vectors[query]
        best = sorted(set(gallery.individuals), key=lambda name: -max(scores[np.asarray(gallery.individuals) == name]))[:3]
        rows = [
            row for name in best
            for row in sorted((r for r in range(35) if gallery.individuals[r] == name), key=lambda r: -scores[r])[:3]
        ]
        assert found.rows[query].tolist() == rows
        expected = compare(asked[query].astype(np.float32), maps[rows].astype(np.float32)).scores
        assert np.array_equal(found.local[query], expected)


def test_of_an_individual_the_photo_counts_that_cosine_and_closer_look_together_find_best() -> None:
    gallery, queries = crowd(0, 4, 5), crowd(1, 4, 1)
    maps, asked = coats(gallery, telling=True, grain=2.0), coats(queries, telling=True, grain=2.0)
    found = look(queries, gallery, asked, maps, same_side=True, other_encounter=True, individuals=2, everybody=True)
    table = of_individuals(found, queries, gallery)
    assert table.shape == (4, 4) and not np.isnan(table).any()
    for query in range(4):
        for column, name in enumerate(sorted(set(gallery.individuals))):
            fused = [
                (float(gallery.vectors[row] @ queries.vectors[query]) + WEIGHT * float(local), float(local))
                for row, local in zip(found.rows[query], found.local[query], strict=True)
                if gallery.individuals[row] == name
            ]
            assert len(fused) == 3
            assert table[query, column] == pytest.approx(max(fused)[1])


def test_a_closer_look_speaks_for_all_photos_of_an_individual() -> None:
    gallery, queries = crowd(0, 2, 2), crowd(1, 2, 1)
    assert gallery.individuals == ["n0", "n0", "n1", "n1"]
    found = reranked_pools.Looks(np.asarray([[2, 3], [1, -1]]), np.asarray([[0.5, 0.25], [0.125, np.nan]], np.float32))
    table = of_individuals(found, queries, gallery)
    better = max(((2, 0.5), (3, 0.25)), key=lambda one: float(gallery.vectors[one[0]] @ queries.vectors[0]) + WEIGHT * one[1])[1]
    assert np.array_equal(table, [[np.nan, better], [0.125, np.nan]], equal_nan=True)
    add = reranked_pools.added(found, queries, gallery, 4.0)
    assert add(slice(0, 2)).tolist() == [[0.0, 0.0, 4 * better, 4 * better], [0.5, 0.5, 0.0, 0.0]]
    assert add(slice(1, 2)).tolist() == [[0.5, 0.5, 0.0, 0.0]]


def learned(*, telling: bool, spread: float = 1.1) -> Calibration:
    pool = crowd(5, 12, 6, spread)
    maps = coats(pool, telling=telling, grain=1.5)
    found = score_calibration.calibrate(pool, max_false_match=0.05, mapped=Mapped(np.arange(len(pool.vectors)), maps))
    assert found is not None
    return found


def test_a_closer_look_that_tells_individuals_apart_gets_a_calibration_of_its_own() -> None:
    found = learned(telling=True)
    assert found.closer is not None
    assert found.closer.more_slopes[0] > 0.0
    assert found.closer.max_false_match == 0.05
    assert found.closer.individuals == 12
    assert Calibration.from_json(found.to_json()) == found


def test_a_closer_look_that_tells_nothing_is_not_taken() -> None:
    assert learned(telling=False).closer is None


def test_the_cosines_own_calibration_does_not_depend_on_closer_looks() -> None:
    pool = crowd(5, 12, 6, 1.1)
    plain = score_calibration.calibrate(pool, max_false_match=0.05)
    assert plain == replace(learned(telling=True), closer=None)


def test_photos_without_a_map_are_left_out_of_the_closer_look_alone() -> None:
    pool = crowd(5, 12, 6, 1.1)
    some = np.asarray([row for row in range(len(pool.vectors)) if row % 6 != 5])
    found = score_calibration.calibrate(pool, max_false_match=0.05, mapped=Mapped(some, coats(pool, telling=True)[some]))
    assert found is not None and found.closer is not None
    assert (found.photos, found.closer.photos) == (72, 60)
    nothing = Mapped(np.zeros(0, np.int64), np.zeros((0, 1, 1, 1), np.float16))
    without = score_calibration.calibrate(pool, max_false_match=0.05, mapped=nothing)
    assert without is not None and without.closer is None


def test_maps_follow_their_photos_into_a_subset() -> None:
    maps = np.arange(4, dtype=np.float16).reshape(4, 1, 1, 1)
    part = Mapped(np.asarray([1, 3, 4, 6]), maps).subset([6, 0, 1, 2])
    assert (part.rows.tolist(), part.maps.ravel().tolist()) == ([0, 2], [3.0, 0.0])


def test_of_many_photos_those_looked_at_are_spread_over_the_individuals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_calibration, "MOST_LOOKED", 8)
    pool = crowd(0, 4, 9)
    near, far = score_calibration.looked(pool, coats(pool, telling=True))
    asked = ~np.isnan(near.scores).any(axis=(1, 2))
    assert [int(asked[near.own == column].sum()) for column in range(4)] == [2, 2, 2, 2]
    assert np.array_equal(near.scores[:, :, 0], far.scores, equal_nan=True)


def test_the_log_loss_is_that_of_bayes_by_hand() -> None:
    evidence = np.asarray([[[2.0, -1.0, np.nan]]])
    held = thresholds.HeldOut(evidence, np.zeros(1, np.int64), np.zeros(1, np.int64))
    enrolled = -np.log(0.25 * np.exp(2.0) / (0.5 + 0.25 * np.exp(2.0) + 0.25 * np.exp(-1.0)))
    unknown = -np.log(0.5 / (0.5 + 0.5 * np.exp(-1.0)))
    assert thresholds.log_loss(held, ceiling=9.0, prior=0.5) == pytest.approx(0.5 * (enrolled + unknown))
    cut = -np.log(0.25 * np.exp(1.0) / (0.5 + 0.25 * np.exp(1.0) + 0.25 * np.exp(-1.0)))
    assert thresholds.log_loss(held, ceiling=1.0, prior=0.5) == pytest.approx(0.5 * (cut + unknown))


def test_ranking_with_a_closer_look_moves_the_photos_it_found() -> None:
    gallery, queries = crowd(0, 6, 3, 1.5), crowd(1, 6, 2, 1.5)
    maps, asked = coats(gallery, telling=True), coats(queries, telling=True)
    found = look(queries, gallery, asked, maps, same_side=True, other_encounter=True)
    plain = metrics.rank(queries, gallery, same_side=True, other_encounter=True)
    more = reranked_pools.added(found, queries, gallery, WEIGHT)
    closer = metrics.summary(metrics.places(queries, gallery, same_side=True, other_encounter=True, added=more), 12)
    assert plain.rank_1 < 1.0
    assert closer.rank_1 == 1.0
