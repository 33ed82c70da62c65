"""A gallery of four coloured animals, for whole seasons."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import reid
from tests.actions import colour_pool
from tests.actions.colour_pool import Taken
from tests.steps.stock import calibration

THEN = datetime(2023, 5, 1, 12)
DAY = timedelta(days=1)


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ada, Bo, Cy and Di of 2023, each met on three days; eyes that see colours alone."""
    monkeypatch.setattr("reid.steps.embedded_photos.embed_and_map", colour_pool.colours)
    place = colour_pool.gallery(tmp_path / "gallery", calibration())
    first = [Taken(name, when=THEN + day * DAY) for name in ("Ada", "Bo", "Cy", "Di") for day in range(3)]
    reid.enroll([colour_pool.write(tmp_path / "2023", first)], gallery=place)
    return place
