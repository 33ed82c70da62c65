"""What the tests of the store enroll, and the answers worked out without it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.records import Calibration, Photo
from reid.store import Enrollment, Gallery

NET = "f0e1d2c3" * 8
DIMENSION = 32

Vectors = NDArray[np.float32]


def unit(seed: int, count: int, dimension: int = DIMENSION) -> Vectors:
    found = np.random.default_rng(seed).standard_normal((count, dimension))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


VECTORS = unit(1, 6)
"""Of the six photos of `herd`."""
LEARNT = Calibration(20.5, -9.0, 4.5, 0.9, 0.8, 0.6, 0.01, 0.008, 0.02, 12, 80, 3160)


def digest(text: object) -> str:
    return hashlib.sha256(str(text).encode()).hexdigest()


def item(individual: str, content: object, vector: Vectors, *, again: bool = False, **facts: Any) -> Enrollment:
    photo = Photo(**{"path": Path(f"/photos/{content}.jpg"), **facts})
    return Enrollment(individual, photo, digest(content), 640, 480, vector, again)


def remove(folder: Path, ids: Sequence[int]) -> None:
    """What a later verb will do: tombstones, a journal entry, and the species told, in one transaction."""
    connection = sqlite3.connect(folder / "catalog.sqlite")
    try:
        with connection:
            seq = connection.execute("SELECT max(seq) + 1 FROM journal").fetchone()[0]
            for number in ids:
                connection.execute("UPDATE photo SET removed_seq = ?, seq = ? WHERE id = ?", (seq, seq, number))
            connection.execute("UPDATE species SET seq = ?", (seq,))
            entry = (seq, "2026-01-01", "me", "remove", "", "{}", "{}", "x")
            connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entry)
    finally:
        connection.close()


def brute_force(enrolled: Mapping[int, Vectors], queries: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
    """The k best of `enrolled` (photo id -> vector) for each query: float64 sums, ties to the lower id, padded."""
    ids = np.array(sorted(enrolled), np.int64)
    scores, found = np.full((len(queries), k), -np.inf, np.float32), np.full((len(queries), k), -1, np.int64)
    if len(ids):
        rows = np.stack([enrolled[number] for number in ids]).astype(np.float64)
        for at, query in enumerate(queries):
            exact = (rows @ query.astype(np.float64)).astype(np.float32)
            best = np.lexsort((ids, -exact))[:k]
            scores[at, : len(best)], found[at, : len(best)] = exact[best], ids[best]
    return scores, found


def owners(gallery: Gallery) -> dict[str, list[int]]:
    return {one.name: [photo.id for photo in gallery.photos("zebra", one.name)] for one in gallery.individuals()}


def nearest(gallery: Gallery) -> list[int]:
    return gallery.search("zebra", VECTORS, 1).photo_ids[:, 0].tolist()


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def manifest(gallery: Gallery) -> dict[str, object]:
    found: dict[str, object] = json.loads((gallery.folder / "gallery.json").read_text("utf-8"))
    return found


def seen(gallery: Gallery) -> object:
    """Everything a user sees of a gallery, but for the journal."""
    species = [one for one in gallery.species()]
    return species, gallery.individuals(), gallery.photos(), gallery.species_net(), [
        gallery.calibration(one.name) for one in species
    ]
