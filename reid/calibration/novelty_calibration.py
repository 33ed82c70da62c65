"""What "looks like nobody enrolled" is worth, by held-out individuals: how seldom enrolled animals do, and new ones how often.

Every held-out query is asked in drawn galleries, with and without its own individual. The evidence of the other individuals is
that of the query's own comparisons, for a blurred photo is like nobody, itself included; and it is not widened as for KNOWN
(`thresholds`): what makes look-alikes likelier makes enrolled animals look less new. Photos of one individual are no independent
trials, so shares are counted by individual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reid.calibration.logistic import fit
from reid.calibration.thresholds import MAX_FALSE_NEW, NUMBERS_OF_A_TABLE, HeldOut, HeldOutAnswers, answered
from reid.records import Bounds
from reid.steps.novelty import missed
from reid.steps.search import SHORTLIST

Numbers = NDArray[np.float64]
QUESTIONS_OF_A_KIND = 1000
"""Questions of each kind in a drawn gallery, at least; each held-out photo as often as every other."""
FOUND = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""Thresholds are looked at where these shares of the animals never enrolled reach them."""
EVEN = 1e-9
"""A slope below it tells nothing."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """nobody: (Q,) probability that nobody enrolled is shown. own: (Q,) column of the individual shown."""

    nobody: Numbers
    own: NDArray[np.int64]

    def share(self, at: float) -> Numbers:
        """Of each individual, the share of its queries that reach a threshold: (I,), individuals never asked left out."""
        reached = np.bincount(self.own, weights=self.nobody >= at)
        many = np.bincount(self.own, minlength=len(reached))
        return np.asarray(reached[many > 0] / many[many > 0], np.float64)


def with_novelty(bounds: Sequence[Bounds], held: HeldOut, *, ceiling: float, prior: float) -> tuple[Bounds, ...]:
    """The thresholds with what evidence for a new animal is worth in a gallery of each size.

    Where no held-out photo can be compared with its own individual and with another one, too, nothing tells: nobody is NEW.

    NEW: also the least probability of nobody from 0.5 on at which at most `MAX_FALSE_NEW` of the enrolled individuals are
    expected to look new, few individuals counting for little (`steps.novelty.missed`).
    """
    if not len(_both(held)):
        return tuple(replace(one, new_at=1.0) for one in bounds)
    return tuple(_judged(one, *_drawn(held, one.size, ceiling=ceiling, prior=prior), prior) for one in bounds)


def _judged(one: Bounds, enrolled: _Asked, never: _Asked, prior: float) -> Bounds:
    odds = [np.log((1.0 - found.nobody) / found.nobody) + np.log((1.0 - prior) / prior) for found in (enrolled, never)]
    fitted = fit(odds[0][:, None], odds[1][:, None])
    slope, intercept = (float(fitted.slopes[0]), fitted.intercept) if fitted.slopes[0] > EVEN else (0.0, 0.0)
    table, least, new_at = [], 1.0, 1.0
    for share in FOUND:
        at = float(np.quantile(never.nobody, 1.0 - share))
        errors = enrolled.share(at)
        lost = missed(float(errors.sum()), len(errors))
        if lost <= MAX_FALSE_NEW:
            new_at = min(new_at, at)
        least = min(least, lost / float(never.share(at).mean()))
        table.append((at, least))
    return replace(one, new_at=max(one.new_at, new_at), slope=slope, intercept=intercept, missed=tuple(table))


def _both(held: HeldOut) -> NDArray[np.int64]:
    """The queries that can be compared with their own individual and with another one."""
    seen = ~np.isnan(held.judged())
    own = seen[np.arange(len(seen)), held.own]
    return np.flatnonzero(own & (seen.sum(axis=1) > 1))


def _drawn(held: HeldOut, size: int, *, ceiling: float, prior: float) -> tuple[_Asked, _Asked]:
    """Every query with its own individual among so many enrolled, and without it."""
    rng = np.random.default_rng(0)
    judged, columns = held.judged(), np.arange(held.evidence.shape[2])
    other = np.where(columns[None, :] == held.own[:, None], np.nan, judged)
    genuine, rows = judged[np.arange(len(judged)), held.own], _both(held)
    compared = [other[row][~np.isnan(other[row])] for row in rows]
    turns = np.repeat(np.arange(len(rows)), -(-QUESTIONS_OF_A_KIND // len(rows)))
    parts: tuple[list[HeldOutAnswers], list[HeldOutAnswers]] = ([], [])
    for start in range(0, len(turns), max(1, NUMBERS_OF_A_TABLE // size)):
        turn = turns[start : start + max(1, NUMBERS_OF_A_TABLE // size)]
        table = np.stack([_some(rng, compared[row], size) for row in turn])
        sizes = np.full(len(turn), size)
        parts[1].append(answered(_listed(table), None, sizes, ceiling, prior))
        table[:, 0] = genuine[rows[turn]]
        parts[0].append(answered(_listed(table), np.zeros(len(turn), np.int64), sizes, ceiling, prior))
    own = held.own[rows[turns]]
    enrolled, never = (HeldOutAnswers.together(part).nobody for part in parts)
    return _Asked(enrolled, own), _Asked(never, own)


def _some(rng: np.random.Generator, values: Numbers, size: int) -> Numbers:
    """So many of the values: without one twice where there are enough."""
    return np.asarray(rng.permutation(values)[:size] if size <= len(values) else rng.choice(values, size), np.float64)


def _listed(table: Numbers) -> Numbers:
    """The evidence of those on a query's shortlist: as in a query, the others weigh nothing."""
    if table.shape[1] <= SHORTLIST:
        return table.copy()
    least = np.partition(table, -SHORTLIST, axis=1)[:, [-SHORTLIST]]
    return np.where(table >= least, table, -np.inf)
