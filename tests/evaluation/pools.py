"""Pools of embeddings for the tests of measuring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reid.evaluation.metrics import Pool
from reid.records import Vectors


def unit(seed: int, count: int, dimension: int = 6) -> Vectors:
    """Random directions."""
    rows = np.random.default_rng(seed).standard_normal((count, dimension))
    found: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


def pool(vectors: Vectors, individuals: Sequence[str], **columns: Sequence[str]) -> Pool:
    """Photos each of its own encounter, side not known, unless columns say otherwise."""
    count = len(individuals)
    return Pool(
        vectors,
        individuals,
        columns.get("sides", [""] * count),
        columns.get("groups", [str(row) for row in range(count)]),
        columns.get("hashes", [f"h{row}" for row in range(count)]),
    )


def at_angles(*degrees: float) -> Vectors:
    """Directions in the plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def crowd(seed: int, individuals: int, photos: int, spread: float = 0.8) -> Pool:
    """Photos around a direction for each individual, in turn."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1000 + individuals).standard_normal((individuals, 8))
    names = [f"n{number}" for number in range(individuals) for _ in range(photos)]
    rows = centres.repeat(photos, axis=0) + spread * rng.standard_normal((individuals * photos, 8))
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return pool(vectors, names, hashes=[f"{seed}-{row}" for row in range(len(names))],
                groups=[f"{seed}-{row}" for row in range(len(names))])
