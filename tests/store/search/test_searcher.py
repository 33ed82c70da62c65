from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.errors import ModelMismatch, ShapeError, UsageError
from reid.settings import SearchSettings
from reid.store import EnrolledPhoto, Found, Gallery, Where
from tests.store.stock import DIMENSION, NET, Vectors, brute_force, digest, item, remove, unit

COUNT = 400


@pytest.fixture
def vectors() -> Vectors:
    """Some of them equal, so that ties are met."""
    found = unit(1, COUNT)
    found[100:130] = found[7]
    return found


@pytest.fixture
def full(gallery: Gallery, vectors: Vectors) -> Gallery:
    gallery.enroll("zebra", NET, [
        item(
            f"animal {n % 40}", n, vectors[n], side=("left", "right", "")[n % 3], season=f"{2020 + n % 4}",
            encounter=f"e{n // 5}" if n % 2 else "", camera=f"c{n % 5}",
            captured_at=datetime(2024, 1 + n % 12, 1 + n % 28) if n % 7 else None,
        )
        for n in range(COUNT)
    ])
    return gallery


def assert_same(found: Found, expected: tuple[Vectors, np.ndarray]) -> None:
    np.testing.assert_array_equal(found.photo_ids, expected[1])
    np.testing.assert_array_equal(found.scores, expected[0])
    assert (found.scores.dtype, found.photo_ids.dtype) == (np.float32, np.int64)


def enrolled(vectors: Vectors) -> dict[int, Vectors]:
    return {n + 1: vector for n, vector in enumerate(vectors)}


@pytest.mark.parametrize("k", [1, 10, 25, COUNT, COUNT + 5])
def test_the_answer_is_that_of_brute_force_number_by_number(full: Gallery, vectors: Vectors, k: int) -> None:
    queries = np.concatenate([unit(2, 40), vectors[:10]])
    assert_same(full.search("zebra", queries, k), brute_force(enrolled(vectors), queries, k))


def test_a_query_has_one_answer_alone_and_in_a_batch(full: Gallery) -> None:
    queries = unit(3, 64)
    batch = full.search("zebra", queries, 10)
    for at in range(64):
        alone = full.search("zebra", queries[at : at + 1], 10)
        np.testing.assert_array_equal(alone.scores[0], batch.scores[at])
        np.testing.assert_array_equal(alone.photo_ids[0], batch.photo_ids[at])


FILTERS: dict[str, tuple[Where, Callable[[EnrolledPhoto], bool]]] = {
    "side": (Where(side="left"), lambda p: p.side in ("left", "")),
    "individuals": (
        Where(individuals=frozenset({"animal 3", "animal 9"})), lambda p: p.individual in ("animal 3", "animal 9")
    ),
    "no individual": (Where(individuals=frozenset()), lambda p: False),
    "seasons": (Where(seasons=frozenset({"2021", "1999"})), lambda p: p.season == "2021"),
    "cameras": (Where(cameras=frozenset({"c1", "c2"})), lambda p: p.camera in ("c1", "c2")),
    "after": (
        Where(after=datetime(2024, 6, 6)), lambda p: p.captured_at is not None and p.captured_at >= datetime(2024, 6, 6)
    ),
    "before": (
        Where(before=datetime(2024, 6, 6)), lambda p: p.captured_at is not None and p.captured_at < datetime(2024, 6, 6)
    ),
    "photos": (Where(exclude_sha256=frozenset({digest(7), digest(8), "x"})), lambda p: p.id not in (8, 9)),
    "encounters": (Where(exclude_encounters=frozenset({"e3", ""})), lambda p: p.encounter != "e3"),
    "all of it": (
        Where("right", None, frozenset({"2020", "2021"}), None, datetime(2024, 2, 1), datetime(2024, 12, 1),
              frozenset({digest(1)}), frozenset({"e5"})),
        lambda p: p.side in ("right", "") and p.season in ("2020", "2021") and p.captured_at is not None
        and datetime(2024, 2, 1) <= p.captured_at < datetime(2024, 12, 1) and p.id != 2 and p.encounter != "e5",
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_is_obeyed_number_by_number(full: Gallery, vectors: Vectors, name: str) -> None:
    where, passes = FILTERS[name]
    left = {photo.id: vectors[photo.id - 1] for photo in full.photos() if passes(photo)}
    queries = np.concatenate([unit(2, 8), vectors[:4]])
    for k in (1, 10, 150):
        assert_same(full.search("zebra", queries, k, where=where), brute_force(left, queries, k))
    more = unit(9, 2)
    told = full.enroll("zebra", NET, [item("animal 3", f"new {n}", v, side="left") for n, v in enumerate(more)])
    left |= {one.photo_id: v for one, v in zip(told, more, strict=True) if passes(full.photo(one.photo_id))}
    assert_same(full.search("zebra", queries, 10, where=where), brute_force(left, queries, 10))


def test_a_bound_in_time_is_read_off_the_cameras_clock(gallery: Gallery) -> None:
    taken = datetime.fromisoformat("2024-05-01T10:00:00.5+02:00")
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0], captured_at=taken)])
    assert gallery.photo(1).captured_at == taken
    for where, found in (
        (Where(after=datetime(2024, 5, 1, 10, 0, 0, 500_000)), 1), (Where(after=datetime(2024, 5, 1, 10, 0, 1)), -1),
        (Where(after=datetime(2024, 5, 1, 10, 0, 0, 600_000)), -1),
        (Where(before=datetime(2024, 5, 1, 10, 0, 0, 600_000)), 1),
        (Where(before=datetime(2024, 5, 1, 10, 0, 0, 500_000)), -1), (Where(before=datetime(2024, 5, 1, 10, 0, 1)), 1),
    ):
        assert gallery.search("zebra", unit(1, 1), 1, where=where).photo_ids.tolist() == [[found]]


def test_photos_enrolled_and_removed_since_the_index_was_made_count(full: Gallery, vectors: Vectors) -> None:
    queries, state = unit(2, 8), enrolled(vectors)
    full.search("zebra", queries, 1)
    for n, vector in enumerate(unit(4, 20)):
        full.enroll("zebra", NET, [item("late", f"late {n}", vector)])
        state[COUNT + 1 + n] = vector
    assert_same(full.search("zebra", queries, 30), brute_force(state, queries, 30))
    gone = [1, 50, 108, COUNT + 3, COUNT + 20]
    remove(full.folder, gone)
    state = {number: vector for number, vector in state.items() if number not in gone}
    assert_same(full.search("zebra", queries, 30), brute_force(state, queries, 30))
    full.close()
    with Gallery.open(full.folder) as again:
        assert_same(again.search("zebra", queries, 30), brute_force(state, queries, 30))


def names_in(cache: Path) -> set[str]:
    return {path.name.removeprefix("zebra-f0e1d2c3f0e1d2c3") for path in cache.iterdir()}


def test_the_index_is_written_anew_when_much_has_changed(full: Gallery) -> None:
    full.close()
    with Gallery.open(full.folder, search=SearchSettings(rewrite_photos=10)) as again:
        state, queries = dict(zip(*again.vectors("zebra"), strict=True)), unit(2, 3)
        again.search("zebra", queries, 1)
        again.settle()
        first = names_in(full.cache_folder)
        extra = unit(5, 30)
        for start in (0, 15):
            again.enroll("zebra", NET, [item("late", f"late {n}", extra[n]) for n in range(start, start + 15)])
            state |= {COUNT + 1 + n: extra[n] for n in range(start, start + 15)}
            assert_same(again.search("zebra", queries, 50), brute_force(state, queries, 50))
            again.settle()
            assert names_in(full.cache_folder) == first
        remove(full.folder, range(1, 12))
        state = {number: vector for number, vector in state.items() if number > 11}
        assert_same(again.search("zebra", queries, 50), brute_force(state, queries, 50))
        again.settle()
        assert first == {".json", ".2.faiss", ".2.ids.npy", ".2.facts.npz"}
        assert names_in(full.cache_folder) == {".json", ".5.faiss", ".5.ids.npy", ".5.facts.npz"}
        assert_same(again.search("zebra", queries, 50), brute_force(state, queries, 50))


def test_a_collapsed_net_still_gives_the_lowest_ids(gallery: Gallery) -> None:
    same = unit(1, 1)
    gallery.enroll("zebra", NET, [item("a", n, same[0]) for n in range(300)])
    found = gallery.search("zebra", same, 5)
    assert found.photo_ids.tolist() == [[1, 2, 3, 4, 5]]


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


def test_species_whose_names_look_alike_as_files_keep_apart(gallery: Gallery) -> None:
    first, second = unit(1, 1), unit(2, 1)
    for name, vector in (("a/b", first), ("a:b", second)):
        gallery.set_embedding_net(name, NET, DIMENSION, calibration=None)
        gallery.enroll(name, NET, [item("x", 1, vector[0])])
    for _ in range(2):
        with Gallery.open(gallery.folder) as opened:
            assert opened.search("a/b", first, 1).scores[0, 0] == pytest.approx(1)
            assert opened.search("a:b", second, 1).scores[0, 0] == pytest.approx(1)
    assert len(list(gallery.cache_folder.glob("*.faiss"))) == 2


def test_a_search_that_cannot_be_meant_is_told(full: Gallery) -> None:
    with pytest.raises(UsageError, match=r"has no species 'lion' \(it has: zebra\)"):
        full.search("lion", unit(1, 1), 1)
    with pytest.raises(UsageError, match="asked for the 0 most alike"):
        full.search("zebra", unit(1, 1), 0)
    with pytest.raises(ShapeError, match=r"queries must be \(Q, D\) float32, met shape \(32,\)"):
        full.search("zebra", unit(1, 1)[0], 1)
    with pytest.raises(ShapeError, match="finite and of length 1"):
        full.search("zebra", unit(1, 1) * 2, 1)
    with pytest.raises(ModelMismatch, match=r"the query has 8 numbers, net .* makes 32"):
        full.search("zebra", unit(1, 1, 8), 1)


def test_no_query_and_no_photo_give_empty_answers(gallery: Gallery) -> None:
    assert gallery.search("zebra", np.empty((0, DIMENSION), np.float32), 3).photo_ids.shape == (0, 3)
    found = gallery.search("zebra", unit(1, 2), 3)
    assert found.photo_ids.tolist() == [[-1] * 3] * 2
    assert found.scores.tolist() == [[-np.inf] * 3] * 2
    assert list(gallery.cache_folder.iterdir()) == []


def test_threads_share_one_gallery(full: Gallery, vectors: Vectors) -> None:
    queries, state = unit(2, 12), enrolled(vectors)
    expected = brute_force(state, queries, 5)
    far = -queries.mean(axis=0) / np.linalg.norm(queries.mean(axis=0))

    def work(n: int) -> None:
        if n % 4 == 0:
            full.enroll("zebra", NET, [item("late", f"late {n}", far.astype(np.float32))])
        found = full.search("zebra", queries[n : n + 1], 5, where=Where(individuals=None if n % 3 else ANIMALS))
        assert_same(found, (expected[0][n : n + 1], expected[1][n : n + 1]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(12)))
    assert full.species()[0].photos == COUNT + 3


ANIMALS = frozenset(f"animal {n}" for n in range(40))
CORNERS = np.concatenate([np.eye(4), -np.eye(4), np.full((1, 4), 0.5), np.full((1, 4), -0.5)]).astype(np.float32)
"""Few different vectors with exact products: nearly everything is a tie."""
PHOTO = st.tuples(st.integers(0, 11), st.integers(0, 3), st.integers(0, 9))
SEARCH = st.tuples(st.integers(1, 14), st.sampled_from(["", "left", "right"]), st.sets(st.integers(0, 11), max_size=3))
STEP = st.one_of(
    st.tuples(st.just("enroll"), st.lists(PHOTO, max_size=6)), st.tuples(st.just("search"), SEARCH),
    st.tuples(st.just("reopen"), st.booleans()),
)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEP, min_size=2, max_size=8))
def test_enrolling_and_searching_do_what_a_plain_list_does(steps: list[tuple[str, object]]) -> None:
    model: dict[int, tuple[int, int, int]] = {}  # photo id -> content, individual, vector
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "g"
        gallery = Gallery.open(folder, create=True)
        try:
            gallery.set_embedding_net("zebra", "corners", 4, calibration=None)
            for verb, what in steps:
                if verb == "enroll":
                    _enroll_both(gallery, model, what)  # type: ignore[arg-type]
                elif verb == "search":
                    _search_both(gallery, model, *what)  # type: ignore[misc]
                else:
                    gallery.close()
                    if what:
                        shutil.rmtree(folder / "cache")
                    gallery = Gallery.open(folder)
            _search_both(gallery, model, 14, "", set())
            told = json.loads((folder / "gallery.json").read_text("utf-8"))["counts"]
            assert told == {"species": 1, "individuals": len({one[1] for one in model.values()}), "photos": len(model)}
        finally:
            gallery.close()


def _enroll_both(gallery: Gallery, model: dict[int, tuple[int, int, int]], batch: list[tuple[int, int, int]]) -> None:
    told = gallery.enroll("zebra", "corners", [
        item(f"animal {who}", what, CORNERS[vector], side=("left", "right", "")[what % 3])
        for what, who, vector in batch
    ])
    for (what, who, vector), one in zip(batch, told, strict=True):
        there = [(number, facts) for number, facts in model.items() if facts[0] == what]
        if there:
            number, facts = there[0]
            status = "already" if facts[1] == who else "conflict"
            assert (one.photo_id, one.individual, one.status) == (number, f"animal {facts[1]}", status)
        else:
            assert (one.individual, one.status) == (f"animal {who}", "added")
            assert one.photo_id == max(model, default=0) + 1
            model[one.photo_id] = (what, who, vector)


def _search_both(
    gallery: Gallery, model: dict[int, tuple[int, int, int]], k: int, side: str, excluded: set[int]
) -> None:
    left = {
        number: CORNERS[vector] for number, (what, _, vector) in model.items()
        if what not in excluded and (not side or ("left", "right", "")[what % 3] in (side, ""))
    }
    where = Where(side=side, exclude_sha256=frozenset(map(digest, excluded)))
    assert_same(gallery.search("zebra", CORNERS, k, where=where), brute_force(left, CORNERS, k))
