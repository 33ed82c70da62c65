"""Embeddings of a new net beside those in use: added as they are made, so that an interrupted upgrade goes on.

They change no answer until `Gallery.set_embedding_net` makes their net the species' net. An embedding never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from reid.errors import UsageError
from reid.records.gallery import EnrolledPhoto
from reid.store.catalog.catalog import Catalog
from reid.store.contents import reading
from reid.store.contents.writing import add_embeddings, canonical


class Embeddings:
    """The embeddings of an open gallery, `Gallery.embeddings`."""

    def __init__(self, catalog: Catalog, publish: Callable[[], None]) -> None:
        """Made by the gallery. publish: called after every change."""
        self._catalog, self._publish = catalog, publish

    def missing(self, species: str, fingerprint: str | None = None) -> tuple[EnrolledPhoto, ...]:
        """The enrolled photos of a species without an embedding of a net, by id; None = of its current net.

        Raises:
            UsageError: no such species.
        """
        with self._catalog.reading():
            row = reading.known_species(self._catalog, canonical(species))
            found = self._catalog.ask("SELECT id FROM net WHERE fingerprint = ?", (fingerprint or row.fingerprint,))
            return reading.without_embedding(self._catalog, row.id, found[0][0] if found else 0)

    def add(self, species: str, fingerprint: str, dimension: int, vectors: Mapping[int, NDArray[np.float32]]) -> None:
        """Keep embeddings beside those that are there; one transaction, on disk on return.

        Args:
            species: its name.
            fingerprint: of the net that made them.
            dimension: D.
            vectors: photo id -> (D,) float32, unit length; one that is there already is left as it is.

        Raises:
            UsageError: no such species, or a vector for something that is no photo of it.
            ModelMismatch: the fingerprint is known as another kind of net. ShapeError: a vector is none.
        """
        if not vectors:
            raise UsageError("no embedding was given")
        add_embeddings(self._catalog, species, fingerprint, dimension, vectors)
        self._publish()
