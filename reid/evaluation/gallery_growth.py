"""How rank-1 changes with the gallery: more individuals to confuse, more photos of each to match.

Both are expectations over random subsets of the gallery, computed exactly by counting subsets instead of drawing some, so
no seed enters; the last point of each is rank-1 itself. A tie with another individual counts against the query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.evaluation import metrics
from reid.evaluation.bootstrap import Estimate, Floats, Herd
from reid.evaluation.metrics import BestScores, Pool, by_individual


@dataclass(frozen=True, slots=True)
class Point:
    """Expected rank-1 with `count` individuals enrolled, or with `count` photos of each."""

    count: int
    rank_1: Estimate


def rounds(total: int, first: int = 1) -> list[int]:
    """1, 2, 5, 10, 20, 50, ... from `first` on and below `total`, then `total`."""
    series = [digit * 10**power for power in range(len(str(total))) for digit in (1, 2, 5)]
    return [*(count for count in series if first <= count < total), total]


def by_gallery_size(found: BestScores, individuals: Sequence[str], *, seed: int = 0) -> tuple[Point, ...]:
    """Rank-1 where only some individuals are enrolled: the query's, and others drawn at random.

    With b of the M others more alike than the query's own individual, a draw of m others holds none of them with
    probability C(M - b, m) / C(M, m), averaged over the queries whose individual can be found.

    Args:
        found: scores by individual.
        individuals: of each query, for the intervals.
        seed: of the bootstrap.
    """
    own = found.own_scores()
    judged = np.flatnonzero(np.isfinite(own))
    if not len(judged):
        return ()
    beaten = (found.scores[judged] >= own[judged, None]).sum(axis=1) - 1  # its own score is among them
    others = len(found.names) - 1
    herd = Herd([individuals[row] for row in judged.tolist()], seed=seed)
    factorial = _log_factorials(others)
    points = []
    for size in rounds(len(found.names), 2):
        drawn = size - 1
        left = np.maximum(others - beaten, drawn)
        log = factorial[left] - factorial[left - drawn] - factorial[others] + factorial[others - drawn]
        points.append(Point(size, herd.mean(np.where(others - beaten >= drawn, np.exp(log), 0.0))))
    return tuple(points)


def by_photos(
    queries: Pool, gallery: Pool, *, same_side: bool = False, other_encounter: bool = False, seed: int = 0
) -> tuple[Point, ...]:
    """Rank-1 where k photos of every individual are enrolled, drawn at random from those the query may be compared with.

    An individual with fewer than k such photos is enrolled with all of them. For each photo of the query's own individual
    that may be the best one drawn, the chance of that times the chance that every other individual's best is less alike.

    Args:
        queries, gallery: as for `metrics.rank`.
        same_side, other_encounter: which pairs are allowed.
        seed: of the bootstrap.
    """
    if not len(gallery.vectors):
        return ()
    _, _, starts = by_individual(gallery)
    most = int(np.diff([*starts, len(gallery.vectors)]).max())
    counts = rounds(most)
    factorial = _log_factorials(most)
    kept: list[str] = []
    values: list[list[float]] = []
    for row, scores, owner in _judged(queries, gallery, same_side=same_side, other_encounter=other_encounter):
        kept.append(queries.individuals[row])
        values.append(_expected(scores, owner, starts, counts, factorial))
    if not kept:
        return ()
    herd = Herd(kept, seed=seed)
    return tuple(Point(count, herd.mean(column)) for count, column in zip(counts, np.asarray(values).T, strict=True))


def _judged(
    queries: Pool, gallery: Pool, *, same_side: bool, other_encounter: bool
) -> Iterator[tuple[int, NDArray[np.float32], int]]:
    """(row, scores with the gallery sorted by individual and -inf where not allowed, own column) of each judged query."""
    names, order, starts = by_individual(gallery)
    column = {name: code for code, name in enumerate(names)}
    ends = np.append(starts[1:], len(order))
    for start in range(0, len(queries.vectors), metrics.QUERY_CHUNK):
        rows = slice(start, start + metrics.QUERY_CHUNK)
        mask = metrics.allowed(queries, gallery, rows, same_side=same_side, other_encounter=other_encounter)
        scores = np.where(mask, queries.vectors[rows] @ gallery.vectors.T, -np.inf)[:, order]
        for place, name in enumerate(queries.individuals[rows]):
            owner = column.get(name, -1)
            if owner >= 0 and np.isfinite(scores[place, starts[owner] : ends[owner]]).any():
                yield start + place, scores[place], owner


def _expected(
    scores: NDArray[np.float32], owner: int, starts: NDArray[np.int64], counts: Sequence[int], factorial: Floats
) -> list[float]:
    """Expected rank-1 of one query for every number of photos."""
    end = starts[owner + 1] if owner + 1 < len(starts) else len(scores)
    own = scores[starts[owner] : end]
    own = np.sort(own[np.isfinite(own)])
    allowed = np.isfinite(scores)
    totals = np.add.reduceat(allowed, starts, dtype=np.int64)
    below = np.add.reduceat(allowed & (scores < own[:, None]), starts, axis=1, dtype=np.int64)
    found = []
    for count in counts:
        less = _none_above(factorial, totals, below, count)
        less[:, owner] = 1.0
        # the chance that the best one drawn is the first, second, ...
        best = np.diff(_none_above(factorial, np.int64(len(own)), np.arange(len(own) + 1), count))
        if count > len(own):
            best = np.eye(len(own))[-1]
        found.append(float((best * less.prod(axis=1)).sum()))
    return found


def _none_above(
    factorial: Floats, total: NDArray[np.int64] | np.int64, low: NDArray[np.int64], count: int
) -> Floats:
    """The chance that `count` photos drawn of `total` all lie among the `low` least alike of them, of each pair.

    C(low, k) / C(total, k) with k = min(count, total); 1 where there is no photo at all.
    """
    drawn = np.minimum(count, total)
    inside = (low >= drawn) & (low <= total)
    safe = np.where(inside, low, drawn)
    log = factorial[safe] - factorial[safe - drawn] - factorial[total] + factorial[total - drawn]
    return np.where(inside, np.exp(log), 0.0)


def _log_factorials(most: int) -> Floats:
    return np.concatenate([np.zeros(1), np.cumsum(np.log(np.arange(1, most + 1, dtype=np.float64)))])
