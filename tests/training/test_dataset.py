"""Photos decoded once: the right pixels in the right row, whatever cannot be read left out and told."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from reid import images
from reid.records import Box, Photo
from reid.training import dataset


def files(folder: Path, count: int = 6) -> list[Photo]:
    photos = []
    for number in range(count):
        path = folder / f"{number} ö.png"
        images.write_png(path, np.full((60, 90, 3), 40 * number, np.uint8))
        photos.append(Photo(path, individual=f"n{number}", origin=f"row {number}"))
    return photos


@pytest.mark.parametrize("in_memory", [True, False])
def test_photos_are_decoded_a_little_larger_than_asked_and_bad_ones_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: bool
) -> None:
    if not in_memory:
        monkeypatch.setattr(dataset, "IN_MEMORY_BYTES", 0)
    photos = files(tmp_path)
    photos[2].path.write_bytes(b"broken")
    photos[4].path.unlink()
    done: list[int] = []
    found = dataset.decode(photos, (32, 64), progress=done.append)
    assert found.pixels.shape == (4, 37, 74, 3)
    assert [photo.individual for photo in found.photos] == ["n0", "n1", "n3", "n5"]
    assert found.pixels[:, 20, 30, 0].tolist() == [0, 40, 120, 200]
    assert [(problem.path, problem.origin) for problem in found.problems] == [
        (str(photos[2].path), "row 2"),
        (str(photos[4].path), "row 4"),
    ]
    assert done == [1, 2, 3, 4, 5, 6]


def test_without_a_margin_photos_are_as_a_query_sees_them(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    images.write_png(tmp_path / "one.png", noise)
    found = dataset.decode([Photo(tmp_path / "one.png")], (32, 64), margin=1.0)
    wanted = images.decode(images.content(tmp_path / "one.png"), "one", sizes=[(32, 64)]).pixels
    assert np.array_equal(found.pixels[0], wanted)


def test_many_photos_lie_in_a_mapped_file_that_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = files(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    in_memory = dataset.decode(photos, (32, 32))
    monkeypatch.setattr(dataset, "IN_MEMORY_BYTES", 0)
    mapped = dataset.decode(photos, (32, 32))
    assert isinstance(mapped.pixels, np.memmap)
    assert (mapped.pixels == in_memory.pixels).all()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_only_the_box_is_decoded(tmp_path: Path) -> None:
    pixels = np.zeros((60, 90, 3), np.uint8)
    pixels[:, 45:] = 200
    images.write_png(tmp_path / "a.png", pixels)
    found = dataset.decode([Photo(tmp_path / "a.png", box=Box(0.5, 0.0, 0.5, 1.0))], (32, 32))
    assert np.abs(found.pixels.astype(int) - 200).max() <= 6  # the filter looks one pixel over the edge


def test_exif_fills_the_date_where_the_manifest_has_none(tmp_path: Path) -> None:
    taken = datetime(2023, 4, 5, 6, 7, 8)
    images.write_jpeg(tmp_path / "a.jpg", np.full((60, 90, 3), 99, np.uint8), captured_at=taken)
    said = datetime(2020, 1, 1)
    found = dataset.decode([Photo(tmp_path / "a.jpg"), Photo(tmp_path / "a.jpg", captured_at=said)], (32, 32))
    assert [photo.captured_at for photo in found.photos] == [taken, said]


def test_a_subset_keeps_photos_and_pixels_together(tmp_path: Path) -> None:
    found = dataset.decode(files(tmp_path), (32, 32)).subset([4, 1])
    assert [photo.individual for photo in found.photos] == ["n4", "n1"]
    assert found.pixels[:, 0, 0, 0].tolist() == [160, 40]
    assert found.subset([]).pixels.shape == (0, 37, 37, 3)


def test_a_subset_shares_the_pixels(tmp_path: Path) -> None:
    found = dataset.decode(files(tmp_path), (32, 32))
    assert np.shares_memory(found.subset([4, 1]).subset([1]).store, found.store)
    assert found.subset([4, 1]).subset([1]).pixels[:, 0, 0, 0].tolist() == [40]


def test_a_disk_without_room_leaves_the_photos_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dataset, "IN_MEMORY_BYTES", 0)
    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    found = dataset.decode(files(tmp_path), (32, 32))
    assert not isinstance(found.store, np.memmap)
    assert found.pixels[:, 0, 0, 0].tolist() == [0, 40, 80, 120, 160, 200]


def test_no_photos_are_no_problem() -> None:
    found = dataset.decode([], (32, 32))
    assert (found.photos, found.pixels.shape, found.problems) == ((), (0, 37, 37, 3), ())


def test_a_part_of_photos_that_lie_in_a_file_lies_in_a_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dataset.decode(files(tmp_path), (32, 64))
    monkeypatch.setattr(dataset, "IN_MEMORY_BYTES", 0)
    mapped = dataset.decode(files(tmp_path), (32, 64)).subset([4, 1, 1])
    assert isinstance(mapped.store, np.memmap)
    assert np.array_equal(mapped.pixels, whole.pixels[[4, 1, 1]])
    assert np.array_equal(mapped.subset([2, 0]).take([1]), whole.pixels[[4]])
    assert [photo.individual for photo in mapped.photos] == ["n4", "n1", "n1"]
    assert mapped.subset([]).pixels.shape == (0, 37, 74, 3)
