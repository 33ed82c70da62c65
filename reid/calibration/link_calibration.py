"""What a join of two encounters is worth: counted on animals whose names are known, in the same way as it is used.

The joins of `steps.season.clustering`, made of photos of individuals that the net was not trained on, down to the last one, are
each right or wrong; Platt's logistic fit (1999) on their scores gives the probability that a join of a score is right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reid.evaluation.metrics import Pool
from reid.steps.season.clustering import ClusterInput, LinkCalibration, merge_steps, scores

MIN_JOINS = 8
"""Fewer joins, or fewer right ones than half of them, teach nothing."""
MOST_UNITS = 2_000
"""Of more encounters, whole individuals are taken by chance."""
PULL = 0.01
"""Of the slope towards 0, in joins: scores that part right from wrong without a doubt still give a finite slope."""


def worth(pool: Pool, *, drawn: bool = False) -> LinkCalibration | None:
    """Learn what joins are worth.

    Args:
        pool: photos of individuals that the net was not trained on; `groups` are their encounters.
        drawn: whether they are drawn animals.

    Returns:
        None where there is too little to learn from, or where higher scores are not more often right.
    """
    keys = [f"{name}\0{group}" for name, group in zip(pool.individuals, pool.groups, strict=True)]
    rows = _chosen(pool.individuals, keys)
    if not rows:
        return None
    names, units = np.unique([keys[row] for row in rows], return_inverse=True)
    owners = np.unique([name.split("\0")[0] for name in names.tolist()], return_inverse=True)[1]
    found = scores(ClusterInput(pool.vectors[np.asarray(rows)], [pool.sides[row] for row in rows], units))
    joins = merge_steps(found, frozenset(), lambda score: True)
    right = np.asarray([_share(owners, one.first, one.second) for one in joins])
    if len(joins) < MIN_JOINS or right.sum() < MIN_JOINS / 2:
        return None
    slope, intercept = _fit(np.asarray([one.score for one in joins]), right)
    if slope <= 0.0:
        return None
    return LinkCalibration(slope, intercept, len(names), len(joins), len(set(owners.tolist())), drawn)


def _chosen(individuals: Sequence[str], keys: Sequence[str]) -> list[int]:
    """All rows, or those of so many individuals as have `MOST_UNITS` encounters; always the same ones."""
    units: dict[str, set[str]] = {}
    for name, key in zip(individuals, keys, strict=True):
        units.setdefault(name, set()).add(key)
    taken: set[str] = set()
    count = 0
    for place in np.random.default_rng(0).permutation(len(units)).tolist():
        name = sorted(units)[place]
        if count + len(units[name]) <= MOST_UNITS:
            taken.add(name)
            count += len(units[name])
    return [row for row, name in enumerate(individuals) if name in taken]


def _share(owners: NDArray[np.int64], first: Sequence[int], second: Sequence[int]) -> float:
    """The share of pairs across a join that are of one animal."""
    return float((owners[list(first)][:, None] == owners[list(second)][None, :]).mean())


def _fit(found: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and intercept of ln odds by Newton's method; every join weighs the same.

    Targets are Platt's, (n + 1) / (n + 2) for right and 1 / (n + 2) for wrong, so that few joins, however clean, prove little.
    """
    good = float(right.sum())
    low, high = 1.0 / (len(right) - good + 2.0), (good + 1.0) / (good + 2.0)
    right = low + right * (high - low)
    middle, scale = float(found.mean()), float(found.std()) or 1.0
    design = np.stack([(found - middle) / scale, np.ones(len(found))], axis=1)
    pull = np.asarray([PULL, PULL])
    solution = np.zeros(2)
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ solution, -30, 30)))
        gradient = design.T @ (chance - right) + pull * solution
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(pull)
        step = np.linalg.solve(curvature, gradient)
        step *= min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
        solution -= step
        if float(np.abs(step).max()) < 1e-9:
            break
    slope = float(solution[0]) / scale
    return slope, float(solution[1]) - slope * middle
