"""Published capture histories, and drawn ones of a known truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reid.abundance.closed_population import Tally

TIGERS = """1001000110 1000000101 1101000011 0110000111 0101000001 0100000000 0010011000 0011000000 0001000011 0001100110
0001001001 0000100000 0001000000 1001000000 0001000000 0001100000 0001001000 0000110000 0000100000 0000010000 1000101000
0100000000 0001000001 0000010000 0000000001 0000100000"""
"""Kanha tigers, 26 on 10 occasions: Karanth, Nichols, Kumar, Link and Hines 2004 (PNAS 101:4854)."""

RABBITS = (43, 16, 8, 6, 0, 2, 1)
"""Cottontails seen on 1, 2, ... of 18 occasions, of 135 that were there: Edwards and Eberhardt 1967 (J. Wildl. Manage. 31:87)."""


def matrix(text: str) -> NDArray[np.bool_]:
    return np.array([[cell == "1" for cell in row] for row in text.split()])


def counted(frequencies: tuple[int, ...], occasions: int, counts: tuple[int, ...] = ()) -> Tally:
    """A tally from published numbers; without counts, captures are spread evenly (M0 and Mh look at their sum alone)."""
    padded = np.array([*frequencies, *[0] * (occasions - len(frequencies))], dtype=float)
    captures = float((padded * np.arange(1, occasions + 1)).sum())
    return Tally(np.array(counts, dtype=float) if counts else np.full(occasions, captures / occasions), padded)


def drawn(generator: np.random.Generator, animals: int, chances: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Histories of `animals`; chances (occasions,) or (animals, occasions). Rows of animals never seen stay in it."""
    return generator.random((animals, chances.shape[-1])) < chances
