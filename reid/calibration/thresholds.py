"""From held-out evidence to thresholds that keep a stated error in a gallery of any size the evidence can speak for.

A trial among a handful of held-out individuals says little about a gallery of a hundred: chance look-alikes are likelier
there, and a few dozen queries cannot measure an error of one per cent. So the trial is played in galleries drawn from the
held-out evidence itself: N individuals, each with the evidence of a held-out comparison of two individuals, by the smoothed
bootstrap (Silverman and Young, 1987), its variance raised by `WIDENING` over the number of held-out individuals, because
so few can only hint at how alike two of them may be. Every query is asked with and without its own individual.
scripts/benchmarks/calibration_rules.py compares this rule with others on simulated scores, where the truth is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.records import Bounds, Calibration
from reid.steps.decision import FEWEST, speaks_for
from reid.steps.novelty import SURE_NEW, Field, chance, ratio

Numbers = NDArray[np.float64]
MAX_FALSE_NEW = 0.05
"""Share of enrolled animals that may be called NEW."""
DRAWN_QUERIES = 2000
"""Queries of each kind, enrolled and not, in a drawn gallery."""
WIDENING = 3.0
"""The least whole number that keeps the stated error in simulations; see scripts/benchmarks/calibration_rules.py."""
SIZES = (3, 10, 30, 100, 300, 1000, 3000)
LARGEST = 10_000
"""Galleries drawn; none is larger than the evidence supports."""
NUMBERS_OF_A_TABLE = 2_000_000
"""Numbers in one drawn table."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Evidence (ln LR) of held-out queries, by fits that never saw the individual shown.

    evidence: (F, Q, I) by the fit of each fold, nan where two may not be compared or nothing could be fitted.
    fold: (Q,) the fit that judges each query. own: (Q,) column of its individual.
    """

    evidence: Numbers
    fold: NDArray[np.int64]
    own: NDArray[np.int64]

    def judged(self) -> Numbers:
        """(Q, I): each query by its own fold's fit."""
        return self.evidence[self.fold, np.arange(len(self.fold))]


@dataclass(frozen=True, slots=True)
class HeldOutAnswers:
    """What came of a trial, one entry for each question.

    probability: of the best match. right: it is the individual shown. enrolled: that individual was in the gallery.
    nobody: probability that nobody enrolled is shown. size: individuals that could match.
    """

    probability: Numbers
    right: NDArray[np.bool_]
    enrolled: NDArray[np.bool_]
    nobody: Numbers
    size: NDArray[np.int64]

    @staticmethod
    def together(parts: Sequence[HeldOutAnswers]) -> HeldOutAnswers:
        """All of them, in order."""
        return HeldOutAnswers(
            np.concatenate([part.probability for part in parts]), np.concatenate([part.right for part in parts]),
            np.concatenate([part.enrolled for part in parts]), np.concatenate([part.nobody for part in parts]),
            np.concatenate([part.size for part in parts]),
        )


def supported(own: NDArray[np.int64], impostor: NDArray[np.bool_]) -> int:
    """How large a gallery held-out comparisons can speak for: as many individuals as ordered pairs were compared.

    Further comparisons of one pair in one direction repeat each other. Among more look-alikes than pairs were ever
    compared, one may be liker than all that was seen.

    Args:
        own: (Q,) column of each query's individual.
        impostor: (Q, I) true where a query was compared with another individual.
    """
    pairs = sum(int(impostor[own == column].any(axis=0).sum()) for column in range(impostor.shape[1]))
    return min(pairs, LARGEST)


def bounds(
    held: HeldOut, up_to: int, *, ceiling: float, prior: float, max_false_match: float
) -> tuple[Bounds, ...]:
    """Thresholds for galleries of rising size, each set in a drawn gallery of that size; the last one is `up_to`.

    KNOWN: the least probability from 0.5 on at which at most `max_false_match` of all questions are named a wrong
    individual. NEW: the least from 0.5 on at which at most `MAX_FALSE_NEW` of the enrolled animals are called new.
    """
    found = []
    for size in [*(size for size in SIZES if size < up_to), up_to]:
        drawn = _drawn(held, size, ceiling=ceiling, prior=prior)
        wrong = drawn.probability[~drawn.right]
        found.append(Bounds(
            size,
            least_bound(wrong.tolist(), max_false_match * len(drawn.right)),
            least_bound(drawn.nobody[drawn.enrolled].tolist(), MAX_FALSE_NEW * int(drawn.enrolled.sum())),
        ))
    return tuple(found)


def answers(held: HeldOut, *, ceiling: float, prior: float) -> HeldOutAnswers:
    """Ask every held-out photo once with its individual enrolled and once without, among the held-out individuals."""
    judged, columns = held.judged(), np.arange(held.evidence.shape[2])
    parts = []
    for enrolled in (True, False):
        shown = ~np.isnan(judged) & (enrolled | (columns[None, :] != held.own[:, None]))
        asked = shown.any(axis=1) & (~np.isnan(judged[np.arange(len(judged)), held.own]) | (not enrolled))
        table = np.where(shown, judged, -np.inf)[asked]
        parts.append(answered(table, held.own[asked] if enrolled else None, shown[asked].sum(axis=1), ceiling, prior))
    return HeldOutAnswers.together(parts)


def log_loss(held: HeldOut, *, ceiling: float, prior: float) -> float:
    """Mean of -ln of the probability given to the truth, in nats, over the questions of `answers`.

    The truth is the individual shown where it is enrolled, else that nobody enrolled is shown.
    """
    judged = held.judged()
    losses: list[Numbers] = []
    for enrolled in (True, False):
        shown = ~np.isnan(judged)
        if not enrolled:
            shown[np.arange(len(judged)), held.own] = False
        own = np.where(shown, judged, -np.inf)[np.arange(len(judged)), held.own]
        asked = shown.any(axis=1) & (np.isfinite(own) | (not enrolled))
        worth = (prior / shown[asked].sum(axis=1)[:, None]) * _weights(np.where(shown, judged, -np.inf)[asked], ceiling)
        truth = worth[np.arange(int(asked.sum())), held.own[asked]] if enrolled else np.full(int(asked.sum()), 1.0 - prior)
        losses.append(np.log(1.0 - prior + worth.sum(axis=1)) - np.log(truth))
    return float(np.concatenate(losses).mean())


def errors(found: HeldOutAnswers, calibration: Calibration) -> tuple[float, float]:
    """(share of questions decided KNOWN with a wrong individual, share of enrolled animals called NEW), as single queries are."""
    at = [calibration.bounds_for(int(size)) for size in found.size]
    known = found.probability >= np.asarray([one.known_at for one in at])
    chances = [chance(ratio(nobody, calibration, one), Field()) for nobody, one in zip(found.nobody.tolist(), at, strict=True)]
    new = ~known & (found.nobody >= np.asarray([one.new_at for one in at])) & (np.asarray(chances) >= SURE_NEW)
    if calibration.individuals < FEWEST:
        new &= ~speaks_for(found.probability, found.nobody, calibration.prior, found.size)
    return (
        float((known & ~found.right).sum() / max(1, len(found.right))),
        float((new & found.enrolled).sum() / max(1, int(found.enrolled.sum()))),
    )


def least_bound(wrong: Sequence[float], may_pass: float) -> float:
    """The least bound from 0.5 on that at most `may_pass` of the errors reach, half way to the next one below it."""
    allowed = math.floor(may_pass)
    falling = sorted(wrong, reverse=True)
    if len(falling) <= allowed or falling[allowed] < 0.5:
        return 0.5
    worst = falling[allowed]
    above = min([value for value in falling[:allowed] if value > worst], default=1.0)
    return max(0.5, min(0.5 * (worst + above), 1.0))


def answered(
    table: Numbers, own: NDArray[np.int64] | None, size: NDArray[np.int64], ceiling: float, prior: float
) -> HeldOutAnswers:
    """Bayes of `steps.decision.posterior` for many questions at once: (Q, N) evidence, -inf where nobody is."""
    weights = (prior / size)[:, None] * _weights(table, ceiling)
    total = 1.0 - prior + weights.sum(axis=1)
    best = table.argmax(axis=1)
    right = best == own if own is not None else np.zeros(len(table), bool)
    return HeldOutAnswers(
        weights[np.arange(len(table)), best] / total, right, np.full(len(table), own is not None),
        (1.0 - prior) / total, size.astype(np.int64),
    )


def _weights(table: Numbers, ceiling: float) -> Numbers:
    """Likelihood ratios of evidence cut at the ceiling; 0 where nobody is (-inf)."""
    return np.asarray(np.exp(np.clip(table, -ceiling, ceiling)) * np.isfinite(table), np.float64)


def _drawn(held: HeldOut, size: int, *, ceiling: float, prior: float) -> HeldOutAnswers:
    """The trial in galleries of `size` individuals drawn from the held-out evidence."""
    rng = np.random.default_rng(0)
    columns = np.arange(held.evidence.shape[2])
    other = columns[None, :] != held.own[:, None]
    genuine = held.judged()[np.arange(len(held.own)), held.own]
    selves = _Widened(genuine[~np.isnan(genuine)], len(columns))
    parts: list[HeldOutAnswers] = []
    for number, evidence in enumerate(held.evidence):
        chosen = evidence[other & ~np.isnan(evidence)]
        own = evidence[np.arange(len(held.own)), held.own]
        rows = np.flatnonzero((held.fold == number) & ~np.isnan(own))
        if not len(rows) or not len(chosen):
            continue
        wanted = max(1, round(DRAWN_QUERIES * len(rows) / len(held.own)))
        queries = own[rng.choice(rows, wanted)] if wanted < len(rows) else own[np.resize(rows, wanted)]
        others = _Widened(chosen, len(columns))
        step = max(1, NUMBERS_OF_A_TABLE // size)
        for start in range(0, wanted, step):
            part = queries[start : start + step]
            table = others(rng, rng.choice(chosen, (len(part), size)))
            sizes = np.full(len(part), size)
            parts.append(answered(table, None, sizes, ceiling, prior))
            table[:, 0] = selves(rng, part)
            parts.append(answered(table, np.zeros(len(part), np.int64), sizes, ceiling, prior))
    return HeldOutAnswers.together(parts)


class _Widened:
    """Draws of evidence by the smoothed bootstrap: of the variance seen, then widened for what few individuals hide."""

    def __init__(self, seen: Numbers, individuals: int) -> None:
        self.middle, deviation = float(seen.mean()), float(seen.std())
        quarters = np.quantile(seen, [0.25, 0.75])
        robust = float(quarters[1] - quarters[0]) / 1.34
        self.kernel = 1.06 * min(deviation, robust or deviation) * len(seen) ** -0.2
        smoothed = deviation**2 + self.kernel**2
        self.scale = math.sqrt((1.0 + WIDENING / individuals) * deviation**2 / smoothed) if smoothed > 0.0 else 1.0

    def __call__(self, rng: np.random.Generator, values: Numbers) -> Numbers:
        """Values taken from those seen, as they might have been of other individuals."""
        moved = values + self.kernel * rng.standard_normal(values.shape) - self.middle
        return np.asarray(self.middle + self.scale * moved, np.float64)
