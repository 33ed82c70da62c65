"""Many photos are searched by codes with an exact re-rank; what the cache holds is checked, replaced and shared."""

from __future__ import annotations

import json
import logging
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.settings import SearchSettings
from reid.store import Found, Gallery, Where
from reid.store.search import faiss_files
from reid.store.search.cache_files import locked
from tests.store.stock import NET, Vectors, brute_force, item, remove, unit

SIDES = ("left", "right", "")
BY_CODES = SearchSettings(exact_numbers=1, candidates=16, probes=64, rewrite_photos=20)
"""Everything is quantised, and codes are used from 129 photos that pass on."""
EXACT = SearchSettings(rewrite_photos=20)


def alike(seed: int, count: int, dimension: int = 64) -> Vectors:
    """Photos of count // 8 individuals: eight views of each, a falling spectrum."""
    rng = np.random.default_rng(seed)
    spectrum = (1 + np.arange(dimension)) ** -0.5
    animals = rng.standard_normal((max(count // 8, 1), dimension)) * spectrum
    animals /= np.linalg.norm(animals, axis=1, keepdims=True)
    spectrum /= np.linalg.norm(spectrum)
    found = animals[np.arange(count) // 8 % len(animals)] + 0.6 * spectrum * rng.standard_normal((count, dimension))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def made(folder: Path, vectors: Vectors, search: SearchSettings, first: int = 0) -> Gallery:
    gallery = Gallery.open(folder, create=True, search=search)
    gallery.set_embedding_net("zebra", NET, vectors.shape[1], calibration=None)
    enroll(gallery, vectors, first)
    gallery.search("zebra", vectors[:1], 1)
    gallery.settle()
    return gallery


def enroll(gallery: Gallery, vectors: Vectors, first: int) -> None:
    gallery.enroll("zebra", NET, [
        item(f"animal {n // 8}", n, vector, side=SIDES[n % 3], season=f"{2020 + n % 4}", camera=f"c{n % 5}")
        for n, vector in enumerate(vectors, first)
    ])


def reopened(gallery: Gallery, search: SearchSettings) -> Gallery:
    gallery.close()
    return Gallery.open(gallery.folder, search=search)


def ends(gallery: Gallery) -> set[str]:
    return {path.name.split(".", 2)[-1] for path in gallery.cache_folder.glob("zebra*.*")}


def same_first(found: Found, state: dict[int, Vectors], queries: Vectors) -> float:
    """The share of queries whose first answer is that of brute force; scores must be exact, ids live, order falling."""
    for ids, scores, query in zip(found.photo_ids, found.scores, queries, strict=True):
        held = ids[ids >= 0]
        assert set(held.tolist()) <= set(state)
        exact = [np.float32(state[number].astype(np.float64) @ query.astype(np.float64)) for number in held.tolist()]
        np.testing.assert_array_equal(scores[ids >= 0], np.array(exact, np.float32))
        assert np.lexsort((held, -scores[ids >= 0])).tolist() == list(range(len(held)))
    expected = brute_force(state, queries, 1)[1]
    return float((found.photo_ids[:, 0] == expected[:, 0]).mean())


@pytest.fixture
def coded(folder: Path) -> Iterator[Gallery]:
    with made(folder, alike(1, 1200), BY_CODES) as gallery:
        yield gallery


def test_many_photos_are_searched_by_codes_and_few_by_every_vector(coded: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ends(coded) == {"json", "faiss", "ids.npy", "facts.npz", "sums.npy", "codes.faiss"}
    asked: list[int] = []
    plain = faiss_files.Codes.candidates
    monkeypatch.setattr(faiss_files.Codes, "candidates", lambda *a: (asked.append(1), plain(*a))[1])
    vectors, queries = alike(1, 1200), alike(1, 1200)[::100]
    state = dict(enumerate(vectors, 1))
    assert same_first(coded.search("zebra", queries, 2), state, queries) == 1.0
    assert len(asked) == len(queries)
    few = Where(seasons=frozenset({"2020"}), cameras=frozenset({"c0"}))
    left = {n: v for n, v in state.items() if (n - 1) % 20 == 0}
    np.testing.assert_array_equal(coded.search("zebra", queries, 5, where=few).photo_ids, brute_force(left, queries, 5)[1])
    every = coded.search("zebra", queries[:2], 1200)
    np.testing.assert_array_equal(every.photo_ids, brute_force(state, queries[:2], 1200)[1])
    assert len(asked) == len(queries)


def test_the_quantised_tier_finds_the_first_of_all_but_one_in_a_thousand(folder: Path) -> None:
    """20,000 photos of 2,500 look-alike individuals, with the settings that reid comes with."""
    search = SearchSettings(exact_numbers=1)
    vectors, queries = alike(3, 20_000, 128), alike(3, 21_000, 128)[:1000]
    gallery = made(folder, vectors[:19_000], search)
    with gallery:
        enroll(gallery, vectors[19_000:], 19_000)
        remove(gallery.folder, range(1, 20_000, 40))
        state = {n: v for n, v in enumerate(vectors, 1) if n % 40 != 1 or n >= 20_000}
        noisy = queries + 0.03 * unit(4, 1000, 128)
        noisy = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
        assert same_first(gallery.search("zebra", noisy, 10), state, noisy) >= 0.999
        left = {n: v for n, v in state.items() if (n - 1) % 3 != 1}
        assert same_first(gallery.search("zebra", noisy, 10, where=Where(side="left")), left, noisy) >= 0.999


STEP = st.one_of(
    st.tuples(st.just("enroll"), st.integers(1, 60)), st.tuples(st.just("remove"), st.integers(1, 40)),
    st.tuples(st.just("settle"), st.just(0)), st.tuples(st.just("reopen"), st.just(0)),
    st.tuples(st.just("search"), st.integers(1, 40)),
)


@pytest.mark.parametrize("search", [EXACT, BY_CODES], ids=["exact", "by codes"])
@settings(max_examples=12, deadline=None)
@given(steps=st.lists(STEP, min_size=2, max_size=9), seed=st.integers(0, 99))
def test_whatever_was_enrolled_and_removed_the_answer_is_right(
    search: SearchSettings, steps: list[tuple[str, int]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pool = alike(seed, 900)
    with tempfile.TemporaryDirectory() as temporary:
        gallery = made(Path(temporary) / "g", pool[:320], search)
        state = dict(enumerate(pool[:320], 1))
        top = 320
        try:
            for verb, size in [*steps, ("search", 3)]:
                if verb == "enroll":
                    enroll(gallery, pool[top : top + size], top)
                    state |= dict(enumerate(pool[top : top + size], top + 1))
                    top += size
                elif verb == "remove":
                    gone = rng.choice(sorted(state), min(size, len(state)), replace=False).tolist()
                    remove(gallery.folder, gone)
                    state = {number: vector for number, vector in state.items() if number not in gone}
                elif verb == "settle":
                    gallery.settle()
                elif verb == "reopen":
                    gallery = reopened(gallery, search)
                else:
                    _search(gallery, state, pool[rng.choice(top, 4)], size, search is EXACT)
        finally:
            gallery.close()


def _search(gallery: Gallery, state: dict[int, Vectors], queries: Vectors, k: int, exact: bool) -> None:
    for where, passes in (
        (Where(), lambda n: True), (Where(side="right"), lambda n: n % 3 != 0),
        (Where(seasons=frozenset({"2021", "2023"})), lambda n: n % 2 == 1),
        (Where(individuals=frozenset({"animal 1", "animal 7"})), lambda n: n // 8 in (1, 7)),
    ):
        left = {number: vector for number, vector in state.items() if passes(number - 1)}
        found = gallery.search("zebra", queries, k, where=where)
        assert gallery.count_individuals("zebra", where) == len({(number - 1) // 8 for number in left})
        if exact:
            expected = brute_force(left, queries, k)
            np.testing.assert_array_equal(found.photo_ids, expected[1])
            np.testing.assert_array_equal(found.scores, expected[0])
        else:
            assert same_first(found, left, queries) == 1.0
            np.testing.assert_array_equal((found.photo_ids >= 0).sum(axis=1), min(k, len(left)))


def card_of(gallery: Gallery) -> Path:
    (path,) = gallery.cache_folder.glob("zebra*.json")
    return path


def part_of(gallery: Gallery, end: str) -> Path:
    (path,) = gallery.cache_folder.glob(f"zebra*[0-9].{end}")
    return path


def right(gallery: Gallery, vectors: Vectors) -> None:
    state = dict(enumerate(vectors, 1))
    assert same_first(gallery.search("zebra", vectors[::50], 3), state, vectors[::50]) == 1.0


@pytest.mark.parametrize("how", ["flipped", "half", "missing"])
@pytest.mark.parametrize("end", ["faiss", "ids.npy", "sums.npy", "codes.faiss", "facts.npz"])
def test_a_damaged_file_of_a_quantised_cache_is_noticed_when_it_matters(
    coded: Gallery, end: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "reid")
    coded.close()
    vectors, path = alike(1, 1200), part_of(coded, end)
    whole = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        at = whole.index(vectors[600].tobytes()) + 130 if end == "faiss" else len(whole) // 2
        path.write_bytes(whole[:at] + (bytes([whole[at] ^ 1]) + whole[at + 1 :] if how == "flipped" else b""))
    with Gallery.open(coded.folder, search=BY_CODES) as again:
        right(again, vectors)
        where = Where(side="left")
        state = {n: v for n, v in enumerate(vectors, 1) if (n - 1) % 3 != 1}
        assert same_first(again.search("zebra", vectors[::50], 3, where=where), state, vectors[::50]) == 1.0
    assert "from the catalogue" in caplog.text
    assert zlib.crc32(part_of(coded, end).read_bytes()) == zlib.crc32(whole) or end == "facts.npz"


def renamed(gallery: Gallery, **changes: object) -> None:
    """The card says what it is told, and that the files are whole."""
    card = json.loads(card_of(gallery).read_text("utf-8"))
    card["crc32"] = {end: zlib.crc32(part_of(gallery, end).read_bytes()) for end in card["crc32"]}
    card_of(gallery).write_text(json.dumps(card | changes), "utf-8")


def test_codes_that_this_faiss_cannot_read_are_made_again(coded: Gallery, caplog: pytest.LogCaptureFixture) -> None:
    coded.close()
    part_of(coded, "codes.faiss").write_bytes(b"IwXX of a faiss to come" * 40)
    renamed(coded, faiss="9.9")
    with Gallery.open(coded.folder, search=BY_CODES) as again:
        right(again, alike(1, 1200))
    assert "cannot be read by faiss" in caplog.text
    assert json.loads(card_of(coded).read_text("utf-8"))["faiss"] == faiss_files.version()


def test_codes_that_this_faiss_reads_otherwise_are_made_again(coded: Gallery, caplog: pytest.LogCaptureFixture) -> None:
    coded.close()
    nonsense = faiss_files.Codes.trained(unit(9, 1200, 64), 1200)
    nonsense.add(np.arange(1, 1201), unit(9, 1200, 64))
    nonsense.write(part_of(coded, "codes.faiss"))
    renamed(coded, faiss="0.1")
    with Gallery.open(coded.folder, search=BY_CODES) as again:
        right(again, alike(1, 1200))
    assert "written by another faiss and do not find their photos" in caplog.text


def test_vectors_that_this_faiss_cannot_read_are_written_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    vectors = alike(1, 200)
    gallery = made(folder, vectors, EXACT)
    gallery.close()
    path = part_of(gallery, "faiss")
    path.write_bytes(b"IxXX" + path.read_bytes()[4:])
    renamed(gallery)
    with Gallery.open(folder, search=EXACT) as again:
        np.testing.assert_array_equal(
            again.search("zebra", vectors[:5], 9).photo_ids, brute_force(dict(enumerate(vectors, 1)), vectors[:5], 9)[1]
        )
    assert "cannot be read by faiss" in caplog.text


def test_codes_are_kept_and_added_to_when_the_cache_is_written_anew(coded: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_files.Codes, "trained", None)  # not to be called
    more = alike(2, 200)
    enroll(coded, more, 1200)
    remove(coded.folder, range(1, 30))
    state = {n: v for n, v in enumerate(np.concatenate([alike(1, 1200), more]), 1) if n >= 30}
    coded.search("zebra", more[:1], 1)
    coded.settle()
    queries = np.concatenate([more[::20], alike(1, 1200)[100::100]])
    assert same_first(coded.search("zebra", queries, 3), state, queries) == 1.0
    assert len(faiss_files.Codes.read(part_of(coded, "codes.faiss"))) == 1371
    again = reopened(coded, BY_CODES)
    assert same_first(again.search("zebra", queries, 3), state, queries) == 1.0
    again.close()


def test_one_process_writes_and_the_others_take_it_over(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "reid")
    vectors = alike(1, 400)
    first = made(folder, vectors[:300], EXACT)
    second = Gallery.open(folder, search=EXACT)
    with first, second:
        query, state = vectors[:5], dict(enumerate(vectors, 1))
        second.search("zebra", query, 1)
        with locked(first.cache_folder) as ours:
            assert ours
            for at in range(300, 400, 25):
                enroll(first, vectors[at : at + 25], at)
                first.search("zebra", query, 5)
                second.search("zebra", query, 5)
                first.settle()
                second.settle()
            assert json.loads(card_of(first).read_text("utf-8"))["photos"] == 300
        remove(folder, [400])
        first.search("zebra", query, 5)
        first.settle()
        assert json.loads(card_of(first).read_text("utf-8"))["photos"] == 399
        written = card_of(first).stat().st_mtime_ns
        remove(folder, [399])
        second.search("zebra", query, 5)
        second.settle()
        for gallery in (first, second):
            expected = brute_force({n: v for n, v in state.items() if n < 399}, query, 5)
            np.testing.assert_array_equal(gallery.search("zebra", query, 5).photo_ids, expected[1])
        assert card_of(first).stat().st_mtime_ns == written


def test_searches_go_on_while_the_cache_is_written(coded: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    from reid.store.search.cache_files import Cache

    begun, go = threading.Event(), threading.Event()
    plain = Cache.write

    def slow(self: Cache, *given: object) -> None:
        begun.set()
        assert go.wait(30)
        plain(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Cache, "write", slow)
    vectors = np.concatenate([alike(1, 1200), alike(2, 150)])
    enroll(coded, vectors[1200:], 1200)
    queries, state = vectors[::90], dict(enumerate(vectors, 1))
    assert same_first(coded.search("zebra", queries, 3), state, queries) == 1.0
    assert begun.wait(30)
    enroll(coded, alike(3, 8), 1350)
    state |= dict(enumerate(alike(3, 8), 1351))
    assert same_first(coded.search("zebra", queries, 3), state, queries) == 1.0
    go.set()
    coded.settle()
    assert same_first(coded.search("zebra", alike(3, 8), 3), state, alike(3, 8)) == 1.0


def test_an_edited_photo_is_found_by_what_it_is_now(coded: Gallery) -> None:
    import sqlite3

    connection = sqlite3.connect(coded.folder / "catalog.sqlite")
    with connection:
        seq = connection.execute("SELECT max(seq) + 1 FROM journal").fetchone()[0]
        connection.execute("UPDATE photo SET side = 'right', season = 'new', seq = ? WHERE id = 7", (seq,))
        connection.execute("UPDATE species SET seq = ?", (seq,))
        connection.execute("INSERT INTO journal VALUES (?, 'x', 'me', 'edit', '', '{}', '{}', 'y')", (seq,))
    connection.close()
    query = alike(1, 1200)[6:7]
    for where, found in (
        (Where(side="left"), False), (Where(side="right"), True), (Where(seasons=frozenset({"new"})), True),
        (Where(seasons=frozenset({"2022"})), False), (Where(), True),
    ):
        assert (coded.search("zebra", query, 1, where=where).photo_ids[0, 0] == 7) == found


def test_the_settings_of_the_search_come_from_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_EXACT_NUMBERS", "1")
    gallery = Gallery.open(folder, create=True)
    gallery.set_embedding_net("zebra", NET, 64, calibration=None)
    enroll(gallery, alike(1, 50), 0)
    gallery.search("zebra", alike(1, 50)[:1], 1)
    gallery.close()
    assert "codes.faiss" in ends(gallery)
