"""`reid train`: what it refuses before any training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reid.actions.training.train import train
from reid.errors import TrainingError, UsageError
from reid.images import write_jpeg
from reid.settings import TrainSettings
from reid.store import Gallery

EMBEDDING = TrainSettings(stages=("embedding",), device="cpu")


@pytest.fixture
def zebras(tmp_path: Path) -> Path:
    """Two zebras, each on two photos: too few for a net of their own."""
    for name in ("Ada", "Bo"):
        (tmp_path / "photos" / "zebra" / name).mkdir(parents=True)
        for at in range(2):
            write_jpeg(tmp_path / "photos" / "zebra" / name / f"{name}{at}.jpg", np.full((8, 8, 3), 60 * at, np.uint8))
    return tmp_path / "photos"


def test_settings_that_make_no_sense_are_refused_and_no_gallery_is_made(zebras: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="stage 'stripes' does not exist; choose from"):
        train([zebras], gallery=tmp_path / "g", settings=TrainSettings(stages=("stripes",)))
    with pytest.raises(UsageError, match="nothing to train from 4 photos"):
        train([zebras], gallery=tmp_path / "g", settings=TrainSettings(stages=("species",), device="cpu"))
    assert not (tmp_path / "g").exists()


def test_a_gallery_whose_photos_are_gone_is_refused_before_hours_of_training(zebras: Path, folder: Path) -> None:
    with Gallery.open(folder) as opened:
        net, head = opened.embedding_net("zebra"), opened.head()
    with pytest.raises(TrainingError, match=r"80 enrolled photos are not where they were \(first: /photos/z"):
        train([zebras], gallery=folder, settings=EMBEDDING)
    with Gallery.open(folder) as opened:
        assert (opened.embedding_net("zebra"), opened.head()) == (net, head), "nothing has changed"
