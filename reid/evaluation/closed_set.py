"""The closed set: every query's individual is enrolled. Rank-k, mAP, MAP@R and CMC with intervals, by protocol and by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.evaluation import metrics
from reid.evaluation.bootstrap import Estimate, Herd
from reid.evaluation.metrics import Mask, Places, Pool
from reid.evaluation.reranked_pools import Maps, added, look

DEPTH = 50
"""How far the cumulative match characteristic goes, at most."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """Which photos a query may be matched with, by name; never itself."""

    name: str
    same_side: bool
    other_encounter: bool


ANY_PHOTO = Protocol("any photo", same_side=False, other_encounter=False)
OTHER_ENCOUNTER = Protocol("other encounter", same_side=False, other_encounter=True)
STRICT = Protocol("other encounter, same side", same_side=True, other_encounter=True)
"""As in the field: nothing of the same encounter helps, and the other flank tells nothing."""
PROTOCOLS = (ANY_PHOTO, OTHER_ENCOUNTER, STRICT)
"""From the easiest to the strictest."""
CLOSER_LOOK = ", with a closer look"
"""Added to a protocol's name."""


@dataclass(frozen=True, slots=True)
class ClosedSet:
    """Figures of one protocol, each with its interval; shares in [0, 1].

    queries, skipped: as in `Ranking`. individuals: of the queries. chance: rank-1 of a match drawn blindly.
    without_near_duplicates: rank-1 of the queries that have no near-duplicate in the gallery.
    cmc: share of queries whose individual is among the first 1, 2, ... photos.
    """

    protocol: str
    queries: int
    skipped: int
    individuals: int
    rank_1: Estimate
    rank_5: Estimate
    rank_10: Estimate
    mean_ap: Estimate
    map_at_r: Estimate
    chance: float
    without_near_duplicates: Estimate
    cmc: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """rank-1 of a part of the queries: one side, one season."""

    name: str
    queries: int
    individuals: int
    rank_1: Estimate


def ranked(queries: Pool, gallery: Pool, protocol: Protocol) -> Places:
    """Rank the gallery for every query as a protocol allows."""
    return metrics.places(queries, gallery, same_side=protocol.same_side, other_encounter=protocol.other_encounter)


def ranked_closer(
    queries: Pool, gallery: Pool, query_maps: Maps, gallery_maps: Maps, protocol: Protocol, *, individuals: int, weight: float
) -> Places:
    """The same with a closer look at the best individuals of every query.

    Args:
        queries, gallery: embeddings.
        query_maps, gallery_maps: of their photos, row by row.
        protocol: what is allowed.
        individuals: that get a closer look.
        weight: of a place-by-place score beside a cosine.
    """
    allowed = {"same_side": protocol.same_side, "other_encounter": protocol.other_encounter}
    found = look(queries, gallery, query_maps, gallery_maps, **allowed, individuals=individuals)
    return metrics.places(queries, gallery, **allowed, added=added(found, queries, gallery, weight))


def closed_set(
    found: Places, individuals: Sequence[str], protocol: str, *, gallery: int, duplicated: Mask, seed: int = 0
) -> ClosedSet:
    """The figures of a ranking with their intervals.

    Args:
        found: as `ranked` gives it.
        individuals: of all queries.
        protocol: its name.
        gallery: photos in the gallery, which bound the CMC.
        duplicated: (Q,) whether a query has a near-duplicate in the gallery.
        seed: of the bootstrap.
    """
    names = [individuals[row] for row in found.rows]
    herd = Herd(names, seed=seed)
    alone = ~duplicated[found.rows]
    depth = min(DEPTH, gallery)
    return ClosedSet(
        protocol,
        len(names),
        len(individuals) - len(names),
        len(herd.names),
        herd.mean(found.first < 1),
        herd.mean(found.first < 5),
        herd.mean(found.first < 10),
        herd.mean(found.precision),
        herd.mean(found.at_r),
        float(found.chance.mean()) if len(names) else float("nan"),
        part(found.first[alone], [name for name, use in zip(names, alone, strict=True) if use], seed=seed),
        tuple(found.cmc(depth).tolist()) if names else (),
    )


def part(first: NDArray[np.int64], individuals: Sequence[str], *, seed: int = 0) -> Estimate:
    """rank-1 of some queries by the place of their first right photo."""
    return Herd(individuals, seed=seed).mean(first == 0)


def groups(found: Places, individuals: Sequence[str], labels: Sequence[str], *, seed: int = 0) -> tuple[ResultGroup, ...]:
    """rank-1 of the queries of each label, sorted; a query without a label stands under "not known".

    Args:
        found: a ranking.
        individuals, labels: of all queries.
        seed: of the bootstrap.
    """
    shown = np.asarray([labels[row] or "not known" for row in found.rows], dtype=object)
    names = np.asarray([individuals[row] for row in found.rows], dtype=object)
    return tuple(
        ResultGroup(label, int((shown == label).sum()), len(set(names[shown == label])),
              part(found.first[shown == label], names[shown == label].tolist(), seed=seed))
        for label in sorted(set(shown))
    )
