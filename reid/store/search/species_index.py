"""The searchable photos of one species under one net, kept up with the catalogue.

The base is what the cache holds; photos enrolled or changed since are in memory beside it, so that enrolling rebuilds
nothing. When they are many, one process writes the cache again, beside its searches, and the others take it over when
their own turn comes. All of it is derived: what is missing, stale or damaged is built again from the catalogue.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from reid.records import Vectors
from reid.records.gallery import Found, Ids, Where
from reid.settings import SearchSettings
from reid.store.catalog.catalog import Catalog
from reid.store.contents.reading import SpeciesRow
from reid.store.history.purge import PURGED
from reid.store.search import faiss_files, vector_source
from reid.store.search.cache_files import UNUSABLE, Cache, locked
from reid.store.search.filter_columns import FilterColumns, NameCodes, empty_facts
from reid.store.search.knn import Damaged, Part, Parts, Passing, everyone, nearest

log = logging.getLogger("reid")
_ROOM = 64


@dataclass(frozen=True, slots=True, eq=False)
class IndexView:
    """What a search sees: the state of the species after change `seq`. Never altered, so threads may share it.

    base_seq: the change that the base has seen; -1 where it was built from the catalogue and is not in the cache yet.
    """

    seq: int
    base: Part
    delta: Part
    base_seq: int

    def beside(self) -> int:
        """Rows that the base lacks or holds in vain."""
        return len(self.delta.ids) + len(self.base.ids) - self.base.live.count


class SpeciesIndex:
    """The searchable photos of one species under one net."""

    def __init__(self, catalog: Catalog, cache: Path, species: SpeciesRow, settings: SearchSettings) -> None:
        """Nothing is read yet."""
        self._catalog, self._species, self._settings = catalog, species, settings
        plain = _plain(species.name, 40)
        plain += "" if plain == species.name else f"-{species.id}"  # "a b" and "a/b" are two species
        self._stem = f"{plain}-{_plain(species.fingerprint, 16)}"
        identity: Mapping[str, object] = {
            "gallery": catalog.meta("gallery"), "species": species.name, "fingerprint": species.fingerprint,
            "dimension": species.dimension, PURGED: catalog.meta(PURGED),
        }
        self._purged = catalog.meta(PURGED)
        self._cache = Cache(cache, self._stem, identity, settings)
        self._view: IndexView | None = None
        self._delta = _Delta(species.dimension)
        self._written: tuple[int, Part] | None = None
        self._writer: threading.Thread | None = None
        self._believe, self._doubt, self._keep = True, False, catalog.writable

    @property
    def moved(self) -> bool:
        """Whether the cache was written again, or turned out to be damaged, since the last view."""
        return self._written is not None or self._doubt

    def view(self, seq: int) -> IndexView:
        """The view after change `seq` of the species. Call inside `catalog.reading()`."""
        written, view = self._written, self._view
        if self._doubt:
            written = view = self._written = None
            self._doubt = self._believe = False
        if written is not None:
            self._written, view = None, self._on(*written)
        if view is None:
            view = self._load()
        if view.seq != seq:
            view = self._caught_up(view, seq)
        self._view = view
        if view.base_seq < 0 or view.beside() > self._limit(view.base):
            self._write(view)
        return view

    def search(self, view: IndexView, queries: Vectors, k: int, where: Where) -> Found:
        """The k photos of a view most like each query. Raises Damaged: call `distrust`, then take a new view."""
        return nearest(self._picked(view, where), queries, k, self._settings)

    def individuals(self, view: IndexView, where: Where) -> int:
        """How many individuals have a photo that may be found. Raises Damaged."""
        found = [part.known()[0].individual[passing.mask] for part, passing in self._picked(view, where) if passing.count]
        seen = np.zeros(max((int(ids.max()) for ids in found), default=0) + 1, bool)
        for ids in found:
            seen[ids] = True
        return int(seen.sum())

    def distrust(self) -> None:
        """Forget the cache, and build from the catalogue."""
        log.warning("%s: the index is damaged, building it again from the catalogue", self._stem)
        self._doubt = True

    def settle(self) -> None:
        """Wait until nothing is being written."""
        writer = self._writer
        if writer is not None:
            writer.join()

    def _picked(self, view: IndexView, where: Where) -> Parts:
        base, delta = view.base, view.delta
        individuals = None
        if where.individuals is not None:
            individuals = vector_source.individual_ids(self._catalog, self._species.id, where.individuals)
        picks = where
        excluded = np.empty(0, np.int64)
        if where.exclude_sha256 or where.exclude_encounters:
            picks = replace(where, exclude_sha256=frozenset(), exclude_encounters=frozenset())
            excluded = vector_source.excluded(self._catalog, self._species.id, where)
        parts = [(part, part.passing(picks, individuals)) for part in (base, delta)]
        if not len(excluded):
            return parts
        return [(part, passing.without(part.positions(excluded))) for part, passing in parts]

    def _limit(self, base: Part) -> float:
        return max(self._settings.rewrite_photos, self._settings.rewrite_share * len(base.ids))

    def _load(self) -> IndexView:
        try:
            if self._believe:
                return self._on(*self._cache.read(self._mark))
        except FileNotFoundError:
            log.info("%s: no index yet, building it from the catalogue", self._stem)
        except UNUSABLE as error:
            log.warning("%s: index cannot be used (%s), building it again from the catalogue", self._stem, error)
        return self._build()

    def _on(self, seq: int, base: Part) -> IndexView:
        self._delta = _Delta(self._species.dimension)
        return IndexView(seq, base, self._delta.part(), seq)

    def _caught_up(self, view: IndexView, seq: int) -> IndexView:
        catalog, species = self._catalog, self._species
        count = vector_source.count_changed(catalog, species.id, species.net_id, view.seq)
        if count > self._limit(view.base):
            log.info("%s: %d photos changed, building the index again", self._stem, count)
            return self._build()
        if not count:
            return replace(view, seq=seq)
        changed = vector_source.changed(catalog, species.id, species.net_id, species.dimension, view.seq)
        touched = np.concatenate([changed.gone, changed.ids])
        self._delta.drop(touched)
        self._delta.add(changed)
        return IndexView(seq, view.base.without(touched), self._delta.part(), view.base_seq)

    def _build(self) -> IndexView:
        species, books, found = self._species, NameCodes(), list[FilterColumns]()
        seq = vector_source.last_change(self._catalog, species.id)
        live = vector_source.live_photos(
            self._catalog, species.id, species.net_id, species.dimension, lambda rows: found.append(books.facts(rows))
        )
        facts = FilterColumns.joined([empty_facts(0), *found])
        base = Part(live.ids, live.vectors, everyone(len(live.ids)), lambda: (facts, books))
        return replace(self._on(seq, base), base_seq=-1)

    def _mark(self, seq: int) -> str:
        """Of the change `seq`; "" once photos were deleted for good: then nothing that was read before may be kept."""
        return self._catalog.mark(seq) if self._catalog.meta(PURGED) == self._purged else ""

    def _write(self, view: IndexView) -> None:
        """Write the cache again in a thread of its own, unless that is going on or cannot be done."""
        busy = self._writer is not None and self._writer.is_alive()
        if busy or self._written is not None or not self._keep or not (view.base.live.count + view.delta.live.count):
            return
        self._writer = threading.Thread(target=partial(self._rewrite, view), name=f"reid {self._stem}")
        self._writer.start()

    def _rewrite(self, view: IndexView) -> None:
        try:
            self._cache.folder.mkdir(exist_ok=True)
            with locked(self._cache.folder) as ours:
                if not ours:
                    return  # another process is at it; its work is taken over when the next change makes it due again
                if not (self._believe and self._took_over(view)):
                    self._cache.write(view.seq, self._mark, (view.base, view.delta))
                    self._believe = True
                    self._written = self._cache.read(self._mark)
        except Damaged:
            self.distrust()
        except UNUSABLE as error:
            self._keep = False
            log.warning("%s: index cannot be kept on disk (%s), searching from memory", self._stem, error)

    def _took_over(self, view: IndexView) -> bool:
        """Whether another process has written a newer cache, which is now ours too."""
        if self._cache.seq() <= view.base_seq:
            return False
        try:
            seq, base = self._cache.read(self._mark)
        except UNUSABLE:
            return False
        species = self._species
        if vector_source.count_changed(self._catalog, species.id, species.net_id, seq) > self._limit(base):
            return False
        self._written = seq, base
        return True


class _Delta:
    """Photos beside the base, in the order in which they came. Rows are only added: views share them."""

    def __init__(self, dimension: int) -> None:
        self._count = 0
        self._ids, self._live = np.empty(_ROOM, np.int64), np.zeros(_ROOM, bool)
        self._rows, self._facts, self._books = faiss_files.room(_ROOM, dimension), empty_facts(_ROOM), NameCodes()

    def drop(self, ids: Ids) -> None:
        """These photos count no longer."""
        self._live[: self._count] &= ~np.isin(self._ids[: self._count], ids)

    def add(self, changed: vector_source.Changed) -> None:
        """The live ones of these photos."""
        start, stop = self._count, self._count + len(changed.ids)
        if stop > len(self._ids):
            self._grow(stop)
        self._ids[start:stop], self._rows[start:stop], self._live[start:stop] = changed.ids, changed.vectors, True
        self._facts.put(slice(start, stop), self._books.facts(changed.facts))
        self._count = stop

    def _grow(self, needed: int) -> None:
        room = max(needed, 2 * len(self._ids))
        old = self._ids, self._live, self._rows, self._facts
        self._ids, self._live = np.empty(room, np.int64), np.zeros(room, bool)
        self._rows, self._facts = faiss_files.room(room, old[2].shape[1]), empty_facts(room)
        held = slice(0, len(old[0]))
        self._ids[held], self._live[held], self._rows[held] = old[:3]
        self._facts.put(held, old[3])

    def part(self) -> Part:
        """What is in it now."""
        held = slice(0, self._count)
        live = self._live[held].copy()
        known = self._facts.part(held), self._books
        passing = Passing(live, int(live.sum()))
        return Part(self._ids[held], self._rows[held], passing, lambda: known, rising=False)


def _plain(name: str, length: int) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:length]


__all__ = ["Damaged", "IndexView", "SpeciesIndex"]
