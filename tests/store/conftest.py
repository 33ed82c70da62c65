from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from reid.store import Gallery
from tests.store.stock import DIMENSION, NET, VECTORS, item


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "indexes" / "Été à Niort"


@pytest.fixture
def gallery(folder: Path) -> Iterator[Gallery]:
    with Gallery.open(folder, create=True) as opened:
        opened.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
        yield opened


@pytest.fixture
def herd(gallery: Gallery) -> Gallery:
    """Zoë #1 with photos 1-3, Max #2 with photos 4 and 5, Ida #3 with photo 6."""
    names = ("Zoë", "Zoë", "Zoë", "Max", "Max", "Ida")
    gallery.enroll("zebra", NET, [
        item(name, n, vector, side="left", season="2024", captured_at=datetime(2024, 5, n))
        for n, (name, vector) in enumerate(zip(names, VECTORS, strict=True), 1)
    ])
    return gallery
