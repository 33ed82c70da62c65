"""The files in cache/ that a search runs on: written by an atomic replace, believed only when they are whole.

<stem>.json names the generation in use: <stem>.<seq>.faiss holds the vectors (an IndexFlatIP), .ids.npy their photo ids,
.facts.npz what they are picked by. Of many vectors there are codes too (.codes.faiss), which find candidates, and
.sums.npy, a check sum of every vector: then a vector is checked when it is looked at, and opening reads a twentieth.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.files import OLD_SECONDS, atomic_replace
from reid.records import Vectors
from reid.records.gallery import Ids
from reid.settings import SearchSettings
from reid.store.catalog import own_files
from reid.store.catalog.catalog import to_json
from reid.store.search import faiss_files
from reid.store.search.faiss_files import Codes
from reid.store.search.filter_columns import FilterColumns, NameCodes, merged, read_facts
from reid.store.search.knn import Damaged, Part, everyone, row_sums

CACHE_FORMAT = 2
UNUSABLE = (OSError, ValueError, KeyError, TypeError)
"""What reading a cache raises that is missing, damaged, of another time or of another faiss."""
_BLOCK = 32768
_HELD_BYTES = 1 << 25
"""Vectors up to so many bytes are copied into memory, where they start on a cache line."""
_TRIES = 5
_LOOKED_AT_LATER = ("facts.npz",)
"""Many searches do without it."""

Mark = Callable[[int], str]


class Cache:
    """The cache of one species under one net."""

    def __init__(self, folder: Path, stem: str, identity: Mapping[str, object], settings: SearchSettings) -> None:
        """Nothing is read yet. identity: gallery, species, fingerprint and dimension, as the card must name them."""
        self.folder, self._dimension = folder, int(str(identity["dimension"]))
        self._stem, self._identity, self._settings = stem, dict(identity), settings

    def seq(self) -> int:
        """The change that the cache has seen; -1 if there is none that can be read."""
        try:
            return int(self._card()["seq"])  # type: ignore[call-overload, no-any-return]
        except UNUSABLE:
            return -1

    def read(self, mark: Mark) -> tuple[int, Part]:
        """The change that it has seen, and its photos.

        Raises:
            FileNotFoundError: there is none. Others of `UNUSABLE`: it is of no use, and why.
        """
        for _ in range(_TRIES):
            card = self._card()
            try:
                return self._read(card, mark)
            except FileNotFoundError:
                if self._card() == card:  # else another process has just put a newer one in its place
                    raise
        raise ValueError("it is written again and again")

    def _card(self) -> dict[str, object]:
        card = json.loads((self.folder / f"{self._stem}.json").read_text("utf-8"))
        if not isinstance(card, dict):
            raise ValueError("its card is damaged")
        return card

    def _path(self, seq: object, end: str) -> Path:
        return self.folder / f"{self._stem}.{seq}.{end}"

    def _read(self, card: dict[str, object], mark: Mark) -> tuple[int, Part]:
        seq, sums, photos, size = int(str(card["seq"])), card["crc32"], int(str(card["photos"])), card["bytes"]
        if not isinstance(sums, dict):
            raise ValueError("its card is damaged")
        expected = self._identity | {"format": CACHE_FORMAT, "mark": mark(seq)}
        if any(card.get(name) != value for name, value in expected.items()) or not expected["mark"]:
            raise ValueError("it was made from another state of the gallery")
        vectors = self._path(seq, "faiss")
        if vectors.stat().st_size != size:  # a read beyond the end of a mapped file would end the process
            raise ValueError(f"{vectors.name} is damaged")
        for end, sum_of in sums.items():  # before faiss looks at it: it may abort the process
            if end not in _LOOKED_AT_LATER and _sum(self._path(seq, end)) != sum_of:
                raise ValueError(f"{self._path(seq, end).name} is damaged")
        ids = np.load(self._path(seq, "ids.npy"), allow_pickle=False)
        rows, kept = faiss_files.mapped_flat(vectors)
        codes, checks = None, np.empty(0, np.uint32)
        if "codes.faiss" in sums:
            codes = Codes.read(self._path(seq, "codes.faiss"))
            checks = np.load(self._path(seq, "sums.npy"), allow_pickle=False)
        if self._coded(photos) != (codes is not None):
            raise ValueError("it was made with other settings of the search")
        if not (ids.shape == (photos,) and rows.shape == (photos, self._dimension)) or (
            codes is not None and (len(codes), codes.dimension, checks.shape) != (photos, rows.shape[1], (photos,))
        ):
            raise ValueError("its files do not belong together")
        if rows.nbytes <= _HELD_BYTES and codes is None:
            held = faiss_files.room(photos, rows.shape[1])
            held[:] = rows
            rows, kept = held, None
        known = _Once(partial(_facts, self._path(seq, "facts.npz"), photos, sums["facts.npz"]))
        part = Part(ids, rows, everyone(photos), known, codes, checks if codes is not None else None, kept)
        if codes is not None and card.get("faiss") != faiss_files.version():
            _try_out(part, self._settings)
        return seq, part

    def _coded(self, photos: int) -> bool:
        return photos * self._dimension > self._settings.exact_numbers

    def write(self, seq: int, mark: Mark, parts: tuple[Part, ...]) -> None:
        """Write the live photos of some parts as the state after the change `seq`. What there was stays until all is written.

        Raises OSError, ValueError (`mark` knows of no such change, or no longer), Damaged (a part's vectors are).
        """
        content = _Content.of(parts)
        dimension = parts[0].rows.shape[1]
        with atomic_replace(self._path(seq, "facts.npz")) as temporary:
            content.books.write(temporary, content.facts)
            sums = {"facts.npz": _sum(temporary)}
        coded = self._coded(len(content.ids))
        with atomic_replace(self._path(seq, "faiss")) as temporary:
            faiss_files.write_flat(temporary, content.blocks(), len(content.ids), dimension)
            size = temporary.stat().st_size
            if not coded:
                sums["faiss"] = _sum(temporary)
        self._put(seq, "ids.npy", content.ids, sums)
        if coded:
            checks = np.concatenate([row_sums(block) for block in content.blocks()])
            self._put(seq, "sums.npy", checks, sums)
            codes = self._codes(content, mark)
            with atomic_replace(self._path(seq, "codes.faiss")) as temporary:
                codes.write(temporary)
                sums["codes.faiss"] = _sum(temporary)
        marked = mark(seq)
        if not marked:
            self._drop(seq)
            raise ValueError("the gallery it is of has changed its history")
        card = self._identity | {
            "format": CACHE_FORMAT,
            "seq": seq,
            "mark": marked,
            "photos": len(content.ids),
            "bytes": size,
            "faiss": faiss_files.version(),
            "crc32": sums,
        }
        with atomic_replace(self.folder / f"{self._stem}.json") as temporary:
            temporary.write_text(to_json(card) + "\n", "utf-8")
        self._tidy(seq)

    def _put(self, seq: int, end: str, array: NDArray[Any], sums: dict[str, int]) -> None:
        with atomic_replace(self._path(seq, end)) as temporary:
            with temporary.open("wb") as file:
                np.save(file, array, allow_pickle=False)
            sums[end] = _sum(temporary)

    def _codes(self, content: _Content, mark: Mark) -> Codes:
        """Codes of all photos: those of the generation before with what changed, while their lists are still enough."""
        codes, ids = None, np.empty(0, np.int64)
        with contextlib.suppress(*UNUSABLE):  # a stored vector never changes: the code of an id stays right
            _, base = self._read(self._card(), mark)
            codes, ids = base.codes, base.ids
        if codes is None or codes.lists != faiss_files.lists_for(len(content.ids)):
            codes, ids = Codes.trained(content.sample(), len(content.ids)), np.empty(0, np.int64)
        codes.remove(np.setdiff1d(ids, content.ids, assume_unique=True))
        fresh = ~np.isin(content.ids, ids, assume_unique=True)
        start = 0
        for block in content.blocks():
            new = fresh[start : start + len(block)]
            if new.any():
                codes.add(content.ids[start : start + len(block)][new], block[new])
            start += len(block)
        return codes

    def _drop(self, seq: int) -> None:
        for path in self.folder.glob(f"{self._stem}.{seq}.*"):
            if own_files.of_cache(path.name):
                path.unlink(missing_ok=True)

    def _tidy(self, seq: int) -> None:
        for old in [*self.folder.glob(f"{self._stem}.*"), *self.folder.glob(f".{self._stem}.*")]:
            left = own_files.is_temporary(old.name) and time.time() - _changed_at(old) > OLD_SECONDS
            kept = old.suffix == ".json" or old.name.startswith(f"{self._stem}.{seq}.")
            if left or (own_files.of_cache(old.name) and not kept):
                with contextlib.suppress(OSError):  # still mapped by another process on some systems: next time
                    old.unlink()


class _Content:
    """The live photos of some parts, by id."""

    def __init__(self, parts: tuple[Part, ...], ids: Ids, source: Ids, at: Ids, facts: FilterColumns, books: NameCodes) -> None:
        self.parts, self.ids, self.source, self.at, self.facts, self.books = parts, ids, source, at, facts, books

    @classmethod
    def of(cls, parts: tuple[Part, ...]) -> _Content:
        at = np.concatenate([part.live.numbers for part in parts])
        source = np.repeat(np.arange(len(parts)), [part.live.count for part in parts])
        ids = np.concatenate([part.ids[part.live.numbers] for part in parts])
        facts, books = merged([part.known() for part in parts], [part.live.numbers for part in parts])
        order = np.argsort(ids, kind="stable")
        return cls(parts, ids[order], source[order], at[order], facts.part(order), books)

    def rows(self, numbers: Ids) -> Vectors:
        """Some of the vectors, checked."""
        found = np.empty((len(numbers), self.parts[0].rows.shape[1]), np.float32)
        for number, part in enumerate(self.parts):
            here = self.source[numbers] == number
            found[here] = part.checked(self.at[numbers[here]])
        return found

    def blocks(self) -> Iterator[Vectors]:
        """All of them, block by block."""
        for start in range(0, len(self.ids), _BLOCK):
            yield self.rows(np.arange(start, min(start + _BLOCK, len(self.ids))))

    def sample(self) -> Vectors:
        """Some of them, the same ones each time, to learn from."""
        count = Codes.sample_of(len(self.ids))
        return self.rows(np.sort(np.random.default_rng(0).choice(len(self.ids), count, replace=False)))


class _Once:
    """Facts of a base, read when first asked for."""

    def __init__(self, read: Callable[[], tuple[FilterColumns, NameCodes]]) -> None:
        self._read, self._found = read, None  # type: Callable[[], tuple[FilterColumns, NameCodes]], tuple[FilterColumns, NameCodes] | None

    def __call__(self) -> tuple[FilterColumns, NameCodes]:
        if self._found is None:
            self._found = self._read()
        return self._found


def _facts(path: Path, photos: int, sum_of: object) -> tuple[FilterColumns, NameCodes]:
    try:
        if _sum(path) != sum_of:
            raise ValueError(f"{path.name} is damaged")
        return read_facts(path, photos)
    except (OSError, ValueError) as error:
        raise Damaged(str(error)) from error


def _try_out(part: Part, settings: SearchSettings) -> None:
    """Codes that another faiss wrote must still find the photos that they were made of."""
    assert part.codes is not None
    for at in np.linspace(0, len(part.ids) - 1, 8).astype(np.int64):
        found = part.codes.candidates(np.ascontiguousarray(part.rows[at : at + 1]), settings.candidates, settings.probes, None)
        if part.ids[at] not in found:
            raise ValueError("its codes were written by another faiss and do not find their photos")


def damaged_files(folder: Path) -> Iterator[str]:
    """The files of the caches in a folder that are damaged or missing, each with what is wrong. Everything is read."""
    for card_path in (path for path in own_files.cached(folder) if path.suffix == ".json"):
        while True:
            card = _content(card_path)
            found = [] if card is None else list(_damaged(folder, card_path, card))
            if _content(card_path) == card:  # else a writer swapped in new files, and threw away those that were looked at
                break
        yield from found


def _content(path: Path) -> bytes | None:
    """None where nothing is there any more."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _damaged(folder: Path, card_path: Path, content: bytes) -> Iterator[str]:
    try:
        card = json.loads(content.decode("utf-8"))
        paths = {end: folder / f"{card_path.stem}.{card['seq']}.{end}" for end in ("faiss", *card["crc32"])}
        bad = [paths[end] for end, sum_of in card["crc32"].items() if not paths[end].is_file() or _sum(paths[end]) != sum_of]
        if not bad and paths["faiss"].stat().st_size != card["bytes"]:
            bad.append(paths["faiss"])
        yield from (f"{path.name} is damaged or missing" for path in bad)
        if bad:
            return
        read_facts(paths["faiss"].with_suffix(".facts.npz"), card["photos"])
        rows, _kept = faiss_files.mapped_flat(paths["faiss"])
        if "sums.npy" in paths:
            sums = np.load(paths["sums.npy"], allow_pickle=False)
            starts = range(0, len(rows), _BLOCK)
            if any((row_sums(rows[at : at + _BLOCK]) != sums[at : at + _BLOCK]).any() for at in starts):
                yield f"{paths['faiss'].name} is damaged"
    except UNUSABLE as error:
        yield f"{card_path.name} or a file that it names is damaged or missing ({error})"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Whether this process may write into a folder; it lets go at the end, or when it dies."""
    try:
        import fcntl
    except ImportError:  # not POSIX: two may write at once; each swaps whole files in, and the card has the last word
        yield True
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


def _sum(path: Path) -> int:
    total = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            total = zlib.crc32(block, total)
    return total


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
