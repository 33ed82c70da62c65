"""Decoded photos kept on disk: the same pixels the second time, never another photo's, never a damaged one."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime
from io import FileIO
from pathlib import Path

import numpy as np
import pytest

from reid import images
from reid.records import Box, Photo
from reid.training import dataset, photo_cache
from reid.training.photo_cache import PhotoCache, key_of

SIZE = (6, 5)


@pytest.fixture
def opened() -> Iterator[Callable[..., PhotoCache]]:
    """Caches that are closed when the test is over."""
    with ExitStack() as stack:
        yield lambda *given: stack.enter_context(closing(PhotoCache(*given)))


def key(number: int) -> bytes:
    return key_of(str(number).encode(), Photo(Path("a.jpg")))


def picture(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def read(cache: PhotoCache, number: int) -> tuple[np.ndarray, object]:
    room = np.zeros((*SIZE, 3), np.uint8)
    return room, cache.get(key(number), room)


def photos(folder: Path) -> list[Photo]:
    taken = datetime(2023, 4, 5, 6, 7, 8)
    for number in range(4):
        pixels = np.full((60, 90, 3), 40 * number, np.uint8)
        images.write_jpeg(folder / f"{number}.jpg", pixels, captured_at=taken, camera="South 1")
    return [Photo(folder / f"{number}.jpg", individual=f"n{number}") for number in range(4)]


def test_what_was_put_in_comes_out_with_its_facts_also_in_the_next_process(
    tmp_path: Path, opened: Callable[..., PhotoCache]
) -> None:
    facts = datetime(2024, 5, 6, 7, 8, 9), "Nord ö"
    cache = opened(tmp_path, SIZE, 10)
    for number in range(10):
        cache.put(key(number), picture(number), facts if number else (None, ""))
    cache.close()
    again = opened(tmp_path, SIZE, 10)
    for number in range(10):
        found, told = read(again, number)
        assert told == (facts if number else (None, ""))
        assert np.array_equal(found, picture(number))
    assert read(again, 11)[1] is None


def test_the_file_never_grows_and_a_photo_that_was_overwritten_is_not_there(
    tmp_path: Path, opened: Callable[..., PhotoCache]
) -> None:
    cache = opened(tmp_path, SIZE, 4)
    (path,) = tmp_path.iterdir()
    before = path.stat().st_size
    for number in range(200):
        cache.put(key(number), picture(number), (None, ""))
        assert np.array_equal(read(cache, number)[0], picture(number))
    found = [number for number in range(200) if read(cache, number)[1] is not None]
    assert all(np.array_equal(read(cache, number)[0], picture(number)) for number in found)
    assert 1 <= len(found) <= 8
    assert path.stat().st_size == before


def test_a_damaged_photo_is_not_there(
    tmp_path: Path, opened: Callable[..., PhotoCache]
) -> None:
    cache = opened(tmp_path, SIZE, 1)
    cache.put(key(1), picture(1), (None, ""))
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    at = whole.index(picture(1).tobytes()) + 10
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert read(cache, 1)[1] is None
    path.write_bytes(whole[: at + 1])
    assert read(cache, 1)[1] is None


def test_the_key_is_of_content_and_box() -> None:
    whole, part = Photo(Path("a.jpg")), Photo(Path("a.jpg"), box=Box(0.0, 0.0, 0.5, 1.0))
    keys = {key_of(b"one", whole), key_of(b"two", whole), key_of(b"one", part)}
    assert len(keys) == 3
    assert key_of(b"one", Photo(Path("elsewhere.jpg"))) in keys


def test_the_second_training_decodes_nothing_and_learns_from_the_same_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = dataset.decode(photos(tmp_path), (32, 32))
    (tmp_path / "cache").mkdir()
    first = dataset.decode(photos(tmp_path), (32, 32), cache=tmp_path / "cache")
    monkeypatch.setattr(images, "decode", None)
    second = dataset.decode(photos(tmp_path), (32, 32), cache=tmp_path / "cache")
    for one in (first, second):
        assert np.array_equal(one.pixels, plain.pixels)
        assert one.photos == plain.photos
    assert second.photos[0].camera == "South 1"


def test_a_photo_that_changed_under_its_name_is_decoded_anew(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    given = photos(tmp_path)
    dataset.decode(given, (32, 32), cache=tmp_path / "cache")
    images.write_jpeg(given[0].path, np.full((60, 90, 3), 222, np.uint8))
    found = dataset.decode(given, (32, 32), cache=tmp_path / "cache")
    assert abs(int(found.pixels[0, 10, 10, 0]) - 222) <= 1


@pytest.mark.parametrize("why", ["no folder", "a full disk", "no room worth having"])
def test_without_a_place_to_keep_them_photos_are_decoded_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    cache = tmp_path / "cache"
    if why != "no folder":
        cache.mkdir()
    if why == "a full disk":
        monkeypatch.setattr(shutil, "disk_usage", lambda path: type("", (), {"free": 0}))
    if why == "no room worth having":
        monkeypatch.setattr(photo_cache, "MOST_BYTES", 100)
    found = dataset.decode(photos(tmp_path), (32, 32), cache=cache)
    assert found.pixels[:, 5, 5, 0].tolist() == [0, 40, 80, 120]
    assert not cache.exists() or list(cache.iterdir()) == []


class Full(FileIO):
    """The disk fills while a photo is written."""

    began = threading.Event()
    go_on = threading.Event()

    def write(self, content: object, /) -> int:
        """Tell that it has begun, wait, fail."""
        self.began.set()
        assert self.go_on.wait(10)
        raise OSError(28, "No space left on device")


def test_a_disk_that_fills_while_photos_are_kept_disturbs_no_thread_and_the_file_is_let_go(tmp_path: Path) -> None:
    cache = PhotoCache(tmp_path, SIZE, 8)
    (path,) = tmp_path.iterdir()
    cache.close()
    cache._file = file = Full(path, "r+")
    with ThreadPoolExecutor(2) as pool:
        kept = pool.submit(cache.put, key(1), picture(1), (None, ""))
        assert file.began.wait(10)
        asked = pool.submit(read, cache, 2)
        time.sleep(0.1)  # it waits for its turn by now
        file.go_on.set()
        assert (kept.result(10), asked.result(10)[1]) == (None, None)
    assert file.closed
    cache.put(key(3), picture(3), (None, ""))
    assert read(cache, 3)[1] is None


def test_a_file_that_is_much_too_small_is_made_anew_and_one_that_is_large_enough_stays(
    tmp_path: Path, opened: Callable[..., PhotoCache]
) -> None:
    cache = opened(tmp_path, SIZE, 8)
    cache.put(key(1), picture(1), (None, ""))
    cache.close()
    assert read(opened(tmp_path, SIZE, 12), 1)[1] is not None
    assert read(opened(tmp_path, SIZE, 100), 1)[1] is None
