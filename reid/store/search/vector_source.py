"""What the index is fed with: the vectors of the live photos, what changed since, and whom a filter names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from reid.errors import GalleryError, ModelMismatch
from reid.records import Vectors
from reid.records.gallery import Ids, Where, are_unit
from reid.store.catalog.catalog import Catalog, Row, to_json
from reid.store.catalog.sqlite_errors import RESTORE
from reid.store.contents.reading import known_species
from reid.store.search.faiss_files import room

_CHUNK = 4096
_FACTS = ", p.individual_id, p.side, p.season, p.camera, p.captured_at"


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """Photos of one species and net that changed after some seq: those gone, and those live with their vectors."""

    gone: Ids
    ids: Ids
    vectors: Vectors
    facts: list[Row]
    """Of the live ones: individual_id, side, season, camera, captured_at."""


def vectors(catalog: Catalog, species_id: int, net_id: int, dimension: int) -> tuple[Ids, Vectors]:
    """Ids (N,), rising, and vectors (N, D) of the live photos of a species under one net."""
    found = live_photos(catalog, species_id, net_id, dimension)
    return found.ids, found.vectors


def live_photos(
    catalog: Catalog, species_id: int, net_id: int, dimension: int, facts: Callable[[list[Row]], None] | None = None
) -> Changed:
    """All live photos of a species under one net, as if none had been known.

    facts: given the rows (individual_id, side, season, camera, captured_at) of the photos, some at a time, in order.
    """
    picked = (
        "FROM photo p JOIN embedding e ON e.photo_id = p.id AND e.net_id = ?"
        " WHERE p.species_id = ? AND p.removed_seq IS NULL"
    )
    columns = f"p.id, e.vector{_FACTS}" if facts else "p.id, e.vector"
    with catalog.reading():
        (count,) = catalog.ask("SELECT count(*) " + picked, (net_id, species_id))[0]
        ids, found = np.empty(count, np.int64), room(count, dimension)
        start = 0
        for rows in catalog.chunks(f"SELECT {columns} {picked} ORDER BY p.id", (net_id, species_id), _CHUNK):
            stop = start + len(rows)
            ids[start:stop] = [row[0] for row in rows]
            found[start:stop] = _stack(rows, dimension)
            if facts:
                facts([row[2:] for row in rows])
            start = stop
    return Changed(np.empty(0, np.int64), ids, found, [])


def count_changed(catalog: Catalog, species_id: int, net_id: int, since: int) -> int:
    """At most this many photos of a species changed after `since`, or got a vector of this net."""
    return int(catalog.ask(
        "SELECT (SELECT count(*) FROM photo WHERE species_id = ? AND seq > ?)"
        " + (SELECT count(*) FROM embedding WHERE net_id = ? AND seq > ?)",
        (species_id, since, net_id, since),
    )[0][0])


def changed(catalog: Catalog, species_id: int, net_id: int, dimension: int, since: int) -> Changed:
    """The photos of a species that changed after the change `since`."""
    rows = catalog.ask(
        f"SELECT p.id, e.vector, p.removed_seq{_FACTS}"
        " FROM photo p JOIN embedding e ON e.photo_id = p.id AND e.net_id = :net"
        " WHERE p.species_id = :species AND p.seq > :since UNION ALL"
        f" SELECT p.id, e.vector, p.removed_seq{_FACTS} FROM embedding e JOIN photo p ON p.id = e.photo_id"
        " WHERE e.net_id = :net AND e.seq > :since AND p.species_id = :species AND p.seq <= :since ORDER BY 1",
        {"net": net_id, "species": species_id, "since": since},
    )
    live = [row for row in rows if row[2] is None]
    return Changed(
        gone=np.array([row[0] for row in rows if row[2] is not None], np.int64),
        ids=np.array([row[0] for row in live], np.int64),
        vectors=_stack(live, dimension),
        facts=[row[3:] for row in live],
    )


def individual_ids(catalog: Catalog, species_id: int, names: Iterable[str]) -> Ids:
    """Ids, rising, of the individuals of a species with these names."""
    rows = catalog.ask(
        "SELECT id FROM individual WHERE species_id = ? AND removed_seq IS NULL"
        " AND name IN (SELECT value FROM json_each(?)) ORDER BY id",
        (species_id, to_json(sorted(names))),
    )
    return np.array([row[0] for row in rows], np.int64)


def excluded(catalog: Catalog, species_id: int, where: Where) -> Ids:
    """Ids of the live photos of a species that `where` leaves out by content or by encounter."""
    rows: list[Row] = []
    if where.exclude_sha256:
        rows += catalog.ask(
            "SELECT id FROM photo WHERE removed_seq IS NULL AND +species_id = ?"
            " AND sha256 IN (SELECT value FROM json_each(?))",
            (species_id, to_json(sorted(where.exclude_sha256))),
        )
    if encounters := where.exclude_encounters - {""}:
        rows += catalog.ask(
            "SELECT id FROM photo WHERE removed_seq IS NULL AND species_id = ? AND encounter <> ''"
            " AND encounter IN (SELECT value FROM json_each(?))",
            (species_id, to_json(sorted(encounters))),
        )
    return np.unique(np.array([row[0] for row in rows], np.int64))


def _stack(rows: Iterable[Row], dimension: int) -> Vectors:
    rows = list(rows)
    wrong = [row[0] for row in rows if not isinstance(row[1], bytes) or len(row[1]) != 4 * dimension]
    if not wrong:
        found = np.frombuffer(b"".join(row[1] for row in rows), "<f4").astype(np.float32).reshape(-1, dimension)
        if are_unit(found):
            return found
    raise GalleryError(
        f"the embedding of {f'photo {wrong[0]}' if wrong else 'a photo'} is damaged in catalog.sqlite: {RESTORE}"
    )


def last_change(catalog: Catalog, species_id: int) -> int:
    """The last change of any kind to a species."""
    (seq,) = catalog.ask("SELECT seq FROM species WHERE id = ?", (species_id,))[0]
    return int(seq)


def vectors_of(catalog: Catalog, species: str, fingerprint: str | None) -> tuple[Ids, Vectors]:
    """The same of a species and a net by name; see `Gallery.vectors`."""
    with catalog.reading():
        row = known_species(catalog, species)
        wanted = row.fingerprint if fingerprint is None else fingerprint
        net = catalog.ask("SELECT id, dimension FROM net WHERE fingerprint = ? AND kind = 'embedding'", (wanted,))
        if not net:
            raise ModelMismatch(f"this gallery has no embedding net {wanted!r}: {species!r} uses {row.fingerprint!r}")
        return vectors(catalog, row.id, *net[0])
