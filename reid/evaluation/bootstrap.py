"""How sure a figure is: percentile intervals by a bootstrap over individuals (Efron and Tibshirani, 1993, chapter 13).

Photos of one animal are alike, so resampling photos would promise too much: whole individuals are drawn, with
replacement, each with all its queries. What each query adds to a figure is computed once; a draw only weighs the sums.
A share of 0 or 1 in which no draw differs is not certain either: its interval is the exact binomial one for as many
individuals (Clopper and Pearson, 1934).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 1000
LEVEL = 0.95
"""Share of the draws that lie within an interval."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; nan where there was nothing to measure, or fewer than two individuals to draw."""

    value: float
    low: float
    high: float

    def spread(self, between: str = "\n") -> str:
        """The figure with its interval, "0.787 (0.70–0.86)"; alone where there is no interval, "" where nothing was measured."""
        if not math.isfinite(self.value):
            return ""
        if not math.isfinite(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f}{between}({self.low:.2f}–{self.high:.2f})"


NOT_MEASURED = Estimate(float("nan"), float("nan"), float("nan"))


def interval(value: float, draws: Floats, individuals: int) -> Estimate:
    """A share in [0, 1] with the percentiles of its draws.

    Args:
        value: the share itself.
        draws: (B,) the share in each draw; those that are nan (nothing to measure) are left out.
        individuals: how many the share rests on.
    """
    good = draws[np.isfinite(draws)]
    if not len(good) or not np.isfinite(value):
        return Estimate(float(value), float("nan"), float("nan"))
    low, high = np.quantile(good, ((1.0 - LEVEL) / 2, (1.0 + LEVEL) / 2))
    if good.min() == good.max() and value in (0.0, 1.0):
        slack = 1.0 - ((1.0 - LEVEL) / 2) ** (1.0 / individuals)
        low, high = (0.0, slack) if value == 0.0 else (1.0 - slack, 1.0)
    return Estimate(float(value), float(low), float(high))


class Herd:
    """The individuals of some queries, drawn again and again.

    names: the I individuals, sorted. codes: (n,) position of each query's individual. draws: (B, I) how often each was
    drawn; (0, I) for fewer than two individuals, of which one cannot say how much they differ.
    """

    def __init__(self, individuals: Sequence[str], *, seed: int = 0) -> None:
        """Draw as many individuals as there are, `DRAWS` times; the same seed gives the same draws."""
        self.names: list[str] = sorted(set(individuals))
        position = {name: code for code, name in enumerate(self.names)}
        self.codes = np.fromiter((position[name] for name in individuals), np.int64, len(individuals))
        count = len(self.names)
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS) if count > 1 else np.zeros((0, count))
        self.draws: Floats = drawn.astype(np.float64)

    def mean(self, values: NDArray[np.generic]) -> Estimate:
        """The mean of one value per query, every query weighing the same."""
        if not len(values):
            return NOT_MEASURED
        sums, counts = self.sums(values), self.sums(np.ones(len(values)))
        return interval(float(sums.sum() / counts.sum()), self.draws @ sums / (self.draws @ counts), len(self.names))

    def sums(self, values: NDArray[np.generic]) -> Floats:
        """(I,) sum of the values of each individual's queries."""
        found: Floats = np.bincount(self.codes, values.astype(np.float64), len(self.names)).astype(np.float64)
        return found
