"""Photos as pixels: every kind of file, every kind of damage."""

from __future__ import annotations

import hashlib
import io
import os
import random
import struct
import threading
import time
import warnings
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile

from reid import images
from reid.errors import PhotoError, ShapeError, UsageError
from reid.records import Box

ORIGINALS = Path(__file__).parents[2] / "../shared/data/originals"


def corners(height: int = 40, width: int = 60) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Red top left, green top right, blue bottom left, white bottom right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (250, 10, 20)
    pixels[: height // 2, width // 2 :] = (10, 240, 30)
    pixels[height // 2 :, : width // 2] = (20, 30, 230)
    pixels[height // 2 :, width // 2 :] = (255, 255, 255)
    return pixels


def save(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def near(pixel: Any, wanted: tuple[int, int, int], tolerance: int) -> bool:
    return bool(np.abs(np.asarray(pixel, int) - np.asarray(wanted)).max() <= tolerance)


# Formats and colours


@pytest.mark.parametrize(("suffix", "options", "tolerance"), [
    ("png", {}, 0), ("bmp", {}, 0), ("tif", {}, 0), ("tif", {"compression": "tiff_lzw"}, 0),
    ("webp", {"lossless": True}, 0),
    ("jpg", {"quality": 95, "subsampling": 0}, 4), ("jpg", {"progressive": True, "quality": 95, "subsampling": 0}, 4),
    ("webp", {"quality": 95}, 12)])
def test_every_format_gives_the_same_four_colours(tmp_path, suffix, options, tolerance):
    picture = images.read(save(tmp_path / f"süß foto.{suffix}", Image.fromarray(corners()), **options))
    assert picture.pixels.shape == (40, 60, 3) and picture.pixels.dtype == np.uint8
    assert near(picture.pixels[5, 5], (250, 10, 20), tolerance)
    assert near(picture.pixels[5, 50], (10, 240, 30), tolerance)
    assert near(picture.pixels[35, 5], (20, 30, 230), tolerance)
    assert near(picture.pixels[35, 50], (255, 255, 255), tolerance)
    assert (picture.width, picture.height) == (60, 40)


def test_the_content_decides_not_the_ending(tmp_path):
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(encoded(Image.fromarray(corners()), "PNG"))
    assert np.array_equal(images.read(path).pixels, corners())


def test_an_mpo_gives_its_first_picture(tmp_path):
    second = Image.new("RGB", (60, 40), (1, 2, 3))
    path = save(tmp_path / "a.mpo", Image.fromarray(corners()), save_all=True, append_images=[second], quality=95)
    assert near(images.read(path).pixels[5, 5], (250, 10, 20), 6)
    assert near(images.read(path, shortest=10).pixels[8, 12], (255, 255, 255), 6)


@pytest.mark.parametrize(("mode", "value", "wanted"), [
    ("L", 100, (100, 100, 100)), ("1", 255, (255, 255, 255)), ("1", 0, (0, 0, 0)), ("LA", (100, 255), (100, 100, 100)),
    ("LA", (0, 0), (255, 255, 255)), ("RGBA", (200, 0, 0, 0), (255, 255, 255)), ("RGBA", (200, 0, 0, 255), (200, 0, 0)),
    ("RGBA", (200, 0, 0, 128), (227, 127, 127)), ("I;16", 257 * 100, (100, 100, 100)), ("I;16", 65535, (255, 255, 255)),
    ("I;16", 128, (0, 0, 0)), ("I;16", 129, (1, 1, 1))])
def test_every_png_mode_becomes_rgb(tmp_path, mode, value, wanted):
    picture = images.read(save(tmp_path / "a.png", Image.new(mode, (4, 3), value)))
    assert near(picture.pixels[1, 1], wanted, 0)


def test_a_palette_keeps_its_colours_and_its_transparency_is_white(tmp_path):
    image = Image.fromarray(corners()).quantize(8)
    assert near(images.read(save(tmp_path / "a.png", image)).pixels[5, 5], (250, 10, 20), 2)
    index = image.getpixel((5, 5))
    clear = images.read(save(tmp_path / "b.png", image, transparency=index)).pixels
    assert near(clear[5, 5], (255, 255, 255), 0)
    assert near(clear[5, 50], (10, 240, 30), 2)
    alphas = bytes([0 if i == index else 255 for i in range(8)])
    some = images.read(save(tmp_path / "c.png", image, transparency=alphas))
    assert near(some.pixels[5, 5], (255, 255, 255), 0)


def cmyk_jpeg(adobe: bool) -> bytes:
    """C=200 M=50 Y=10 K=20 (0 = no ink), stored inverted as all programs do, with Adobe's marker or without."""
    data = encoded(Image.new("CMYK", (40, 40), (200, 50, 10, 20)), "JPEG", quality=100)
    at = data.index(b"\xff\xee")
    return data if adobe else data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0] :]


@pytest.mark.parametrize("adobe", [True, False])
def test_inverted_cmyk_is_read_with_adobes_marker_and_without(tmp_path, adobe):
    path = tmp_path / "a.jpg"
    path.write_bytes(cmyk_jpeg(adobe))
    wanted = tuple(round((255 - ink) * (255 - 20) / 255) for ink in (200, 50, 10))  # (51, 189, 226)
    assert near(images.read(path).pixels[20, 20], wanted, 4)
    assert near(images.read(path, shortest=8).pixels[4, 4], wanted, 4)


@pytest.mark.parametrize(("array", "wanted"), [
    (np.full((4, 4), 0.5, np.float32), 128), (np.full((4, 4), 100.0, np.float32), 100),
    (np.full((4, 4), 25700.0, np.float32), 100), (np.full((4, 4), np.nan, np.float32), 0),
    (np.full((4, 4), -3.0, np.float32), 0), (np.full((4, 4), 25700, np.int32), 100),
    (np.full((4, 4), 2**30, np.int32), 128), (np.full((4, 4), 25700, np.uint16), 100)])
def test_deep_tiffs_are_scaled_not_clipped(tmp_path, array, wanted):
    picture = images.read(save(tmp_path / "a.tif", Image.fromarray(array)))
    assert near(picture.pixels[2, 2], (wanted,) * 3, 0)


def test_a_16_bit_tiff_whose_white_is_zero_is_turned_over(tmp_path):
    data = encoded(Image.fromarray(np.full((4, 4), 257 * 55, np.uint16)), "TIFF")
    entry = struct.pack("<HHIHH", 262, 3, 1, 1, 0)
    assert data.count(entry) == 1
    path = tmp_path / "a.tif"
    path.write_bytes(data.replace(entry, struct.pack("<HHIHH", 262, 3, 1, 0, 0)))
    assert near(images.read(path).pixels[2, 2], (200, 200, 200), 0)


def test_the_pixels_may_be_written_to_and_lie_in_order(tmp_path):
    pixels = images.read(save(tmp_path / "a.png", Image.fromarray(corners())), box=Box(0.1, 0.1, 0.5, 0.5)).pixels
    assert pixels.flags.writeable and pixels.flags.c_contiguous


# Upright

TURN = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270}
"""How a camera stores an upright scene under each EXIF orientation."""


def stored(orientation: int, kind: str, pixels: Any) -> bytes:
    image = Image.fromarray(pixels)
    image = image.transpose(TURN[orientation]) if orientation in TURN else image
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    return encoded(image, kind, exif=exif, **options)


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


# Crop and scale


@settings(max_examples=60, deadline=None)
@given(x=st.floats(0, 0.999), y=st.floats(0, 0.999), width=st.floats(0.001, 1), height=st.floats(0.001, 1),
       shortest=st.integers(1, 80))
def test_a_box_is_cut_to_whole_pixels_and_never_scaled_up(x, y, width, height, shortest):
    scene = np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8)
    data = encoded(Image.fromarray(scene), "PNG")
    box = Box(x, y, min(width, 1 - x), min(height, 1 - y))
    left, top = min(round(x * 60), 59), min(round(y * 40), 39)
    right, bottom = max(round((x + box.width) * 60), left + 1), max(round((y + box.height) * 40), top + 1)
    cut = images.decode(data, "a", box=box).pixels
    assert np.array_equal(cut, scene[top:bottom, left:right])
    small = images.decode(data, "a", box=box, shortest=shortest).pixels
    assert min(small.shape[:2]) == min(shortest, *cut.shape[:2])
    assert abs(small.shape[0] * cut.shape[1] - small.shape[1] * cut.shape[0]) <= max(cut.shape[:2])


def test_a_rounded_box_that_just_leaves_the_frame_is_clipped(tmp_path):
    path = save(tmp_path / "a.png", Image.fromarray(corners()))
    assert np.array_equal(images.read(path, box=Box(0.5, 0.5, 0.5005, 0.5005)).pixels, corners()[20:, 30:])


@pytest.mark.parametrize(("box", "reason"), [
    (Box(0.5, 0, 0.6, 1), r"x=0\.5 .* reaches outside of the photo"), (Box(-0.1, 0, 0.6, 1), "reaches outside"),
    (Box(0, 0, float("nan"), 1), "no number"), (Box(0, 0, 0, 1), "no area"), (Box(0, 0, 1, -1), "no area")])
def test_a_box_outside_of_the_photo_is_refused(tmp_path, box, reason):
    path = save(tmp_path / "a.png", Image.fromarray(corners()))
    with pytest.raises(PhotoError, match=rf"a\.png: the box .*{reason}|a\.png: .*{reason}"):
        images.read(path, box=box)


def test_a_jpeg_is_scaled_while_decoding_and_stays_true(monkeypatch):
    scene = images.resize(np.random.default_rng(5).integers(0, 256, (30, 40, 3), np.uint8), 1200, 1603)
    data = encoded(Image.fromarray(scene), "JPEG", quality=92)
    wanted = images.resize(images.decode(data, "a").pixels, 100, 134)
    sizes = []
    whole = JpegImageFile.draft
    monkeypatch.setattr(JpegImageFile, "draft",
                        lambda self, mode, size: (whole(self, mode, size), sizes.append(self.size))[0])
    small = images.decode(data, "a", shortest=100).pixels
    assert sizes == [(201, 150)]
    assert small.shape == (100, 134, 3)
    assert np.abs(small.astype(int) - wanted).mean() < 1.0
    part = images.decode(data, "a", box=Box(0.25, 0.25, 0.25, 0.25), shortest=290).pixels
    assert sizes[1:] == [(1603, 1200)] and part.shape == (290, 388, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_inputs_of_nets_are_the_upright_crop_squashed_straight_from_what_was_decoded(orientation):
    scene = images.resize(np.random.default_rng(6).integers(0, 256, (6, 8, 3), np.uint8), 300, 400)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = encoded(Image.fromarray(scene), "JPEG", quality=95, exif=exif)
    box = Box(0.25, 0.1, 0.5, 0.8)
    found = images.decode(data, "a", box=box, sizes=[(32, 48), (64, 20)])
    whole = images.decode(data, "a", box=box).pixels
    assert list(found.inputs) == [(32, 48), (64, 20)]
    assert found.pixels is found.inputs[32, 48]
    for size, pixels in found.inputs.items():
        assert pixels.shape == (*size, 3)
        assert np.abs(pixels.astype(int) - images.resize(whole, *size)).mean() < 4.0
        assert np.abs(pixels.astype(int) - images.resize(whole[::-1], *size)).mean() > 20.0


def test_a_jpeg_is_decoded_once_and_no_smaller_than_any_net_needs_it_in_both_directions(monkeypatch):
    data = encoded(Image.new("RGB", (1600, 1200), (9, 80, 200)), "JPEG")
    sizes = []
    whole = JpegImageFile.draft
    monkeypatch.setattr(JpegImageFile, "draft",
                        lambda self, mode, size: (whole(self, mode, size), sizes.append(self.size))[0])
    images.decode(data, "a", sizes=[(150, 200)])
    images.decode(data, "a", sizes=[(151, 200)])
    images.decode(data, "a", sizes=[(100, 100), (300, 100)])
    images.decode(data, "a", box=Box(0.5, 0.5, 0.25, 0.25), sizes=[(150, 200)])
    images.decode(data, "a", box=Box(0.5, 0.5, 0.125, 0.25), sizes=[(150, 200)])
    assert sizes == [(200, 150), (400, 300), (400, 300), (800, 600)]  # the last one whole: nothing to scale by
    both = images.decode(data, "a", shortest=300, sizes=[(10, 10)])
    assert both.pixels.shape == (300, 400, 3) and both.inputs[10, 10].shape == (10, 10, 3)


def test_a_flat_colour_survives_scaling_exactly(tmp_path):
    path = save(tmp_path / "a.png", Image.new("RGB", (640, 480), (13, 200, 77)))
    assert (images.read(path, shortest=37).pixels == (13, 200, 77)).all()
    assert (images.resize(images.read(path).pixels, 20, 700) == (13, 200, 77)).all()


def test_shortest_below_one_is_refused(tmp_path):
    with pytest.raises(UsageError, match="at least 1 pixel, not 0"):
        images.read(save(tmp_path / "a.png", Image.fromarray(corners())), shortest=0)


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="the camera originals are not on this machine")
def test_camera_originals_look_the_same_when_scaled_while_decoding():
    for path in sorted(ORIGINALS.iterdir())[:2]:
        whole, small = images.read(path), images.read(path, shortest=224)
        a, b = (images.resize(p.pixels, 224, 224).astype(float).ravel() - 128 for p in (whole, small))
        assert a @ b / np.sqrt((a @ a) * (b @ b)) > 0.995
        assert (small.width, small.height) == (whole.width, whole.height) == images.size(path)
        assert small.captured_at == whole.captured_at is not None
        assert whole.camera in ("NIKON D5100", "COOLPIX P610")


# What a file says of itself


def test_a_written_jpeg_gives_back_its_date_camera_and_digest(tmp_path):
    path = tmp_path / "fotó 1.jpg"
    images.write_jpeg(path, corners(), captured_at=datetime(2019, 3, 7, 18, 5, 59, 123), camera="COOLPIX P610")
    picture = images.read(path)
    assert picture.captured_at == datetime(2019, 3, 7, 18, 5, 59)
    assert picture.camera == "COOLPIX P610"
    assert picture.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert near(picture.pixels[5, 5], (250, 10, 20), 12)
    assert [p.name for p in tmp_path.iterdir()] == ["fotó 1.jpg"]


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


# Damage


def test_what_is_wrong_with_a_file_is_named(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(30))
    (tmp_path / "a.nef").write_bytes(encoded(Image.fromarray(corners()), "TIFF"))
    os.mkfifo(tmp_path / "pipe.jpg")
    for name, reason in {"gone.jpg": "does not exist", ".": "is a folder", "empty.jpg": r"is empty \(0 bytes\)",
                         "text.jpg": "is no image; wanted JPEG", "phone.heic": "HEIC", "a.nef": "camera raw file",
                         "pipe.jpg": "is a device or pipe", "text.jpg/x.jpg": "does not exist",
                         "a\0b": "cannot be reached", "x" * 300: "cannot be reached"}.items():
        with pytest.raises(PhotoError, match=reason):
            images.read(tmp_path / name)
        with pytest.raises(PhotoError, match=reason):
            images.size(tmp_path / name)
    with pytest.raises(PhotoError, match=r"upload: is empty \(0 bytes\)"):
        images.decode(b"", "upload")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path):
    path = save(tmp_path / "a.png", Image.fromarray(corners()))
    path.chmod(0)
    with pytest.raises(PhotoError, match=r"a\.png: cannot be read \(Permission denied\)"):
        images.read(path)


def test_a_system_fault_while_opening_is_named(tmp_path, monkeypatch):
    path = save(tmp_path / "a.png", Image.fromarray(corners()))
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PhotoError, match=r"a\.png: cannot be read \(Permission denied\); check its permissions"):
        images.read(path)


@pytest.mark.parametrize("options", [{"format": "JPEG"}, {"format": "JPEG", "progressive": True}, {"format": "PNG"},
                                     {"format": "TIFF"}, {"format": "TIFF", "compression": "tiff_lzw"},
                                     {"format": "WEBP"}, {"format": "BMP"}])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_photo_is_refused(options, kept):
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8))
    out = io.BytesIO()
    noise.save(out, **options)
    data = out.getvalue()[: int(out.tell() * kept)]
    for shortest in (None, 40):
        with pytest.raises(PhotoError, match=r"^card/IMG_1\.JPG: .*(truncated|cannot be decoded).*copy it again"):
            images.decode(data, "card/IMG_1.JPG", shortest=shortest)


def bmp_header(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info


def test_a_gigantic_photo_is_refused_before_it_is_allocated():
    begun = time.perf_counter()
    with pytest.raises(PhotoError, match="has 60000 x 60000 pixels, more than the 300 million"):
        images.decode(bmp_header(60000, 60000), "a.bmp")
    header = bytearray(encoded(Image.new("RGB", (16, 16)), "JPEG"))
    at = header.index(b"\xff\xc0") + 5
    header[at : at + 4] = struct.pack(">HH", 65500, 65500)
    with pytest.raises(PhotoError, match="has 65500 x 65500 pixels"):
        images.decode(bytes(header), "a.jpg")
    tiff = encoded(Image.new("L", (16, 16)), "TIFF")
    for tag in (256, 257):
        tiff = tiff.replace(struct.pack("<HHII", tag, 4, 1, 16), struct.pack("<HHII", tag, 4, 1, 20000))
    with pytest.raises(PhotoError, match="has 20000 x 20000 pixels, more than the 178 million"):
        images.decode(tiff, "a.tif")
    assert time.perf_counter() - begun < 1


def test_a_large_but_allowed_photo_is_decoded_without_a_warning():
    data = encoded(Image.new("1", (10000, 9100)), "PNG")  # above Pillow's own warning at 89 million pixels
    assert (images.decode(data, "a", box=Box(0, 0, 1, 1), shortest=100).pixels == 0).all()


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.truncate(600 * 1024 * 1024)
    with pytest.raises(PhotoError, match="has 600 MB, more than the 512 MB"):
        images.read(path)


def with_true_checksums(png: bytes) -> bytes:
    """A damaged PNG whose chunks pass their checks, so that the decoder behind them meets the damage."""
    out, at = png[:8], 8
    while at + 12 <= len(png):
        length = min(struct.unpack(">I", png[at : at + 4])[0], len(png) - at - 12)
        body = png[at + 4 : at + 8 + length]
        out += struct.pack(">I", length) + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + length
    return out


def test_mutated_files_give_a_picture_or_a_photo_error():
    chance = random.Random(11)
    scene = Image.fromarray(images.resize(corners(), 90, 120))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Model] = "D5100"
    exif[ExifTags.IFD.Exif] = {int(ExifTags.Base.DateTimeOriginal): "2019:03:07 18:05:59"}
    seeds = [encoded(scene, "JPEG", exif=exif), encoded(scene, "JPEG", progressive=True),
             encoded(scene, "PNG", exif=exif), encoded(scene.quantize(16), "PNG"),
             encoded(scene, "TIFF", exif=exif.tobytes()), encoded(scene, "BMP"),
             encoded(scene, "TIFF", compression="tiff_lzw"), encoded(scene, "TIFF", compression="jpeg"),
             encoded(scene, "WEBP", exif=exif), encoded(scene.convert("I;16"), "TIFF"), cmyk_jpeg(True),
             encoded(scene.quantize(16), "BMP")]
    outcomes = {"picture": 0, "refused": 0}
    for turn in range(480):
        data = bytearray(seeds[turn % len(seeds)])
        for _ in range(chance.randint(1, 8)):
            reach = len(data) if chance.random() < 0.5 else min(200, len(data))
            at = chance.randrange(reach)
            data[at : at + chance.choice((1, 1, 1, 4))] = chance.randbytes(chance.choice((0, 1, 1, 4)))
        mutant = with_true_checksums(bytes(data)) if data[:4] == b"\x89PNG" else bytes(data)
        begun = time.perf_counter()
        try:
            picture = images.decode(mutant, "mutant", shortest=chance.choice((None, 20)))
            assert picture.pixels.ndim == 3 and picture.pixels.dtype == np.uint8
            outcomes["picture"] += 1
        except PhotoError as fault:
            assert str(fault).startswith("mutant: ")
            outcomes["refused"] += 1
        assert time.perf_counter() - begun < 5
    assert min(outcomes.values()) > 50


def test_threads_decode_side_by_side_and_leave_the_warning_filters_alone():
    data = encoded(Image.fromarray(corners()), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7fgarbage")
    before, results = list(warnings.filters), []
    def work() -> None:
        results.extend(images.decode(data, "a").width for _ in range(40))
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [60] * 160
    assert warnings.filters == before


# Writing


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
