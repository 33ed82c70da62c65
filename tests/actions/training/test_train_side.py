"""The side net: photos that cannot train one are refused, and the gallery is as before."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from reid.actions.training.jobs import TrainingJob
from reid.actions.training.train_side import train_side
from reid.errors import TrainingError
from reid.progress import SILENT
from reid.records import Photo
from reid.settings import TrainSettings
from tests.store.in_memory import Disk, InMemoryGallery


def test_photos_of_which_none_can_be_read_train_no_net_and_no_side_is_said(tmp_path: Path) -> None:
    (tmp_path / "l.jpg").write_bytes(b"no picture")
    photos = (Photo(tmp_path / "l.jpg", "zebra", "Ada", side="left"), Photo(tmp_path / "gone.jpg", "zebra", "Bo", side="right"))
    opened = InMemoryGallery(Disk(tmp_path / "g"))
    settings = TrainSettings(side_image_size=(32, 32))
    with pytest.raises(TrainingError, match=r"none of the 2 photos can be read; the first: .*l\.jpg"):
        train_side(TrainingJob("side", "", photos), opened, settings, torch.device("cpu"), SILENT)
    assert (opened.sides.net(), opened.nets.known(), opened.head()) == (None, (), 0)
