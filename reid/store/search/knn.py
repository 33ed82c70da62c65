"""Searching a view of one species: which photos pass, candidates from every part, exact scores, one answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reid.records import Vectors
from reid.records.gallery import Found, Ids, Where
from reid.settings import SearchSettings
from reid.store.search import faiss_files
from reid.store.search.faiss_files import Bits, Codes, Mask
from reid.store.search.filter_columns import FilterColumns, NameCodes

SPARE = 2
"""Photos asked for beyond k, so that rounding and ties at the k-th place are settled by exact scores."""
_FEW = 16
"""Where fewer than one row in so many passes, those are copied together rather than picked out of all."""
_PAIRS = 256
_WEIGHTS_STEP = 2
_REMEMBERED = 64

Exact = NDArray[np.float64]


class Damaged(ValueError):
    """What the cache holds is not what was written; it is built again from the catalogue."""


class Passing:
    """Which rows of a part may be found, in the forms that the ways of searching want."""

    def __init__(self, mask: Mask, count: int) -> None:
        """`count` of `mask` are True."""
        self.mask, self.count = mask, count

    @cached_property
    def bits(self) -> Bits:
        """Bit i is row i."""
        return faiss_files.bits_of(self.mask)

    @cached_property
    def numbers(self) -> Ids:
        """Of the rows."""
        return np.flatnonzero(self.mask)

    def id_bits(self, ids: Ids) -> Bits:
        """Bit i is photo id i."""
        if self._id_bits is None:
            by_id = np.zeros(int(ids[-1]) + 1, bool)
            by_id[ids[self.mask]] = True
            self._id_bits = faiss_files.bits_of(by_id)
        return self._id_bits

    _id_bits: Bits | None = None

    def without(self, at: Ids) -> Passing:
        """The same but for the rows numbered `at` (each once)."""
        at = at[self.mask[at]]
        if not len(at):
            return self
        mask = self.mask.copy()
        mask[at] = False
        return Passing(mask, self.count - len(at))


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some photos of a species: the base, as the cache holds it, or those that changed since.

    ids (n,), rising in the base; rows (n, D); live: the rows that still count. sums (n,): what `row_sums` gave when the
    rows were written, None where the whole file was checked when it was opened. codes: finds candidates among many rows.
    known: facts of the rows, read when first asked for. kept: what keeps the rows mapped.
    """

    ids: Ids
    rows: Vectors
    live: Passing
    known: Callable[[], tuple[FilterColumns, NameCodes]]
    codes: Codes | None = None
    sums: NDArray[np.uint32] | None = None
    kept: object = None
    rising: bool = True
    picked: dict[object, Passing] = field(default_factory=dict)

    def positions(self, ids: Ids) -> Ids:
        """Where those of `ids` that this part holds stand in it."""
        if not self.rising:
            return np.flatnonzero(np.isin(self.ids, ids))
        if not len(self.ids):
            return np.empty(0, np.int64)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        held: Ids = at[self.ids[at] == ids]
        return held

    def without(self, ids: Ids) -> Part:
        """The same, with these photos dead."""
        live = self.live.without(self.positions(ids))
        return self if live is self.live else replace(self, live=live, picked={})

    def passing(self, where: Where, individuals: Ids | None) -> Passing:
        """The rows that have what `where` picks by, its exclusions aside."""
        if not where.picks():
            return self.live
        key = (where, None if individuals is None else individuals.tobytes())
        found = self.picked.get(key)
        if found is None:
            facts, books = self.known()
            mask = books.pass_(facts, where, individuals) & self.live.mask
            found = Passing(mask, int(mask.sum()))
            if len(self.picked) >= _REMEMBERED:
                self.picked.clear()
            self.picked[key] = found
        return found

    def checked(self, at: Ids) -> Vectors:
        """The rows numbered `at`. Raises Damaged where one is not as it was written."""
        rows = self.rows[at]
        if self.sums is not None and (row_sums(rows) != self.sums[at]).any():
            raise Damaged("a vector in it is damaged")
        return rows


def row_sums(rows: Vectors) -> NDArray[np.uint32]:
    """A check sum of every row (n, D), which a change of any one number changes."""
    weights = np.arange(1, _WEIGHTS_STEP * rows.shape[1], _WEIGHTS_STEP, dtype=np.uint32)  # odd: 1/w exists modulo 2^32
    sums: NDArray[np.uint32] = np.einsum("nd,d->n", np.ascontiguousarray(rows).view(np.uint32), weights)
    return sums


def everyone(count: int) -> Passing:
    """All of so many rows."""
    return Passing(np.ones(count, bool), count)


Parts = Sequence[tuple[Part, Passing]]


def nearest(parts: Parts, queries: Vectors, k: int, settings: SearchSettings) -> Found:
    """Find the k photos of several parts most like each query, among those that pass.

    faiss proposes candidates by its own, order-dependent sums; their scores are then computed in float64 and rounded,
    so that a query has one answer whether it comes alone or in a batch, and ties go to the lower photo id. Parts with
    codes propose `settings.candidates` photos; everything else is exact.
    """
    parts = [one for one in parts if one[1].count]
    if len(queries) == 1:
        found, best = _one(parts, queries, k, settings)
        if len(found) == k:
            return Found(best[None], found[None])
    scores = np.full((len(queries), k), -np.inf, np.float32)
    ids = np.full((len(queries), k), -1, np.int64)
    if any(by_codes(*one, k, settings) for one in parts):
        for row in range(len(queries)):
            found, best = _one(parts, queries[row : row + 1], k, settings)
            ids[row, : len(found)], scores[row, : len(found)] = found, best
        return Found(scores, ids)
    open_rows, width = np.arange(len(queries)), k + SPARE
    while len(open_rows) and parts:
        near, best, settled = _many(parts, queries[open_rows], k, width)
        ids[open_rows, : near.shape[1]], scores[open_rows, : near.shape[1]] = near, best
        open_rows, width = open_rows[~settled], width * 4
    return Found(scores, ids)


def by_codes(part: Part, passing: Passing, k: int, settings: SearchSettings) -> bool:
    """Whether a part is searched by its codes: not where few rows pass, or so many are wanted that an exact look is due."""
    return part.codes is not None and passing.count > 8 * max(settings.candidates, 4 * k)


def _one(parts: Parts, query: Vectors, k: int, settings: SearchSettings) -> tuple[Ids, NDArray[np.float32]]:
    """Ids and scores of the photos most like one query (1, D), best first."""
    width = k + SPARE
    query64 = query[0].astype(np.float64)
    slack = _slack(query)
    while True:
        near, exact, floor = [], [], -np.inf
        for part, passing in parts:
            if by_codes(part, passing, k, settings):
                rows = _by_codes(part, passing, query, k, settings)
            else:
                rough, at = _exactly(part, passing, query, min(width, passing.count))
                rows = at[0]
                if passing.count > width:
                    floor = max(floor, float(rough[0, -1]))
            near.append(part.ids[rows])
            exact.append(np.einsum("pd,d->p", part.checked(rows).astype(np.float64), query64).astype(np.float32))
        ids = near[0] if len(near) == 1 else np.concatenate([*near, np.empty(0, np.int64)])
        scores = exact[0] if len(exact) == 1 else np.concatenate([*exact, np.empty(0, np.float32)])
        order = np.lexsort((ids, -scores))[:k]
        ids, scores = ids[order], scores[order]
        if floor == -np.inf or (len(scores) == k and scores[-1] > floor + slack):
            return ids, scores
        width *= 4


def _by_codes(part: Part, passing: Passing, query: Vectors, k: int, settings: SearchSettings) -> Ids:
    """Rows of the best by exact scores, a few more than k, among the candidates that the codes propose."""
    assert part.codes is not None
    bits = None if passing.count == len(part.ids) else passing.id_bits(part.ids)
    wanted = max(settings.candidates, 4 * k)
    found = part.codes.candidates(query, wanted, settings.probes, bits)
    if len(found) < wanted:  # the lists probed hold too few that pass: look into all
        found = part.codes.candidates(query, wanted, part.codes.lists, bits)
    found.sort()
    first, last = part.ids[0], part.ids[-1]
    dense = last - first + 1 == len(part.ids)  # none is missing between: nothing to look for
    at = found - first if dense else np.searchsorted(part.ids, found)
    rough = part.checked(at) @ query[0]
    width = min(k + SPARE, len(at))
    return at[np.argpartition(-rough, width - 1)[:width]]


def _many(parts: Parts, queries: Vectors, k: int, width: int) -> tuple[Ids, NDArray[np.float32], Mask]:
    """Ids and scores (Q, <= k) of the photos most like each query, and (Q,) False where a wider look is needed."""
    near, exact, floor = [], [], np.full(len(queries), -np.inf)
    queries64 = queries.astype(np.float64)
    for part, passing in parts:
        rough, at = _exactly(part, passing, queries, min(width, passing.count))
        if passing.count > width:
            floor = np.maximum(floor, rough[:, -1])
        near.append(part.ids[at])
        exact.append(_scores(part, at, queries64))
    ids, scores = np.concatenate(near, axis=1), np.concatenate(exact, axis=1)
    order = np.lexsort((ids, -scores), axis=-1)[:, :k]
    ids, scores = np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
    last = scores[:, k - 1] if scores.shape[1] >= k else np.full(len(queries), -np.inf)
    return ids, scores, (floor == -np.inf) | (last > floor + _slack(queries))


def _scores(part: Part, at: Ids, queries64: Exact) -> NDArray[np.float32]:
    """Exact scores (Q, w) of the rows numbered `at`, some queries at a time so that little memory is touched again."""
    scores = np.empty(at.shape, np.float32)
    step = max(_PAIRS // at.shape[1], 1)
    for start in range(0, len(at), step):
        some = at[start : start + step]
        rows = part.checked(some.ravel()).astype(np.float64).reshape(*some.shape, -1)
        scores[start : start + step] = np.einsum("qwd,qd->qw", rows, queries64[start : start + step])
    return scores


def _slack(queries: Vectors) -> float:
    """Bounds the rounding of a float32 sum of D products."""
    return float(2 * queries.shape[1] * 2.0**-23)


def _exactly(part: Part, passing: Passing, queries: Vectors, width: int) -> tuple[NDArray[np.float32], Ids]:
    if passing.count == len(part.ids):
        return faiss_files.best_rows(part.rows, queries, width)
    if len(queries) > 1 or passing.count * _FEW < len(part.ids):
        return faiss_files.best_of(part.rows, passing.numbers, queries, width)
    return faiss_files.best_rows(part.rows, queries, width, passing.bits)
