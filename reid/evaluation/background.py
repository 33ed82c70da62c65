"""The background-only probe: photos with the animal taken out, to see how much a score owes to the place.

A net that finds the right individual where no animal is to be seen has learned the place, the light or the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid.evaluation.bootstrap import Estimate
from reid.evaluation.closed_set import PROTOCOLS, part, ranked
from reid.evaluation.metrics import Pool
from reid.records import Box, Pixels

ELLIPSE = 0.9
"""Axes of the ellipse that hides the animal where no box is known, as a share of the frame's width and height."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """rank-1 of photos without their animal by one protocol. chance: that of a match drawn blindly from the allowed photos."""

    protocol: str
    rank_1: Estimate
    chance: float


@dataclass(frozen=True, slots=True)
class Probe:
    """What is found without the animal, protocol by protocol in the order of `PROTOCOLS`.

    boxes: photos (queries and gallery) whose boxes were filled; ellipses: those without a box, whose middle was.
    """

    boxes: int
    ellipses: int
    by_protocol: tuple[Hidden, ...]


def without_animal(pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """A copy of a whole frame with its boxes filled with the frame's mean colour; without a box, the ellipse in its middle.

    Args:
        pixels: (H, W, 3) the frame, not cut to a box.
        boxes: of the animals in it, perhaps none.
    """
    filled = pixels.copy()
    height, width = pixels.shape[:2]
    colour = np.rint(pixels.reshape(-1, 3).mean(axis=0)).astype(np.uint8)
    for box in boxes:
        top, left = max(0, int(np.floor(box.y * height))), max(0, int(np.floor(box.x * width)))
        bottom, right = int(np.ceil((box.y + box.height) * height)), int(np.ceil((box.x + box.width) * width))
        filled[top:bottom, left:right] = colour
    if not boxes:
        across = (2 * (np.arange(width) + 0.5) / width - 1) / ELLIPSE
        down = (2 * (np.arange(height) + 0.5) / height - 1) / ELLIPSE
        filled[down[:, None] ** 2 + across[None, :] ** 2 <= 1] = colour
    return filled


def probe(queries: Pool, gallery: Pool, *, boxes: int, ellipses: int, seed: int = 0) -> Probe:
    """Measure pools of frames without their animals; photos of one frame must bear one hash."""
    found = []
    for protocol in PROTOCOLS:
        places = ranked(queries, gallery, protocol)
        rank_1 = part(places.first, [queries.individuals[row] for row in places.rows], seed=seed)
        found.append(Hidden(protocol.name, rank_1, float(places.chance.mean()) if len(places.chance) else float("nan")))
    return Probe(boxes, ellipses, tuple(found))
