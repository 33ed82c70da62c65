"""Rows searched by faiss on one thread, and its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reid.store.search import faiss_files
from reid.store.search.faiss_files import NotReadable
from tests.store.stock import unit


def test_a_search_leaves_the_number_of_threads_as_it_was() -> None:
    import faiss

    before = faiss.omp_get_max_threads()
    try:
        faiss.omp_set_num_threads(3)
        rows = unit(1, 100)
        faiss_files.best_rows(rows, rows[:5], 3)
        with faiss_files.one_thread():
            assert faiss.omp_get_max_threads() == 1
        assert faiss.omp_get_max_threads() == 3
    finally:
        faiss.omp_set_num_threads(before)
    assert faiss.cvar.distance_compute_blas_threshold <= 1024


@pytest.mark.parametrize("count", [3, 40])
def test_the_best_rows_are_those_of_sums_among_all_and_among_some(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_files, "_BLOCK", 7)  # several blocks
    rows, queries = unit(1, 40), unit(2, count)
    exact = queries @ rows.T
    scores, at = faiss_files.best_rows(rows, queries, 5)
    np.testing.assert_array_equal(at, np.argsort(-exact, axis=1)[:, :5])
    np.testing.assert_allclose(scores, np.take_along_axis(exact, at, 1), atol=1e-6)
    chosen = np.array([0, 3, 8, 9, 20, 21, 22, 23, 38, 39])
    mask = np.isin(np.arange(40), chosen)
    expected = chosen[np.argsort(-exact[:, chosen], axis=1)[:, :4]]
    np.testing.assert_array_equal(faiss_files.best_of(rows, chosen, queries, 4)[1], expected)
    np.testing.assert_array_equal(faiss_files.best_rows(rows, queries, 4, faiss_files.bits_of(mask))[1], expected)


def test_rows_that_were_written_block_by_block_are_mapped_as_they_were(tmp_path: Path) -> None:
    rows = unit(1, 30)
    faiss_files.write_flat(tmp_path / "é.faiss", iter([rows[:20], rows[20:]]), 30, 32)
    mapped, _kept = faiss_files.mapped_flat(tmp_path / "é.faiss")
    np.testing.assert_array_equal(mapped, rows)
    faiss_files.write_flat(tmp_path / "none.faiss", iter([]), 0, 32)
    assert faiss_files.mapped_flat(tmp_path / "none.faiss")[0].shape == (0, 32)


def test_codes_are_read_as_they_were_written_and_lose_what_is_taken_out(tmp_path: Path) -> None:
    rows, ids = unit(1, 300), np.arange(101, 401)
    codes = faiss_files.Codes.trained(rows, 300)
    codes.add(ids, rows)
    codes.remove(np.array([101, 999]))
    codes.write(tmp_path / "codes.faiss")
    again = faiss_files.Codes.read(tmp_path / "codes.faiss")
    assert (len(again), again.dimension, again.lists) == (299, 32, faiss_files.lists_for(300)) == (299, 32, 16)
    assert again.candidates(rows[7:8], 5, 16, None)[0] == 108
    assert 101 not in again.candidates(rows[:1], 299, 16, None)
    only = np.isin(np.arange(401), [150, 151, 152])
    assert sorted(again.candidates(rows[7:8], 5, 16, faiss_files.bits_of(only)).tolist()) == [150, 151, 152]


def test_a_file_of_something_else_is_said_to_be_not_readable(tmp_path: Path) -> None:
    rows = unit(1, 30)
    faiss_files.write_flat(tmp_path / "flat.faiss", iter([rows]), 30, 32)
    with pytest.raises(NotReadable, match=r"flat.faiss holds IndexFlat\w*, not a rotated IndexIVFRaBitQFastScan"):
        faiss_files.Codes.read(tmp_path / "flat.faiss")
    codes = faiss_files.Codes.trained(rows, 30)
    codes.write(tmp_path / "codes.faiss")
    with pytest.raises(NotReadable, match=r"codes.faiss holds IndexPreTransform, not IndexFlatIP"):
        faiss_files.mapped_flat(tmp_path / "codes.faiss")
    (tmp_path / "junk.faiss").write_bytes(b"XXXX" * 99)
    with pytest.raises(NotReadable, match=r"junk.faiss cannot be read by faiss \d"):
        faiss_files.mapped_flat(tmp_path / "junk.faiss")


@pytest.mark.parametrize(("rows", "lists"), [(0, 1), (1, 1), (1000, 32), (1_000_000, 1024)])
def test_there_are_about_as_many_lists_as_the_square_root_of_the_rows(rows: int, lists: int) -> None:
    assert faiss_files.lists_for(rows) == lists
    assert faiss_files.Codes.sample_of(rows) == min(rows, 64 * lists)


def test_room_starts_on_a_cache_line() -> None:
    for count in range(1, 9):
        made = faiss_files.room(count, 5)
        assert (made.shape, made.ctypes.data % 64) == ((count, 5), 0)
