"""What doubtful identifications do to a history: sampled ones (`abundance.history_sampling`) tallied, and wrong decisions.

For what errors of identification do to counts see Yoshizaki, Pollock, Brownie and Webster 2009 (Ecology 90:3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.abundance.closed_population import Floats, Tally, tally

Labels = NDArray[np.int64]
"""(draws, doubts): whom each doubt shows. Below I: a row of the history. I + v: the new animal first met in doubt v. -1: none."""
_AT_ONCE = 40_000_000
"""Cells of drawn histories held at a time."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """One sighting (or encounter) whose animal is not sure.

    columns: of the history, where it counts; () = none. chances: of individuals, by row of the history. nobody: that none of
    the enrolled is shown. What is missing to 1 belongs to individuals that are not on the list. decided: the row that
    was named, NEW for a new animal, None where the decision is open. apart: doubts (by number) of the same frame, which show
    other animals.
    """

    columns: tuple[int, ...]
    chances: Mapping[int, float]
    nobody: float
    decided: int | None = None
    apart: frozenset[int] = frozenset()

    @property
    def best(self) -> int | None:
        """The likeliest individual on its list; None without a list."""
        return max(self.chances, key=lambda row: (self.chances[row], -row), default=None)


NEW_ANIMAL = -2
"""`Uncertain.decided` of a sighting that was decided to be a new animal."""


@dataclass(frozen=True, slots=True, eq=False)
class UncertainHistory:
    """A history and its doubts, in the order of their dates.

    known: (I, occasions) bool, what is sure; rows of individuals that are only suspected are empty. alike: (doubts, doubts),
    ln LR that two show the same animal, 0 where they were not compared; None = none were. enrolled: N, how many individuals
    could have matched, 0 = two doubts are never the same new animal; prior: share of sightings that show one of them, as the
    chances were worked out with.
    """

    known: NDArray[np.bool_]
    doubts: tuple[Uncertain, ...]
    alike: Floats | None = None
    enrolled: int = 0
    prior: float = 0.5


def as_decided(study: UncertainHistory, *, open_as: str = "") -> Labels:
    """One history (1, doubts) by the decisions. open_as: what becomes of open ones: "" left out, "new", or "best" match."""
    rows = len(study.known)
    answers = []
    for at, doubt in enumerate(study.doubts):
        row = doubt.decided
        if row is None:
            row = {"": -1, "new": NEW_ANIMAL, "best": NEW_ANIMAL if doubt.best is None else doubt.best}[open_as]
        answers.append(rows + at if row == NEW_ANIMAL else row)
    return np.array([answers], dtype=np.int64)


def histories(study: UncertainHistory, labels: Labels, occasions: Sequence[Sequence[int]]) -> Tally:
    """Count each drawn history.

    Args:
        study: the history and its doubts.
        labels: (draws, doubts).
        occasions: the columns of the history that make up each occasion.

    Returns:
        counts and frequencies (draws, occasions).
    """
    plain = _collapsed(study.known, occasions)
    touched = np.unique(labels[(labels >= 0) & (labels < len(plain))])
    untouched = tally(np.delete(plain, touched, axis=0))
    place = np.full(len(plain) + len(study.doubts) + 1, -1, dtype=np.int64)
    place[touched] = np.arange(len(touched))
    place[len(plain) : -1] = len(touched) + np.arange(len(study.doubts))
    shown = [_occasions_of(doubt, occasions) for doubt in study.doubts]
    size = len(touched) + len(study.doubts)
    chunk = max(1, _AT_ONCE // max(1, size * len(occasions)))
    counts, frequencies = [], []
    for start in range(0, len(labels), chunk):
        part = labels[start : start + chunk]
        seen = np.zeros((len(part), size, len(occasions)), dtype=bool)
        seen[:, : len(touched)] = plain[touched]
        for at, where in enumerate(shown):
            rows = np.flatnonzero(part[:, at] >= 0)
            for occasion in where:
                seen[rows, place[part[rows, at]], occasion] = True
        found = tally(seen)
        counts.append(found.counts + untouched.counts)
        frequencies.append(found.frequencies + untouched.frequencies)
    return Tally(np.concatenate(counts), np.concatenate(frequencies))


def _collapsed(known: NDArray[np.bool_], occasions: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    return np.stack([known[:, list(columns)].any(1) for columns in occasions], axis=1)


def _occasions_of(doubt: Uncertain, occasions: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(at for at, columns in enumerate(occasions) if set(columns) & set(doubt.columns))


@dataclass(frozen=True, slots=True)
class Errors:
    """What the decisions are expected to have got wrong, among the animals of the count.

    splits: names given beyond one of each animal, so that it counts several times. merges: animals beyond one under each
    name, so that several count once. hidden: of the merges, those of an animal that nobody enrolled. Individuals seen, as
    decided, are splits - merges more than there were.
    """

    splits: float
    merges: float
    hidden: float


def expected_errors(study: UncertainHistory, labels: Labels, occasions: Sequence[Sequence[int]]) -> Errors:
    """The mean over drawn histories (draws, doubts), of what was seen on the occasions and decided."""
    rows = len(study.known)
    sure = np.flatnonzero(_collapsed(study.known, occasions).any(1)).tolist()
    decided = [
        (at, rows + at if doubt.decided == NEW_ANIMAL else doubt.decided)
        for at, doubt in enumerate(study.doubts)
        if doubt.decided is not None and _occasions_of(doubt, occasions)
    ]
    splits = merges = hidden = 0
    for drawn in labels:
        shows: dict[int, set[int]] = {row: {row} for row in sure}
        for at, name in decided:
            shows.setdefault(name, set()).add(int(drawn[at]))
        pairs = sum(map(len, shows.values()))
        splits += pairs - len(set().union(*shows.values()))
        merges += pairs - len(shows)
        hidden += sum(min(sum(one >= rows for one in own), len(own) - 1) for own in shows.values())
    return Errors(splits / len(labels), merges / len(labels), hidden / len(labels))


def matrix(study: UncertainHistory, labels: Labels) -> NDArray[np.bool_]:
    """One drawn history as it stands, (I + doubts, occasions); labels (doubts,)."""
    seen = np.concatenate([study.known, np.zeros((len(study.doubts), study.known.shape[1]), dtype=bool)])
    for label, doubt in zip(labels, study.doubts, strict=True):
        if label >= 0:
            seen[label, list(doubt.columns)] = True
    return seen
