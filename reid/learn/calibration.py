"""What scores are worth: learned from photos of individuals that the net was not trained on, never from a constant.

Evidence is Platt's logistic fit (1999) of "same individual?" on the score of (query, individual) pairs, with both
classes weighing the same, so that its log-odds are a log-likelihood ratio. The thresholds come from an open-set trial on
the same photos: every photo is asked once with its individual enrolled and once without.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reid.learn import metrics
from reid.records import Calibration
from reid.steps.decision import Candidate, evidence, posterior

PRIOR = 0.5
"""Share of queries taken to show an enrolled animal; nothing better is known before a survey."""
MIN_INDIVIDUALS = 3
MIN_GENUINE = 8
"""Fewer held-out individuals, or fewer photos that could be matched right, and nothing is calibrated."""
MAX_FALSE_NEW = 0.05
"""Share of enrolled animals that may be called NEW."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Best score of each held-out query against each held-out individual.

    scores: (Q, I) float, nan where the two may not be compared. own: (Q,) column of the query's individual.
    """

    scores: NDArray[np.float64]
    own: NDArray[np.int64]


def trials(pool: metrics.Pool) -> Trials:
    """Compare held-out photos with each other: same side, other encounters only; best photo of each individual."""
    names = sorted(set(pool.individuals))
    column = {name: index for index, name in enumerate(names)}
    owner = np.asarray([column[name] for name in pool.individuals])
    table = np.full((len(owner), len(names)), np.nan)
    for start in range(0, len(owner), metrics.CHUNK):
        rows = slice(start, start + metrics.CHUNK)
        mask = metrics.allowed(pool, pool, rows, same_side=True, other_encounter=True)
        scores = np.where(mask, pool.vectors[rows] @ pool.vectors.T, -np.inf)
        for index in range(len(names)):
            best = scores[:, owner == index].max(axis=1)
            table[rows, index] = np.where(np.isfinite(best), best, np.nan)
    return Trials(table, owner)


def calibrate(pool: metrics.Pool, *, max_false_match: float) -> Calibration | None:
    """Learn a calibration from held-out photos.

    Args:
        pool: photos of at least `MIN_INDIVIDUALS` individuals that the net never saw.
        max_false_match: stated error for the KNOWN threshold.

    Returns:
        None where there is too little to learn from: the species stays uncalibrated, and every answer is REVIEW.
    """
    found = trials(pool)
    own = found.scores[np.arange(len(found.own)), found.own]
    others = found.scores.copy()
    others[np.arange(len(found.own)), found.own] = np.nan
    genuine, impostor = own[~np.isnan(own)], others[~np.isnan(others)]
    if len(set(pool.individuals)) < MIN_INDIVIDUALS or len(genuine) < MIN_GENUINE or len(impostor) < MIN_GENUINE:
        return None
    slope, intercept = platt(genuine, impostor)
    if slope <= 0.0:
        return None
    start = Calibration(
        slope, intercept, math.log(len(impostor) + 1.0), known_at=0.5, new_at=0.5, prior=PRIOR,
        max_false_match=max_false_match, false_match=0.0, false_new=0.0, individuals=len(set(pool.individuals)),
        photos=len(found.own), comparisons=len(genuine) + len(impostor),
    )
    return _with_thresholds(start, found)


def platt(genuine: NDArray[np.float64], impostor: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and intercept of ln P(score | same) / P(score | another), by Newton's method on Platt's smoothed targets."""
    x = np.concatenate([genuine, impostor])
    target = np.concatenate([
        np.full(len(genuine), (len(genuine) + 1.0) / (len(genuine) + 2.0)),
        np.full(len(impostor), 1.0 / (len(impostor) + 2.0)),
    ])
    weight = np.concatenate([np.full(len(genuine), 0.5 / len(genuine)), np.full(len(impostor), 0.5 / len(impostor))])
    scale = float(x.std()) or 1.0  # so that the steps below fit scores that lie close together, too
    design = np.stack([(x - x.mean()) / scale, np.ones_like(x)], axis=1)
    solution = np.zeros(2)
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ solution, -30, 30)))
        gradient = design.T @ (weight * (chance - target))
        curvature = (design * (weight * chance * (1.0 - chance))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        step *= min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
        solution -= step
        if float(np.abs(step).max()) < 1e-9:
            break
    slope = float(solution[0]) / scale
    return slope, float(solution[1]) - slope * float(x.mean())


def _with_thresholds(calibration: Calibration, found: Trials) -> Calibration:
    right: list[float] = []
    wrong: list[float] = []
    nobody_when_enrolled: list[float] = []
    asked = 0
    for row, own in zip(found.scores, found.own, strict=True):
        for enrolled in (True, False):
            shown = np.flatnonzero(~np.isnan(row) & (enrolled | (np.arange(len(row)) != own)))
            if len(shown) == 0 or (enrolled and np.isnan(row[own])):
                continue
            asked += 1
            items = [Candidate(str(index), evidence(float(row[index]), calibration)) for index in shown]
            chances = posterior(items, len(items), calibration.prior)
            best = str(shown[int(np.argmax(row[shown]))])
            (right if enrolled and best == str(own) else wrong).append(chances.individuals[best])
            if enrolled:
                nobody_when_enrolled.append(chances.nobody)
    known_at = _least_bound(wrong, calibration.max_false_match * asked)
    new_at = _least_bound(nobody_when_enrolled, MAX_FALSE_NEW * len(nobody_when_enrolled))
    return replace(
        calibration, known_at=known_at, new_at=new_at,
        false_match=sum(value >= known_at for value in wrong) / max(1, asked),
        false_new=sum(value >= new_at for value in nobody_when_enrolled) / max(1, len(nobody_when_enrolled)),
    )


def _least_bound(errors: Sequence[float], may_pass: float) -> float:
    """The least bound from 0.5 on that at most `may_pass` of the errors reach, half way to the next one below it."""
    allowed = math.floor(may_pass)
    falling = sorted(errors, reverse=True)
    if len(falling) <= allowed or falling[allowed] < 0.5:
        return 0.5
    worst = falling[allowed]
    above = min([value for value in falling[:allowed] if value > worst], default=1.0)
    return max(0.5, min(0.5 * (worst + above), 1.0))
