"""Which doubtful sightings a person should look at next: those whose answers are expected to tighten the count most.

An answer about one sighting also says something about those that are alike, so that forcing it in histories that were drawn for
another answer would take what the other sightings say already for news. In each drawn history every answer is tried and weighs
what the others of that history give it (its full conditional, as in Gibbs sampling); what the chance of the draws adds is
taken off by the infinitesimal jackknife (Jaeckel 1972; Efron 1982, The Jackknife, CBMS-NSF 38). Photos are chosen one after
the other: what the answers of those before are expected to tell is taken out of the number first, so that ten photos of one
animal are not ten times the same news.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.abundance.closed_population import Floats, Numbers, Tally, tally
from reid.abundance.history_sampling import answers_given, pick
from reid.abundance.uncertain_history import Labels, Uncertain, UncertainHistory

LEAST_ANSWER = 0.01
"""Answers less likely than this are not looked at."""
MOST = 500
"""So many doubts are looked at, those whose answer is least sure."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer a person may give. row: of the history, None = nobody enrolled. number: the estimate it is expected to leave.

    probability: by the sighting's own evidence and by that of the other doubtful sightings.
    """

    row: int | None
    probability: float
    number: float


@dataclass(frozen=True, slots=True)
class Gain:
    """What the answer about one doubt (by number) is worth: the expected fall of the variance, after the answers before it.

    By the law of total variance it is the variance, over the answers, of the estimate that each is expected to leave.
    """

    doubt: int
    gain: float
    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """Every answer to one doubt, tried in every history: replies (A,), share (A, draws) its chance there, number (A, draws)."""

    doubt: int
    replies: tuple[int | None, ...]
    share: Floats
    number: Floats

    def worth(self, known: Floats) -> tuple[float, Floats]:
        """Expected fall of the variance of the number less what is `known` (draws,), and what each answer adds to its mean."""
        number = self.number - known
        total = self.share.sum(1)
        chance = total / total.sum()
        means = (self.share * number).sum(1) / total
        middle = float(chance @ means)
        # How far each history by itself moves each mean, less how far it moves them all.
        pull = self.share * (number - means[:, None]) / total[:, None]
        noise = ((pull - chance @ pull) ** 2).sum(1)
        return float(chance @ ((means - middle) ** 2 - noise)), means - middle


def gains(
    study: UncertainHistory,
    labels: Labels,
    occasions: Sequence[Sequence[int]],
    estimate: Callable[[Tally], Numbers],
    most: int = MOST,
) -> tuple[Gain, ...]:
    """The doubts to look at, in their order; doubts of no worth are left out.

    Args:
        study, labels: the history and drawn answers (draws, doubts); every answer is tried in the same draws.
        occasions: the columns of the history that make up each occasion.
        estimate: the estimator whose number is to be tightened.
        most: how many are wanted.
    """
    table = _Support(study, labels, occasions)
    unsure = sorted(
        (at for at in range(len(study.doubts)) if len(table.shown[at])), key=lambda at: _sureness(study.doubts[at])
    )
    tried = [one for at in unsure[:MOST] if (one := _try(study, table, at, estimate)) is not None]
    known = np.zeros(len(labels))
    found: list[Gain] = []
    while tried and len(found) < most:
        worth = [one.worth(known) for one in tried]
        best = max(range(len(tried)), key=lambda at: (worth[at][0], -tried[at].doubt))
        gain, effect = worth[best]
        if gain <= 1e-9:
            break
        one = tried.pop(best)
        total = one.share.sum(1)
        numbers = (one.share * one.number).sum(1) / total
        order = np.argsort(-total.round(3), kind="stable")
        replies = tuple(Reply(one.replies[at], float(total[at] / total.sum()), float(numbers[at])) for at in order)
        found.append(Gain(one.doubt, gain, replies))
        known = known + _expected(study, labels[:, one.doubt], one.replies, effect)
    return tuple(found)


def _sureness(doubt: Uncertain) -> float:
    return sum(chance**2 for chance in doubt.chances.values()) + doubt.nobody**2


def _expected(study: UncertainHistory, drawn: NDArray[np.int64], replies: Sequence[int | None], effect: Floats) -> Floats:
    """What the answer of each history is expected to tell of its number, (draws,)."""
    expected = np.zeros(len(drawn))
    for row, by in zip(replies, effect, strict=True):
        expected[drawn >= len(study.known) if row is None else drawn == row] = by
    return expected


def _try(study: UncertainHistory, table: _Support, at: int, estimate: Callable[[Tally], Numbers]) -> _Tried | None:
    """None where there is one answer, or one that supports no estimate."""
    rows = len(study.known)
    given = answers_given(study, table.labels, at)
    shares = {row: given[:, row] for row in np.flatnonzero(given[:, :rows].mean(0) >= LEAST_ANSWER).tolist()}
    new = given[:, rows:]
    replies: list[int | None] = [*shares]
    if new.mean() * new.shape[1] >= LEAST_ANSWER:
        replies.append(None)
    if len(replies) < 2:
        return None
    share = np.stack([new.sum(1) if row is None else shares[row] for row in replies])
    # Which new animal it is the person does not say: as drawn, else by its chances.
    drawn = table.labels[:, at]
    unnamed = np.where(drawn >= rows, drawn, rows + pick(new, np.random.default_rng(at)))
    tallies = [table.answered(at, unnamed if row is None else np.full(len(drawn), row)) for row in replies]
    numbers = estimate(Tally(np.stack([one.counts for one in tallies]), np.stack([one.frequencies for one in tallies]))).number
    good = np.isfinite(numbers)
    share = np.where(good, share, 0.0)
    return _Tried(at, tuple(replies), share, np.where(good, numbers, 0.0)) if (share.sum(1) > 0).all() else None


class _Support:
    """How many sightings stand behind each cell of each drawn history, so that one of them can be moved and counted again."""

    def __init__(self, study: UncertainHistory, labels: Labels, occasions: Sequence[Sequence[int]]) -> None:
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

    def answered(self, doubt: int, target: NDArray[np.int64]) -> Tally:
        """The drawn histories with one doubt answered: by a label in each."""
        drawn = self.labels[:, doubt]
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
