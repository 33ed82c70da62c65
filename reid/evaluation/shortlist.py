"""The best score of every query against every individual: what open set and growth are measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.evaluation import metrics
from reid.evaluation.metrics import Pool


@dataclass(frozen=True, slots=True)
class ShortlistRecall:
    """Scores by individual.

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
        found: NDArray[np.float32] = self.scores[np.arange(len(self.own)), self.own].copy()
        found[self.own < 0] = -np.inf
        return found


def by_individual(pool: Pool) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    """(names, order, starts): rows of a pool sorted by individual, and where each individual begins among them."""
    names = tuple(sorted(set(pool.individuals)))
    position = {name: code for code, name in enumerate(names)}
    codes = np.fromiter((position[name] for name in pool.individuals), np.int64, len(pool.individuals))
    order = np.argsort(codes, kind="stable")
    return names, order, np.searchsorted(codes[order], np.arange(len(names)))


def shortlist(queries: Pool, gallery: Pool, *, same_side: bool = False, other_encounter: bool = False) -> ShortlistRecall:
    """The best allowed photo of every individual for every query; which pairs are allowed, `metrics.allowed` says."""
    names, order, starts = by_individual(gallery)
    column = {name: code for code, name in enumerate(names)}
    table = np.full((len(queries.vectors), len(names)), -np.inf, np.float32)
    for start in range(0, len(queries.vectors) if names else 0, metrics.QUERY_CHUNK):
        rows = slice(start, start + metrics.QUERY_CHUNK)
        mask = metrics.allowed(queries, gallery, rows, same_side=same_side, other_encounter=other_encounter)
        scores = np.where(mask, queries.vectors[rows] @ gallery.vectors.T, -np.inf)
        table[rows] = np.maximum.reduceat(scores[:, order], starts, axis=1)
    own = np.fromiter((column.get(name, -1) for name in queries.individuals), np.int64, len(queries.individuals))
    return ShortlistRecall(names, table, own)
