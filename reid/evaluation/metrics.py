"""How good a ranking is. All figures are computed from scores (cosine, larger = more alike) and a mask of allowed pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.errors import ShapeError
from reid.records import Vectors

Mask = NDArray[np.bool_]
QUERY_CHUNK = 512
"""Queries ranked at a time, so that memory stays flat whatever the gallery's size."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Figures of one closed-set ranking; every share in [0, 1].

    queries: those that have at least one allowed photo of their own individual; skipped: those that have none.
    """

    queries: int
    skipped: int
    rank_1: float
    rank_5: float
    rank_10: float
    mean_ap: float
    map_at_r: float


@dataclass(frozen=True, slots=True)
class Pool:
    """One side of an evaluation: embeddings with what restricts who may be compared."""

    vectors: Vectors
    individuals: Sequence[str]
    sides: Sequence[str]
    groups: Sequence[str]
    hashes: Sequence[str]

    def __post_init__(self) -> None:
        """Refuse columns of unequal length."""
        lengths = {len(self.vectors), len(self.individuals), len(self.sides), len(self.groups), len(self.hashes)}
        if len(lengths) != 1:
            raise ShapeError(f"the columns of a pool have lengths {sorted(lengths)}; wanted one")

    def subset(self, rows: Sequence[int]) -> Pool:
        """The same for some rows."""
        return Pool(
            self.vectors[np.asarray(rows, dtype=np.int64)],
            *([column[row] for row in rows] for column in (self.individuals, self.sides, self.groups, self.hashes)),
        )


def allowed(
    queries: Pool, gallery: Pool, rows: slice, *, same_side: bool = False, other_encounter: bool = False
) -> Mask:
    """Which pairs may be compared: (rows, N). Never a photo with itself.

    same_side: sides must be equal where both are known. other_encounter: photos of one encounter are not compared.
    """
    mask = ~_equal(queries.hashes[rows], gallery.hashes)
    if other_encounter:
        mask &= ~_equal(queries.groups[rows], gallery.groups)
    if same_side:
        known_q = np.asarray([bool(side) for side in queries.sides[rows]])
        known_g = np.asarray([bool(side) for side in gallery.sides])
        mask &= _equal(queries.sides[rows], gallery.sides) | ~known_q[:, None] | ~known_g[None, :]
    return mask


@dataclass(frozen=True, slots=True)
class Places:
    """What a ranking says of each of the J queries that it can judge, in the order of the queries.

    rows: (J,) rows of the queries. first: (J,) place of the first right photo, 0 = the best match. precision: (J,) average
    precision over the whole ranking. at_r: (J,) the same cut at R = the number of the individual's allowed photos. chance:
    (J,) share of the allowed photos that show the individual: how often a match drawn blindly is right.
    """

    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    precision: NDArray[np.float64]
    at_r: NDArray[np.float64]
    chance: NDArray[np.float64]

    def cmc(self, depth: int) -> NDArray[np.float64]:
        """The cumulative match characteristic: (depth,) shares whose individual is among the first 1, 2, ... photos."""
        reached: NDArray[np.float64] = (self.first[:, None] < np.arange(1, depth + 1)).mean(axis=0)
        return reached


def places(
    queries: Pool, gallery: Pool, *, same_side: bool = False, other_encounter: bool = False,
    added: Callable[[slice], NDArray[np.float64]] | None = None,
) -> Places:
    """Rank the gallery for every query; see `rank`. A query without any allowed photo of its individual is left out.

    added: for the queries of a slice (q, N) what is added to the cosines of all N photos, as by a closer look.
    """
    found: list[tuple[NDArray[Any], ...]] = []
    for start in range(0, len(queries.vectors), QUERY_CHUNK):
        rows = slice(start, start + QUERY_CHUNK)
        mask = allowed(queries, gallery, rows, same_side=same_side, other_encounter=other_encounter)
        alike = queries.vectors[rows] @ gallery.vectors.T + (added(rows) if added else 0.0)
        scores = np.where(mask, alike, -np.inf)
        own = _equal(queries.individuals[rows], gallery.individuals) & mask
        good = own.any(axis=1)
        if not good.any():
            continue
        order = np.argsort(-scores[good], axis=1, kind="stable")
        hits = np.take_along_axis(own[good], order, axis=1)
        place = np.arange(1, hits.shape[1] + 1)
        precision = np.cumsum(hits, axis=1) / place * hits
        relevant = hits.sum(axis=1)
        found.append((
            start + np.flatnonzero(good),
            hits.argmax(axis=1),
            precision.sum(axis=1) / relevant,
            (precision * (place <= relevant[:, None])).sum(axis=1) / relevant,
            relevant / mask[good].sum(axis=1),
        ))
    if not found:
        none, nothing = np.zeros(0, np.int64), np.zeros(0)
        return Places(none, none, nothing, nothing, nothing)
    return Places(*(np.concatenate(column) for column in zip(*found, strict=True)))


def rank(
    queries: Pool, gallery: Pool, *, same_side: bool = False, other_encounter: bool = False
) -> Ranking:
    """Rank the gallery for every query and measure rank-k, mAP and MAP@R (Musgrave et al., 2020).

    Ties go to the lower gallery row. A query without any allowed photo of its individual is skipped and counted. rank-k
    counts photos: the right individual is among the individuals of the first k photos. mAP is over the whole ranking;
    MAP@R stops at R = the number of the individual's allowed photos.
    """
    found = places(queries, gallery, same_side=same_side, other_encounter=other_encounter)
    return summary(found, len(queries.vectors))


def summary(found: Places, asked: int) -> Ranking:
    """The figures of a ranking of `asked` queries; nan where no query could be judged."""
    count = len(found.rows)
    if count == 0:
        return Ranking(0, asked, *(float("nan"),) * 5)
    rank_1, rank_5, rank_10 = (float(np.mean(found.first < k)) for k in (1, 5, 10))
    return Ranking(
        count, asked - count, rank_1, rank_5, rank_10, float(np.mean(found.precision)), float(np.mean(found.at_r))
    )


def _equal(left: Sequence[str], right: Sequence[str]) -> Mask:
    codes = {name: code for code, name in enumerate(sorted({*left, *right}))}
    a = np.fromiter((codes[name] for name in left), np.int64, len(left))
    b = np.fromiter((codes[name] for name in right), np.int64, len(right))
    equal: Mask = a[:, None] == b[None, :]
    return equal


@dataclass(frozen=True, slots=True)
class BestScores:
    """The best score of every query against every individual: what open set and growth are measured on.

    names: the I enrolled individuals, sorted. scores: (Q, I) cosine of the query and the individual's most alike allowed
    photo; -inf where no photo may be compared. own: (Q,) column of the query's individual; -1 where it is not enrolled.
    """

    names: tuple[str, ...]
    scores: NDArray[np.float32]
    own: NDArray[np.int64]

    def own_scores(self) -> NDArray[np.float32]:
        """(Q,) score of the query's own individual; -inf where it cannot be found."""
        if not self.names:
            return np.full(len(self.own), -np.inf, np.float32)
        scores: NDArray[np.float32] = self.scores[np.arange(len(self.own)), self.own].copy()
        scores[self.own < 0] = -np.inf
        return scores


def by_individual(pool: Pool) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    """(names, order, starts): rows of a pool sorted by individual, and where each individual begins among them."""
    names = tuple(sorted(set(pool.individuals)))
    position = {name: code for code, name in enumerate(names)}
    codes = np.fromiter((position[name] for name in pool.individuals), np.int64, len(pool.individuals))
    order = np.argsort(codes, kind="stable")
    return names, order, np.searchsorted(codes[order], np.arange(len(names)))


def best_scores(queries: Pool, gallery: Pool, *, same_side: bool = False, other_encounter: bool = False) -> BestScores:
    """The best allowed photo of every individual for every query; which pairs are allowed, `allowed` says."""
    names, order, starts = by_individual(gallery)
    column = {name: code for code, name in enumerate(names)}
    table = np.full((len(queries.vectors), len(names)), -np.inf, np.float32)
    for start in range(0, len(queries.vectors) if names else 0, QUERY_CHUNK):
        rows = slice(start, start + QUERY_CHUNK)
        mask = allowed(queries, gallery, rows, same_side=same_side, other_encounter=other_encounter)
        scores = np.where(mask, queries.vectors[rows] @ gallery.vectors.T, -np.inf)
        table[rows] = np.maximum.reduceat(scores[:, order], starts, axis=1)
    own = np.fromiter((column.get(name, -1) for name in queries.individuals), np.int64, len(queries.individuals))
    return BestScores(names, table, own)
