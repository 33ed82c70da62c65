"""Queries that may show an animal never enrolled: how well one threshold on the best score tells both kinds apart.

Every query is asked twice, as `halves` says: against the half of the gallery that holds its individual (known), and
against the other half (unknown).

- AUROC: the chance that a known query's best score lies above an unknown one's; a tie counts half.
- DIR at 1 % false matches, the detection and identification rate: the share of known queries that are named right with a
  score above the one that at most 1 % of the unknown queries exceed (Phillips, Grother and Micheals, in Handbook of Face
  Recognition, 2011). With fewer than 100 unknown queries that means none.
- BAKS, balanced accuracy on known samples: the mean over individuals of the share of their known queries that are named
  right and not rejected. BAUS, the same on unknown samples: of the share that is rejected as new. Their geometric mean is
  the figure of AnimalCLEF 2025 (imageclef.org/AnimalCLEF2025). Both need a threshold: `cross_validated` sets it for the
  queries of some individuals on the queries of all others, never on those that are measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.evaluation.bootstrap import NOT_MEASURED, Estimate, Floats, Herd, interval
from reid.evaluation.metrics import BestScores, Mask

FALSE_MATCH = 0.01
"""The share of unknown queries that may be matched, of the DIR."""
OPEN_SET_FOLDS = 5
"""Parts into which individuals are put to set the threshold of each on the others."""
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""False match rates at which the DIR is reported for a curve."""


@dataclass(frozen=True, slots=True)
class OpenSetTrials:
    """T queries asked, each with its best score. A query that nobody enrolled may be compared with is no trial.

    individuals: T names. known: (T,) whether the individual was enrolled. scores: (T,) cosine of the best match.
    right: (T,) whether that is the query's individual; false for every unknown one.
    """

    individuals: tuple[str, ...]
    known: Mask
    scores: Floats
    right: Mask


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many trials have a best score from edges[i] to edges[i + 1]."""

    edges: tuple[float, ...]
    right: tuple[int, ...]
    wrong: tuple[int, ...]
    unknown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Separation:
    """What one threshold can do; every figure in [0, 1], larger = better, with its interval.

    known, unknown: numbers of trials. threshold: mean of the cross-validated ones, a cosine.
    curve: (false match rate, DIR) for `RATES`.
    """

    known: int
    unknown: int
    auroc: Estimate
    dir_at_1_percent: Estimate
    baks: Estimate
    baus: Estimate
    geometric_mean: Estimate
    threshold: float
    curve: tuple[tuple[float, float], ...]
    histogram: Histogram


def halves(names: Sequence[str], seed: int) -> dict[str, int]:
    """Put each individual into half 0 or 1 of the gallery, by seed."""
    ordered = sorted(set(names))
    order = np.random.default_rng(seed).permutation(len(ordered))
    return {ordered[number]: place % 2 for place, number in enumerate(order)}


def trials(found: BestScores, individuals: Sequence[str], half: dict[str, int]) -> OpenSetTrials:
    """Ask every query against both halves; as known only where its own individual can be found.

    Args:
        found: scores by individual.
        individuals: of each query.
        half: 0 or 1 of every individual, enrolled or asked.
    """
    of_column = np.asarray([half[name] for name in found.names], dtype=np.int64)
    of_query = np.asarray([half[name] for name in individuals], dtype=np.int64)
    own = found.own_scores()
    parts: list[tuple[NDArray[np.int64], bool, Floats, Mask]] = []
    for known in (True, False):
        for part in (0, 1):
            columns = np.flatnonzero(of_column == part)
            rows = np.flatnonzero((of_query == part) == known)
            if not len(columns) or not len(rows):
                continue
            scores = found.scores[np.ix_(rows, columns)]
            best = scores.max(axis=1)
            asked = np.isfinite(own[rows]) if known else np.isfinite(best)
            right = known & (columns[scores.argmax(axis=1)] == found.own[rows])
            parts.append((rows[asked], known, best[asked].astype(np.float64), right[asked]))
    if not parts:
        return OpenSetTrials((), np.zeros(0, np.bool_), np.zeros(0), np.zeros(0, np.bool_))
    return OpenSetTrials(
        tuple(individuals[row] for rows, *_ in parts for row in rows),
        np.concatenate([np.full(len(rows), known) for rows, known, *_ in parts]),
        np.concatenate([best for _, _, best, _ in parts]),
        np.concatenate([right for *_, right in parts]),
    )


def separation(asked: OpenSetTrials, *, seed: int = 0) -> Separation:
    """Measure trials. seed: of the folds and of the bootstrap over individuals."""
    herd = Herd(asked.individuals, seed=seed)
    thresholds = cross_validated(asked, herd, seed=seed)
    accepted = asked.scores >= thresholds
    good = np.isfinite(thresholds).all() and len(thresholds) > 0
    baks, baks_draws, knowns = _balanced(herd, asked.known, asked.right & accepted)
    baus, baus_draws, unknowns = _balanced(herd, ~asked.known, ~accepted)
    both = baks * baus
    curve = tuple((rate, _dir(asked, rate)) for rate in RATES)
    return Separation(
        int(asked.known.sum()),
        int((~asked.known).sum()),
        auroc(asked, herd),
        detection_and_identification(asked, herd),
        interval(baks, baks_draws, knowns) if good else NOT_MEASURED,
        interval(baus, baus_draws, unknowns) if good else NOT_MEASURED,
        interval(both**0.5, np.sqrt(baks_draws * baus_draws), min(knowns, unknowns)) if good else NOT_MEASURED,
        float(np.mean(thresholds)) if good else float("nan"),
        curve,
        _histogram(asked),
    )


def auroc(asked: OpenSetTrials, herd: Herd) -> Estimate:
    """The chance that a known query's best score lies above an unknown one's; herd: of the trials' individuals."""
    levels, place = np.unique(asked.scores, return_inverse=True)

    def share(weights: Floats) -> float:
        known = np.bincount(place, weights * asked.known, len(levels))
        unknown = np.bincount(place, weights * ~asked.known, len(levels))
        pairs = known.sum() * unknown.sum()
        return float(known @ (np.cumsum(unknown) - 0.5 * unknown) / pairs) if pairs else float("nan")

    draws = np.asarray([share(draw[herd.codes]) for draw in herd.draws])
    return interval(share(np.ones(len(place))), draws, len(herd.names))


def detection_and_identification(asked: OpenSetTrials, herd: Herd, rate: float = FALSE_MATCH) -> Estimate:
    """DIR at a false match rate; every draw of individuals sets its own threshold."""
    value = _dir(asked, rate)
    if not np.isfinite(value):
        return NOT_MEASURED
    falling = np.argsort(-asked.scores[~asked.known], kind="stable")
    others, owners = asked.scores[~asked.known][falling], herd.codes[~asked.known][falling]
    right = asked.known & asked.right
    found = []
    for draw in herd.draws:
        weights = np.cumsum(draw[owners])
        weight_of_known = float(draw[herd.codes] @ asked.known)
        if not weights[-1] or not weight_of_known:
            continue
        bound = np.searchsorted(weights, rate * weights[-1] + 1e-9, "right")
        passed = right & (asked.scores > others[bound]) if bound < len(others) else right
        found.append(float(draw[herd.codes] @ passed) / weight_of_known)
    return interval(value, np.asarray(found), len(set(herd.codes[asked.known].tolist())))


def cross_validated(asked: OpenSetTrials, herd: Herd, *, seed: int = 0) -> Floats:
    """(T,) the threshold for each trial, set on the trials of individuals of other folds; nan where they do not suffice."""
    count = len(herd.names)
    fold = np.zeros(count, np.int64)
    fold[np.random.default_rng(seed).permutation(count)] = np.arange(count) % OPEN_SET_FOLDS
    of_trial = fold[herd.codes]
    thresholds = np.full(len(asked.scores), np.nan)
    for number in range(OPEN_SET_FOLDS):
        others = of_trial != number
        thresholds[~others] = best_threshold(
            OpenSetTrials(
                tuple(name for name, use in zip(asked.individuals, others, strict=True) if use),
                asked.known[others], asked.scores[others], asked.right[others],
            )
        )
    return thresholds


def best_threshold(asked: OpenSetTrials) -> float:
    """The threshold with the largest geometric mean of BAKS and BAUS; a score on it is accepted.

    Half way between two neighbouring scores; the middle one where several are equally good. nan where there is no known
    or no unknown trial.
    """
    if not asked.known.any() or asked.known.all():
        return float("nan")
    herd = Herd(asked.individuals)
    levels, place = np.unique(asked.scores, return_inverse=True)
    right = np.bincount(place, weights=_weights(herd, asked.known) * asked.right, minlength=len(levels))
    others = np.bincount(place, weights=_weights(herd, ~asked.known), minlength=len(levels))
    baks = np.append(np.cumsum(right[::-1])[::-1], 0.0)  # accepting from level i on
    baus = np.append(0.0, np.cumsum(others))
    mean = np.sqrt(baks * baus)
    best = np.flatnonzero(mean >= mean.max() - 1e-12)
    bounds = np.concatenate([levels[:1] - 1e-6, 0.5 * (levels[1:] + levels[:-1]), levels[-1:] + 1e-6])
    return float(bounds[best[len(best) // 2]])


def _weights(herd: Herd, chosen: Mask) -> Floats:
    """The weight of each chosen trial in a mean over individuals: 0 for all others; the sum is 1."""
    counts = herd.sums(chosen)
    weights: Floats = chosen / np.maximum(counts[herd.codes], 1.0) / max(1, int((counts > 0).sum()))
    return weights


def _balanced(herd: Herd, chosen: Mask, hit: Mask) -> tuple[float, Floats, int]:
    """The mean over individuals of their share of hits among the chosen trials, of every draw too, and how many they are."""
    counts = herd.sums(chosen)
    shares = np.divide(herd.sums(chosen & hit), counts, out=np.zeros(len(counts)), where=counts > 0)
    there = counts > 0
    value = float(shares[there].mean()) if there.any() else float("nan")
    return value, _share(herd.draws @ shares, herd.draws @ there), int(there.sum())


def _dir(asked: OpenSetTrials, rate: float) -> float:
    others = np.sort(asked.scores[~asked.known])[::-1]
    if not len(others) or not asked.known.any():
        return float("nan")
    bound = int(np.floor(rate * len(others) + 1e-9))
    passed = asked.scores > others[bound] if bound < len(others) else np.ones(len(asked.scores), np.bool_)
    return float((passed & asked.right)[asked.known].mean())


def _share(part: Floats, whole: Floats) -> Floats:
    found: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return found


def _histogram(asked: OpenSetTrials, bins: int = 40) -> Histogram:
    if not len(asked.scores):
        return Histogram((), (), (), ())
    low, high = float(asked.scores.min()), float(asked.scores.max())
    edges = np.linspace(low, high if high > low else low + 1e-3, bins + 1)
    kinds = (asked.known & asked.right, asked.known & ~asked.right, ~asked.known)
    right, wrong, unknown = (tuple(np.histogram(asked.scores[kind], edges)[0].tolist()) for kind in kinds)
    return Histogram(tuple(edges.tolist()), right, wrong, unknown)
