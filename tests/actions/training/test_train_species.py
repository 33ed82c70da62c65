"""The species net: photos that cannot train one are refused, and the gallery is as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from reid.actions.training.jobs import TrainingJob
from reid.actions.training.train_species import train_species
from reid.errors import TrainingError
from reid.images import write_jpeg
from reid.progress import SILENT
from reid.records import Photo
from reid.settings import TrainSettings
from tests.store.in_memory import Disk, InMemoryGallery

SETTINGS = TrainSettings(species_image_size=(32, 32))
CPU = torch.device("cpu")


def test_two_species_of_which_one_cannot_be_read_train_no_net(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "z.jpg", np.full((40, 40, 3), 90, np.uint8))
    (tmp_path / "d.jpg").write_bytes(b"no picture")
    job = TrainingJob("species", "", (Photo(tmp_path / "z.jpg", "zebra"), Photo(tmp_path / "d.jpg", "deer")))
    opened = InMemoryGallery(Disk(tmp_path / "g"))
    with pytest.raises(TrainingError, match=r"only photos of \['zebra'\] can be read; the species net needs two species"):
        train_species(job, opened, SETTINGS, CPU, SILENT)
    assert (opened.species_net(), opened.nets.known(), opened.head()) == (None, (), 0)


def test_photos_of_which_none_can_be_read_train_no_net(tmp_path: Path) -> None:
    job = TrainingJob("species", "", (Photo(tmp_path / "z.jpg", "zebra"), Photo(tmp_path / "d.jpg", "deer")))
    with pytest.raises(TrainingError, match=r"none of the 2 photos can be read; the first: .*z\.jpg"):
        train_species(job, InMemoryGallery(Disk(tmp_path / "g")), SETTINGS, CPU, SILENT)
