"""Calibration: learned from held-out comparisons only, honest about its error and about how little it saw."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from reid.calibration import score_calibration
from reid.calibration.score_calibration import calibrate, platt, trials
from reid.evaluation import metrics
from reid.evaluation.metrics import Pool
from reid.records import Bounds, Calibration, Outcome, Photo
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
    monkeypatch.setattr(metrics, "QUERY_CHUNK", 5)
    assert trials(found).scores == pytest.approx(whole, abs=1e-6, nan_ok=True)


def told(found: Pool, learned: Calibration) -> list[tuple[Outcome, bool, bool]]:
    """(outcome, the individual told is right, the individual is enrolled) of every photo, by asking the decision itself."""
    table = trials(found)
    answers = []
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
            one = decide(max(scores, key=lambda name: scores[name]), chances, learned, len(scores))
            answers.append((one.outcome, with_own and one.individual == str(own), with_own))
    return answers


def wrong(answers: list[tuple[Outcome, bool, bool]]) -> float:
    return sum(outcome is Outcome.KNOWN and not right for outcome, right, _ in answers) / len(answers)


@pytest.mark.parametrize("held_out", [4, 8, 20])
@pytest.mark.parametrize("stated", [0.01, 0.05])
def test_the_stated_error_holds_on_individuals_that_nothing_was_learned_from(held_out: int, stated: float) -> None:
    """Averaged over many small trainings, asked about 12 other individuals; most enrolled animals are still known."""
    errors, known_right, lost = [], [], []
    for seed in range(12):
        _, learned = known(seed, held_out, max_false_match=stated, spread=0.4, photos=2)
        answers = [one for more in range(3) for one in told(pool(1000 + 50 * more + seed, 12, spread=0.4, photos=2), learned)]
        enrolled = [outcome for outcome, _, with_own in answers if with_own]
        errors.append(wrong(answers))
        known_right.append(sum(right and outcome is Outcome.KNOWN for outcome, right, _ in answers) / len(enrolled))
        lost.append(enrolled.count(Outcome.NEW) / len(enrolled))
    assert float(np.mean(errors)) <= stated
    assert float(np.mean(known_right)) > {4: 0.4, 8: 0.6, 20: 0.7}[held_out]
    assert float(np.mean(lost)) <= 2 * score_calibration.thresholds.MAX_FALSE_NEW


def test_the_stated_error_holds_where_five_times_as_many_are_enrolled_as_were_held_out() -> None:
    errors, known_right = [], []
    for seed in range(6):
        _, learned = known(seed, 10, max_false_match=0.02, spread=0.3, photos=2)
        assert learned.checked_up_to == 90
        answers = told(pool(2000 + seed, 50, spread=0.3, photos=2), learned)
        errors.append(wrong(answers))
        known_right.append(2 * sum(right and outcome is Outcome.KNOWN for outcome, right, _ in answers) / len(answers))
    assert float(np.mean(errors)) <= 0.02
    assert float(np.mean(known_right)) > 0.5


def test_no_photo_is_judged_by_a_fit_that_saw_its_individual() -> None:
    """The answers of one individual stay as they are when all its comparisons with itself are made up."""
    table = trials(pool(3, 7, spread=0.8))
    before = score_calibration.learn(table, max_false_match=0.05)
    made_up = table.scores.copy()
    rows = np.flatnonzero(table.own == 2)
    made_up[rows, 2] = 0.99
    held = score_calibration._held_out(table)
    changed = score_calibration._held_out(score_calibration.ScoreTrials(made_up, table.own))
    others = np.delete(np.arange(7), 2)
    assert changed.judged()[np.ix_(rows, others)] == pytest.approx(held.judged()[np.ix_(rows, others)])
    assert not np.allclose(changed.judged()[rows, 2], held.judged()[rows, 2])
    elsewhere = np.flatnonzero(held.fold != held.fold[rows[0]])
    assert not np.allclose(changed.judged()[elsewhere], held.judged()[elsewhere])
    assert before is not None
    everybody = score_calibration._fit(table, np.ones(7, bool))
    assert (before.calibration.slope, before.calibration.intercept) == (everybody.slopes[0], everybody.intercept)


def test_a_second_score_that_tells_nothing_is_given_no_weight_and_one_that_does_is() -> None:
    rng = np.random.default_rng(4)
    first = trials(pool(4, 12, spread=0.9))
    genuine, _ = first.pairs()
    noise = rng.standard_normal(first.scores.shape)
    useless = score_calibration.fit(*(np.stack([first.scores, noise], axis=2)[mask] for mask in first.pairs()))
    useful = score_calibration.fit(*(np.stack([first.scores, 3.0 * genuine + noise], axis=2)[mask] for mask in first.pairs()))
    alone = score_calibration.fit(*(first.columns[mask] for mask in first.pairs()))
    assert abs(useless.slopes[1]) < 0.4 < 2.0 < useful.slopes[1]
    assert useless.slopes[0] == pytest.approx(alone.slopes[0], rel=0.1)
    table = score_calibration.ScoreTrials(np.stack([first.scores, 3.0 * genuine + noise], axis=2), first.own)
    learned = score_calibration.learn(table, max_false_match=0.01)
    plain = score_calibration.learn(first, max_false_match=0.01)
    assert learned is not None and plain is not None
    one = learned.calibration
    assert one.more_slopes == (useful.slopes[1],)
    score = evidence(0.4, one, (2.0,))
    assert score == pytest.approx(min(one.ceiling, one.slope * 0.4 + one.more_slopes[0] * 2.0 + one.intercept))
    answered = learned.answers.enrolled
    assert learned.answers.right[answered].mean() > plain.answers.right[answered].mean()


def test_a_side_with_enough_individuals_has_a_calibration_of_its_own() -> None:
    """Left photos are twice as hard as right ones; unknown sides are served by what holds for all."""
    hard, easy = pool(5, 14, spread=0.8, sides=("left",)), pool(6, 14, spread=0.3, sides=("right",))
    both = Pool(
        np.concatenate([hard.vectors, easy.vectors]),
        [*hard.individuals, *easy.individuals],
        [*hard.sides, *easy.sides],
        [*hard.groups, *easy.groups],
        [*hard.hashes, *(f"r{name}" for name in easy.hashes)],
    )
    learned = calibrate(both, max_false_match=0.01)
    assert learned is not None
    for side, alone in (("left", calibrate(hard, max_false_match=0.01)), ("right", calibrate(easy, max_false_match=0.01))):
        assert alone is not None
        assert getattr(learned, side) == replace(alone, left=None, right=None) == getattr(alone, side)
    assert learned.left is not None and learned.right is not None
    assert evidence(0.6, learned.left) > evidence(0.6, learned) > evidence(0.6, learned.right)  # 0.6 is much for hard photos
    assert (learned.of_side("left"), learned.of_side("right")) == (learned.left, learned.right)
    assert learned.of_side("") == learned
    assert Calibration.from_json(json.loads(json.dumps(learned.to_json()))) == learned


def test_sides_with_few_individuals_share_one_calibration() -> None:
    learned = calibrate(pool(5, score_calibration.SIDE_INDIVIDUALS - 1, sides=("left", "right")), max_false_match=0.01)
    assert learned is not None
    assert (learned.left, learned.right) == (None, None)
    assert learned.of_side("left") is learned


def test_a_stricter_error_asks_for_more_and_never_tells_more() -> None:
    found = pool(7, 15, spread=0.95)
    bounds = [calibrate(found, max_false_match=share) for share in (0.2, 0.05, 0.01, 0.001)]
    values = [learned.known_at for learned in bounds if learned is not None]
    assert values == sorted(values)
    assert values[0] < values[-1]
    sizes = [[one.known_at for one in learned.bounds] for learned in bounds if learned is not None]
    for looser, stricter in pairwise(sizes):
        assert all(low <= high for low, high in zip(looser, stricter, strict=True))


def test_the_ceiling_is_what_the_comparisons_can_support() -> None:
    found, learned = known(0, individuals=10)
    assert learned.comparisons == 40 * 10
    assert learned.ceiling == pytest.approx(math.log(40 * 9 + 1))
    assert evidence(1.0, learned) <= learned.ceiling
    assert (learned.individuals, learned.photos, learned.prior, learned.max_false_match) == (10, 40, 0.5, 0.05)
    assert learned.checked_up_to == 10 * 9
    assert [one.size for one in learned.bounds] == [3, 10, 30, 90]
    assert learned.known_at == max(one.known_at for one in learned.bounds)
    assert learned.new_at == max(one.new_at for one in learned.bounds)
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
    assert score_calibration.lacking(trials(pool(0, 3, encounters=3))) == ""
    assert "2 individuals" in score_calibration.lacking(trials(pool(0, 2)))
    assert "6 photos can be matched" in score_calibration.lacking(trials(pool(0, 3, encounters=2)))


def test_one_individual_alone_that_can_be_matched_is_not_enough_to_judge_a_fit() -> None:
    """The others were met once each: a fit without the one would have nothing genuine to learn from."""
    one, others = pool(0, 1, encounters=12), pool(1, 9, encounters=1)
    thin = Pool(
        np.concatenate([one.vectors, others.vectors]),
        [*(f"m{name}" for name in one.individuals), *others.individuals],
        [""] * 21,
        [*(f"m{name}" for name in one.groups), *others.groups],
        [*(f"m{name}" for name in one.hashes), *others.hashes],
    )
    assert calibrate(thin, max_false_match=0.01) is None
    assert "photos of one individual only can be matched" in score_calibration.lacking(trials(thin))
    two = Pool(
        np.concatenate([thin.vectors, one.vectors[::-1]]),
        [*thin.individuals, *["second"] * 12],
        [""] * 33,
        [*thin.groups, *(f"s{name}" for name in one.groups)],
        [*thin.hashes, *(f"s{name}" for name in one.hashes)],
    )
    held = score_calibration._held_out(trials(two))
    places = {name: held.fold[two.individuals.index(name)] for name in ("mn0", "second")}
    assert places["mn0"] != places["second"]
    assert score_calibration.lacking(trials(two)) == ""


def test_of_a_large_pool_some_photos_are_taken_and_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pool(2, 9)
    assert score_calibration.sampled(found) is found
    monkeypatch.setattr(score_calibration, "MOST_CALIBRATING", 21)
    part = score_calibration.sampled(found)
    assert len(set(part.individuals)) == 5
    assert len(part.vectors) == 5 * 4
    assert part.hashes == score_calibration.sampled(found).hashes
    learned = calibrate(found, max_false_match=0.05)
    assert learned is not None
    assert (learned.individuals, learned.photos) == (5, 20)


def test_few_individuals_with_many_photos_each_are_all_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pool(2, 4, encounters=100)
    monkeypatch.setattr(score_calibration, "MOST_CALIBRATING", 200)
    part = score_calibration.sampled(found)
    assert [part.individuals.count(f"n{number}") for number in range(4)] == [50, 50, 50, 50]


def test_scores_that_mean_nothing_or_the_contrary_leave_the_species_uncalibrated() -> None:
    rng = np.random.default_rng(0)
    names = [f"n{row % 6}" for row in range(36)]
    axes = np.eye(6)[[row % 6 for row in range(36)]] * np.where(np.arange(36) < 18, 1.0, -1.0)[:, None]
    vectors = axes + 0.05 * rng.standard_normal((36, 6))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    groups = [f"{name}/{row < 18}" for row, name in enumerate(names)]
    contrary = Pool(vectors, names, [""] * 36, groups, [str(row) for row in range(36)])
    assert calibrate(contrary, max_false_match=0.01) is None
    assert "not more alike" in score_calibration.lacking(trials(contrary))


def test_a_calibration_survives_its_json() -> None:
    _, learned = known(1)
    assert Calibration.from_json(json.loads(json.dumps(learned.to_json()))) == learned
    with pytest.raises(KeyError, match="ceiling"):
        Calibration.from_json({name: value for name, value in learned.to_json().items() if name != "ceiling"})


def test_a_calibration_of_an_older_reid_is_read_and_asks_the_same_of_every_gallery() -> None:
    older = {
        "slope": 20.5, "intercept": -9.0, "ceiling": 4.5, "known_at": 0.9, "new_at": 0.8, "prior": 0.5,
        "max_false_match": 0.01, "false_match": 0.008, "false_new": 0.02, "individuals": 12, "photos": 80,
        "comparisons": 960,
    }
    found = Calibration.from_json(older)
    assert found == Calibration(20.5, -9.0, 4.5, 0.9, 0.8, 0.5, 0.01, 0.008, 0.02, 12, 80, 960)
    assert (found.checked_up_to, found.bounds, found.left, found.right) == (0, (), None, None)
    assert [found.bounds_for(size) for size in (1, 500)] == [Bounds(1, 0.9, 0.8), Bounds(500, 0.9, 0.8)]


def test_a_posterior_never_passes_for_certain_so_the_bound_can_always_be_kept() -> None:
    _, learned = known(2)
    sure = posterior([Candidate("a", replace(learned, ceiling=14.0).ceiling)], 1, 0.5).individuals["a"]
    assert sure < 1.0


def test_too_few_photos_of_others_are_named_as_what_is_lacking() -> None:
    scores = np.full((9, 3), np.nan)
    scores[:, 0] = 0.9
    scores[:2, 1:] = 0.1
    few = score_calibration.ScoreTrials(scores, np.zeros(9, np.int64))
    assert score_calibration.lacking(few) == "photos can be compared with 4 photos of others; wanted at least 8"


def test_photos_of_which_nothing_says_what_was_taken_together_ask_for_caution():
    bare = [Photo(Path(f"{number}.jpg"), "zebra", "a") for number in range(3)]
    assert "called new; name captured_at or encounter in a table" in score_calibration.caution(bare)
    assert score_calibration.caution([*bare, replace(bare[0], encounter="e1")]) == ""
    assert score_calibration.caution([*bare, replace(bare[0], captured_at=datetime(2024, 5, 1))]) == ""
