"""Logistic regression of "the same or not": its log-odds are a log-likelihood ratio."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from reid.calibration.logistic import fit


def test_of_two_normal_clouds_the_evidence_is_their_log_likelihood_ratio() -> None:
    rng = np.random.default_rng(0)
    genuine, impostor = rng.normal(0.6, 0.1, (20_000, 1)), rng.normal(0.3, 0.1, (60_000, 1))
    learned = fit(genuine, impostor)
    for score in (0.3, 0.45, 0.6):
        wanted = scipy.stats.norm.logpdf(score, 0.6, 0.1) - scipy.stats.norm.logpdf(score, 0.3, 0.1)
        assert float(learned.evidence(np.array([score]))) == pytest.approx(wanted, abs=0.25)


def test_two_scores_are_weighed_as_scipys_optimum_does() -> None:
    rng = np.random.default_rng(1)
    genuine, impostor = rng.normal((0.6, 0.2), 0.15, (300, 2)), rng.normal((0.3, 0.1), 0.15, (900, 2))
    learned = fit(genuine, impostor)
    x = np.concatenate([genuine, impostor])
    target = np.concatenate([np.full(300, 301 / 302), np.full(900, 1 / 902)])
    weight = np.concatenate([np.full(300, 0.5 / 300), np.full(900, 0.5 / 900)])

    def cost(solution: np.ndarray) -> float:
        odds = x @ solution[:2] + solution[2]
        return float((weight * (np.logaddexp(0.0, odds) - target * odds)).sum())

    best = scipy.optimize.minimize(cost, np.zeros(3), options={"gtol": 1e-10})
    assert [*learned.slopes, learned.intercept] == pytest.approx(best.x.tolist(), rel=1e-3)


def test_scores_that_are_apart_do_not_make_the_odds_endless_and_equal_ones_say_nothing() -> None:
    apart = fit(np.array([[0.9], [0.8], [0.85]]), np.array([[0.1], [0.2], [0.15]]))
    assert float(apart.evidence(np.array([0.85]))) < 5.0, "three pairs are no certainty (Platt's targets)"
    same = fit(np.full((4, 1), 0.5), np.full((4, 1), 0.5))
    assert float(same.evidence(np.array([0.5]))) == pytest.approx(0.0, abs=1e-6)


def test_both_classes_weigh_the_same_however_many_of_each_there_are() -> None:
    rng = np.random.default_rng(2)
    genuine, impostor = rng.normal(0.6, 0.1, (500, 1)), rng.normal(0.3, 0.1, (500, 1))
    once, often = fit(genuine, impostor), fit(genuine, np.repeat(impostor, 20, axis=0))
    for score in (0.3, 0.45, 0.6):
        assert float(once.evidence(np.array([score]))) == pytest.approx(float(often.evidence(np.array([score]))), abs=0.35)
