from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.store import Gallery
from tests.store.stock import DIMENSION, NET


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "indexes" / "Été à Niort"


@pytest.fixture
def gallery(folder: Path) -> Iterator[Gallery]:
    with Gallery.open(folder, create=True) as opened:
        opened.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
        yield opened
