"""Pictures as files and bytes."""

from __future__ import annotations

import hashlib
from datetime import datetime

import numpy as np
import pytest

from reid import images
from reid.errors import ShapeError, UsageError
from tests.images.pictures import corners, near


def test_a_written_jpeg_gives_back_its_date_camera_and_digest(tmp_path):
    path = tmp_path / "fotó 1.jpg"
    images.write_jpeg(path, corners(), captured_at=datetime(2019, 3, 7, 18, 5, 59, 123), camera="COOLPIX P610")
    picture = images.read(path)
    assert picture.captured_at == datetime(2019, 3, 7, 18, 5, 59)
    assert picture.camera == "COOLPIX P610"
    assert picture.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert near(picture.pixels[5, 5], (250, 10, 20), 12)
    assert [p.name for p in tmp_path.iterdir()] == ["fotó 1.jpg"]


def test_a_png_comes_back_exactly(tmp_path):
    images.write_png(tmp_path / "a.png", corners())
    assert np.array_equal(images.read(tmp_path / "a.png").pixels, corners())


def test_thumbnails_keep_their_shape_and_are_never_scaled_up():
    small = images.decode(images.jpeg_bytes(corners(400, 600), longest=150), "a")
    assert (small.width, small.height) == (150, 100)
    assert near(small.pixels[20, 20], (250, 10, 20), 12)
    same = images.decode(images.jpeg_bytes(corners(), longest=150), "a")
    assert (same.width, same.height) == (60, 40)


def test_resizing_is_antialiased_and_exact_in_size():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    small = images.resize(stripes, 7, 16)
    assert small.shape == (7, 16, 3) and small.flags.writeable
    assert np.abs(small[:, 2:-2].astype(int) - 128).max() <= 8


def test_pixels_of_another_shape_are_refused(tmp_path):
    for pixels in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ShapeError, match=r"wanted uint8 \(height, width, 3\)"):
            images.write_jpeg(tmp_path / "a.jpg", pixels)
    with pytest.raises(ShapeError, match="cannot be 0 high"):
        images.resize(corners(), 0, 4)


def test_a_failed_write_says_so_and_leaves_nothing(tmp_path):
    with pytest.raises(UsageError, match=r"gone/a\.jpg: not written \(No such file or directory\)"):
        images.write_jpeg(tmp_path / "gone/a.jpg", corners())
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(UsageError, match=r"folder\.jpg: not written"):
        images.write_jpeg(tmp_path / "folder.jpg", corners())
    assert [p.name for p in tmp_path.iterdir()] == ["folder.jpg"]
