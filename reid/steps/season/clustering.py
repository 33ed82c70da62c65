"""Which encounters show one animal nobody knows: groups made from nothing but scores, and from what cannot be one.

The score of two encounters is, for each side, the mean over the photos of one of their best cosine with the other, by
photos of the same or of unknown side; sides and both directions are averaged. Groups are joined by the mean of the scores
of their encounters (average linkage), those first that are each other's best, so that the order of the encounters does not
matter and a third one that resembles two does not chain them. What a score is worth is not guessed:
`calibration.link_calibration` joins photos of individuals whose names are known in this same way and counts which joins were
right. Groups without two photos of one side have no score and are never joined: half-known animals stay halves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.records import SIDES, Vectors

Scores = NDArray[np.float64]
PHOTO_CHUNK = 1024
"""Photos compared with all others at a time."""


@dataclass(frozen=True, slots=True)
class LinkCalibration:
    """What the score of a join is worth: P(right) = logistic(slope * score + intercept), as counted.

    units: encounters it was counted among; among more, chance look-alikes are more frequent in the same measure.
    joins, individuals: that it was learned from. drawn: True where those were drawn animals, for want of others.
    """

    slope: float
    intercept: float
    units: int
    joins: int
    individuals: int
    drawn: bool = False

    def probability(self, score: float, units: int) -> float:
        """That a join of this score is right, among so many encounters."""
        odds = self.slope * score + self.intercept - max(0.0, math.log(max(1, units) / self.units))
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, odds))))


@dataclass(frozen=True, slots=True)
class Join:
    """Two parts that were joined: numbers of their units, rising, and the mean score of their pairs."""

    first: tuple[int, ...]
    second: tuple[int, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Link:
    """A join as a person sees it. photos: rows of the two photos most alike; cosine: theirs; probability: of the join."""

    photos: tuple[int, int]
    cosine: float
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class PhotoGroup:
    """One animal, as far as scores tell. units: rising; links: the weakest first, () for one unit alone."""

    units: tuple[int, ...]
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ClusterInput:
    """P photos of U units (encounters, mostly), each of which shows one animal.

    vectors: (P, D) float32, unit length. sides: of each photo. units: (P,) the unit of each photo, all of 0 to U - 1.
    apart: pairs of units that cannot show one animal.
    """

    vectors: Vectors
    sides: Sequence[str]
    units: NDArray[np.int64]
    apart: frozenset[tuple[int, int]] = frozenset()

    @property
    def count(self) -> int:
        """U."""
        return int(self.units.max()) + 1 if len(self.units) else 0


def link(given: ClusterInput, worth: LinkCalibration | None, *, probability: float) -> tuple[PhotoGroup, ...]:
    """Put units together that show one animal.

    Args:
        given: what to put together.
        worth: of a score; None = nothing is known of it, every unit stays alone.
        probability: that a join needs at least, in (0, 1].

    Returns:
        The groups, by their first unit. No group holds two units that are `apart`.
    """
    count = given.count
    if worth is None:
        return tuple(PhotoGroup((unit,)) for unit in range(count))
    joins = join(scores(given), given.apart, lambda score: worth.probability(score, count) >= probability)
    of: dict[int, PhotoGroup] = {unit: PhotoGroup((unit,)) for unit in range(count)}
    for one in joins:
        a, b = of[one.first[0]], of[one.second[0]]
        link = _link(given, one, worth.probability(one.score, count))
        links = tuple(sorted((*a.links, *b.links, link), key=lambda link: (link.probability, link.photos)))
        group = PhotoGroup(tuple(sorted((*a.units, *b.units))), links)
        of |= dict.fromkeys(group.units, group)
    return tuple(group for unit, group in of.items() if group.units[0] == unit)


def join(found: Scores, apart: frozenset[tuple[int, int]], good: Callable[[float], bool]) -> list[Join]:
    """Join units by average linkage, pairs that are each other's best first, as long as a score is `good`.

    Args:
        found: (U, U) symmetric; -inf where two cannot be compared.
        apart: pairs that must not come into one group.
        good: whether a score is enough; a higher one is then, too.
    """
    groups: list[tuple[int, ...]] = [(unit,) for unit in range(len(found))]
    known = np.isfinite(found)
    total, pairs = np.where(known, found, 0.0), known.astype(np.float64)
    barred = np.eye(len(found), dtype=bool)
    for a, b in apart:
        barred[a, b] = barred[b, a] = True
    joins: list[Join] = []
    while len(groups) > 1:
        mean = np.where((pairs > 0) & ~barred, total / np.maximum(pairs, 1.0), -np.inf)
        best = np.argmax(mean, axis=1)
        chosen = [
            (a, b) for a, b in enumerate(best.tolist())
            if a < b and best[b] == a and np.isfinite(mean[a, b]) and good(float(mean[a, b]))
        ]
        if not chosen:
            break
        for a, b in sorted(chosen, key=lambda pair: -mean[pair]):
            joins.append(Join(groups[a], groups[b], float(mean[a, b])))
            groups[a] = tuple(sorted(groups[a] + groups[b]))
            for table in (total, pairs):
                table[a] += table[b]
                table[:, a] += table[:, b]
            barred[a] |= barred[b]
            barred[:, a] |= barred[:, b]
        kept = sorted(set(range(len(groups))) - {b for _, b in chosen})
        groups = [groups[one] for one in kept]
        total, pairs, barred = (table[np.ix_(kept, kept)] for table in (total, pairs, barred))
    return joins


def scores(given: ClusterInput) -> Scores:
    """(U, U): how alike two units are, in [-1, 1]; -inf where they share no side, and on the diagonal."""
    count, sides = given.count, np.asarray(given.sides)
    total, seen = np.zeros((count, count)), np.zeros((count, count))
    for side in SIDES:
        rows = np.flatnonzero(sides == side)
        rows = rows[np.argsort(given.units[rows], kind="stable")]
        columns = np.flatnonzero((sides == side) | (sides == "")) if side else np.arange(len(sides))
        columns = columns[np.argsort(given.units[columns], kind="stable")]
        if not len(rows):
            continue
        asked, starts = np.unique(given.units[rows], return_index=True)
        shown, edges = np.unique(given.units[columns], return_index=True)
        best = np.concatenate([
            np.maximum.reduceat(given.vectors[rows[at : at + PHOTO_CHUNK]] @ given.vectors[columns].T, edges, axis=1)
            for at in range(0, len(rows), PHOTO_CHUNK)
        ]).astype(np.float64)
        means = np.add.reduceat(best, starts, axis=0) / np.diff([*starts, len(rows)])[:, None]
        total[np.ix_(asked, shown)] += means
        seen[np.ix_(asked, shown)] += 1.0
    both = seen + seen.T
    found = np.where(both > 0, (total + total.T) / np.maximum(both, 1.0), -np.inf)
    np.fill_diagonal(found, -np.inf)
    return np.asarray(found)


def _link(given: ClusterInput, one: Join, probability: float) -> Link:
    """A join with its pair of photos most alike, of those that may be compared."""
    rows, columns = (np.flatnonzero(np.isin(given.units, part)) for part in (one.first, one.second))
    sides = np.asarray(given.sides)
    mine, theirs = sides[rows][:, None], sides[columns][None, :]
    able = (mine == theirs) | (mine == "") | (theirs == "")
    cosines = np.where(able, given.vectors[rows] @ given.vectors[columns].T, -np.inf)
    row, column = np.unravel_index(int(np.argmax(cosines)), cosines.shape)
    return Link((int(rows[row]), int(columns[column])), float(cosines[row, column]), one.score, probability)
