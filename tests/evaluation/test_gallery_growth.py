"""Rank-1 by what is enrolled: the exact means against every subset written out."""

from __future__ import annotations

import tracemalloc
from itertools import chain, combinations, product

import numpy as np
import pytest

from reid.evaluation import metrics
from reid.evaluation.gallery_growth import by_gallery_size, by_photos, rounds
from reid.evaluation.metrics import Pool, best_scores, rank
from tests.evaluation.pools import at_angles, crowd, pool, unit

NAMES = [f"n{number}" for number in range(4) for _ in range(number + 1)]
GALLERY = pool(unit(0, 10, 3), NAMES)
QUERIES = pool(unit(1, 6, 3), ["n0", "n1", "n2", "n3", "n3", "nobody"], hashes=[f"q{row}" for row in range(6)],
               groups=[f"q{row}" for row in range(6)])


def hit(row: int, columns: list[int]) -> bool:
    scores = QUERIES.vectors[row] @ GALLERY.vectors[columns].T
    return NAMES[columns[int(np.argmax(scores))]] == QUERIES.individuals[row]


def columns_of(name: str) -> list[int]:
    return [column for column, other in enumerate(NAMES) if other == name]


@pytest.mark.parametrize("size", [2, 4])
def test_rank_1_by_gallery_size_is_the_mean_over_all_galleries_of_that_size(size: int) -> None:
    means = []
    for row, name in enumerate(QUERIES.individuals[:5]):
        rest = [other for other in sorted(set(NAMES)) if other != name]
        galleries = [[*columns_of(name), *(c for other in chosen for c in columns_of(other))]
                     for chosen in combinations(rest, size - 1)]
        means.append(np.mean([hit(row, columns) for columns in galleries]))
    points = {point.count: point.rank_1.value for point in by_gallery_size(best_scores(QUERIES, GALLERY), QUERIES.individuals)}
    assert list(points) == [2, 4]
    assert points[size] == pytest.approx(np.mean(means), abs=1e-12)


@pytest.mark.parametrize("photos", [1, 2, 4])
def test_rank_1_by_photos_is_the_mean_over_all_ways_to_enroll_so_many(photos: int) -> None:
    ways = [list(combinations(columns_of(name), min(photos, len(columns_of(name))))) for name in sorted(set(NAMES))]
    galleries = [list(chain(*way)) for way in product(*ways)]
    wanted = np.mean([[hit(row, columns) for row in range(5)] for columns in galleries])
    points = {point.count: point.rank_1.value for point in by_photos(QUERIES, GALLERY)}
    assert list(points) == [1, 2, 4]
    assert points[photos] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_last_point_of_both_is_rank_1_itself(seed: int) -> None:
    one = crowd(seed, 9, 7)
    sides = ["left" if row % 3 else "" for row in range(63)]
    groups = [f"{name}/{row % 2}" for row, name in enumerate(one.individuals)]
    strict = Pool(one.vectors, one.individuals, sides, groups, one.hashes)
    wanted = rank(strict, strict, same_side=True, other_encounter=True).rank_1
    nearest = best_scores(strict, strict, same_side=True, other_encounter=True)
    assert by_gallery_size(nearest, strict.individuals)[-1].rank_1.value == pytest.approx(wanted, abs=1e-12)
    points = by_photos(strict, strict, same_side=True, other_encounter=True)
    assert [point.count for point in points] == [1, 2, 5, 7]
    assert points[-1].rank_1.value == pytest.approx(wanted, abs=1e-12)


def test_more_individuals_never_help() -> None:
    queries, gallery = crowd(1, 30, 2), crowd(2, 30, 3)
    values = [point.rank_1.value for point in by_gallery_size(best_scores(queries, gallery), queries.individuals)]
    assert values == sorted(values, reverse=True) and values[0] > values[-1]


def test_the_size_of_the_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, gallery = crowd(1, 10, 2), crowd(2, 10, 3)
    whole = by_gallery_size(best_scores(queries, gallery), queries.individuals), by_photos(queries, gallery)
    monkeypatch.setattr(metrics, "QUERY_CHUNK", 3)
    assert (by_gallery_size(best_scores(queries, gallery), queries.individuals), by_photos(queries, gallery)) == whole


def test_where_nobody_can_be_found_there_is_no_point() -> None:
    stranger = pool(at_angles(0), ["nobody"], hashes=["q"])
    gallery = pool(at_angles(5, 10), ["a", "b"])
    none = pool(np.zeros((0, 2), np.float32), [])
    assert by_gallery_size(best_scores(stranger, gallery), ["nobody"]) == by_photos(stranger, gallery) == ()
    assert by_gallery_size(best_scores(stranger, none), ["nobody"]) == by_photos(stranger, none) == ()


def test_the_counts_are_round_and_end_with_the_whole() -> None:
    assert rounds(1) == [1]
    assert rounds(35, 2) == [2, 5, 10, 20, 35]
    assert rounds(1000) == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]


def test_an_individual_with_thousands_of_photos_takes_little_memory() -> None:
    gallery = pool(at_angles(*np.linspace(0, 90, 3001)), ["a"] * 3000 + ["b"])
    query = pool(at_angles(1), ["a"], hashes=["q"])
    tracemalloc.start()
    points = by_photos(query, gallery)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert points[-1].rank_1.value == 1.0
    assert peak < 100_000_000  # a table of all pairs of counts would take 72 MB for each of a dozen counts
