"""Encounters of unknown animals put together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reid.calibration.link_calibration import worth
from reid.evaluation.metrics import Pool
from reid.records import Vectors
from reid.steps.season.clustering import ClusterInput, LinkCalibration, PhotoGroup, clusters, merge_steps, scores

SURE = LinkCalibration(20.0, -10.0, 100, 50, 20)
"""Right from a score of 0.5 on."""


def turned(*degrees: float) -> Vectors:
    """Directions in a plane; the cosine of two is that of the angle between them."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def linkable(degrees: list[float], units: list[int], sides: list[str] | None = None, **facts: object) -> ClusterInput:
    return ClusterInput(turned(*degrees), sides or ["left"] * len(units), np.asarray(units), **facts)  # type: ignore[arg-type]


def test_a_score_is_the_mean_of_the_best_cosines_both_ways() -> None:
    found = scores(linkable([0, 60, 20], [0, 0, 1]))
    there = (math.cos(math.radians(20)) + math.cos(math.radians(40))) / 2  # each photo of 0 to the one of 1
    back = math.cos(math.radians(20))  # its best of 0
    assert found[0, 1] == pytest.approx((there + back) / 2)
    assert found[1, 0] == found[0, 1] and found[0, 0] == -np.inf


def test_left_and_right_are_never_compared_and_an_unknown_side_is_with_both() -> None:
    found = scores(linkable([0, 0, 0], [0, 1, 2], ["left", "right", ""]))
    assert found[0, 1] == -np.inf
    assert found[0, 2] == pytest.approx(1.0) and found[1, 2] == pytest.approx(1.0)


def test_halves_stay_halves_until_an_encounter_shows_both_sides() -> None:
    halves = linkable([0, 1, 90, 91], [0, 1, 2, 3], ["left", "left", "right", "right"])
    assert [one.units for one in clusters(halves, SURE, probability=0.5)] == [(0, 1), (2, 3)]
    linked = linkable([0, 1, 90, 91, 0, 90], [0, 1, 2, 3, 4, 4], ["left", "left", "right", "right", "left", "right"])
    assert [one.units for one in clusters(linked, SURE, probability=0.5)] == [(0, 1, 2, 3, 4)]


def test_what_cannot_be_one_animal_is_kept_apart_through_a_third() -> None:
    alike = [0.0, 2.0, 4.0]
    assert [one.units for one in clusters(linkable(alike, [0, 1, 2]), SURE, probability=0.5)] == [(0, 1, 2)]
    apart = linkable(alike, [0, 1, 2], apart=frozenset({(0, 2)}))
    found = clusters(apart, SURE, probability=0.5)
    assert sorted(len(one.units) for one in found) == [1, 2]
    assert not any({0, 2} <= set(one.units) for one in found)


def test_groups_do_not_depend_on_the_order_of_the_encounters() -> None:
    rng = np.random.default_rng(3)
    degrees = [*rng.normal(0, 8, 6), *rng.normal(70, 8, 6), *rng.normal(150, 8, 6)]
    first = {frozenset(one.units) for one in clusters(linkable(degrees, list(range(18))), SURE, probability=0.5)}
    order = rng.permutation(18)
    found = clusters(linkable([degrees[one] for one in order], list(range(18))), SURE, probability=0.5)
    assert {frozenset(int(order[unit]) for unit in one.units) for one in found} == first
    assert {frozenset(range(6)), frozenset(range(6, 12)), frozenset(range(12, 18))} == first


def test_a_chain_is_not_one_animal() -> None:
    steps = [float(one) for one in range(0, 181, 20)]  # each neighbour is 0.94 alike, the ends are opposite
    assert max(len(one.units) for one in clusters(linkable(steps, list(range(10))), SURE, probability=0.9)) < 5


def test_every_link_tells_its_photos_and_its_probability_the_weakest_first() -> None:
    (found,) = clusters(linkable([0, 2, 30], [0, 1, 2]), SURE, probability=0.5)
    assert found.units == (0, 1, 2)
    assert [one.photos for one in found.links] == [(1, 2), (0, 1)]
    assert found.links[0].cosine == pytest.approx(math.cos(math.radians(28)))
    mean = (math.cos(math.radians(28)) + math.cos(math.radians(30))) / 2
    assert found.links[0].probability == pytest.approx(1 / (1 + math.exp(-(20 * mean - 10))))


def test_among_more_encounters_a_link_needs_more() -> None:
    assert SURE.probability(0.5, 100) == pytest.approx(0.5) == SURE.probability(0.5, 10)
    assert SURE.probability(0.5, 300) == pytest.approx(0.25)


def test_where_nothing_is_known_of_scores_every_encounter_stays_alone() -> None:
    assert clusters(linkable([0, 0], [0, 1]), None, probability=0.5) == (PhotoGroup((0,)), PhotoGroup((1,)))


def _herd(spread: float, animals: int = 20, encounters: int = 4, seed: int = 0) -> Pool:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((animals, 32))
    vectors = np.repeat(centres, encounters, axis=0) + spread * rng.standard_normal((animals * encounters, 32))
    names = [f"animal {n // encounters}" for n in range(animals * encounters)]
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return Pool(unit, names, [""] * len(names), [str(n) for n in range(len(names))], [str(n) for n in range(len(names))])


def test_the_worth_of_a_link_is_counted_on_known_animals() -> None:
    learned = worth(_herd(1.0))
    assert learned is not None and (learned.units, learned.individuals, learned.joins) == (80, 20, 79)
    pool = _herd(1.0, seed=9)
    found = scores(ClusterInput(pool.vectors, pool.sides, np.arange(80)))
    joins = merge_steps(found, frozenset(), lambda score: learned.probability(score, 80) >= 0.5)
    right = [pool.individuals[one.first[0]] == pool.individuals[one.second[0]] for one in joins]
    assert sum(right) / len(right) > 0.9 and len(right) > 50  # 60 joins are right


def test_nothing_is_learned_from_scores_that_tell_nothing() -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((40, 64))
    unit = (noise / np.linalg.norm(noise, axis=1, keepdims=True)).astype(np.float32)
    names = [f"animal {n // 4}" for n in range(40)]
    assert worth(Pool(unit, names, [""] * 40, [str(n) for n in range(40)], [str(n) for n in range(40)])) is None
    assert worth(_herd(0.1, animals=2, encounters=2)) is None


def test_a_group_keeps_away_from_whomever_one_of_its_units_cannot_be() -> None:
    found = np.asarray([[-np.inf, 0.9, 0.8], [0.9, -np.inf, 0.7], [0.8, 0.7, -np.inf]])
    steps = merge_steps(found, frozenset(), lambda score: True)
    assert [(one.first, one.second) for one in steps] == [((0,), (1,)), ((0, 1), (2,))]
    assert [(one.first, one.second) for one in merge_steps(found, frozenset({(1, 2)}), lambda score: True)] == [((0,), (1,))]
