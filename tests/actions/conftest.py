from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import reid
from reid.formats.readers.photo_lists import read_photos
from reid.nets import net_files
from reid.store import Gallery
from tests.actions.small import made


@pytest.fixture(scope="session")
def prepared(drawings: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `photos` (16 zebras of four individuals), `gallery` (enrolled with net 1) and nets 1 and 2."""
    place = tmp_path_factory.mktemp("upgrade")
    found = [photo for photo in read_photos([drawings[0]]).photos if photo.species == "zebra"]
    for photo in sorted(found, key=lambda one: one.individual)[:16]:
        target = place / "photos" / "zebra" / photo.individual / photo.path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo.path, target)
    first = made(place / "nets", 1)
    made(place / "nets", 2)
    with Gallery.open(place / "gallery", create=True) as opened:
        card = net_files.read_card(opened.nets.put(first))
        opened.set_embedding_net("zebra", card.fingerprint, card.dimension, calibration=None)
    assert len(reid.enroll([place / "photos"], gallery=place / "gallery").problems) == 0
    return place.rename(place.with_name("kept"))  # the files are found from the gallery, so that a copy has its own


@pytest.fixture
def place(prepared: Path, tmp_path: Path) -> Path:
    for name in ("photos", "gallery", "nets"):
        shutil.copytree(prepared / name, tmp_path / name)
    return tmp_path
