"""Closer looks at many queries, for measuring and calibrating: what `steps.reranking` does at one query, over two pools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.evaluation import metrics
from reid.evaluation.metrics import Pool
from reid.steps.local_matching import WEIGHT, compare
from reid.steps.search import PHOTOS, SHORTLIST

Maps = NDArray[np.float16]
"""(P, h, w, C) feature maps as `Runtime.maps` gives them, row by row of a pool; half precision is enough to match by."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What closer looks found. rows: (Q, M) rows of the gallery that were looked at, -1 where there were fewer.

    local: (Q, M) place-by-place scores in [0, 1] of the same, nan where there is no row.
    """

    rows: NDArray[np.int64]
    local: NDArray[np.float32]


def look(
    queries: Pool, gallery: Pool, query_maps: Maps, gallery_maps: Maps, *, same_side: bool, other_encounter: bool,
    individuals: int = SHORTLIST, everybody: bool = False,
) -> Looks:
    """Look closer at the best photos of the best individuals of every query.

    Args:
        queries, gallery: which pairs may be compared, `metrics.allowed` says.
        query_maps, gallery_maps: of their photos, row by row.
        same_side, other_encounter: as for `metrics.allowed`.
        individuals: so many are looked at together, the best by cosine.
        everybody: go on with the next so many until all have been looked at.
    """
    owner = owners(gallery)
    found: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
    for start in range(0, len(queries.vectors), metrics.QUERY_CHUNK):
        rows = slice(start, start + metrics.QUERY_CHUNK)
        mask = metrics.allowed(queries, gallery, rows, same_side=same_side, other_encounter=other_encounter)
        scores = np.where(mask, queries.vectors[rows] @ gallery.vectors.T, -np.inf)
        for place, row in enumerate(scores):
            groups = _listed(row, owner, individuals)
            found.append(_looked(query_maps[start + place], gallery_maps, groups if everybody else groups[:1]))
    most = max((len(rows) for rows, _ in found), default=0)
    looks = Looks(np.full((len(found), most), -1, np.int64), np.full((len(found), most), np.nan, np.float32))
    for query, (chosen, local) in enumerate(found):
        looks.rows[query, : len(chosen)], looks.local[query, : len(chosen)] = chosen, local
    return looks


def of_individuals(looks: Looks, queries: Pool, gallery: Pool) -> NDArray[np.float64]:
    """(Q, I) the place-by-place score of each individual's best photo, by cosine and closer look together; nan: not looked at.

    The columns are the gallery's individuals, sorted.
    """
    owner = owners(gallery)
    table = np.full((len(looks.rows), len(set(gallery.individuals))), np.nan)
    for query, (rows, local) in enumerate(zip(looks.rows, looks.local, strict=True)):
        rows, local = rows[rows >= 0], local[rows >= 0]
        fused = gallery.vectors[rows] @ queries.vectors[query] + WEIGHT * local
        for place in np.argsort(fused, kind="stable").tolist():  # the best comes last and stays
            table[query, owner[rows[place]]] = local[place]
    return table


def added(looks: Looks, queries: Pool, gallery: Pool, weight: float) -> Callable[[slice], NDArray[np.float64]]:
    """What closer looks add to the cosines of all N photos of the gallery, for the queries of a slice: (q, N).

    As at a query, a closer look speaks for the individual: all its photos gain by its best one, others nothing.
    """
    table, owner = np.nan_to_num(of_individuals(looks, queries, gallery)), owners(gallery)
    return lambda rows: weight * table[rows][:, owner]


def owners(gallery: Pool) -> NDArray[np.int64]:
    """(N,) number of each photo's individual, in the order of their names."""
    codes = {name: code for code, name in enumerate(sorted(set(gallery.individuals)))}
    return np.asarray([codes[name] for name in gallery.individuals], np.int64)


def _listed(scores: NDArray[np.float32], owner: NDArray[np.int64], individuals: int) -> list[list[int]]:
    """Rows to look at: the best `PHOTOS` photos of the best individuals, then those of the next, ..."""
    order = np.argsort(-scores, kind="stable")
    best: dict[int, list[int]] = {}
    for row in order[np.isfinite(scores[order])].tolist():
        of = best.setdefault(int(owner[row]), [])
        if len(of) < PHOTOS:
            of.append(row)
    names = list(best)
    return [
        [row for name in names[start : start + individuals] for row in best[name]]
        for start in range(0, len(names), individuals)
    ]


def _looked(
    query: Maps, maps: Maps, groups: list[list[int]]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    rows, local = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for group in groups:
        chosen = np.asarray(group, np.int64)
        rows.append(chosen)
        local.append(compare(query.astype(np.float32), maps[chosen].astype(np.float32)).scores)
    return np.concatenate(rows), np.concatenate(local)
