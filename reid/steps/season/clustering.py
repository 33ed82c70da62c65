"""Which encounters show one animal that is not enrolled: groups made from nothing but scores, and from what cannot be one.

The score of two encounters is, for each side, the mean over the photos of one of their best cosine with the other, by
photos of the same or of unknown side; sides and both directions are averaged. Groups are merged by the mean of the scores
of their encounters (average linkage), those first that are each other's best, so that the order of the encounters does not
matter and a third one that resembles two does not chain them. What a score is worth is not guessed:
`calibration.link_calibration` merges photos of individuals whose names are known in this same way and counts which merge steps
were right. Groups without two photos of one side have no score and are never merged: half-known animals stay halves.
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
    """What the score of a merge step is worth: P(right) = logistic(slope * score + intercept), as counted.

    units: encounters it was counted among; among more, chance look-alikes are more frequent in the same measure.
    joins, individuals: that it was learned from. drawn: True where those were drawn animals, where there were no others.
    """

    slope: float
    intercept: float
    units: int
    joins: int
    individuals: int
    drawn: bool = False

    def probability(self, score: float, units: int) -> float:
        """That a merge step of this score is right, among so many encounters."""
        odds = self.slope * score + self.intercept - max(0.0, math.log(max(1, units) / self.units))
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, odds))))


@dataclass(frozen=True, slots=True)
class MergeStep:
    """Two groups that were merged: numbers of their units, rising, and the mean score of their pairs."""

    first: tuple[int, ...]
    second: tuple[int, ...]
    score: float


@dataclass(frozen=True, slots=True)
class PhotoLink:
    """A merge step as a person sees it.

    photos: rows of the two photos most alike; cosine: theirs; probability: that the step is right.
    """

    photos: tuple[int, int]
    cosine: float
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class PhotoGroup:
    """One animal, as far as scores tell. units: rising; links: the weakest first, () for one unit alone."""

    units: tuple[int, ...]
    links: tuple[PhotoLink, ...] = ()


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


def clusters(members: ClusterInput, worth: LinkCalibration | None, *, probability: float) -> tuple[PhotoGroup, ...]:
    """Put units together that show one animal.

    Args:
        members: what to put together.
        worth: of a score; None = nothing is known of it, every unit stays alone.
        probability: that a merge step needs at least, in (0, 1].

    Returns:
        The groups, by their first unit. No group holds two units that are `apart`.
    """
    count = members.count
    if worth is None:
        return tuple(PhotoGroup((unit,)) for unit in range(count))
    steps = merge_steps(scores(members), members.apart, lambda score: worth.probability(score, count) >= probability)
    of: dict[int, PhotoGroup] = {unit: PhotoGroup((unit,)) for unit in range(count)}
    for step in steps:
        a, b = of[step.first[0]], of[step.second[0]]
        new = _photo_link(members, step, worth.probability(step.score, count))
        links = tuple(sorted((*a.links, *b.links, new), key=lambda link: (link.probability, link.photos)))
        group = PhotoGroup(tuple(sorted((*a.units, *b.units))), links)
        of |= dict.fromkeys(group.units, group)
    return tuple(group for unit, group in of.items() if group.units[0] == unit)


def merge_steps(likeness: Scores, apart: frozenset[tuple[int, int]], good: Callable[[float], bool]) -> list[MergeStep]:
    """Merge units by average linkage, pairs that are each other's best first, as long as a score is `good`.

    Args:
        likeness: (U, U) symmetric; -inf where two cannot be compared.
        apart: pairs that must not come into one group.
        good: whether a score is enough; a higher one is then, too.
    """
    groups: list[tuple[int, ...]] = [(unit,) for unit in range(len(likeness))]
    known = np.isfinite(likeness)
    total, pairs = np.where(known, likeness, 0.0), known.astype(np.float64)
    barred = np.eye(len(likeness), dtype=bool)
    for a, b in apart:
        barred[a, b] = barred[b, a] = True
    steps: list[MergeStep] = []
    while len(groups) > 1:
        mean = np.where((pairs > 0) & ~barred, total / np.maximum(pairs, 1.0), -np.inf)
        chosen = _best_pairs(mean, good)
        if not chosen:
            break
        for a, b in sorted(chosen, key=lambda pair: -mean[pair]):
            steps.append(MergeStep(groups[a], groups[b], float(mean[a, b])))
            groups[a] = tuple(sorted(groups[a] + groups[b]))
            for table in (total, pairs):
                table[a] += table[b]
                table[:, a] += table[:, b]
            barred[a] |= barred[b]
            barred[:, a] |= barred[:, b]
        kept = sorted(set(range(len(groups))) - {b for _, b in chosen})
        groups = [groups[group] for group in kept]
        total, pairs, barred = (table[np.ix_(kept, kept)] for table in (total, pairs, barred))
    return steps


def _best_pairs(mean: Scores, good: Callable[[float], bool]) -> list[tuple[int, int]]:
    """The pairs of groups that are each other's best, with a mean score that is good."""
    best = np.argmax(mean, axis=1)
    return [
        (a, b) for a, b in enumerate(best.tolist())
        if a < b and best[b] == a and np.isfinite(mean[a, b]) and good(float(mean[a, b]))
    ]


def scores(members: ClusterInput) -> Scores:
    """(U, U): how alike two units are, in [-1, 1]; -inf where they share no side, and on the diagonal."""
    count, sides = members.count, np.asarray(members.sides)
    total, seen = np.zeros((count, count)), np.zeros((count, count))
    for side in SIDES:
        rows = np.flatnonzero(sides == side)
        rows = rows[np.argsort(members.units[rows], kind="stable")]
        columns = np.flatnonzero((sides == side) | (sides == "")) if side else np.arange(len(sides))
        columns = columns[np.argsort(members.units[columns], kind="stable")]
        if not len(rows):
            continue
        asked, starts = np.unique(members.units[rows], return_index=True)
        shown, edges = np.unique(members.units[columns], return_index=True)
        best = np.concatenate([
            np.maximum.reduceat(members.vectors[rows[at : at + PHOTO_CHUNK]] @ members.vectors[columns].T, edges, axis=1)
            for at in range(0, len(rows), PHOTO_CHUNK)
        ]).astype(np.float64)
        means = np.add.reduceat(best, starts, axis=0) / np.diff([*starts, len(rows)])[:, None]
        total[np.ix_(asked, shown)] += means
        seen[np.ix_(asked, shown)] += 1.0
    both = seen + seen.T
    likeness = np.where(both > 0, (total + total.T) / np.maximum(both, 1.0), -np.inf)
    np.fill_diagonal(likeness, -np.inf)
    return np.asarray(likeness)


def _photo_link(members: ClusterInput, step: MergeStep, probability: float) -> PhotoLink:
    """A merge step with its pair of photos most alike, of those that may be compared."""
    rows, columns = (np.flatnonzero(np.isin(members.units, part)) for part in (step.first, step.second))
    sides = np.asarray(members.sides)
    mine, theirs = sides[rows][:, None], sides[columns][None, :]
    able = (mine == theirs) | (mine == "") | (theirs == "")
    cosines = np.where(able, members.vectors[rows] @ members.vectors[columns].T, -np.inf)
    row, column = np.unravel_index(int(np.argmax(cosines)), cosines.shape)
    return PhotoLink((int(rows[row]), int(columns[column])), float(cosines[row, column]), step.score, probability)
