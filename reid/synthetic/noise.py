"""Seeded randomness and smooth noise: the same words give the same numbers on every machine."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def stream(purpose: str, *words: int) -> np.random.Generator:
    """A random generator of its own for one purpose.

    Args:
        purpose: what the numbers are for; streams of different purposes are independent.
        words: the numbers that name the thing drawn (seed, individual, season ...), each >= 0.

    Returns:
        A PCG64 generator that depends on nothing but the arguments (never on Python's `hash`).
    """
    entropy = [len(words), *words, *purpose.encode("utf-8")]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def name_word(name: str) -> int:
    """The number that stands for a name (a species, a side) in `stream`."""
    return int.from_bytes(name.encode("utf-8"), "big")


@lru_cache(maxsize=256)
def _weights(size: int, cells: int) -> Field:
    """Cubic B-spline weights (size, cells + 3) that spread a lattice over `size` pixels."""
    at = np.linspace(0.0, cells, size, endpoint=False)
    cell = np.floor(at).astype(np.int64)
    t = at - cell
    four = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    spread = np.zeros((size, cells + 3), np.float32)
    for offset, weight in enumerate(four):
        spread[np.arange(size), cell + offset] = weight / 6
    spread.setflags(write=False)
    return spread


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cells: tuple[float, float]) -> Field:
    """Smooth noise over an image.

    Args:
        rng: where the lattice comes from.
        shape: (H, W) of the result.
        cells: lattice cells down and across; more cells, finer noise.

    Returns:
        (H, W) float32, about zero, mostly within [-1, 1].
    """
    down, across = max(1, round(cells[0])), max(1, round(cells[1]))
    lattice = rng.uniform(-1.7, 1.7, (down + 3, across + 3)).astype(np.float32)
    noise = _weights(shape[0], down) @ lattice @ _weights(shape[1], across).T
    return noise.astype(np.float32, copy=False)


def cloudy_noise(
    rng: np.random.Generator, shape: tuple[int, int], cells: tuple[float, float], octaves: int = 3
) -> Field:
    """A sum of `octaves` smooth noises, each twice as fine and half as strong; as `smooth_noise`."""
    total = smooth_noise(rng, shape, cells)
    for octave in range(1, octaves):
        finer = (cells[0] * 2**octave, cells[1] * 2**octave)
        total += smooth_noise(rng, shape, finer) * np.float32(0.55**octave)
    return total


def step(low: float, high: float, value: Field) -> Field:
    """A smooth step: 0 at or below `low`, 1 at or above `high` (falling when `low` > `high`)."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    smooth: Field = np.asarray(t * t * (3 - 2 * t), np.float32)
    return smooth
