"""Searching a gallery: one index a species and net, looked at again only when something was committed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reid.errors import ModelMismatch, ShapeError, UsageError
from reid.records import Vectors
from reid.records.gallery import Found, Where, are_unit
from reid.settings import SearchSettings
from reid.store.catalog.catalog import Catalog
from reid.store.contents import reading
from reid.store.contents.reading import SpeciesRow
from reid.store.history.purge import PURGED
from reid.store.search.species_index import Damaged, IndexView, SpeciesIndex


@dataclass(frozen=True, slots=True, eq=False)
class _Viewed:
    """What a search used: the catalogue's version, the species then, its index and the view."""

    version: tuple[int, int]
    row: SpeciesRow
    index: SpeciesIndex
    view: IndexView


class Searches:
    """The searches of one open gallery. Names come in as the gallery keeps them."""

    def __init__(self, catalog: Catalog, cache: Path, settings: SearchSettings) -> None:
        """Nothing is read yet."""
        self._catalog, self._cache, self._settings = catalog, cache, settings
        self._indexes: dict[tuple[int, int, str], SpeciesIndex] = {}
        self._retired: list[SpeciesIndex] = []
        self._viewed: dict[str, _Viewed] = {}
        self._lock = threading.Lock()

    def search(self, species: str, queries: Vectors, k: int, where: Where, fingerprint: str | None) -> Found:
        """See `Gallery.search`."""
        queries = _checked_queries(queries, k)
        while True:
            viewed = self._view(species, fingerprint, queries.shape[1])
            try:
                return viewed.index.search(viewed.view, queries, k, where)
            except Damaged:
                viewed.index.distrust()

    def count_individuals(self, species: str, where: Where) -> int:
        """See `Gallery.count_individuals`."""
        while True:
            viewed = self._view(species)
            try:
                return viewed.index.individuals(viewed.view, where)
            except Damaged:
                viewed.index.distrust()

    def settle(self) -> None:
        """Wait until no cache is being written."""
        with self._lock:
            every = [*self._retired, *self._indexes.values()]
            self._retired = []
        for one in every:
            one.settle()

    def close(self) -> None:
        """Let go of the files, once a cache that is being written is whole."""
        self.settle()
        self._indexes.clear()
        self._viewed.clear()

    def _view(self, species: str, fingerprint: str | None = None, dimension: int | None = None) -> _Viewed:
        """The state to search, once the query's net is found to be its own."""
        version = self._catalog.version()
        viewed = self._viewed.get(species)
        if viewed is not None and viewed.version == version and not viewed.index.moved:
            _check_net(viewed.row, fingerprint, dimension)
            return viewed
        with self._catalog.reading():
            row = reading.known_species(self._catalog, species)
            _check_net(row, fingerprint, dimension)
            index = self._index(row)
            viewed = _Viewed(version, row, index, index.view(row.seq))
        self._viewed[species] = viewed
        return viewed

    def _index(self, row: SpeciesRow) -> SpeciesIndex:
        key = (row.id, row.net_id, self._catalog.meta(PURGED))
        with self._lock:
            if key not in self._indexes:
                for at in [at for at in self._indexes if at[0] == row.id]:
                    self._retired.append(self._indexes.pop(at))  # it may be writing, which must not be waited for here
                self._indexes[key] = SpeciesIndex(self._catalog, self._cache, row, self._settings)
            return self._indexes[key]


def _check_net(row: SpeciesRow, fingerprint: str | None, dimension: int | None) -> None:
    if fingerprint is not None and fingerprint != row.fingerprint:
        raise ModelMismatch(
            f"{row.name!r} is enrolled with net {row.fingerprint}, the query was embedded with {fingerprint}: "
            "embed it with the gallery's net"
        )
    if dimension is not None and dimension != row.dimension:
        raise ModelMismatch(
            f"the query has {dimension} numbers, net {row.fingerprint} makes {row.dimension}: "
            "embed it with the gallery's net"
        )


def _checked_queries(queries: Vectors, k: int) -> Vectors:
    if k < 1:
        raise UsageError(f"asked for the {k} most alike photos: ask for 1 or more")
    given = np.asarray(queries)
    if given.ndim != 2 or given.dtype.kind != "f":
        raise ShapeError(f"queries must be (Q, D) float32, met shape {given.shape}")
    found = np.ascontiguousarray(given, dtype=np.float32)
    if not are_unit(found):
        raise ShapeError("a query's embedding must be finite and of length 1: normalise what the net gives")
    return found
