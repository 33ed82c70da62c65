"""Animals never enrolled: figures worked out by hand, against scikit-learn, and without any look at what is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from reid.evaluation.bootstrap import DRAWS, Herd
from reid.evaluation.metrics import best_scores
from reid.evaluation.open_set import (
    OPEN_SET_FOLDS,
    OpenSetTrials,
    auroc,
    best_threshold,
    cross_validated,
    detection_and_identification,
    halves,
    separation,
    trials,
)
from tests.evaluation.pools import at_angles, crowd, pool


def asked(*rows: tuple[str, str, float]) -> OpenSetTrials:
    """(individual, what it was: right, wrong or unknown, score) of each trial."""
    names, kinds, scores = zip(*rows, strict=True)
    kind = np.asarray(kinds)
    return OpenSetTrials(tuple(names), kind != "unknown", np.asarray(scores, dtype=np.float64), kind == "right")


def crowd_trials(seed: int, individuals: int = 20, photos: int = 4) -> OpenSetTrials:
    queries, gallery = crowd(seed, individuals, photos), crowd(seed + 50, individuals, photos)
    return trials(best_scores(queries, gallery), queries.individuals, halves(gallery.individuals, seed))


BY_HAND = asked(
    ("a", "right", 0.9), ("a", "right", 0.6), ("a", "wrong", 0.8), ("b", "right", 0.7),
    ("a", "unknown", 0.5), ("b", "unknown", 0.65), ("b", "unknown", 0.75), ("c", "unknown", 0.3),
)  # fmt: skip


def test_auroc_by_hand() -> None:
    # 0.9 and 0.8 are above all four unknown scores, 0.7 above three, 0.6 above two
    assert auroc(BY_HAND, Herd(BY_HAND.individuals)).value == (4 + 4 + 3 + 2) / 16


def test_a_tie_counts_half() -> None:
    assert auroc(asked(("a", "right", 0.5), ("b", "unknown", 0.5)), Herd(["a", "b"])).value == 0.5


@pytest.mark.parametrize("seed", range(4))
def test_auroc_is_that_of_scikit_learn_in_the_whole_and_in_every_draw(seed: int) -> None:
    found = crowd_trials(seed, individuals=8)
    herd = Herd(found.individuals, seed=seed)
    herd.draws = herd.draws[:40]
    drawn = []
    for draw in herd.draws:
        weights = draw[herd.codes]
        if weights[found.known].sum() and weights[~found.known].sum():
            drawn.append(roc_auc_score(found.known, found.scores, sample_weight=weights))
    ours = auroc(found, herd)
    assert ours.value == pytest.approx(roc_auc_score(found.known, found.scores), abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx(tuple(np.quantile(drawn, (0.025, 0.975))), abs=1e-9)


def plain_rate(part: OpenSetTrials, rate: float) -> float:
    others = sorted(part.scores[~part.known], reverse=True)
    bound = others[int(rate * len(others) + 1e-9)]
    return float((part.right & (part.scores > bound))[part.known].mean())


@pytest.mark.parametrize(("rate", "share"), [(0.01, 0.25), (0.25, 0.5), (0.49, 0.5), (0.5, 0.75), (1.0, 0.75)])
def test_the_detection_and_identification_rate_by_hand(rate: float, share: float) -> None:
    # none of four may pass: above 0.75 only 0.9 is right; one: above 0.65 also 0.7; two: above 0.5 also 0.6
    assert detection_and_identification(BY_HAND, Herd(BY_HAND.individuals), rate).value == share


def test_a_score_that_ties_with_the_one_too_many_is_no_detection() -> None:
    tied = asked(("a", "right", 0.7), ("a", "right", 0.8), ("b", "unknown", 0.7))
    assert detection_and_identification(tied, Herd(tied.individuals)).value == 0.5


@pytest.mark.parametrize("unknown", [99, 100, 101])
def test_one_percent_is_one_in_a_hundred(unknown: int) -> None:
    rows = [("a", "right", 0.85)] + [(f"n{row}", "unknown", 0.9 if row == 0 else 0.1) for row in range(unknown)]
    assert detection_and_identification(asked(*rows), Herd([row[0] for row in rows])).value == float(unknown >= 100)


def test_every_draw_of_the_rate_sets_its_own_threshold() -> None:
    found = crowd_trials(3, individuals=10, photos=12)
    herd = Herd(found.individuals, seed=1)
    herd.draws = herd.draws[:60]
    drawn = []
    for draw in herd.draws.astype(int):
        rows = np.repeat(np.arange(len(found.scores)), draw[herd.codes])
        part = OpenSetTrials(
            tuple(found.individuals[row] for row in rows), found.known[rows], found.scores[rows], found.right[rows]
        )
        drawn.append(plain_rate(part, 0.1))
    ours = detection_and_identification(found, herd, 0.1)
    assert (ours.low, ours.high) == pytest.approx(tuple(np.quantile(drawn, (0.025, 0.975))), abs=1e-9)


def test_the_best_threshold_by_hand() -> None:
    # BAKS counts a (2 of 3 right at most) and b the same; BAUS a, b, c. From 0.65 to 0.7: BAKS (1/3 + 1) / 2 = 0.667,
    # BAUS (1 + 1/2 + 1) / 3 = 0.833, mean 0.745. From 0.5 to 0.6: 0.833 and (1 + 0 + 1) / 3 = 0.667, also 0.745.
    # Above 0.75: 0.167 and 1. The later of the two middle ones is taken.
    assert best_threshold(BY_HAND) == pytest.approx(0.675)


def test_without_unknown_or_without_known_trials_there_is_no_threshold() -> None:
    assert np.isnan(best_threshold(asked(("a", "right", 0.5))))
    assert np.isnan(best_threshold(asked(("a", "unknown", 0.5))))


def test_the_best_threshold_is_the_best_of_all() -> None:
    found = crowd_trials(5)

    def mean(bound: float) -> float:
        known, unknown = [], []
        for name in sorted(set(found.individuals)):
            own = np.asarray(found.individuals) == name
            known.append(np.mean((found.right & (found.scores >= bound))[own & found.known]))
            unknown.append(np.mean((found.scores < bound)[own & ~found.known]))
        return float(np.sqrt(np.mean(known) * np.mean(unknown)))

    assert mean(best_threshold(found)) == pytest.approx(max(mean(bound) for bound in (*found.scores, 2.0)), abs=1e-9)


def test_baks_and_baus_are_balanced_accuracy_as_scikit_learn_has_it() -> None:
    found = crowd_trials(2)
    herd = Herd(found.individuals, seed=0)
    accepted = found.scores >= cross_validated(found, herd, seed=0)
    truth = np.asarray(found.individuals)
    named = np.where(found.right & accepted, truth, "wrong or rejected")
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        baks = balanced_accuracy_score(truth[found.known], named[found.known])
    rejected = np.where(accepted, "matched", truth)
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        baus = balanced_accuracy_score(truth[~found.known], rejected[~found.known])
    ours = separation(found, seed=0)
    assert ours.baks.value == pytest.approx(baks, abs=1e-12)
    assert ours.baus.value == pytest.approx(baus, abs=1e-12)
    assert ours.geometric_mean.value == pytest.approx((baks * baus) ** 0.5, abs=1e-12)


def test_the_threshold_of_an_individual_does_not_depend_on_its_own_queries() -> None:
    found = crowd_trials(4)
    herd = Herd(found.individuals, seed=0)
    before = cross_validated(found, herd, seed=0)
    own = np.asarray(found.individuals) == "n7"
    changed = cross_validated(replace(found, scores=np.where(own, 5.0, found.scores)), herd, seed=0)
    assert (changed[own] == before[own]).all()
    moved = cross_validated(replace(found, scores=np.where(own, found.scores, found.scores + 0.125)), herd, seed=0)
    assert moved[own] == pytest.approx(before[own] + 0.125)
    assert len(set(before.tolist())) <= OPEN_SET_FOLDS


def test_every_query_is_asked_with_its_own_half_and_with_the_other() -> None:
    gallery = pool(at_angles(0, 10, 20, 30), ["a", "b", "c", "d"])
    queries = pool(at_angles(1, 19), ["a", "e"], hashes=["q1", "q2"])
    found = trials(best_scores(queries, gallery), queries.individuals, {"a": 0, "b": 0, "c": 1, "d": 1, "e": 0})
    cosine = np.cos(np.radians([1, 19, 1]))
    # a with a and b: right; a with c and d: unknown, 19 degrees; e is not enrolled, so only as unknown: c at 1 degree
    assert found.individuals == ("a", "a", "e")
    assert found.known.tolist() == [True, False, False]
    assert found.right.tolist() == [True, False, False]
    assert found.scores == pytest.approx(cosine)


def test_the_halves_are_equal_and_differ_by_seed() -> None:
    names = [f"n{number}" for number in range(20)]
    half = halves([*names, *names], 0)
    assert sorted(half) == sorted(names) and sum(half.values()) == 10
    assert half == halves(names[::-1], 0) != halves(names, 1)


def test_perfectly_apart_is_one_throughout_with_an_interval_that_knows_how_few_they_are() -> None:
    rows = [(f"n{row % 10}", kind, score) for row in range(40) for kind, score in (("right", 0.9), ("unknown", 0.1))]
    found = separation(asked(*rows))
    for figure in (found.auroc, found.dir_at_1_percent, found.baks, found.baus, found.geometric_mean):
        assert (figure.value, figure.high) == (1.0, 1.0)
        assert figure.low == pytest.approx(0.025 ** (1 / 10))
    assert found.threshold == pytest.approx(0.5)
    assert dict(found.curve) == dict.fromkeys(dict(found.curve), 1.0)
    assert sum(found.histogram.right) == sum(found.histogram.unknown) == 40 and sum(found.histogram.wrong) == 0


@pytest.mark.parametrize("rows", [(), (("a", "right", 0.5),), (("a", "unknown", 0.5), ("b", "unknown", 0.4))])
def test_with_too_little_to_measure_every_figure_is_not_a_number(rows: tuple[tuple[str, str, float], ...]) -> None:
    none = OpenSetTrials((), np.zeros(0, np.bool_), np.zeros(0), np.zeros(0, np.bool_))
    found = separation(asked(*rows) if rows else none)
    figures = (found.auroc, found.dir_at_1_percent, found.baks, found.baus, found.geometric_mean)
    assert np.isnan([figure.value for figure in figures]).all()
    assert np.isnan(found.threshold)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 200), st.integers(2, 9), st.integers(1, 3))
def test_every_figure_is_a_share_within_its_order(seed: int, individuals: int, photos: int) -> None:
    found = separation(crowd_trials(seed, individuals, photos), seed=seed)
    shares = [share for _, share in found.curve]
    assert shares == sorted(shares)
    for figure in (found.auroc, found.dir_at_1_percent, found.baks, found.baus, found.geometric_mean):
        if np.isfinite(figure.value):
            assert 0.0 <= figure.value <= 1.0
            if np.isfinite(figure.low):
                assert 0.0 <= figure.low <= figure.high <= 1.0


def test_the_intervals_rest_on_all_draws() -> None:
    assert Herd(list("abc")).draws.shape == (DRAWS, 3)
