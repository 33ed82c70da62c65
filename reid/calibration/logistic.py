"""Logistic regression of "the same or not" on scores, so that its log-odds are a log-likelihood ratio (Platt 1999)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """ln P(scores | same) / P(scores | another) = slopes . scores + intercept."""

    slopes: Numbers
    intercept: float

    def evidence(self, columns: Numbers) -> Numbers:
        """Of scores (..., K)."""
        return np.asarray(columns @ self.slopes + self.intercept, np.float64)


def fit(genuine: Numbers, impostor: Numbers) -> Fit:
    """Logistic regression by Newton's method on Platt's smoothed targets; both classes weigh the same.

    Args:
        genuine: (G, K) scores of pairs that show one individual, G >= 1.
        impostor: (M, K) of pairs that show two, M >= 1.
    """
    x = np.concatenate([genuine, impostor])
    target = np.concatenate([
        np.full(len(genuine), (len(genuine) + 1.0) / (len(genuine) + 2.0)),
        np.full(len(impostor), 1.0 / (len(impostor) + 2.0)),
    ])
    weight = np.concatenate([np.full(len(genuine), 0.5 / len(genuine)), np.full(len(impostor), 0.5 / len(impostor))])
    middle, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 0.0, scale, 1.0)  # so that the steps below fit scores that lie close together, too
    design = np.concatenate([(x - middle) / scale, np.ones((len(x), 1))], axis=1)
    solution = np.zeros(design.shape[1])
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ solution, -30, 30)))
        gradient = design.T @ (weight * (chance - target))
        curvature = (design * (weight * chance * (1.0 - chance))[:, None]).T @ design + 1e-9 * np.eye(len(solution))
        step = np.linalg.solve(curvature, gradient)
        step *= min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
        solution -= step
        if float(np.abs(step).max()) < 1e-9:
            break
    slopes = solution[:-1] / scale
    return Fit(slopes, float(solution[-1]) - float(slopes @ middle))
