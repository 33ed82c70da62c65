"""How well two photos match place by place: dense correspondences between the net's own feature maps. Pure numpy.

An embedding says how alike two animals look as a whole; here every cell of one photo's feature map looks for its partner
in the other's, and what counts is how many find one that (1) also chose them (mutual nearest neighbours), (2) lies near
the same place of the animal's box, and (3) agrees with one smooth movement of the whole animal (an affine transform,
fitted robustly). Sources: mutual neighbours in dense maps as in Rocco et al., 2018 (Neighbourhood consensus networks);
whitening as in Jegou and Chum, 2012 (Negative evidences and co-occurrences); the robust weight of Geman and McClure, 1985,
by iteratively reweighted least squares with a falling scale.

Measured on individuals that no net had seen (35 zebras, 45 nyalas, same side, another encounter), inputs of 192 x 256:
rank-1 of the zebras from 0.85 to 0.95, of the nyalas from 0.12 to 0.20 with frozen features and from 0.16 to 0.26 with a
trained net, for 5 to 10 ms a query on one core; without the check of the movement the nyalas gain half of that. The
constants lie on wide plateaus.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.errors import ShapeError

Maps = NDArray[np.float32]
"""(B, h, w, C) feature maps as `Runtime.maps` gives them."""

WEIGHT = 8.0
"""What a score of 1 here is worth in cosines, when both decide about the order. From 4 to 16 does not matter."""
EDGE = 1
"""Rows and columns of cells left out at each border of a map of more than four: they have seen the padding of the
convolutions, by which the corners of any two photos look alike."""
REGULARISED = 0.02
"""Share of the largest variance added to every direction's before whitening: directions of pure noise stay small."""
REACH = 0.3
"""How far apart in the frame two partners may lie, as a fraction of its longer side; both photos are cropped to the animal."""
SCALES = (0.25, 0.15, 0.1, 0.1)
"""The falling scale of the robust fit, in the same unit; a partner farther than the last from its place is not counted."""
POWER = 3.0
"""Partners count by cosine to this power: a few sure ones outweigh many doubtful ones."""
FAINT = 0.01
"""No line is reported that is weaker."""
RIDGE = 1.0
"""Pull of the fit towards "nothing moved", in matches of full strength: two or three matches cannot bend the animal."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The correspondences of one pair of photos, strongest first.

    query, match: (M, 2) places (x, y) as fractions of the query's and of the match's frame, each in (0, 1).
    strength: (M,) in (`FAINT`, 1], falling.
    """

    query: NDArray[np.float32]
    match: NDArray[np.float32]
    strength: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One query against N candidates. scores: (N,) in [0, 1], 1 = every cell found its equal.

    places: (T, 2) where the T cells of a map lie, (x, y) as fractions of the frame. partner: (N, T) for each cell of a
    candidate the query's cell it belongs to. strength: (N, T) in [0, 1]; 0 where the cell has no partner that counts.
    """

    scores: NDArray[np.float32]
    places: NDArray[np.float32]
    partner: NDArray[np.int64]
    strength: NDArray[np.float32]

    def lines(self, candidate: int) -> Lines:
        """The correspondences with one candidate, by its row number: those by which it stands out from the others.

        From each the strength is taken away that the same place of the query has with the other candidates on average:
        grass agrees with all grass and tells nothing.
        """
        strength, partner = self.strength[candidate], self.partner[candidate]
        shared = np.zeros((len(self.scores), len(self.places)), np.float32)
        rows, cells = np.nonzero(self.strength)
        shared[rows, self.partner[rows, cells]] = self.strength[rows, cells]
        others = (shared.sum(axis=0) - shared[candidate]) / np.float32(max(1, len(shared) - 1))
        strength = np.where(strength > 0, strength - others[partner], np.float32(0.0))
        order = np.argsort(-strength, kind="stable")
        order = order[strength[order] > FAINT]
        return Lines(self.places[partner[order]], self.places[order], strength[order])


def compare(query: NDArray[np.float32], candidates: Maps, *, geometric: bool = True) -> Compared:
    """Match one query with its shortlist, place by place.

    The channels are whitened by the statistics of these very maps, so nothing needs to be stored with the net; with the
    same maps the score of a pair is the same both ways. It is no cosine and no probability: compare it within one query.

    Args:
        query: (h, w, C) feature map.
        candidates: (N, h, w, C) maps of the same net and block; N may be 0.
        geometric: False leaves the check of the common movement out.

    Raises:
        ShapeError: the maps do not fit together.
    """
    if query.ndim != 3 or candidates.ndim != 4 or candidates.shape[1:] != query.shape:
        raise ShapeError(f"maps do not fit: query {query.shape}, candidates {candidates.shape}; wanted (h, w, C), (N, h, w, C)")
    (height, width), edge = query.shape[:2], EDGE if min(query.shape[:2]) > 4 * EDGE else 0
    inner = np.concatenate([query[None], candidates])[:, edge : height - edge, edge : width - edge]
    cells = _cells(height, width).reshape(height, width, 2)[edge : height - edge, edge : width - edge].reshape(-1, 2)
    places = ((cells + 0.5) / np.array([width, height])).astype(np.float32)
    steps = cells / np.float32(max(height, width))
    units = whitened(inner)
    partner, cosine = _mutual(units[0], units[1:], _reachable(steps))
    strength = np.clip(cosine, 0.0, 1.0) ** np.float32(POWER)
    if geometric:
        strength = strength * _agreeing(steps[None].repeat(len(candidates), 0), steps[partner], strength)
    return Compared(strength.sum(axis=1) / np.float32(len(cells)), places, partner, strength)


def whitened(maps: Maps) -> NDArray[np.float32]:
    """Every cell as a unit vector whose channels are centred, decorrelated and scaled alike over all cells given.

    Returns:
        (B, h * w, C) float32; a cell equal to the mean of all is the zero vector.
    """
    count, height, width, channels = maps.shape
    cells = maps.reshape(-1, channels).astype(np.float32)
    cells = cells - cells.mean(axis=0)
    variance, directions = np.linalg.eigh(cells.T @ cells / np.float32(len(cells)))
    scale = np.sqrt(np.maximum(variance, 0.0) + REGULARISED * max(float(variance[-1]), 1e-12))
    cells = cells @ (directions / scale).astype(np.float32)
    length = np.sqrt(np.einsum("nc,nc->n", cells, cells))
    cells /= np.maximum(length, np.float32(1e-6))[:, None]
    units: NDArray[np.float32] = cells.reshape(count, height * width, channels)
    return units


def _mutual(
    query: NDArray[np.float32], candidates: NDArray[np.float32], reachable: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each cell of each candidate the query's cell most like it, and the cosine; 0 where the choice is not mutual."""
    count, cells, channels = candidates.shape
    cosines = (candidates.reshape(-1, channels) @ query.T).reshape(count, cells, cells)
    cosines += reachable
    partner = cosines.argmax(axis=2)
    found = np.take_along_axis(cosines, partner[:, :, None], axis=2)[:, :, 0]
    chosen = found >= np.take_along_axis(cosines.max(axis=1), partner, axis=1)
    rows = np.arange(count)[:, None]
    first = np.full((count, cells), cells, np.int64)  # equal cells: the first one keeps the partner
    np.minimum.at(first, (rows, partner), np.where(chosen, np.arange(cells), cells))
    chosen &= first[rows, partner] == np.arange(cells)
    return partner, np.where(chosen, found, np.float32(0.0))


def _agreeing(
    first: NDArray[np.float32], second: NDArray[np.float32], strength: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Weight in [0, 1] of each match under one affine movement a pair; 0 beyond the last of `SCALES`.

    Args:
        first, second: (N, T, 2) places in the one and the other photo.
        strength: (N, T) weight of each match at the start.
    """
    weight = strength
    for scale in SCALES:
        moved = second - first
        off = moved - _movement(first, moved, weight)
        back = -moved - _movement(second, -moved, weight)
        squared = 0.5 * ((off**2).sum(axis=2) + (back**2).sum(axis=2)) / np.float32(scale**2)
        agreement = 1.0 / (1.0 + squared) ** 2
        weight = strength * agreement
    return np.where(squared <= 1.0, agreement, np.float32(0.0)).astype(np.float32)


def _movement(
    places: NDArray[np.float32], moved: NDArray[np.float32], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The affine movement (N, T, 2) at each place that fits the weighted movements best, pulled towards none."""
    base = np.concatenate([places - 0.5, np.ones_like(places[:, :, :1])], axis=2)
    weighted = (base * weight[:, :, None]).swapaxes(1, 2)
    normal = weighted @ base + RIDGE * np.eye(3, dtype=np.float32)
    fitted: NDArray[np.float32] = base @ np.linalg.solve(normal, weighted @ moved)
    return fitted


def _cells(height: int, width: int) -> NDArray[np.float32]:
    """(h * w, 2) column and row of each cell."""
    rows, columns = np.divmod(np.arange(height * width), width)
    return np.stack([columns, rows], axis=1).astype(np.float32)


def _reachable(steps: NDArray[np.float32]) -> NDArray[np.float32]:
    """(T, T): 0 where two cells are near enough to be partners, else far below any cosine."""
    apart = np.sqrt(((steps[:, None] - steps[None]) ** 2).sum(axis=2))
    return np.where(apart <= REACH, np.float32(0.0), np.float32(-4.0))
