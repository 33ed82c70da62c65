"""One small gallery for the commands, of vectors that no net made: three zebras, seen on days of May 2023 by two cameras."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from reid.store import Gallery
from tests.store.stock import NET, item, unit

SEEN = (("Zoë", 1), ("Zoë", 6), ("Zoë", 12), ("Max", 2), ("Max", 7), ("Ida", 17))
"""Photos 1 to 6: the individual and the day."""


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Zoë #1 with photos 1-3, Max #2 with photos 4 and 5, Ida #3 with photo 6; no test changes it."""
    folder, vectors = tmp_path_factory.mktemp("commands") / "Été", unit(1, len(SEEN))
    with Gallery.open(folder, create=True) as opened:
        opened.set_embedding_net("zebra", NET, 32, calibration=None)
        opened.enroll("zebra", NET, [
            item(name, n, vectors[n], side="left", captured_at=datetime(2023, 5, day, 9), camera=f"C{n % 2}", season="2023")
            for n, (name, day) in enumerate(SEEN)
        ])  # fmt: skip
    return folder


@pytest.fixture
def gallery(kept: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(kept, tmp_path / "gallery é"))
