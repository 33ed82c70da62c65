from __future__ import annotations

from datetime import datetime

import pytest

from reid.store import Gallery
from tests.store.search.stock import COUNT
from tests.store.stock import NET, Vectors, item, unit


@pytest.fixture
def vectors() -> Vectors:
    """Some of them equal, so that ties are met."""
    found = unit(1, COUNT)
    found[100:130] = found[7]
    return found


@pytest.fixture
def full(gallery: Gallery, vectors: Vectors) -> Gallery:
    gallery.enroll("zebra", NET, [
        item(
            f"animal {n % 40}", n, vectors[n], side=("left", "right", "")[n % 3], season=f"{2020 + n % 4}",
            encounter=f"e{n // 5}" if n % 2 else "", camera=f"c{n % 5}",
            captured_at=datetime(2024, 1 + n % 12, 1 + n % 28) if n % 7 else None,
        )
        for n in range(COUNT)
    ])
    return gallery
