"""Calibration: learned from held-out comparisons only, honest about its error and about how little it saw."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reid.learn import calibration, metrics
from reid.learn.calibration import calibrate, platt, trials
from reid.learn.metrics import Pool
from reid.records import Calibration, Outcome
from reid.steps.decision import Candidate, decide, evidence, posterior


def pool(
    seed: int,
    individuals: int,
    encounters: int = 4,
    photos: int = 1,
    spread: float = 0.55,
    sides: tuple[str, ...] = ("",),
) -> Pool:
    """Individuals as directions in space, each encounter and each side a little off, each photo a little more."""
    rng = np.random.default_rng(seed)
    rows, names, shown, groups = [], [], [], []
    for number in range(individuals):
        for side in sides:
            centre = rng.standard_normal(16)
            for encounter in range(encounters):
                for _ in range(photos):
                    rows.append(centre + spread * rng.standard_normal(16))
                    names.append(f"n{number}")
                    shown.append(side)
                    groups.append(f"n{number}/{side}/{encounter}")
    vectors = np.stack(rows)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return Pool(vectors, names, shown, groups, [f"h{row}" for row in range(len(rows))])


def known(seed: int, individuals: int = 12, max_false_match: float = 0.05, **made: float) -> tuple[Pool, Calibration]:
    found = pool(seed, individuals, **made)  # type: ignore[arg-type]
    learned = calibrate(found, max_false_match=max_false_match)
    assert learned is not None
    return found, learned


@pytest.mark.parametrize(("genuine", "impostor"), [(4000, 4000), (1500, 20_000)])
def test_the_true_log_likelihood_ratio_of_two_gaussians_is_recovered(genuine: int, impostor: int) -> None:
    rng = np.random.default_rng(1)
    same, other, sigma = 0.62, 0.35, 0.12
    slope, intercept = platt(rng.normal(same, sigma, genuine), rng.normal(other, sigma, impostor))
    true_slope, true_intercept = (same - other) / sigma**2, (other**2 - same**2) / (2 * sigma**2)
    assert slope == pytest.approx(true_slope, rel=0.06)
    for score in (0.2, 0.35, 0.485, 0.62, 0.8):
        assert slope * score + intercept == pytest.approx(true_slope * score + true_intercept, abs=0.35)


@pytest.mark.parametrize(("scale", "shift"), [(0.1, 0.9), (0.001, 0.999), (40.0, -3.0)])
def test_the_evidence_of_a_score_does_not_depend_on_the_scores_scale(scale: float, shift: float) -> None:
    rng = np.random.default_rng(2)
    genuine, impostor = rng.normal(0.6, 0.1, 400), rng.normal(0.3, 0.1, 4000)
    slope, intercept = platt(genuine, impostor)
    slope_2, intercept_2 = platt(scale * genuine + shift, scale * impostor + shift)
    for score in (0.2, 0.45, 0.7):
        assert slope_2 * (scale * score + shift) + intercept_2 == pytest.approx(slope * score + intercept, abs=1e-3)


def test_scores_that_never_overlap_still_give_finite_evidence() -> None:
    slope, intercept = platt(np.linspace(0.8, 0.9, 30), np.linspace(0.1, 0.2, 300))
    assert 0.0 < slope < 1000.0
    assert slope * 0.8 + intercept > 2.0 > -2.0 > slope * 0.2 + intercept


def test_trials_hold_the_best_allowed_score_of_each_individual_and_nothing_else() -> None:
    found = pool(0, 5, encounters=2, photos=2, sides=("left", "right", ""))
    table = trials(found)
    names = sorted(set(found.individuals))
    compared = 0
    for query in range(len(found.vectors)):
        assert names[table.own[query]] == found.individuals[query]
        for column, name in enumerate(names):
            scores = [
                float(found.vectors[query] @ found.vectors[other])
                for other in range(len(found.vectors))
                if found.individuals[other] == name
                and other != query
                and found.groups[other] != found.groups[query]
                and (found.sides[other] == found.sides[query] or "" in (found.sides[other], found.sides[query]))
            ]
            compared += len(scores)
            assert table.scores[query, column] == pytest.approx(max(scores), abs=1e-6)
    assert compared > 1000


def test_photos_of_one_encounter_and_of_the_other_flank_teach_nothing() -> None:
    clean = pool(3, 8, encounters=3, sides=("left", "right"))
    vectors = np.repeat(clean.vectors, 2, axis=0)  # each photo twice in its encounter, score 1
    doubled = Pool(
        vectors,
        [name for name in clean.individuals for _ in "12"],
        [side for side in clean.sides for _ in "12"],
        [group for group in clean.groups for _ in "12"],
        [f"{name}{copy}" for name in clean.hashes for copy in "12"],
    )
    one, two = trials(clean), trials(doubled)
    assert two.scores[::2] == pytest.approx(one.scores, nan_ok=True)
    assert float(np.nanmax(two.scores)) < 0.99
    flanks = Pool(
        clean.vectors,
        clean.individuals,
        clean.sides,
        [f"{name}/{row}" for row, name in enumerate(clean.individuals)],
        clean.hashes,
    )
    only_left = flanks.subset([row for row, side in enumerate(flanks.sides) if side == "left"])
    left = [row for row, side in enumerate(flanks.sides) if side == "left"]
    assert trials(flanks).scores[left] == pytest.approx(trials(only_left).scores)


def test_nobody_to_compare_with_is_no_score() -> None:
    lone = Pool(np.eye(3, dtype=np.float32), ["a", "a", "b"], [""] * 3, ["e", "e", "f"], ["1", "2", "3"])
    assert np.isnan(trials(lone).scores).tolist() == [[True, False], [True, False], [False, True]]


def test_the_chunks_change_no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pool(0, 6)
    whole = trials(found).scores
    monkeypatch.setattr(metrics, "CHUNK", 5)
    assert trials(found).scores == pytest.approx(whole, abs=1e-6, nan_ok=True)


def wrong_and_asked(table: calibration.Trials, learned: Calibration) -> tuple[int, int, int, int]:
    """(KNOWN and wrong, queries asked, NEW though enrolled, queries enrolled), by asking the decision itself."""
    wrong = asked = lost = enrolled = 0
    for row, own in zip(table.scores, table.own, strict=True):
        for with_own in (True, False):
            scores = {str(one): float(row[one]) for one in range(len(row)) if not np.isnan(row[one])}
            if with_own and str(own) not in scores:
                continue
            if not with_own:
                scores.pop(str(own), None)
            if not scores:
                continue
            chances = posterior(
                [Candidate(name, evidence(score, learned)) for name, score in scores.items()],
                len(scores),
                learned.prior,
            )
            told = decide(max(scores, key=lambda name: scores[name]), chances, learned, len(scores))
            asked += 1
            wrong += told.outcome is Outcome.KNOWN and not (with_own and told.individual == str(own))
            enrolled += with_own
            lost += with_own and told.outcome is Outcome.NEW
    return wrong, asked, lost, enrolled


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("max_false_match", [0.002, 0.02, 0.1])
def test_the_thresholds_keep_the_stated_error_on_the_held_out_photos(seed: int, max_false_match: float) -> None:
    found, learned = known(seed, max_false_match=max_false_match, spread=0.9)
    wrong, asked, lost, enrolled = wrong_and_asked(trials(found), learned)
    assert wrong <= max_false_match * asked
    assert learned.false_match == pytest.approx(wrong / asked)
    assert learned.false_new == pytest.approx(lost / enrolled)
    assert learned.false_new <= calibration.MAX_FALSE_NEW
    assert learned.known_at >= 0.5 <= learned.new_at


def test_a_stricter_error_asks_for_more_and_never_tells_more() -> None:
    found = pool(7, 15, spread=0.95)
    bounds = [calibrate(found, max_false_match=share) for share in (0.2, 0.05, 0.01, 0.001)]
    values = [learned.known_at for learned in bounds if learned is not None]
    assert values == sorted(values)
    assert values[0] < values[-1]


def test_the_ceiling_is_what_the_comparisons_can_support() -> None:
    found, learned = known(0, individuals=10)
    assert learned.comparisons == 40 * 10
    assert learned.ceiling == pytest.approx(math.log(40 * 9 + 1))
    assert evidence(1.0, learned) <= learned.ceiling
    assert (learned.individuals, learned.photos, learned.prior, learned.max_false_match) == (10, 40, 0.5, 0.05)
    assert len(found.vectors) == 40


def test_known_tells_most_enrolled_animals_where_they_look_different() -> None:
    found, learned = known(0, individuals=15, max_false_match=0.01, spread=0.3)
    table = trials(found)
    told = 0
    for row, own in zip(table.scores, table.own, strict=True):
        chances = posterior([Candidate(str(i), evidence(float(s), learned)) for i, s in enumerate(row)], len(row), 0.5)
        told += chances.individuals[str(own)] >= learned.known_at
    assert told / len(table.own) > 0.9


def test_too_little_to_learn_from_leaves_the_species_uncalibrated() -> None:
    assert calibrate(pool(0, 2), max_false_match=0.01) is None
    assert calibrate(pool(0, 3, encounters=2), max_false_match=0.01) is None
    assert calibrate(pool(0, 4, encounters=1, photos=9), max_false_match=0.01) is None
    assert calibrate(pool(0, 3, encounters=3), max_false_match=0.01) is not None


def test_scores_that_mean_nothing_or_the_contrary_leave_the_species_uncalibrated() -> None:
    rng = np.random.default_rng(0)
    names = [f"n{row % 6}" for row in range(36)]
    axes = np.eye(6)[[row % 6 for row in range(36)]] * np.where(np.arange(36) < 18, 1.0, -1.0)[:, None]
    vectors = axes + 0.05 * rng.standard_normal((36, 6))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    groups = [f"{name}/{row < 18}" for row, name in enumerate(names)]
    contrary = Pool(vectors, names, [""] * 36, groups, [str(row) for row in range(36)])
    assert calibrate(contrary, max_false_match=0.01) is None


def test_a_calibration_survives_its_json() -> None:
    _, learned = known(1)
    assert Calibration.from_json(learned.to_json()) == learned
    with pytest.raises(KeyError, match="ceiling"):
        Calibration.from_json({name: value for name, value in learned.to_json().items() if name != "ceiling"})


@given(st.lists(st.floats(0.0, 1.0, exclude_max=True), max_size=30), st.floats(0.0, 12.0))
def test_the_bound_is_reached_by_no_more_errors_than_may_pass(errors: list[float], may_pass: float) -> None:
    bound = calibration._least_bound(errors, may_pass)
    assert 0.5 <= bound <= 1.0
    assert sum(error >= bound for error in errors) <= may_pass or bound == 1.0
    lower = max((error for error in errors if 0.5 <= error < bound), default=None)
    if lower is not None:
        assert sum(error >= lower for error in errors) > may_pass


def test_the_bound_lies_half_way_to_the_next_error_that_may_pass() -> None:
    errors = [0.2, 0.6, 0.7, 0.9]
    bounds: NDArray[np.float64] = np.asarray([calibration._least_bound(errors, count) for count in range(5)])
    assert bounds == pytest.approx([0.95, 0.8, 0.65, 0.5, 0.5])


def test_a_posterior_never_passes_for_certain_so_the_bound_can_always_be_kept() -> None:
    _, learned = known(2)
    sure = posterior([Candidate("a", replace(learned, ceiling=14.0).ceiling)], 1, 0.5).individuals["a"]
    assert sure < 1.0
