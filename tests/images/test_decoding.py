"""Photos as pixels: every kind of file gives the same colours, upright, cropped and scaled."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile

from reid import images
from reid.errors import PhotoError, UsageError
from reid.records import Box
from tests.images.pictures import cmyk_jpeg, corners, encoded, near, save

ORIGINALS = Path(__file__).parents[2] / "../shared/data/originals"


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
