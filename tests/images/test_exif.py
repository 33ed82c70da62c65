"""What a photo's EXIF says, and what it says wrongly."""

from __future__ import annotations

import struct
from datetime import datetime

import numpy as np
import pytest
from PIL import ExifTags, Image

from reid import images
from reid.records import Box
from tests.images.pictures import corners, encoded, stored


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_same_upright_picture(tmp_path, kind, orientation):
    scene = images.resize(np.random.default_rng(7).integers(0, 256, (8, 12, 3), np.uint8), 90, 131)
    path = tmp_path / "a"
    path.write_bytes(stored(orientation, kind, scene))
    close = 5 if kind == "JPEG" else 0
    whole = images.read(path)
    assert (whole.width, whole.height) == (131, 90) == images.size(path)
    assert np.abs(whole.pixels.astype(int) - scene).max() <= close
    box = Box(0.1, 0.2, 0.5, 0.3)
    assert np.array_equal(images.read(path, box=box).pixels, whole.pixels[18:45, 13:79])
    small = images.read(path, box=box, shortest=9).pixels
    wanted = images.resize(whole.pixels[18:45, 13:79], 9, 22)
    assert small.shape == (9, 22, 3)
    assert np.abs(small.astype(int) - wanted).mean() < 4


def test_a_false_orientation_is_ignored(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(stored(9, "PNG", corners()))
    assert np.array_equal(images.read(path).pixels, corners())


def test_a_png_with_its_exif_behind_the_pixels_is_upright_too(tmp_path):
    data = stored(6, "PNG", corners())
    at = data.index(b"eXIf") - 4
    end = at + 12 + struct.unpack(">I", data[at : at + 4])[0]
    iend = data.index(b"IEND") - 4
    path = tmp_path / "a.png"
    path.write_bytes(data[:at] + data[end:iend] + data[at:end] + data[iend:])
    assert np.array_equal(images.read(path).pixels, corners())
    assert images.size(path) == (60, 40)


@pytest.mark.parametrize(("text", "wanted"), [
    ("2019:03:07 18:05:59", datetime(2019, 3, 7, 18, 5, 59)), ("2019-03-07T18:05:59", datetime(2019, 3, 7, 18, 5, 59)),
    ("2019:03:07 18:05:59.75", datetime(2019, 3, 7, 18, 5, 59)), ("0000:00:00 00:00:00", None), ("", None),
    ("2019:02:30 10:00:00", None), ("    :  :     :  :  ", None), ("yesterday", None)])
def test_an_exif_date_is_read_or_left_out(text, wanted):
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Cuddeback\0\0 "
    exif[ExifTags.IFD.Exif] = {int(ExifTags.Base.DateTimeOriginal): text}
    picture = images.decode(encoded(Image.fromarray(corners()), "JPEG", exif=exif), "a")
    assert (picture.captured_at, picture.camera) == (wanted, "Cuddeback")


def test_a_broken_exif_costs_no_photo_and_no_warning(recwarn):
    data = encoded(Image.fromarray(corners()), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7fgarbage")
    picture = images.decode(data, "a")
    assert (picture.captured_at, picture.camera) == (None, "") and picture.width == 60
    assert list(recwarn) == []
