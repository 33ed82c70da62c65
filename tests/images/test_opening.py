"""Every kind of damage to a photo's file is named, and ends no process."""

from __future__ import annotations

import io
import os
import random
import struct
import threading
import time
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from reid import images
from reid.errors import PhotoError
from reid.records import Box
from tests.images.pictures import cmyk_jpeg, corners, encoded, save


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
