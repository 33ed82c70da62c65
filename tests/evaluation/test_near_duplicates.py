"""Near-duplicates: the same picture in other clothes is found, another picture is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reid import images, synthetic
from reid.evaluation.near_duplicates import NEAR_BITS as NEAR
from reid.evaluation.near_duplicates import Audit, NearDuplicate, Pictures, audit, picture_bits
from reid.records import Box, Photo


@pytest.fixture(scope="module")
def scenes() -> list[np.ndarray]:
    """Two photos of each of two encounters of four zebras."""
    found = synthetic.draw_season(
        ["zebra"], range(4), season=0, encounters=2, photos_per_encounter=2, width=240, height=160, seed=5
    )
    return [pixels for _, pixels in found]


def apart(one: np.ndarray, other: np.ndarray) -> int:
    return int((picture_bits(one) != picture_bits(other)).sum())


def test_a_picture_scaled_or_compressed_or_a_little_brighter_is_near(scenes):
    for pixels in scenes[::5]:
        small = images.resize(pixels, 80, 120)
        rough = images.decode(images.jpeg_bytes(pixels, quality=40), "rough").pixels
        bright = np.clip(pixels.astype(np.float32) * 1.1, 0, 255).astype(np.uint8)
        assert max(apart(pixels, small), apart(pixels, rough), apart(pixels, bright)) <= NEAR


def test_photos_of_other_animals_are_not_near(scenes):
    pairs = [apart(one, other) for row, one in enumerate(scenes) for other in scenes[row // 4 * 4 + 4 :]]
    assert len(pairs) == 96 and min(pairs) > NEAR


def test_the_bits_tell_whether_it_grows_lighter_to_the_right():
    ramp = np.broadcast_to(np.arange(0, 180, dtype=np.uint8)[None, :, None], (90, 180, 3))
    assert picture_bits(np.ascontiguousarray(ramp)).all()
    assert not picture_bits(np.ascontiguousarray(ramp[:, ::-1])).any()


def pictures(*rows: tuple[str, str, str, int], box: Box | None = None) -> Pictures:
    """(path, individual, sha256, how many bits are set) of each."""
    photos = [Photo(Path(path), "zebra", name, box=box) for path, name, _, _ in rows]
    bits = np.stack([np.arange(64) < count for *_, count in rows])
    return Pictures(photos, [sha for _, _, sha, _ in rows], bits)


def test_queries_and_gallery_are_compared_pair_by_pair():
    queries = pictures(("q1", "a", "s1", 10), ("q2", "b", "s2", 40), ("q3", "c", "s3", 60))
    gallery = pictures(("g1", "a", "s1", 10), ("g2", "a", "t", 10 + NEAR), ("g3", "x", "u", 41), ("g4", "c", "v", 60 - NEAR - 1))
    found, having = audit(queries, gallery)
    assert having.tolist() == [True, True, False]
    assert found == Audit(
        3,
        1,
        2,
        1,
        (
            NearDuplicate("q1", "g1", "a", "a", 0, True),
            NearDuplicate("q2", "g3", "b", "x", 1, False),
            NearDuplicate("q1", "g2", "a", "a", NEAR, False),
        ),
    )


def test_a_photo_is_no_duplicate_of_itself_and_a_pair_of_one_set_counts_once():
    same = pictures(("one", "a", "s", 3), ("two", "a", "s", 3), ("three", "b", "t", 30))
    found, having = audit(same, same)
    assert having.tolist() == [True, True, False]
    assert [(pair.query, pair.photo, pair.same_file) for pair in found.listed] == [("one", "two", True)]
    assert (found.pairs, found.queries) == (1, 2)


def test_the_same_file_with_another_box_is_another_picture():
    whole, cut = pictures(("one", "a", "s", 3)), pictures(("one", "a", "s", 4), box=Box(0, 0, 0.5, 0.5))
    assert audit(whole, cut)[0].same_file == 1
    assert audit(whole, whole)[0].pairs == 0
