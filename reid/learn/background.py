"""The background-only probe: photos with the animal taken out, to see how much a score owes to the place.

A net that finds the right individual where no animal is to be seen has learned the place, the light or the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid.learn import metrics
from reid.learn.bootstrap import Estimate, Herd
from reid.learn.metrics import Pool
from reid.records import Box, Pixels

ELLIPSE = 0.9
"""Axes of the ellipse that hides the animal where no box is known, as a share of the frame's width and height."""


@dataclass(frozen=True, slots=True)
class Probe:
    """rank-1 of photos without their animal, beside that of the photos themselves; shares in [0, 1].

    boxes: photos (queries and gallery) whose boxes were filled; ellipses: those without a box, whose middle was.
    chance: rank-1 of a match drawn blindly from the allowed photos. any_photo, strict: protocols as in `closed_set`.
    """

    boxes: int
    ellipses: int
    any_photo: Estimate
    any_photo_chance: float
    strict: Estimate
    strict_chance: float


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
    for strict in (False, True):
        places = metrics.places(queries, gallery, same_side=strict, other_encounter=strict)
        herd = Herd([queries.individuals[row] for row in places.rows], seed=seed)
        chance = float(places.chance.mean()) if len(places.chance) else float("nan")
        found.append((herd.mean(places.first == 0), chance))
    return Probe(boxes, ellipses, *found[0], *found[1])
