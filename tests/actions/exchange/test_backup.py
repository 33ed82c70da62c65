"""A copy of a gallery: whole, a gallery itself, and never over something else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reid.actions.exchange.backup import backup
from reid.errors import GalleryError, UsageError
from reid.store.opening import open_gallery
from tests.store.stock import DIMENSION, NET, VECTORS, item


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_gallery(tmp_path / "g", create=True) as opened:
        opened.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
        opened.enroll("zebra", NET, [item("Ada", "a", VECTORS[0]), item("Bo", "b", VECTORS[1])])
    return tmp_path / "g"


def test_a_copy_is_a_gallery_that_holds_the_same(folder: Path, tmp_path: Path) -> None:
    made = backup(tmp_path / "copy", gallery=folder)
    assert (made.folder, made.photos, made.individuals) == (tmp_path / "copy", 2, 2)
    with open_gallery(folder) as ours, open_gallery(made.folder) as copy:
        assert [photo.id for photo in copy.photos()] == [photo.id for photo in ours.photos()]
        assert (copy.log(1)[0].seq, copy.vectors("zebra")[1].tolist()) == (made.seq, ours.vectors("zebra")[1].tolist())


def test_a_copy_that_nobody_named_lies_beside_the_gallery_under_the_time(folder: Path) -> None:
    made = backup(gallery=folder)
    assert made.folder.parent == folder.parent and re.fullmatch(r"g-\d{4}-\d\d-\d\dT\d{6}Z", made.folder.name)


def test_nothing_is_copied_over_something_or_from_nowhere(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError):
        backup(tmp_path / "taken", gallery=folder)
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["notes.txt"]
    with pytest.raises(GalleryError):
        backup(tmp_path / "copy", gallery=tmp_path / "nowhere")
    assert not (tmp_path / "copy").exists()
