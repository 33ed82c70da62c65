"""A gallery is made and opened in a folder of its own, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from reid.errors import GalleryError
from reid.store import Gallery
from tests.store.stock import content


def test_a_folder_that_is_no_gallery_is_told_and_left_alone(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match=r"no gallery at .*nowhere: `reid enroll` or `reid train` make one"):
        Gallery.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_gallery_is_not_made_among_other_things(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.jpg").write_bytes(b"x")
    with pytest.raises(GalleryError, match=r"holds other things \(IMG_1.jpg\): choose an empty or a new folder"):
        Gallery.open(tmp_path, create=True)
    assert content(tmp_path) == {"IMG_1.jpg": b"x"}


def test_a_gallery_is_not_made_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "gallery").write_bytes(b"x")
    with pytest.raises(GalleryError, match="is a file, a gallery is a folder"):
        Gallery.open(tmp_path / "gallery", create=True)


def test_a_manifest_without_its_catalogue_is_told(gallery: Gallery) -> None:
    gallery.close()
    (gallery.folder / "catalog.sqlite").unlink()
    for create in (False, True):
        with pytest.raises(GalleryError, match=r"has gallery.json, but catalog.sqlite, the gallery itself, is missing"):
            Gallery.open(gallery.folder, create=create)
    assert not (gallery.folder / "catalog.sqlite").exists()
