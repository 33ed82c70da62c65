"""What scores are worth: learned from photos of individuals that the net was not trained on, never from a constant.

Evidence is Platt's logistic fit (1999) of "same individual?" on the score of (query, individual) pairs, with both
classes weighing the same, so that its log-odds are a log-likelihood ratio. Everything that is then asked of it (thresholds,
error shares, the reliability diagram) is cross-validated by individual: a photo is judged by a fit that has seen neither
its individual's photos nor comparisons with them. The fit that is kept comes from all of them.

A closer look (`steps.local_matching`) gives a second kind of score. It has a calibration of its own, on both scores, which is
kept only where it tells held-out individuals apart better than the cosine alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reid.calibration import thresholds
from reid.calibration.logistic import Fit, fit
from reid.calibration.novelty_calibration import with_novelty
from reid.calibration.thresholds import HeldOut, HeldOutAnswers
from reid.evaluation import metrics, reranked_pools
from reid.evaluation.reranked_pools import Maps
from reid.records import Calibration, Photo

Numbers = NDArray[np.float64]
PRIOR = 0.5
"""Share of queries taken to show an enrolled animal; nothing better is known before a survey."""
MIN_INDIVIDUALS = 3
MIN_GENUINE = 8
"""Fewer held-out individuals, or fewer photos that could be matched right, and nothing is calibrated."""
CALIBRATION_FOLDS = 5
EACH = 20
"""Photos of one individual that are always taken, where it has them."""
MOST_CALIBRATING = 2000
"""Of more held-out photos, whole individuals are taken by chance: more would teach little and take minutes."""
MOST_LOOKED = 400
"""Of more photos, so many are looked at closer, spread over the individuals: a look at all others takes some 10 ms each."""
LEAST_GAIN = 0.005
"""In nats a question: what a closer look must spare of the log-loss to be taken, so that no species pays for noise."""
SIDE_INDIVIDUALS = 12
SIDE_GENUINE = 40
"""From this many individuals and matchable photos of one side on, the side has a calibration of its own."""


def caution(photos: Sequence[Photo]) -> str:
    """What to tell of a calibration on photos of which nothing says which were taken together; else ""."""
    if any(photo.captured_at or photo.encounter for photo in photos):
        return ""
    return (
        "no photo has a date or an encounter, so near-duplicates of one encounter count as several and the thresholds may be too "
        "sure: other photos of an enrolled animal may be called new; name captured_at or encounter in a table, and train again"
    )


@dataclass(frozen=True, slots=True)
class ScoreTrials:
    """Best scores of each held-out query against each held-out individual.

    scores: (Q, I) float, or (Q, I, K) for K kinds of score (cosine first); nan where the two may not be compared.
    own: (Q,) column of the query's individual.
    """

    scores: Numbers
    own: NDArray[np.int64]

    @property
    def columns(self) -> Numbers:
        """The scores as (Q, I, K)."""
        return self.scores if self.scores.ndim == 3 else self.scores[:, :, None]

    def pairs(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Masks (Q, I): compared with its own individual, compared with another one."""
        seen = ~np.isnan(self.columns).any(axis=2)
        genuine = np.arange(self.scores.shape[1])[None, :] == self.own[:, None]
        return seen & genuine, seen & ~genuine


@dataclass(frozen=True, slots=True)
class HeldOutStudy:
    """A calibration with what it was judged by. answers: of the trial, each individual judged by a fit without it."""

    calibration: Calibration
    answers: HeldOutAnswers


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """Feature maps of some photos of a pool: rows (M,) of the pool, maps (M, h, w, C)."""

    rows: NDArray[np.int64]
    maps: Maps

    def subset(self, rows: Sequence[int]) -> Mapped:
        """Of the pool's own subset: the maps of those rows that have one, under their new numbers."""
        place = {int(row): number for number, row in enumerate(self.rows)}
        kept = [(number, place[row]) for number, row in enumerate(rows) if row in place]
        return Mapped(np.asarray([new for new, _ in kept], np.int64), self.maps[np.asarray([old for _, old in kept], np.int64)])


def trials(pool: metrics.Pool) -> ScoreTrials:
    """Compare held-out photos with each other: same side, other encounters only; best photo of each individual."""
    names = sorted(set(pool.individuals))
    column = {name: index for index, name in enumerate(names)}
    owner = np.asarray([column[name] for name in pool.individuals])
    table = np.full((len(owner), len(names)), np.nan)
    for start in range(0, len(owner), metrics.QUERY_CHUNK):
        rows = slice(start, start + metrics.QUERY_CHUNK)
        mask = metrics.allowed(pool, pool, rows, same_side=True, other_encounter=True)
        scores = np.where(mask, pool.vectors[rows] @ pool.vectors.T, -np.inf)
        for index in range(len(names)):
            best = scores[:, owner == index].max(axis=1)
            table[rows, index] = np.where(np.isfinite(best), best, np.nan)
    return ScoreTrials(table, owner)


def calibrate(pool: metrics.Pool, *, max_false_match: float, mapped: Mapped | None = None) -> Calibration | None:
    """The calibration of `study`; None where there is too little to learn from: every answer is then REVIEW."""
    found = study(pool, max_false_match=max_false_match, mapped=mapped)
    return found.calibration if found else None


def study(pool: metrics.Pool, *, max_false_match: float, mapped: Mapped | None = None) -> HeldOutStudy | None:
    """Learn a calibration from held-out photos, with one of its own for each side that has enough of them.

    Args:
        pool: photos of at least `MIN_INDIVIDUALS` individuals that the net never saw.
        max_false_match: stated error for the KNOWN threshold, in (0, 1).
        mapped: feature maps of the photos, for a calibration of closer looks; None = closer looks are not tried.

    Returns:
        None where there is too little to learn from; `lacking` says what. The answers are those that queries will get:
        with the closer look where it is kept.
    """
    chosen = sampled_rows(pool)
    pool, mapped = pool.subset(chosen), mapped.subset(chosen) if mapped else None
    whole = _learn_both(pool, mapped, max_false_match)
    if whole is None:
        return None
    sides: dict[str, Calibration | None] = {}
    for side in ("left", "right"):
        rows = [row for row, shown in enumerate(pool.sides) if shown == side]
        own = pool.subset(rows)
        genuine, _ = trials(own).pairs()
        enough = genuine.shape[1] >= SIDE_INDIVIDUALS and int(genuine.sum()) >= SIDE_GENUINE
        found = _learn_both(own, mapped.subset(rows) if mapped else None, max_false_match) if enough else None
        sides[side] = found.calibration if found else None
    return replace(whole, calibration=replace(whole.calibration, left=sides["left"], right=sides["right"]))


def _learn_both(pool: metrics.Pool, mapped: Mapped | None, max_false_match: float) -> HeldOutStudy | None:
    """Learn from cosines, then from cosines and closer looks; the latter is kept where it gains."""
    plain = learn(trials(pool), max_false_match=max_false_match)
    if plain is None or mapped is None or not len(mapped.rows):
        return plain
    near, far = looked(pool.subset(mapped.rows.tolist()), mapped.maps)
    if lacking(near) or lacking(far) or not _fit(near, np.ones(near.scores.shape[1], bool)).slopes[1] > 0.0:
        return plain
    ceiling = plain.calibration.ceiling
    loss, without = (thresholds.log_loss(_held_out(one), ceiling=ceiling, prior=PRIOR) for one in (near, far))
    both = learn(near, max_false_match=max_false_match) if loss <= without - LEAST_GAIN else None
    return HeldOutStudy(replace(plain.calibration, closer=both.calibration), both.answers) if both else plain


def looked(pool: metrics.Pool, maps: Maps) -> tuple[ScoreTrials, ScoreTrials]:
    """Trials (Q, I, 2) of cosine and place-by-place score, and the same comparisons by cosine alone (Q, I)."""
    rows = _spread(pool.individuals, MOST_LOOKED)
    asked = pool.subset(rows)
    found = reranked_pools.look(asked, pool, maps[np.asarray(rows)], maps, same_side=True, other_encounter=True, everybody=True)
    local = np.full((len(pool.vectors), len(set(pool.individuals))), np.nan)
    local[rows] = reranked_pools.of_individuals(found, asked, pool)
    plain = trials(pool)
    cosine = np.where(np.isnan(local), np.nan, plain.scores)
    return ScoreTrials(np.stack([cosine, local], axis=2), plain.own), ScoreTrials(cosine, plain.own)


def _spread(individuals: Sequence[str], most: int) -> list[int]:
    """At most so many rows, in turn one of each individual; always the same ones."""
    turn: dict[str, int] = defaultdict(int)
    order = []
    for row in np.random.default_rng(0).permutation(len(individuals)).tolist():
        order.append((turn[individuals[row]], row))
        turn[individuals[row]] += 1
    return sorted(row for _, row in sorted(order)[:most])


def sampled(pool: metrics.Pool) -> metrics.Pool:
    """The pool, or of a large one the photos of `sampled_rows`."""
    return pool if len(pool.vectors) <= MOST_CALIBRATING else pool.subset(sampled_rows(pool))


def sampled_rows(pool: metrics.Pool) -> list[int]:
    """All rows, or of a large pool at most `MOST_CALIBRATING`, of as many individuals as fit; always the same ones.

    An individual keeps at least `EACH` of its photos, where it has them: one with thousands must not crowd out the others.
    """
    if len(pool.vectors) <= MOST_CALIBRATING:
        return list(range(len(pool.vectors)))
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(pool.individuals):
        rows_of[name].append(row)
    rng, names = np.random.default_rng(0), sorted(rows_of)
    each = max(EACH, MOST_CALIBRATING // len(names))
    taken: list[int] = []
    for place in rng.permutation(len(names)).tolist():
        part = rng.permutation(rows_of[names[place]])[:each].tolist()
        if len(taken) + len(part) <= MOST_CALIBRATING:
            taken += part
    return sorted(taken)


def lacking(found: ScoreTrials) -> str:
    """Why nothing can be learned from these trials; "" where it can."""
    genuine, impostor = found.pairs()
    individuals = found.scores.shape[1]
    if individuals < MIN_INDIVIDUALS:
        return f"{individuals} individuals that the net was not trained on; wanted at least {MIN_INDIVIDUALS}"
    if impostor.sum() < MIN_GENUINE:
        return f"photos can be compared with {int(impostor.sum())} photos of others; wanted at least {MIN_GENUINE}"
    if genuine.sum() < MIN_GENUINE:
        return (
            f"{int(genuine.sum())} photos can be matched with another encounter of their individual; "
            f"wanted at least {MIN_GENUINE}"
        )
    judged = _held_out(found).judged()
    if np.isnan(judged[np.arange(len(judged)), found.own]).all():
        return "photos of one individual only can be matched, so that none is left to judge it by; wanted two at least"
    if _fit(found, np.ones(individuals, bool)).slopes[0] <= 0.0:
        return "photos of one individual are not more alike than photos of two, as this net sees them"
    return ""


def learn(found: ScoreTrials, *, max_false_match: float) -> HeldOutStudy | None:
    """Learn from one table of trials; None where `lacking` gives a reason."""
    if lacking(found):
        return None
    individuals = found.scores.shape[1]
    everybody = _fit(found, np.ones(individuals, bool))
    genuine, impostor = found.pairs()
    held = _held_out(found)
    ceiling = math.log(float(impostor.sum()) + 1.0)
    up_to = thresholds.supported(found.own, impostor)
    bounds = thresholds.bounds(held, up_to, ceiling=ceiling, prior=PRIOR, max_false_match=max_false_match)
    bounds = with_novelty(bounds, held, ceiling=ceiling, prior=PRIOR)
    calibration = Calibration(
        float(everybody.slopes[0]), everybody.intercept, ceiling, known_at=max(one.known_at for one in bounds),
        new_at=max(one.new_at for one in bounds), prior=PRIOR, max_false_match=max_false_match, false_match=0.0,
        false_new=0.0, individuals=individuals, photos=len(found.own), comparisons=int(genuine.sum() + impostor.sum()),
        checked_up_to=up_to, bounds=bounds, more_slopes=tuple(float(one) for one in everybody.slopes[1:]),
    )
    answers = thresholds.answers(held, ceiling=ceiling, prior=PRIOR)
    false_match, false_new = thresholds.errors(answers, calibration)
    return HeldOutStudy(replace(calibration, false_match=false_match, false_new=false_new), answers)


def platt(genuine: Numbers, impostor: Numbers) -> tuple[float, float]:
    """Slope and intercept of ln P(score | same) / P(score | another) for scores of one kind, (G,) and (M,)."""
    found = fit(genuine[:, None], impostor[:, None])
    return float(found.slopes[0]), found.intercept


def _fit(found: ScoreTrials, taught: NDArray[np.bool_]) -> Fit:
    """Fit on the comparisons within the individuals `taught` (I,)."""
    genuine, impostor = found.pairs()
    within = taught[found.own][:, None] & taught[None, :]
    return fit(found.columns[genuine & within], found.columns[impostor & within])


def _held_out(found: ScoreTrials) -> HeldOut:
    """The evidence of every comparison, by a fit without the individual that the query shows."""
    individuals = found.scores.shape[1]
    count = min(CALIBRATION_FOLDS, individuals)
    genuine, impostor = found.pairs()
    unmatched: NDArray[np.bool_] = np.ones(individuals, np.bool_)
    unmatched[found.own[genuine.any(axis=1)]] = False
    order = np.random.default_rng(0).permutation(individuals)
    order = order[np.argsort(unmatched[order], kind="stable")]  # those that can be matched are spread over the folds
    fold = np.empty(individuals, np.int64)
    fold[order] = np.arange(individuals) % count
    parts = np.full((count, *found.scores.shape[:2]), np.nan)
    for number in range(count):
        taught = fold != number
        within = taught[found.own][:, None] & taught[None, :]
        if (genuine & within).any() and (impostor & within).any():  # else nothing can judge these individuals
            parts[number] = _fit(found, taught).evidence(found.columns)
    return HeldOut(parts, fold[found.own], found.own)
