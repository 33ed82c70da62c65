"""The cache is believed only when it is whole and of this history; without it the answer is the same."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from reid.store import Gallery
from tests.store.search.stock import assert_same, enrolled
from tests.store.stock import NET, Vectors, brute_force, item, unit


def damaged(path: Path, how: str) -> None:
    whole = path.read_bytes()
    at = {"first byte": 0, "middle byte": len(whole) // 2, "last byte": len(whole) - 2}.get(how)
    if at is not None:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x15]) + whole[at + 1 :])
    elif how == "missing":
        path.unlink()
    else:
        path.write_bytes(whole[: len(whole) // 2] if how == "half" else b"")


@pytest.mark.parametrize("how", ["first byte", "middle byte", "last byte", "half", "empty", "missing"])
@pytest.mark.parametrize("end", [".json", ".faiss", ".ids.npy"])
def test_a_damaged_cache_is_built_again(
    gallery: Gallery, end: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    vectors, queries = unit(1, 50), unit(2, 4)
    gallery.enroll("zebra", NET, [item("a", n, vector) for n, vector in enumerate(vectors)])
    gallery.search("zebra", queries, 1)
    gallery.close()
    (path,) = (path for path in gallery.cache_folder.iterdir() if path.name.endswith(end))
    right = path.read_bytes()
    damaged(path, how)
    caplog.set_level(logging.INFO, "reid")
    with Gallery.open(gallery.folder) as again:
        assert_same(again.search("zebra", queries, 9), brute_force(enrolled(vectors), queries, 9))
    assert "building it" in caplog.text
    assert path.read_bytes() == right


def test_without_its_cache_a_gallery_answers_the_same(full: Gallery, vectors: Vectors) -> None:
    queries = unit(2, 4)
    full.search("zebra", queries, 1)
    full.close()
    shutil.rmtree(full.cache_folder)
    with Gallery.open(full.folder) as again:
        assert_same(again.search("zebra", queries, 9), brute_force(enrolled(vectors), queries, 9))


def test_a_cache_of_another_history_is_not_believed(gallery: Gallery) -> None:
    """A backup is put back and other photos are enrolled: same ids, same seq, other animals."""
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    gallery.close()
    catalog = gallery.folder / "catalog.sqlite"
    backup = catalog.read_bytes()
    for seed in (2, 3):
        catalog.write_bytes(backup)
        vector = unit(seed, 1)
        with Gallery.open(gallery.folder) as again:
            assert again.enroll("zebra", NET, [item("b", seed, vector[0])])[0].photo_id == 2
            assert again.search("zebra", vector, 1).scores[0, 0] == pytest.approx(1)


def test_where_the_cache_cannot_be_written_the_answer_is_the_same(full: Gallery, vectors: Vectors) -> None:
    shutil.rmtree(full.cache_folder)
    full.cache_folder.write_bytes(b"a file in its place")
    queries = unit(2, 4)
    assert_same(full.search("zebra", queries, 9), brute_force(enrolled(vectors), queries, 9))
