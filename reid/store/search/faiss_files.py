"""The only place that knows faiss: exact and quantised search of rows, and faiss files.

Threads: everything here runs on one OpenMP thread of the calling thread, whose own number is put back after (faiss and
torch may share a runtime). A second one made a query up to 40 times slower on a busy machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid import threads
from reid.records import Vectors
from reid.records.gallery import Ids

Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]
Bits = NDArray[np.uint8]

_BLAS_FROM = 1024
"""Numbers in a batch of queries from which its scores come of one matrix product. faiss' own (128000) made a batch of 64
queries 2 to 9 times slower; the two ways cost the same between 640 and 1280 (faiss issue 5109, and measured here)."""
_WASTEFUL_BLAS_THRESHOLD = 1000
_BLOCK = 32768
_TRAINED_WITH = 64
"""Rows a list of the quantised index learns its centre from."""


class NotReadable(ValueError):
    """A faiss file is of no use here: damaged, of another build of faiss, or of something else. It is made again."""


@cache
def _faiss() -> Any:
    threads.prepare()
    import faiss

    if faiss.cvar.distance_compute_blas_threshold > _WASTEFUL_BLAS_THRESHOLD:  # an old faiss counts queries, from 20
        faiss.cvar.distance_compute_blas_threshold = _BLAS_FROM
    return faiss


def version() -> str:
    """Of faiss."""
    return str(_faiss().__version__)


@contextmanager
def one_thread() -> Iterator[Any]:
    """faiss on one thread of the calling thread; its own number is put back after."""
    faiss = _faiss()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield faiss
    finally:
        faiss.omp_set_num_threads(before)


def bits_of(mask: Mask) -> Bits:
    """A mask as faiss' selectors read it: eight rows a byte, the lowest bit first."""
    return np.packbits(mask, bitorder="little")


def best_rows(rows: Vectors, queries: Vectors, k: int, bits: Bits | None = None) -> tuple[Scores, Ids]:
    """The k rows with the largest inner product, exactly but for the rounding of float32 sums.

    Args:
        rows: (N, D) float32, contiguous; may be mapped from a file.
        queries: (Q, D) float32, contiguous.
        k: from 1 to the number of rows that pass.
        bits: which rows pass, see `bits_of`; None = all. With several queries `best_of` is several times as fast.

    Returns:
        scores (Q, k), falling, and the rows' numbers (Q, k).
    """
    faiss = _faiss()
    pointer = faiss.swig_ptr
    scores, at = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
    given = (pointer(queries), pointer(rows), rows.shape[1], len(queries), len(rows), k, pointer(scores), pointer(at))
    before = faiss.omp_get_max_threads()  # as `one_thread`, which itself would cost a tenth of a query of a small gallery
    faiss.omp_set_num_threads(1)
    try:
        if bits is None:
            faiss.knn_inner_product(*given)
        else:
            faiss.knn_inner_product(*given, faiss.IDSelectorBitmap(len(bits), pointer(bits)))
    finally:
        faiss.omp_set_num_threads(before)
    return scores, at


def best_of(rows: Vectors, chosen: Ids, queries: Vectors, k: int) -> tuple[Scores, Ids]:
    """As `best_rows`, among the rows numbered `chosen` (k at most as many): copied together, block by block."""
    scores: list[Scores] = []
    at: list[Ids] = []
    for start in range(0, len(chosen), _BLOCK):
        block = chosen[start : start + _BLOCK]
        found, here = best_rows(rows[block], queries, min(k, len(block)))
        scores.append(found)
        at.append(block[here])
    every, numbers = np.concatenate(scores, axis=1), np.concatenate(at, axis=1)
    order = np.argsort(-every, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(every, order, 1), np.take_along_axis(numbers, order, 1)


def room(count: int, dimension: int) -> Vectors:
    """Room for rows (count, D) that starts on a cache line: searching few rows is then a seventh faster."""
    numbers = np.empty(count * dimension + 16, np.float32)
    start = -(numbers.ctypes.data // 4) % 16
    return numbers[start : start + count * dimension].reshape(count, dimension)


def write_flat(path: Path, blocks: Iterator[Vectors], count: int, dimension: int) -> None:
    """Write an IndexFlatIP of `count` rows that come block by block. Raises OSError."""
    with one_thread() as faiss:
        index = faiss.IndexFlatIP(dimension)
        index.ntotal = count
        index.codes.resize(4 * count * dimension)
        rows, start = _rows(index), 0
        for block in blocks:
            rows[start : start + len(block)] = block
            start += len(block)
        assert start == count, (start, count)
        _write(faiss, index, path)


def mapped_flat(path: Path) -> tuple[Vectors, object]:
    """The rows (N, D) of an IndexFlatIP, mapped from its file, and what must be kept while they are used.

    Raises NotReadable, OSError.
    """
    faiss = _faiss()
    index = _read(path, faiss.IO_FLAG_MMAP_IFC)
    if not isinstance(index, faiss.IndexFlatIP):
        raise NotReadable(f"{path.name} holds {type(index).__name__}, not IndexFlatIP")
    return _rows(index), index


def _rows(index: Any) -> Vectors:
    if not index.ntotal:
        return np.empty((0, index.d), np.float32)
    found: Vectors = _faiss().rev_swig_ptr(index.get_xb(), index.ntotal * index.d).reshape(index.ntotal, index.d)
    return found


def lists_for(count: int) -> int:
    """Inverted lists for so many rows: about the square root."""
    return int(2 ** round(math.log2(max(math.sqrt(count), 1.0))))


class Codes:
    """One bit a number (RaBitQ) in inverted lists, rotated at random first: finds candidates for an exact re-rank.

    A faiss file of its own, IndexPreTransform(RandomRotationMatrix, IndexIVFRaBitQFastScan), whose ids are photo ids.
    Sources: Gao and Long, RaBitQ, SIGMOD 2024; faiss' IndexIVFRaBitQFastScan.
    """

    def __init__(self, index: Any) -> None:
        """Use `trained` or `read`."""
        self._index = index

    @classmethod
    def trained(cls, sample: Vectors, count: int) -> Codes:
        """Empty, its lists learnt from `sample`; meant for about `count` rows."""
        with one_thread() as faiss:
            dimension = sample.shape[1]
            name = f"RR{dimension},IVF{lists_for(count)},RaBitQfs"
            index = faiss.index_factory(dimension, name, faiss.METRIC_L2)
            faiss.extract_index_ivf(index).cp.max_points_per_centroid = _TRAINED_WITH
            faiss.extract_index_ivf(index).cp.min_points_per_centroid = 1
            index.train(np.ascontiguousarray(sample))
        return cls(index)

    @classmethod
    def read(cls, path: Path) -> Codes:
        """From its file, into memory. Raises NotReadable, OSError."""
        faiss = _faiss()
        index = _read(path, 0)
        if not isinstance(index, faiss.IndexPreTransform) or not isinstance(
            faiss.downcast_index(index.index), faiss.IndexIVFRaBitQFastScan
        ):
            raise NotReadable(f"{path.name} holds {type(index).__name__}, not a rotated IndexIVFRaBitQFastScan")
        return cls(index)

    def __len__(self) -> int:
        """How many rows."""
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """D."""
        return int(self._index.d)

    @property
    def lists(self) -> int:
        """How many inverted lists."""
        return int(_faiss().extract_index_ivf(self._index).nlist)

    @staticmethod
    def sample_of(count: int) -> int:
        """Rows that `trained` can use."""
        return min(count, _TRAINED_WITH * lists_for(count))

    def add(self, ids: Ids, rows: Vectors) -> None:
        """Add rows under new ids."""
        with one_thread():
            self._index.add_with_ids(np.ascontiguousarray(rows), ids)

    def remove(self, ids: Ids) -> None:
        """Take rows out; ids that are not in it are passed over."""
        if len(ids):
            with one_thread():
                self._index.remove_ids(np.ascontiguousarray(ids))

    def candidates(self, query: Vectors, k: int, probes: int, bits: Bits | None) -> Ids:
        """Ids of about the k rows nearest to one query (1, D), best first; fewer where the lists probed hold fewer.

        bits: which ids pass, see `bits_of` (bit i is id i); None = all.
        """
        with one_thread() as faiss:
            chosen = {} if bits is None else {"sel": faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))}
            params = faiss.SearchParametersPreTransform(index_params=faiss.SearchParametersIVF(nprobe=probes, **chosen))
            ids: Ids = self._index.search(query, k, params=params)[1][0]
        return ids[ids >= 0]

    def write(self, path: Path) -> None:
        """Write its file. Raises OSError."""
        _write(_faiss(), self._index, path)


def _read(path: Path, flags: int) -> Any:
    try:
        return _faiss().read_index(str(path), flags)
    except RuntimeError as error:
        raise NotReadable(f"{path.name} cannot be read by faiss {version()} ({str(error).splitlines()[0]})") from error


def _write(faiss: Any, index: Any, path: Path) -> None:
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(f"{path} could not be written ({str(error).splitlines()[0]})") from error
