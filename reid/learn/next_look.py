"""Which doubtful sighting a person should look at next: whose answer is expected to tighten the count most."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.learn.closed_population import Floats, Numbers, Tally, tally
from reid.learn.imputation import Doubt, Labels, Study

LEAST = 0.01
"""Answers less likely than this are not looked at."""
MOST = 500
"""So many doubts are looked at, those whose answer is least sure."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer a person may give. row: of the history, None = nobody enrolled. number: the estimate it is expected to leave."""

    row: int | None
    probability: float
    number: float


@dataclass(frozen=True, slots=True)
class Gain:
    """What the answer about one doubt (by number) is worth: the expected fall of the variance of the estimate.

    By the law of total variance it is the variance, over the answers, of the estimate that each is expected to leave.
    """

    doubt: int
    gain: float
    replies: tuple[Reply, ...]


def gains(
    study: Study, labels: Labels, occasions: Sequence[Sequence[int]], estimate: Callable[[Tally], Numbers]
) -> tuple[Gain, ...]:
    """The worth of each doubt, the greatest first; doubts of no worth are left out.

    Args:
        study, labels: the history and drawn answers (draws, doubts); every answer is tried in the same draws.
        occasions: the columns of the history that make up each occasion.
        estimate: the estimator whose number is to be tightened.
    """
    table = _Support(study, labels, occasions)
    unsure = sorted(
        (at for at, doubt in enumerate(study.doubts) if len(table.shown[at]) and len(_answers(doubt)) > 1),
        key=lambda at: sum(chance**2 for _, chance in _answers(study.doubts[at])),
    )
    found = []
    for at in unsure[:MOST]:
        answers = _answers(study.doubts[at])
        tallies = [table.answered(at, row) for row, _ in answers]
        told = estimate(Tally(np.stack([one.counts for one in tallies]), np.stack([one.frequencies for one in tallies]))).number
        with np.errstate(invalid="ignore"):
            means = np.array([one[np.isfinite(one)].mean() if np.isfinite(one).any() else math.nan for one in told])
        if not np.isfinite(means).all():
            continue
        chances = np.array([chance for _, chance in answers])
        gain = float((chances * (means - (chances * means).sum()) ** 2).sum())
        replies = tuple(
            Reply(row, chance, float(mean)) for (row, chance), mean in zip(answers, means, strict=True)
        )
        if gain > 1e-9:
            found.append(Gain(at, gain, replies))
    return tuple(sorted(found, key=lambda one: (-one.gain, one.doubt)))


def _answers(doubt: Doubt) -> list[tuple[int | None, float]]:
    """What may be answered, by falling chance; the chances sum to 1."""
    pairs: list[tuple[int | None, float]] = [(row, chance) for row, chance in doubt.chances.items() if chance >= LEAST]
    if doubt.nobody >= LEAST:
        pairs.append((None, doubt.nobody))
    total = sum(chance for _, chance in pairs)
    return sorted(((row, chance / total) for row, chance in pairs), key=lambda pair: -pair[1])


class _Support:
    """How many sightings stand behind each cell of each drawn history, so that one of them can be moved and counted anew."""

    def __init__(self, study: Study, labels: Labels, occasions: Sequence[Sequence[int]]) -> None:
        self.labels, self.rows = labels, len(study.known)
        plain = np.stack([study.known[:, list(columns)].any(1) for columns in occasions], axis=1)
        named = {row for doubt in study.doubts for row in doubt.chances} | {int(one) for one in np.unique(labels)}
        touched = np.array(sorted(row for row in named if 0 <= row < self.rows), dtype=np.int64)
        self.place = np.full(self.rows + len(study.doubts) + 1, -1, dtype=np.int64)
        self.place[touched] = np.arange(len(touched))
        self.place[self.rows : -1] = len(touched) + np.arange(len(study.doubts))
        self.shown: list[NDArray[np.int64]] = [
            np.array([at for at, columns in enumerate(occasions) if set(columns) & set(doubt.columns)], dtype=np.int64)
            for doubt in study.doubts
        ]
        self.support = np.zeros((len(labels), len(touched) + len(study.doubts), len(occasions)), dtype=np.int32)
        self.support[:, : len(touched)] = plain[touched]
        for at, where in enumerate(self.shown):
            kept = np.flatnonzero(labels[:, at] >= 0)
            for occasion in where:
                self.support[kept, self.place[labels[kept, at]], occasion] += 1
        self.times = (self.support > 0).sum(2)
        rest, own = tally(np.delete(plain, touched, axis=0)), tally(self.support > 0)
        self.counts, self.frequencies = rest.counts + own.counts, rest.frequencies + own.frequencies

    def answered(self, doubt: int, row: int | None) -> Tally:
        """The drawn histories with one doubt answered; nobody enrolled leaves the new animal it was drawn to be."""
        drawn = self.labels[:, doubt]
        new = np.where(drawn >= self.rows, drawn, self.rows + doubt)
        target = new if row is None else np.full(len(drawn), row)
        counts, frequencies = self.counts.copy(), self.frequencies.copy()
        changed = np.flatnonzero(target != drawn)
        left = changed[drawn[changed] >= 0]
        self._move(counts, frequencies, left, self.place[drawn[left]], doubt, -1)
        self._move(counts, frequencies, changed, self.place[target[changed]], doubt, 1)
        return Tally(counts, frequencies)

    def _move(
        self, counts: Floats, frequencies: Floats, draws: NDArray[np.int64], places: NDArray[np.int64], doubt: int, step: int
    ) -> None:
        """Take one sighting from animals (step -1), or give it to them (1)."""
        where = self.shown[doubt]
        cells = self.support[draws[:, None], places[:, None], where[None, :]]
        turned = cells == (1 if step < 0 else 0)
        np.add.at(counts, (draws[:, None], where[None, :]), step * turned)
        before = self.times[draws, places]
        after = before + step * turned.sum(1)
        for times, by in ((before, -1), (after, 1)):
            some = times > 0
            np.add.at(frequencies, (draws[some], times[some] - 1), by)
