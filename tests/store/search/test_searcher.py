from __future__ import annotations

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.errors import ModelMismatch, ShapeError, UsageError
from reid.settings import SearchSettings
from reid.store import Gallery, Where
from tests.store.search.stock import COUNT, assert_same, enrolled
from tests.store.stock import DIMENSION, NET, Vectors, brute_force, digest, item, remove, unit


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
