"""Searching one species under one embedding net: the only place that knows faiss.

The base is an IndexFlatIP in cache/, searched straight from the mapped file; photos newer than its seq are searched
from memory beside it (adding to a mapped index aborts the process). All of it is derived: what is missing, stale or
damaged is built again from the catalogue.
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
import zlib
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid import threads
from reid.records import Vectors
from reid.store import reading
from reid.store.catalog import Catalog, to_json
from reid.store.published import NEW, swapped_in
from reid.store.reading import SpeciesRow
from reid.store.rows import Found, Ids, Where

log = logging.getLogger("reid")

REWRITE_ROWS, REWRITE_SHARE = 1000, 0.1
"""The base is written anew when the photos beside it are more than both this many and this share of it."""
SPARE = 8
"""Photos asked from faiss beyond k, so that rounding and ties at the k-th place are settled by exact scores."""
_PAIRS = 16384
_OLD_SECONDS = 3600.0
_WASTEFUL_BLAS_THRESHOLD = 1000

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Photos of one index: ids (n,) rising, rows (n, D) as the index holds them, live (n,) False where removed."""

    ids: Ids
    index: Any
    rows: Vectors
    live: Mask

    def positions(self, ids: Ids) -> tuple[NDArray[np.int64], Mask]:
        """Where each of `ids` stands in this part, and whether it is in it at all."""
        if not len(self.ids):
            return np.zeros(len(ids), np.int64), np.zeros(len(ids), bool)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return at, self.ids[at] == ids


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a search sees: the state of the species after change `seq`. Never altered, so threads may share it."""

    seq: int
    base: Part
    delta: Part
    masks: dict[Where, tuple[Mask, Mask]] = field(default_factory=dict)


class SpeciesIndex:
    """The searchable photos of one species under one net, kept up with the catalogue."""

    def __init__(self, catalog: Catalog, cache: Path, species: SpeciesRow) -> None:
        """Nothing is read yet."""
        self._catalog, self._cache, self._species = catalog, cache, species
        plain = _plain(species.name, 40)
        plain += "" if plain == species.name else f"-{species.id}"  # "a b" and "a/b" are two species
        self._stem = f"{plain}-{_plain(species.fingerprint, 16)}"
        self._view: View | None = None

    def refresh(self, seq: int, where: Where) -> tuple[View, tuple[Mask, Mask]]:
        """The view after change `seq` of the species, and which of its photos pass. Call inside `catalog.reading()`."""
        view = self._view
        if view is None:
            view = self._load()
        if view.seq != seq:
            view = self._caught_up(view, seq)
        self._view = view
        return view, self._masks(view, where)

    def _load(self) -> View:
        try:
            base, seq = self._read()
        except FileNotFoundError:
            log.info("%s: no index yet, building it from the catalogue", self._stem)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            log.warning("%s: index cannot be used (%s), building it again from the catalogue", self._stem, error)
        else:
            return View(seq, base, _part(np.empty(0, np.int64), self._no_rows()))
        return self._build()

    def _caught_up(self, view: View, seq: int) -> View:
        catalog, species = self._catalog, self._species
        count = reading.count_changed(catalog, species.id, species.net_id, view.seq)
        beside = count + len(view.delta.ids) + int((~view.base.live).sum())
        if beside > max(REWRITE_ROWS, REWRITE_SHARE * len(view.base.ids)):
            log.info("%s: %d photos changed, building the index again", self._stem, beside)
            return self._build()
        changed = reading.changed(catalog, species.id, species.net_id, species.dimension, view.seq)
        base, in_base = _marked(view.base, changed)
        delta, in_delta = _marked(view.delta, changed)
        fresh = ~(in_base | in_delta)
        if fresh.any():
            ids = np.concatenate([delta.ids, changed.ids[fresh]])
            order = np.argsort(ids)
            rows = np.concatenate([delta.rows, changed.vectors[fresh]])[order]
            live = np.concatenate([delta.live, np.ones(int(fresh.sum()), bool)])[order]
            delta = replace(_part(ids[order], rows), live=live)
        return View(seq, base, delta)

    def _masks(self, view: View, where: Where) -> tuple[Mask, Mask]:
        picked = Where(where.side, where.individuals, where.seasons, where.cameras, where.after, where.before)
        masks = view.masks.get(picked, (view.base.live, view.delta.live))
        if where.picks() and picked not in view.masks:
            ids = reading.passing(self._catalog, self._species.id, picked)
            masks = (view.base.live & _among(view.base.ids, ids), view.delta.live & _among(view.delta.ids, ids))
            if len(view.masks) >= 64:
                view.masks.clear()
            view.masks[picked] = masks
        if where.exclude_sha256 or where.exclude_encounters:
            ids = reading.excluded(self._catalog, self._species.id, where)
            if len(ids):
                masks = (_without(view.base, masks[0], ids), _without(view.delta, masks[1], ids))
        return masks

    def _no_rows(self) -> Vectors:
        return np.empty((0, self._species.dimension), np.float32)

    def _build(self) -> View:
        species = self._species
        (seq,) = self._catalog.ask("SELECT seq FROM species WHERE id = ?", (species.id,))[0]
        ids, rows = reading.vectors(self._catalog, species.id, species.net_id, species.dimension)
        base = _part(ids, rows)
        if len(ids):
            try:
                base = self._map(self._write(base, seq), ids)
            except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
                log.warning("%s: index cannot be kept on disk (%s), searching from memory", self._stem, error)
        return View(seq, base, _part(np.empty(0, np.int64), self._no_rows()))

    def _card(self, seq: int, photos: int) -> dict[str, object]:
        return {
            "format": 1, "kind": "flat", "gallery": self._catalog.meta("gallery"), "species": self._species.name,
            "fingerprint": self._species.fingerprint, "dimension": self._species.dimension, "photos": photos,
            "seq": seq, "mark": self._catalog.mark(seq), "purged": self._catalog.meta("purged"),
        }

    def _write(self, base: Part, seq: int) -> Path:
        faiss = _faiss()
        self._cache.mkdir(exist_ok=True)
        name = f"{self._stem}.{seq}"
        with swapped_in(self._cache / f"{name}.faiss") as beside:
            faiss.write_index(base.index, str(beside))
            sums = {"vectors": _sum(beside)}
        with swapped_in(self._cache / f"{name}.ids.npy") as beside:
            with beside.open("wb") as file:
                np.save(file, base.ids, allow_pickle=False)
            sums["ids"] = _sum(beside)
        with swapped_in(self._cache / f"{self._stem}.json") as beside:
            beside.write_text(to_json({**self._card(seq, len(base.ids)), "crc32": sums}) + "\n", "utf-8")
        for old in self._cache.glob(f"{self._stem}.*"):
            left = NEW in old.name and time.time() - _changed_at(old) > _OLD_SECONDS
            if left or (NEW not in old.name and not old.name.startswith(f"{name}.") and old.suffix != ".json"):
                with contextlib.suppress(OSError):  # still mapped by another process on some systems: next time
                    old.unlink()
        return self._cache / f"{name}.faiss"

    def _read(self) -> tuple[Part, int]:
        card = json.loads((self._cache / f"{self._stem}.json").read_text("utf-8"))
        seq, photos, sums = card["seq"], card["photos"], card.pop("crc32")
        expected = self._card(seq, photos)
        if card != expected or not expected["mark"]:
            raise ValueError("it was made from another state of the gallery")
        name = f"{self._stem}.{seq}"
        files = {"vectors": self._cache / f"{name}.faiss", "ids": self._cache / f"{name}.ids.npy"}
        for what, path in files.items():  # before faiss looks at it: faiss may abort the process on a damaged file
            if _sum(path) != sums[what]:
                raise ValueError(f"{path.name} is damaged")
        ids = np.load(files["ids"], allow_pickle=False)
        if ids.shape != (photos,):
            raise ValueError("its files do not belong together")
        return self._map(files["vectors"], ids), seq

    def _map(self, path: Path, ids: Ids) -> Part:
        faiss = _faiss()
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        if index.ntotal != len(ids) or index.d != self._species.dimension:
            raise ValueError("its files do not belong together")
        return Part(ids, index, _rows(index), np.ones(len(ids), bool))


def nearest(view: View, masks: tuple[Mask, Mask], queries: Vectors, k: int) -> Found:
    """Find the k photos of a view most like each query, among those that pass.

    faiss proposes candidates by its own, order-dependent sums; their scores are then computed in float64 and rounded,
    so that a query has one answer whether it comes alone or in a batch, and ties go to the lower photo id.
    """
    faiss = _faiss()
    dimension = queries.shape[1]
    faiss.omp_set_num_threads(1)  # holds for the calling thread only
    if _blas_threshold() > _WASTEFUL_BLAS_THRESHOLD:
        faiss.cvar.distance_compute_blas_threshold = 4 * dimension
    scores = np.full((len(queries), k), -np.inf, np.float32)
    ids = np.full((len(queries), k), -1, np.int64)
    slack = 4 * dimension * float(np.finfo(np.float32).eps) / 2  # bounds the rounding of a float32 sum of D products
    open_rows, width = np.arange(len(queries)), k + SPARE
    while len(open_rows):
        asked = queries[open_rows]
        both = zip((view.base, view.delta), masks, strict=True)
        parts = [_candidates(part, mask, asked, width) for part, mask in both]
        near = np.concatenate([part[0] for part in parts], axis=1)
        exact = np.concatenate([part[1] for part in parts], axis=1)
        floor = np.max([part[2] for part in parts], axis=0)
        order = np.lexsort((near, -exact), axis=-1)[:, :k]
        near, exact = np.take_along_axis(near, order, 1), np.take_along_axis(exact, order, 1)
        ids[open_rows, : near.shape[1]], scores[open_rows, : near.shape[1]] = near, exact
        last = exact[:, k - 1] if exact.shape[1] >= k else np.full(len(asked), -np.inf)
        open_rows = open_rows[(floor > -np.inf) & (last <= floor + slack)]
        width *= 4
    return Found(scores, ids)


def _candidates(
    part: Part, mask: Mask, queries: Vectors, width: int
) -> tuple[Ids, NDArray[np.float32], NDArray[np.float64]]:
    """Ids and exact scores (Q, w) of a part's best; (Q,) a score that no photo left out is above, up to rounding."""
    eligible = int(mask.sum())
    shown = min(width, eligible)
    if not shown:
        nothing = np.full(len(queries), -np.inf)
        return np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0), np.float32), nothing
    if eligible == len(mask):
        rough, at = part.index.search(queries, shown)
    else:
        bits = np.packbits(mask, bitorder="little")
        chosen = _faiss().SearchParameters(sel=_faiss().IDSelectorBitmap(bits))
        rough, at = part.index.search(queries, shown, params=chosen)
    exact = np.empty(at.shape, np.float32)
    flat, which = at.ravel(), np.repeat(np.arange(len(queries)), shown)
    for start in range(0, len(flat), _PAIRS):
        pairs = slice(start, start + _PAIRS)
        left, right = part.rows[flat[pairs]].astype(np.float64), queries[which[pairs]].astype(np.float64)
        exact.ravel()[pairs] = np.einsum("pd,pd->p", left, right)
    floor = rough[:, -1].astype(np.float64) if eligible > shown else np.full(len(queries), -np.inf)
    return part.ids[at], exact, floor


def _part(ids: Ids, rows: Vectors) -> Part:
    faiss = _faiss()
    index = faiss.IndexFlatIP(rows.shape[1])
    if len(rows):
        index.add(np.ascontiguousarray(rows))
    return Part(ids, index, _rows(index), np.ones(len(ids), bool))


def _rows(index: Any) -> Vectors:
    if not index.ntotal:
        return np.empty((0, index.d), np.float32)
    found: Vectors = _faiss().rev_swig_ptr(index.get_xb(), index.ntotal * index.d).reshape(index.ntotal, index.d)
    return found


def _marked(part: Part, changed: reading.Changed) -> tuple[Part, Mask]:
    """The part with removals and returns marked, and which of the live changed photos it holds."""
    gone, held_gone = part.positions(changed.gone)
    back, held = part.positions(changed.ids)
    live = part.live.copy()
    live[gone[held_gone]] = False
    live[back[held]] = True
    return replace(part, live=live), held


def _among(ids: Ids, chosen: Ids) -> Mask:
    return np.isin(ids, chosen, assume_unique=True)


def _without(part: Part, mask: Mask, ids: Ids) -> Mask:
    at, held = part.positions(ids)
    mask = mask.copy()
    mask[at[held]] = False
    return mask


def _faiss() -> Any:
    threads.prepare()
    import faiss

    return faiss


@cache
def _blas_threshold() -> int:
    """What this faiss came with. Old ones count queries (20), which is fine; new ones count numbers, far too high."""
    return int(_faiss().cvar.distance_compute_blas_threshold)


def _plain(name: str, length: int) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:length]


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
