"""What people may have got wrong in a gallery, from embeddings and from what is known of the photos.

Nothing here decides: it points at photos and individuals that a person should look at, the most doubtful first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from reid.records import Box, Vectors
from reid.steps.cannot_link import APART, SAME_PLACE, Position, kilometres, overlap, seconds, too_fast

MOST_AUDITED = 8_000
"""Of one species that are compared with each other; of more, as many of each individual as fit."""
NEAR_COPY = 0.995
"""Cosine from which two photos are as good as one picture."""
_CHUNK = 512


@dataclass(frozen=True, slots=True)
class AuditedPhoto:
    """One enrolled photo as far as doubts need it. place: None = not known."""

    id: int
    individual: str
    sha256: str
    box: Box | None
    side: str
    captured_at: datetime | None
    camera: str
    place: Position | None = None


@dataclass(frozen=True, slots=True)
class Suspect:
    """One doubt. kind: a word for it. individuals, photos: whom and what it concerns. score: how doubtful, larger = more."""

    kind: str
    individuals: tuple[str, ...]
    photos: tuple[int, ...]
    score: float
    reason: str


def suspects(photos: Sequence[AuditedPhoto], vectors: Vectors, *, kilometres_an_hour: float) -> list[Suspect]:
    """Every doubt about the photos of one species, by kind, the most doubtful of each first.

    Args:
        photos: N of them.
        vectors: (N, D) float32, unit length, of one net, row by row.
        kilometres_an_hour: no animal of this species travels faster.
    """
    rows = _sample(photos)
    kept, found = [photos[row] for row in rows], vectors[np.asarray(rows, np.int64)]
    doubts = [*_frames(photos), *_travel(photos, kilometres_an_hour)]
    if len(kept) > 1:
        doubts += _by_likeness(kept, found)
    order = {kind: at for at, kind in enumerate(dict.fromkeys(one.kind for one in doubts))}
    return sorted(doubts, key=lambda one: (order[one.kind], -one.score, one.photos))


def _sample(photos: Sequence[AuditedPhoto]) -> list[int]:
    """Rows of at most `MOST_AUDITED` photos: the first of every individual, then the second, and so on."""
    if len(photos) <= MOST_AUDITED:
        return list(range(len(photos)))
    met: dict[str, int] = defaultdict(int)
    turns = []
    for row, one in enumerate(photos):
        met[one.individual] += 1
        turns.append((met[one.individual], row))
    return sorted(row for _, row in sorted(turns)[:MOST_AUDITED])


def _frames(photos: Sequence[AuditedPhoto]) -> Iterator[Suspect]:
    """Photos of one file: two animals under one name, one animal under two, one side called both."""
    by_file: dict[str, list[AuditedPhoto]] = defaultdict(list)
    for one in photos:
        by_file[one.sha256].append(one)
    for same in by_file.values():
        for a, b in combinations(same, 2):
            ids, shared = (a.id, b.id), overlap(a.box, b.box)
            if a.individual == b.individual and shared < APART and a.box is not None and b.box is not None:
                yield Suspect("two in one frame", (a.individual,), ids, 1 - shared,
                              f"photos {a.id} and {b.id} are two animals of one frame, both called {a.individual!r}")
            elif a.individual != b.individual and shared >= SAME_PLACE:
                yield Suspect("one under two names", (a.individual, b.individual), ids, shared,
                              f"photos {a.id} and {b.id} show the same place of one frame, as {a.individual!r} and as "
                              f"{b.individual!r}")
            elif shared >= SAME_PLACE and {a.side, b.side} == {"left", "right"}:
                yield Suspect("left and right", (a.individual,), ids, shared,
                              f"photos {a.id} and {b.id} show the same place of one frame, called left and right")


def _travel(photos: Sequence[AuditedPhoto], fastest: float) -> Iterator[Suspect]:
    """One animal in two places too far apart for the time between; places not known differ by their camera's name only."""
    by_animal: dict[str, list[AuditedPhoto]] = defaultdict(list)
    for one in photos:
        if one.captured_at is not None and (one.camera or one.place):
            by_animal[one.individual].append(one)
    for name, seen in by_animal.items():
        seen.sort(key=lambda one: (_time(one), one.id))
        for a, b in pairwise(seen):
            hours = (_time(b) - _time(a)) / 3600
            apart = kilometres(a.place, b.place)
            if apart is None and a.camera and b.camera and a.camera != b.camera and hours == 0:
                yield Suspect("too far apart", (name,), (a.id, b.id), fastest,
                              f"{name!r} is at {a.camera!r} and at {b.camera!r} at the same time, photos {a.id} and {b.id}")
            elif apart is not None and too_fast(apart, hours, fastest):
                speed = apart / hours if hours else float("inf")
                yield Suspect("too far apart", (name,), (a.id, b.id), speed,
                              f"{name!r} would travel {apart:.1f} km in {hours:.2f} hours, photos {a.id} and {b.id}: another "
                              "animal, or a camera's clock is wrong")


def _time(one: AuditedPhoto) -> float:
    assert one.captured_at is not None
    return seconds(one.captured_at)


def _by_likeness(photos: Sequence[AuditedPhoto], vectors: Vectors) -> list[Suspect]:
    names = sorted({one.individual for one in photos})
    column = {name: at for at, name in enumerate(names)}
    owner = np.array([column[one.individual] for one in photos])
    sides = np.array([one.side for one in photos])
    table = np.full((len(photos), len(names)), np.nan, np.float32)
    """Of each photo: its best score to each individual, by photos of the same or of unknown side."""
    copies: list[Suspect] = []
    order = np.argsort(owner, kind="stable")
    edges = np.searchsorted(owner[order], np.arange(len(names)))
    for start in range(0, len(photos), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(photos)))
        scores = vectors[rows] @ vectors.T
        copies += _copies(photos, rows, scores)
        mine, theirs = sides[rows][:, None], sides[None, :]
        scores[(mine != theirs) & (mine != "") & (theirs != "")] = -np.inf
        scores[np.arange(len(rows)), rows] = -np.inf
        best = np.maximum.reduceat(scores[:, order], edges, axis=1)
        table[rows] = np.where(np.isfinite(best), best, np.nan)
    own = table[np.arange(len(photos)), owner]
    others = table.copy()
    others[np.arange(len(photos)), owner] = np.nan
    level = _level(own, others)
    return [
        *copies, *_misfits(photos, names, own, others), *_alike(photos, names, owner, table, own, level),
        *_two_modes(photos, vectors, level),
    ]


def _copies(photos: Sequence[AuditedPhoto], rows: NDArray[np.int64], scores: NDArray[np.float32]) -> Iterator[Suspect]:
    for at, other in np.argwhere(scores >= NEAR_COPY):
        a, b = photos[rows[at]], photos[other]
        if a.id < b.id and a.sha256 != b.sha256:
            score = float(scores[at, other])
            if {a.side, b.side} == {"left", "right"}:
                yield Suspect("left and right", tuple(sorted({a.individual, b.individual})), (a.id, b.id), score,
                              f"photos {a.id} and {b.id} are as good as one picture, called left and right")
            elif a.individual != b.individual:
                yield Suspect("one under two names", (a.individual, b.individual), (a.id, b.id), score,
                              f"photos {a.id} and {b.id} are as good as one picture, as {a.individual!r} and {b.individual!r}")
            else:
                yield Suspect("duplicate", (a.individual,), (a.id, b.id), score,
                              f"photos {a.id} and {b.id} of {a.individual!r} are as good as one picture in two files")


def _level(own: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    """A score that a best score to one's own individual and to any other one are equally likely to miss."""
    mine, theirs = own[np.isfinite(own)], others[np.isfinite(others).any(axis=1)]
    if not len(mine) or not len(theirs):
        return np.nan
    best = np.sort(np.nanmax(theirs, axis=1))
    mine = np.sort(mine)
    levels = np.unique(np.concatenate([mine, best]))
    below = np.searchsorted(mine, levels) / len(mine)
    above = 1 - np.searchsorted(best, levels) / len(best)
    return float(levels[np.argmin(np.abs(below - above))])


def _misfits(
    photos: Sequence[AuditedPhoto], names: Sequence[str], own: NDArray[np.float32], others: NDArray[np.float32]
) -> Iterator[Suspect]:
    """Photos that are more like another individual than like any photo of their own."""
    for row in np.flatnonzero(np.isfinite(own) & np.isfinite(others).any(axis=1)):
        one, other = photos[int(row)], int(np.nanargmax(others[row]))
        gap = float(others[row, other] - own[row])
        if gap > 0:
            yield Suspect("fits worst", (one.individual, names[other]), (one.id,), gap,
                          f"photo {one.id} of {one.individual!r} is more like {names[other]!r} ({others[row, other]:.2f}) than "
                          f"like its own ({own[row]:.2f})")


def _alike(
    photos: Sequence[AuditedPhoto], names: Sequence[str], owner: NDArray[np.int64], table: NDArray[np.float32],
    own: NDArray[np.float32], level: float,
) -> Iterator[Suspect]:
    """Two individuals whose photos are as like each other's as like their own; not if one frame shows both."""
    frames: dict[str, set[int]] = defaultdict(set)
    for row, one in enumerate(photos):
        frames[one.sha256].add(int(owner[row]))
    together = {pair for shown in frames.values() for pair in combinations(sorted(shown), 2)}
    means = np.stack([_mean(table[owner == at]) for at in range(len(names))])
    within = np.array([_mean(own[owner == at][:, None])[0] for at in range(len(names))])
    within = np.where(np.isfinite(within), within, level)
    with np.errstate(invalid="ignore"):
        candidates = np.minimum(means, means.T) >= np.minimum(within[:, None], within[None, :])
    for a, b in np.argwhere(np.triu(candidates, 1)).tolist():
        if (a, b) in together:
            continue
        across, wanted = float(means[a, b] + means[b, a]) / 2, float(min(within[a], within[b]))
        ids = tuple(photos[row].id for at in (a, b) for row in np.flatnonzero(owner == at)[:3])
        yield Suspect("perhaps one", (names[a], names[b]), ids, across - wanted,
                      f"{names[a]!r} and {names[b]!r} are as like each other ({across:.2f}) as like themselves ({wanted:.2f}): "
                      "one animal?")


def _mean(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean of each column without its NaNs; NaN where there is nothing else."""
    known = np.isfinite(rows)
    counts = known.sum(axis=0)
    sums = np.where(known, rows, 0).sum(axis=0, dtype=np.float64)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _two_modes(photos: Sequence[AuditedPhoto], vectors: Vectors, level: float) -> Iterator[Suspect]:
    """Individuals whose photos of one side fall into groups that are less alike than animals usually are to themselves."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, one in enumerate(photos):
        groups[one.individual, one.side].append(row)
    for (name, side), rows in sorted(groups.items()):
        if len(rows) < 4 or not np.isfinite(level):
            continue
        scores = vectors[rows] @ vectors[rows].T
        parts = _parts(scores >= level)
        large = sorted((part for part in parts if len(part) > 1), key=len, reverse=True)
        if len(large) > 1:
            across = float(scores[np.ix_(large[0], large[1])].max())
            ids = tuple(photos[rows[at]].id for at in large[1])
            shown = f"the {side} side of {name!r}" if side else repr(name)
            yield Suspect("perhaps two", (name,), ids, level - across,
                          f"{shown} falls into groups of {' and '.join(str(len(part)) for part in large)} photos, at most "
                          f"{across:.2f} alike: two animals?")


def _parts(linked: NDArray[np.bool_]) -> list[list[int]]:
    """The connected parts of a graph."""
    left, parts = set(range(len(linked))), []
    while left:
        part, edge = set(), {min(left)}
        while edge:
            part |= edge
            edge = set(np.flatnonzero(linked[sorted(edge)].any(axis=0)).tolist()) - part
        left -= part
        parts.append(sorted(part))
    return parts
