"""Many plausible histories (`abundance.uncertain_history`), one count: the estimates of all of them put together.

Source: Rubin 1987, Multiple Imputation for Nonresponse in Surveys, chapter 3 (the mean of the completed distributions; variance
within and between).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reid.abundance.closed_population import Floats, Method, Tally
from reid.abundance.intervals import CONFIDENCE, Below, distributions, log_normal_below


@dataclass(frozen=True, slots=True)
class Combined:
    """One estimate from many histories.

    number: the median; lower, upper: of the interval. within: mean of the sampling variances; between: variance of the numbers,
    which the doubts cause. failed: share of the histories that support no estimate (too few recaptures); they are left out.
    """

    number: float
    within: float
    between: float
    lower: float
    upper: float
    failed: float

    @property
    def variance(self) -> float:
        """Of the number, the doubts included."""
        return self.within + self.between

    @property
    def standard_error(self) -> float:
        """Its root."""
        return math.sqrt(self.variance)


def combine(method: Method, many: Tally, level: float = CONFIDENCE) -> Combined:
    """Put the estimates of many histories together: number and interval are quantiles of the mean of their distributions.

    Each history has a distribution of N by itself, whose quantiles are the ends of its own interval (`number_interval`), so that
    without doubts the combined interval is that of the one history: where nearly all animals were caught a good part of it lies
    on the animals seen. The number is the median of the log-normal ones, which each have their estimate for median. Rubin's rules
    for number and interval, mean and Student's t, want numbers that are about normal; a few histories without recaptures pull the
    mean of an estimate of N far up, and nobody is fewer than the animals seen.

    Args:
        method: of the estimates.
        many: the histories, (draws, occasions).
        level: of confidence.
    """
    estimates = method.estimate(many)
    good = np.isfinite(estimates.number) & np.isfinite(estimates.variance)
    failed = 1.0 - float(good.mean())
    if failed > 0.5:
        return Combined(math.nan, math.nan, math.nan, math.nan, math.nan, failed)
    numbers, variances, draws = estimates.number[good], estimates.variance[good], int(good.sum())
    between = (1 + 1 / draws) * float(numbers.var(ddof=1)) if draws > 1 else 0.0
    found, weights = _kinds(Tally(many.counts[good], many.frequencies[good]))
    each = method.estimate(found)
    number = _quantile(log_normal_below(each.number, each.variance, found.seen), weights, found.seen, 0.5)
    own = distributions(method, found, each)
    lower, upper = (_quantile(own, weights, found.seen, 0.5 + side * level / 2) for side in (-1, 1))
    if method.varying is None:
        lower = math.floor(lower)  # as `number_interval.interval` does
    return Combined(number, float(variances.mean()), between, min(lower, number), max(number, upper), failed)


def _kinds(found: Tally) -> tuple[Tally, Floats]:
    """Each different history once, and the share of those that are like it."""
    rows, many = np.unique(np.concatenate([found.counts, found.frequencies], axis=1), axis=0, return_counts=True)
    return Tally(rows[:, : found.occasions], rows[:, found.occasions :]), np.asarray(many / many.sum())


def _quantile(below: Below, weights: Floats, seen: Floats, share: float) -> float:
    """Where the mean of the distributions reaches a share; the animals seen, where it begins with as much."""
    least = float(seen.min())
    if float(below(least) @ weights) >= share:
        return least
    low, width = least, 1.0
    while float(below(least + width) @ weights) < share:
        low, width = least + width, 2 * width
    high = least + width
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if float(below(middle) @ weights) >= share else (middle, high)
    return high
