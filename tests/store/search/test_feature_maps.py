"""Kept feature maps: what was put in comes out, of the same photo only; a damaged file is begun anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.records import Box
from reid.store import MapCache
from tests.steps.stock import enrolled_photo

PHOTOS = [enrolled_photo(number, f"animal-{number}", number) for number in (1, 2, 3)]
MAPS = {photo.id: np.random.default_rng(photo.id).standard_normal((3, 4, 5)).astype(np.float32) for photo in PHOTOS}


def test_maps_come_back_in_half_precision(tmp_path: Path) -> None:
    MapCache(tmp_path / "é.maps").put(PHOTOS, {1: MAPS[1], 3: MAPS[3]})
    found = MapCache(tmp_path / "é.maps").get(PHOTOS)
    assert sorted(found) == [1, 3]
    for number, one in found.items():
        assert one.dtype == np.float32
        assert np.array_equal(one, MAPS[number].astype(np.float16).astype(np.float32))


def test_the_map_of_another_content_or_box_under_the_same_id_is_not_given(tmp_path: Path) -> None:
    cache = MapCache(tmp_path / "maps")
    cache.put(PHOTOS, MAPS)
    other = replace(PHOTOS[0], sha256="0" * 64)
    boxed = replace(PHOTOS[1], box=Box(0, 0, 5, 5))
    assert cache.get([other, boxed, PHOTOS[2]]).keys() == {3}
    cache.put([other], {1: MAPS[2]})
    assert cache.get(PHOTOS).keys() == {2, 3}


def test_a_cache_that_is_not_there_is_empty_and_is_not_made_by_asking(tmp_path: Path) -> None:
    assert MapCache(tmp_path / "maps").get(PHOTOS) == {}
    MapCache(tmp_path / "maps").put(PHOTOS, {})
    assert not (tmp_path / "maps").exists()


def test_a_damaged_file_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "maps").write_bytes(b"no database at all" * 100)
    cache = MapCache(tmp_path / "maps")
    assert cache.get(PHOTOS) == {}
    assert "is damaged" in caplog.text
    cache.put(PHOTOS, MAPS)
    assert cache.get(PHOTOS).keys() == {1, 2, 3}


def test_a_map_of_which_one_bit_turned_over_is_not_given(tmp_path: Path) -> None:
    cache = MapCache(tmp_path / "maps")
    cache.put(PHOTOS, MAPS)
    data = (tmp_path / "maps").read_bytes()
    at = data.index(MAPS[2].astype(np.float16).tobytes()) + 7
    (tmp_path / "maps").write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
    assert cache.get(PHOTOS).keys() == {1, 3}


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    cache = MapCache(tmp_path / "no such folder" / "maps")
    cache.put(PHOTOS, MAPS)
    assert cache.get(PHOTOS) == {}
