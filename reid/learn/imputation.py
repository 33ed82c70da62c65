"""What doubtful identifications do to a count: plausible histories (`learn.plausible`) are counted, the counts put together.

Sources: Rubin 1987, Multiple Imputation for Nonresponse in Surveys, chapter 3 (the mean of the completed distributions; variance
within and between); for what errors of identification do to such counts, Yoshizaki, Pollock, Brownie and Webster 2009 (Ecology
90:3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from reid.learn.closed_population import CONFIDENCE, Floats, Numbers, Tally, log_normal_interval, tally

Labels = NDArray[np.int64]
"""(draws, doubts): whom each doubt shows. Below I: a row of the history. I + v: the new animal first met in doubt v. -1: none."""
_NORMAL = NormalDist()
_AT_ONCE = 40_000_000
"""Cells of drawn histories held at a time."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One sighting (or encounter) whose animal is not sure.

    columns: of the history, where it counts; () = none. chances: of individuals, by row of the history. nobody: that none of
    the enrolled is shown. What is missing to 1 belongs to individuals that are not on the list. told: the row that was
    decided, NEW for a new animal, None where the decision is open. apart: doubts (by number) of the same frame, which show
    other animals.
    """

    columns: tuple[int, ...]
    chances: Mapping[int, float]
    nobody: float
    told: int | None = None
    apart: frozenset[int] = frozenset()

    @property
    def best(self) -> int | None:
        """The likeliest individual on its list; None without a list."""
        return max(self.chances, key=lambda row: (self.chances[row], -row), default=None)


NEW = -2
"""`Doubt.told` of a sighting that was decided to be a new animal."""


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A history and its doubts, in the order of their dates.

    known: (I, occasions) bool, what is sure; rows of individuals that are only suspected are empty. alike: (doubts, doubts),
    ln LR that two show the same animal, 0 where they were not compared; None = none were. enrolled: N, how many individuals
    could have matched, 0 = two doubts are never the same new animal; prior: share of sightings that show one of them, as the
    chances were told with.
    """

    known: NDArray[np.bool_]
    doubts: tuple[Doubt, ...]
    alike: Floats | None = None
    enrolled: int = 0
    prior: float = 0.5


@dataclass(frozen=True, slots=True)
class Combined:
    """One estimate from many histories.

    number: the median. within: mean of the sampling variances; between: variance of the numbers, which the doubts cause.
    failed: share of the histories that support no estimate (too few recaptures); they are left out.
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


def as_told(study: Study, *, open_as: str = "") -> Labels:
    """One history (1, doubts) by the decisions. open_as: what becomes of open ones: "" left out, "new", or "best" match."""
    rows = len(study.known)
    answers = []
    for at, doubt in enumerate(study.doubts):
        told = doubt.told
        if told is None:
            told = {"": -1, "new": NEW, "best": NEW if doubt.best is None else doubt.best}[open_as]
        answers.append(rows + at if told == NEW else told)
    return np.array([answers], dtype=np.int64)


def histories(study: Study, labels: Labels, occasions: Sequence[Sequence[int]]) -> Tally:
    """Count each drawn history.

    Args:
        study: the history and its doubts.
        labels: (draws, doubts).
        occasions: the columns of the history that make up each occasion.

    Returns:
        counts and frequencies (draws, occasions).
    """
    plain = _collapsed(study.known, occasions)
    touched = np.unique(labels[(labels >= 0) & (labels < len(plain))])
    untouched = tally(np.delete(plain, touched, axis=0))
    place = np.full(len(plain) + len(study.doubts) + 1, -1, dtype=np.int64)
    place[touched] = np.arange(len(touched))
    place[len(plain) : -1] = len(touched) + np.arange(len(study.doubts))
    shown = [_occasions_of(doubt, occasions) for doubt in study.doubts]
    size = len(touched) + len(study.doubts)
    chunk = max(1, _AT_ONCE // max(1, size * len(occasions)))
    counts, frequencies = [], []
    for start in range(0, len(labels), chunk):
        part = labels[start : start + chunk]
        seen = np.zeros((len(part), size, len(occasions)), dtype=bool)
        seen[:, : len(touched)] = plain[touched]
        for at, where in enumerate(shown):
            rows = np.flatnonzero(part[:, at] >= 0)
            for occasion in where:
                seen[rows, place[part[rows, at]], occasion] = True
        found = tally(seen)
        counts.append(found.counts + untouched.counts)
        frequencies.append(found.frequencies + untouched.frequencies)
    return Tally(np.concatenate(counts), np.concatenate(frequencies))


def _collapsed(known: NDArray[np.bool_], occasions: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    return np.stack([known[:, list(columns)].any(1) for columns in occasions], axis=1)


def _occasions_of(doubt: Doubt, occasions: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(at for at, columns in enumerate(occasions) if set(columns) & set(doubt.columns))


def combine(found: Numbers, seen: Floats, level: float = CONFIDENCE) -> Combined:
    """Put the estimates of many histories together: number and interval are quantiles of the mean of their distributions.

    Each history has a distribution of N by itself: that whose quantiles are its log-normal interval. Without doubts they are
    all one, and so are the log-normal intervals. A likelihood interval (`interval`) is wider where nearly all animals were
    caught: of 20 with chances of 0.8 on two occasions it holds the truth in 0.95 of the seasons, this one in 0.62.
    Rubin's rules for number and interval, mean and Student's t, want numbers that are about normal; a few histories without
    recaptures pull the mean of an estimate of N far up.

    Args:
        found: of each history, (draws,).
        seen: individuals seen in each, (draws,).
        level: of confidence.
    """
    good = np.isfinite(found.number) & np.isfinite(found.variance)
    failed = 1.0 - float(good.mean())
    if failed > 0.5:
        return Combined(math.nan, math.nan, math.nan, math.nan, math.nan, failed)
    numbers, variances, draws = found.number[good], found.variance[good], int(good.sum())
    between = (1 + 1 / draws) * float(numbers.var(ddof=1)) if draws > 1 else 0.0
    lower, number, upper = _quantiles(numbers, variances, seen[good], (0.5 - level / 2, 0.5, 0.5 + level / 2))
    return Combined(number, float(variances.mean()), between, lower, upper, failed)


def _quantiles(numbers: Floats, variances: Floats, seen: Floats, shares: Sequence[float]) -> list[float]:
    """Of the mean of the distributions; where nobody is thought to be missed, half of one lies on the animals seen."""
    kinds, many = np.unique(np.stack([numbers, variances, seen]), axis=1, return_counts=True)
    parts = [(*map(float, kind), int(times)) for kind, times in zip(kinds.T, many, strict=True)]

    def below(animals: float) -> float:
        total = 0.0
        for number, variance, least, times in parts:
            unseen, over = number - least, animals - least
            if unseen <= 0 or variance <= 0:
                over = animals - max(number, least)
                deviation = over / math.sqrt(variance) if variance > 0 else math.inf
                total += times * (_NORMAL.cdf(deviation) if over >= 0 else 0.0)
            elif over > 0:
                total += times * _NORMAL.cdf(math.log(over / unseen) / math.sqrt(math.log1p(variance / unseen**2)))
        return total / len(numbers)

    ends = [log_normal_interval(number, variance, least, 0.9999) for number, variance, least, _ in parts]
    found = []
    for share in shares:
        low, high = min(one[0] for one in ends), max(one[1] for one in ends)
        if below(low) >= share:
            high = low
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if below(middle) >= share else (middle, high)
        found.append(high)
    return found


@dataclass(frozen=True, slots=True)
class Errors:
    """What the decisions are expected to have got wrong, among the animals of the count.

    splits: names told beyond one of each animal, so that it counts several times. merges: animals told beyond one under each
    name, so that several count once. hidden: of the merges, those of an animal that nobody enrolled. Individuals seen, as
    decided, are splits - merges more than there were.
    """

    splits: float
    merges: float
    hidden: float


def expected_errors(study: Study, labels: Labels, occasions: Sequence[Sequence[int]]) -> Errors:
    """The mean over drawn histories (draws, doubts), of what was seen on the occasions and decided."""
    rows = len(study.known)
    sure = np.flatnonzero(_collapsed(study.known, occasions).any(1)).tolist()
    decided = [
        (at, rows + at if doubt.told == NEW else doubt.told)
        for at, doubt in enumerate(study.doubts)
        if doubt.told is not None and _occasions_of(doubt, occasions)
    ]
    splits = merges = hidden = 0
    for drawn in labels:
        shows: dict[int, set[int]] = {row: {row} for row in sure}
        for at, name in decided:
            shows.setdefault(name, set()).add(int(drawn[at]))
        pairs = sum(map(len, shows.values()))
        splits += pairs - len(set().union(*shows.values()))
        merges += pairs - len(shows)
        hidden += sum(min(sum(one >= rows for one in own), len(own) - 1) for own in shows.values())
    return Errors(splits / len(labels), merges / len(labels), hidden / len(labels))


def matrix(study: Study, labels: Labels) -> NDArray[np.bool_]:
    """One drawn history as it stands, (I + doubts, occasions); labels (doubts,)."""
    seen = np.concatenate([study.known, np.zeros((len(study.doubts), study.known.shape[1]), dtype=bool)])
    for label, doubt in zip(labels, study.doubts, strict=True):
        if label >= 0:
            seen[label, list(doubt.columns)] = True
    return seen
