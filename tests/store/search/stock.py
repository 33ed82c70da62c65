"""What the tests of the search enroll, and how an answer is held against the right one."""

from __future__ import annotations

import numpy as np

from reid.store import Found
from tests.store.stock import Vectors

COUNT = 400


def assert_same(found: Found, expected: tuple[Vectors, np.ndarray]) -> None:
    np.testing.assert_array_equal(found.photo_ids, expected[1])
    np.testing.assert_array_equal(found.scores, expected[0])
    assert (found.scores.dtype, found.photo_ids.dtype) == (np.float32, np.int64)


def enrolled(vectors: Vectors) -> dict[int, Vectors]:
    return {n + 1: vector for n, vector in enumerate(vectors)}
