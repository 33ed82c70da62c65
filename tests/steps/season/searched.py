"""Searched photos of a season, as the tests of its steps want them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np

from reid.records import Box, Photo, SpeciesGuess
from reid.steps.sightings import SearchedPhoto
from tests.steps.stock import shortlist

ZEBRA = SpeciesGuess("zebra", 0.95)
LEFT, RIGHT = Box(0.0, 0.0, 0.4, 1.0), Box(0.5, 0.0, 0.5, 1.0)
NOON = datetime(2024, 5, 1, 12)


def look(
    name: str, scores: Mapping[str, float], degrees: float = 0.0, *, file: str = "", encounter: str = "", side: str = "left",
    box: Box | None = None, when: datetime = NOON, guess: SpeciesGuess = ZEBRA, notes: Mapping[str, str] | None = None,
) -> SearchedPhoto:
    photo = Photo(Path(name), captured_at=when, side=side, box=box, notes=notes or {})
    vector = np.asarray([[np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]], np.float32)
    return SearchedPhoto(photo, file or name, encounter or name, guess, (shortlist(scores),), None, {"zebra": vector})
