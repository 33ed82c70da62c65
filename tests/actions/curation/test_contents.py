"""What is in a gallery, asked of a gallery on the disk."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reid.actions.curation.contents import gallery, individuals, photos
from reid.errors import GalleryError, UsageError
from reid.store.opening import open_gallery
from tests.store.stock import DIMENSION, NET, VECTORS, item


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_gallery(tmp_path / "g", create=True) as opened:
        opened.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
        named = [item("Ada", "a", VECTORS[0], side="left"), item("Bo", "b", VECTORS[1]), item("Ada", "c", VECTORS[2])]
        opened.enroll("zebra", NET, named)
    return tmp_path / "g"


def test_a_gallery_says_its_species_and_how_much_is_enrolled(folder: Path) -> None:
    summary = gallery(folder)
    (zebra,) = summary.species
    assert (summary.folder, summary.individuals, summary.photos, summary.species_net) == (folder, 2, 3, "")
    assert (zebra.summary.name, zebra.summary.fingerprint, zebra.calibration) == ("zebra", NET, None)
    assert zebra.card is None  # the file of the net is not there, and that is no error


def test_individuals_and_photos_can_be_asked_for_by_species_and_name(folder: Path) -> None:
    assert [(one.name, one.photos) for one in individuals(folder, species="zebra")] == [("Ada", 2), ("Bo", 1)]
    assert [one.path.name for one in photos(folder, individual="Ada")] == ["a.jpg", "c.jpg"]
    assert individuals(folder, species="deer") == individuals(folder, removed=True) == photos(folder, removed=True) == ()


def test_what_no_gallery_knows_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        individuals(folder, as_of=date(1999, 1, 1))
    with pytest.raises(GalleryError):
        gallery(tmp_path / "nowhere")
