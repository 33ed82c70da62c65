"""Near-duplicates between gallery and queries: pictures so alike that finding one by the other proves nothing.

The picture that the net sees (cut to its box) is scaled to 9 x 8 grey values; each bit says whether a value is larger
than its neighbour to the left (the difference hash that N. Krawetz described in 2013). Pictures of which few bits differ
are the same picture, perhaps scaled or compressed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid import images
from reid.evaluation import metrics
from reid.evaluation.metrics import Mask
from reid.records import Photo, Pixels

BITS = 64
NEAR_BITS = 4
"""Pictures that differ in at most so many of the bits count as near-duplicates. Of 308,504 pairs of photos of different
zebras, seals, nyalas and leopard cats none differs in 4 or fewer, two in 5 or 6."""
DUPLICATES_LISTED = 200
"""Pairs that are named; all are counted."""


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """A query and a gallery photo that are almost the same picture. bits: how many of 64 differ."""

    query: str
    photo: str
    query_individual: str
    individual: str
    bits: int
    same_file: bool


@dataclass(frozen=True, slots=True)
class Audit:
    """How many pairs there are, how many queries have one, how many pairs are the same file.

    listed: the first `DUPLICATES_LISTED` of them, by name.
    """

    pairs: int
    same_file: int
    queries: int
    two_names: int
    """Pairs whose photos bear the names of two individuals: one of the names is wrong, or both are in the picture."""
    listed: tuple[NearDuplicate, ...]


def picture_bits(pixels: Pixels) -> Mask:
    """The (64,) bits of a picture's difference hash."""
    grey = images.resize(pixels, 8, 9).astype(np.float32) @ np.asarray([0.299, 0.587, 0.114], np.float32)
    bits: Mask = (grey[:, 1:] > grey[:, :-1]).ravel()
    return bits


@dataclass(frozen=True, slots=True)
class Pictures:
    """What the audit knows of n pictures: their photos, the sha256 of their files and (n, 64) bits."""

    photos: Sequence[Photo]
    sha256: Sequence[str]
    bits: Mask


def audit(queries: Pictures, gallery: Pictures) -> tuple[Audit, Mask]:
    """Compare every query with every gallery photo; a photo is no duplicate of itself.

    Where both are the same pictures each pair is counted once.

    Returns:
        The audit, and (Q,) whether a query has a near-duplicate. The same files come first, then the most alike.
    """
    pairs: list[NearDuplicate] = []
    having = np.zeros(len(queries.photos), np.bool_)
    right = np.where(gallery.bits, 1.0, -1.0).astype(np.float32)
    for start in range(0, len(queries.photos), metrics.QUERY_CHUNK):
        left = np.where(queries.bits[start : start + metrics.QUERY_CHUNK], 1.0, -1.0).astype(np.float32)
        differing = (BITS - left @ right.T) / 2
        for place, column in np.argwhere(differing <= NEAR_BITS).tolist():
            row = start + place
            query, photo = queries.photos[row], gallery.photos[column]
            if query.path == photo.path and query.box == photo.box:
                continue
            having[row] = True
            if queries is gallery and column < row:
                continue
            pairs.append(
                NearDuplicate(
                    query.path.as_posix(), photo.path.as_posix(), query.individual, photo.individual,
                    int(differing[place, column]), queries.sha256[row] == gallery.sha256[column],
                )
            )
    pairs.sort(key=lambda pair: (not pair.same_file, pair.bits, pair.query, pair.photo))
    found = Audit(
        len(pairs),
        sum(pair.same_file for pair in pairs),
        int(having.sum()),
        sum(pair.query_individual != pair.individual for pair in pairs),
        tuple(pairs[:DUPLICATES_LISTED]),
    )
    return found, having
