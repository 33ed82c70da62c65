"""Files broken at random: photographs, tables, bundles, cards. Each is read or refused, soon, writing nothing."""

from __future__ import annotations

import io
import json
import random
import resource
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from PIL import Image

import reid
from reid import images
from reid.errors import GalleryError, ManifestError, NetError, PhotoError, ReidError, UsageError
from reid.formats.readers.photo_lists import read_photos
from reid.nets import net_files
from reid.store import Gallery
from tests.actions.small import made
from tests.store.stock import NET, item, unit

SECONDS = 20.0
"""One file may take so long on a busy machine; what hangs or unpacks a bomb takes longer."""
MEGABYTES = 700
"""So much may the program grow over all of them."""


def broken(data: bytes, chance: random.Random) -> bytes:
    """Bytes turned, cut out, doubled, put in, set to the extremes, or the end lost."""
    found = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 4, 16])):
        at = chance.randrange(max(len(found), 1))
        kind = chance.randrange(6)
        if kind == 0 and found:
            found[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del found[at : at + chance.randrange(1, 64)]
        elif kind == 2:
            found[at:at] = found[at : at + chance.randrange(1, 64)]
        elif kind == 3:
            found[at:at] = chance.randbytes(chance.randrange(1, 16))
        elif kind == 4:
            found[at : at + 4] = chance.choice([b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"9999"])
        else:
            del found[chance.randrange(len(found) // 2 + 1) :]
    return bytes(found)


def photographs() -> Iterator[tuple[str, bytes]]:
    pixels = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    for kind, suffix in (("JPEG", "jpg"), ("PNG", "png"), ("TIFF", "tif"), ("WEBP", "webp"), ("BMP", "bmp")):
        out = io.BytesIO()
        exif = Image.Exif()
        exif[274], exif[306] = 6, "2024:05:01 10:00:00"
        Image.fromarray(pixels).save(out, kind, **({} if kind == "BMP" else {"exif": exif}))
        yield suffix, out.getvalue()


def tables(folder: Path) -> Iterator[tuple[str, bytes]]:
    rows = [("path", "species", "individual", "captured_at", "side", "x", "y", "width", "height")] + [
        (f"photo {n}.jpg", "zebra", f"é{n}", "2024-05-01T10:00:00", "left", "0.1", "0.1", "0.5", "0.5") for n in range(6)
    ]
    yield "csv", "\n".join(",".join(row) for row in rows).encode()
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    yield "xlsx", out.getvalue()
    found = [{"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.5, 0.5]}]
    yield "json", json.dumps({
        "info": {"format_version": "1.4"}, "detection_categories": {"1": "animal"},
        "images": [{"file": f"photo {n}.jpg", "detections": found} for n in range(6)],
    }).encode()
    for n in range(6):
        (folder / f"photo {n}.jpg").write_bytes(next(photographs())[1])


def tried(sources: list[tuple[str, bytes]], folder: Path, count: int, errors: tuple[type[ReidError], ...],
          read: Callable[[Path], object]) -> int:
    """Read so many broken files; how many gave an answer."""
    chance, answered, began = random.Random(11), 0, peak()
    for number in range(count):
        suffix, data = sources[number % len(sources)]
        path = folder / f"fuzzed.{suffix}"
        path.write_bytes(broken(data, chance))
        before, start = sorted(folder.iterdir()), time.monotonic()
        try:
            read(path)
            answered += 1
        except errors as error:
            assert str(error).strip()
        assert time.monotonic() - start < SECONDS, f"file {number} took too long"
        assert sorted(folder.iterdir()) == before, f"file {number} left something"
        path.unlink()
    assert peak() - began < MEGABYTES
    return answered


def peak() -> float:
    """The most memory that this process had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow and openpyxl, on what they skip
def test_broken_photographs_are_read_or_refused(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count = 7000 if request.config.getoption("--campaign") else 300
    answered = tried(list(photographs()), tmp_path, count, (PhotoError,), lambda path: images.read(path, shortest=32))
    assert 0 < answered < count


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_tables_are_read_or_refused(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count = 3000 if request.config.getoption("--campaign") else 120
    answered = tried(list(tables(tmp_path)), tmp_path, count, (ManifestError, UsageError), lambda path: read_photos([path]))
    assert 0 < answered < count


def test_broken_bundles_are_refused_and_leave_no_gallery(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count = 600 if request.config.getoption("--campaign") else 40
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, 32, calibration=None)
        gallery.enroll("zebra", NET, [item("a", n, vector) for n, vector in enumerate(unit(1, 4))])
    (tmp_path / "place").mkdir()
    reid.bundle(tmp_path / "whole.zip", gallery=tmp_path / "g", thumbnails=False)
    whole = (tmp_path / "whole.zip").read_bytes()

    def read(path: Path) -> None:
        reid.unbundle(path, tmp_path / "place" / "new")
        with Gallery.open(tmp_path / "place" / "new") as opened:  # broken where it does not matter: then it is whole
            assert [one.individual for one in opened.photos()] == ["a"] * 4
        raise GalleryError("taken")

    kept: list[Path] = []
    chance = random.Random(4)
    for number in range(count):
        path = tmp_path / "fuzzed.zip"
        path.write_bytes(broken(whole, chance))
        try:
            read(path)
        except GalleryError as error:
            if str(error) == "taken":
                (tmp_path / "place" / "new").rename(tmp_path / f"kept {number}")
                kept.append(tmp_path / f"kept {number}")
        assert list((tmp_path / "place").iterdir()) == [], f"bundle {number} left something"
    assert len(kept) < count / 2


def test_a_bundle_that_unpacks_to_more_than_it_is_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("parcel.json", b" " * 50_000_000)
    began = peak()
    with pytest.raises(GalleryError, match=r"its list parcel\.json is missing, compressed or absurdly large"):
        reid.unbundle(tmp_path / "bomb.zip", tmp_path / "new")
    assert peak() - began < 40 and not (tmp_path / "new").exists()


def test_broken_nets_and_cards_are_refused(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count = 400 if request.config.getoption("--campaign") else 10
    net = made(tmp_path / "nets", 1)
    card, weights, chance = net.with_suffix(".json").read_bytes(), net.read_bytes(), random.Random(9)
    whole, began = net_files.read_card(net), peak()
    for number in range(count):
        net.with_suffix(".json").write_bytes(broken(card, chance) if number % 2 else card)
        net.write_bytes(weights if number % 2 else broken(weights[:4096], chance) + weights[4096:])
        start = time.monotonic()
        try:
            found, _ = net_files.load(net)
            assert found.fingerprint == whole.fingerprint  # what is not in the fingerprint may say anything
        except NetError as error:
            assert str(error).strip()
        assert time.monotonic() - start < SECONDS
    assert peak() - began < MEGABYTES
