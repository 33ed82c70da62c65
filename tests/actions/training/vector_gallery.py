"""Galleries of drawn vectors, to calibrate and to compare."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from reid.nets.net_files import NetCard
from reid.records import Calibration, Photo
from reid.store import Enrollment

OLD = Calibration(20.5, -9.0, 4.5, 0.97, 0.8, 0.5, 0.02, 0.008, 0.02, 12, 80, 960)
HELD = [f"z{number:02}" for number in range(8)]
TAUGHT = [f"z{number:02}" for number in range(8, 20)]


def card(training: dict[str, Any], species: str = "zebra") -> NetCard:
    return NetCard(
        kind="embedding", backbone="mobilenet_v2", image_size=(64, 64), dimension=16, species=species,
        training={"data": training}, calibration=OLD,
    )


def items(individuals: Sequence[str], seed: int, encounters: int = 4, spread: float = 0.35) -> list[Enrollment]:
    """Each individual a direction of space; one photo in each encounter, an hour apart at one camera."""
    rng = np.random.default_rng(seed)
    found = []
    for name in individuals:
        centre = rng.standard_normal(16)
        for encounter in range(encounters):
            vector = centre + spread * rng.standard_normal(16)
            photo = Photo(
                Path(f"/photos/{name}-{encounter}.jpg"), "zebra", name, datetime(2024, 5, 1) + timedelta(hours=encounter),
                camera="C1",
            )
            unit = (vector / np.linalg.norm(vector)).astype(np.float32)
            found.append(Enrollment(name, photo, f"{name}-{encounter}".ljust(64, "0"), 640, 480, unit))
    return found
