"""Do probabilities mean what they say? Of all answers given with 0.8, about 8 in 10 should be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose probability lies in [low, high), the last bin's in [low, high].

    probability: their mean. right: the share of them that is right. count: how many, at least 1.
    """

    low: float
    high: float
    probability: float
    right: float
    count: int


def reliability(probability: NDArray[np.float64], right: NDArray[np.bool_], *, bins: int = BINS) -> tuple[Bin, ...]:
    """The points of a reliability diagram (DeGroot and Fienberg, 1983): bins of equal width, empty ones left out.

    Args:
        probability: (N,) in [0, 1].
        right: (N,) whether the answer was right.
        bins: how many.
    """
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    return tuple(
        Bin(
            number / bins, (number + 1) / bins, float(probability[place == number].mean()),
            float(right[place == number].mean()), int((place == number).sum()),
        )
        for number in range(bins) if (place == number).any()
    )


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error (Naeini et al., 2015): mean gap between probability and share right; nan without a bin."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.probability - one.right) for one in bins) / total if total else float("nan")
