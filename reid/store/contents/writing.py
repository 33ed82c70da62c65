"""What is written into the catalogue: nets and photos. Each call is one transaction with one journal entry."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid.errors import ModelMismatch, ShapeError, UsageError
from reid.records import SIDES, Calibration
from reid.records.gallery import Enrolled, Enrollment, are_unit
from reid.store.catalog.catalog import Catalog, Change, to_json
from reid.store.catalog.schema import GONE_INDEX
from reid.store.contents import stage_nets
from reid.store.contents.individuals import add_individual, merged_into
from reid.store.contents.reading import SpeciesRow, iso, known_species, species_rows

_FACTS = (
    "individual_id", "species_id", "sha256", "box_key", "box", "path", "near_path", "captured_at", "encounter",
    "camera", "side", "season", "notes", "width", "height", "added_seq", "seq",
)
_INSERT_PHOTO = f"INSERT INTO photo ({', '.join(_FACTS)}) VALUES ({', '.join('?' * len(_FACTS))})"
_INSERT_EMBEDDING = "INSERT OR IGNORE INTO embedding (photo_id, net_id, seq, vector) VALUES (?, ?, ?, ?)"


_LIKE_AN_ID = re.compile(r"#\d+")


def canonical(name: str) -> str:
    """A name as the gallery keeps it: accents composed (NFC), so that names from macOS and from a table are equal.

    Raises:
        UsageError: it is blank, is "#" with a number (that means an id), or holds bytes that are no text.
    """
    if not name.strip():
        raise UsageError("a name of a species or an individual is blank: give it one")
    if _LIKE_AN_ID.fullmatch(name.strip()):
        raise UsageError(f"a name cannot be {name!r}: # and a number mean the individual of that id. Give it another one")
    return _text(unicodedata.normalize("NFC", name), "the name")


def _text(value: str, what: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} {value!r} holds bytes that are no UTF-8 text: rename it") from error
    return value


def set_stage_net(catalog: Catalog, name: str, fingerprint: str, why: str) -> None:
    """Make `fingerprint` one of the nets of the whole gallery. name: one of `STAGE_NETS`."""
    with catalog.change(f"set_{name}", why) as change:
        net_id = _net(change, fingerprint, "species", None)
        before = stage_nets.value_of(change, name)
        if before == str(net_id):
            return
        stage_nets.put_value(change, name, str(net_id))
        change.before = {"net_id": int(before) if before else None}
        change.after = {"net_id": net_id, "fingerprint": fingerprint}


def set_embedding_net(
    catalog: Catalog, name: str, fingerprint: str, dimension: int, calibration: Calibration | None,
    vectors: Mapping[int, NDArray[np.float32]] | None, leaving: Collection[int], why: str, expected: str | None = None,
) -> None:
    """Make `fingerprint` the embedding net of a species; see `Gallery.set_embedding_net`."""
    name, given = canonical(name), dict(vectors or {})
    blobs = dict(zip(given, _blobs(list(given.values()), dimension), strict=True))
    with catalog.change("set_embedding_net", why) as change:
        found = species_rows(change, name)
        met = found[0].fingerprint if found else ""
        if expected is not None and met != expected:
            raise ModelMismatch(
                f"{name!r} was given net {met or 'none'} meanwhile, in place of {expected or 'none'}: try again "
                "(nothing was changed)"
            )
        species_id = found[0].id if found else _add_species(change, name)
        net_id = _net(change, fingerprint, "embedding", dimension)
        _put_embeddings(change, species_id, name, net_id, blobs)
        (missing,) = change.ask(
            "SELECT count(*) FROM photo p WHERE species_id = ? AND removed_seq IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM embedding e WHERE e.photo_id = p.id AND e.net_id = ?)"
            " AND p.id NOT IN (SELECT value FROM json_each(?))",
            (species_id, net_id, to_json(sorted(leaving))),
        )[0]
        if missing:
            raise ModelMismatch(
                f"{missing} enrolled photos of {name!r} have no embedding of net {fingerprint}: "
                "embed them all with it and pass their vectors too (nothing was changed)"
            )
        learnt = to_json(calibration.to_json()) if calibration else None
        if found and not blobs and (found[0].net_id, found[0].calibration or None) == (net_id, learnt):
            return  # nothing changes: no entry
        change.put(
            "UPDATE species SET net_id = ?, calibration = ?, seq = ? WHERE id = ?",
            (net_id, learnt, change.seq, species_id),
        )
        change.before = _net_state(found[0]) if found else {}
        change.after = {
            "species_id": species_id, "species": name, "net_id": net_id, "fingerprint": fingerprint,
            "calibration": calibration.to_json() if calibration else None, "embeddings": len(blobs),
            "left": sorted(leaving),
        }


def add_embeddings(
    catalog: Catalog, name: str, fingerprint: str, dimension: int, vectors: Mapping[int, NDArray[np.float32]]
) -> None:
    """Keep embeddings beside those that are there; see `Embeddings.add`."""
    name = canonical(name)
    blobs = dict(zip(vectors, _blobs(list(vectors.values()), dimension), strict=True))
    with catalog.change("embed", "") as change:
        species = known_species(change, name)
        net_id = _net(change, fingerprint, "embedding", dimension)
        _put_embeddings(change, species.id, name, net_id, blobs)
        if net_id == species.net_id:  # photos that were left behind by an upgrade can be found again
            change.put("UPDATE species SET seq = ? WHERE id = ?", (change.seq, species.id))
        change.after = {
            "species_id": species.id, "species": name, "fingerprint": fingerprint, "embeddings": len(blobs),
            "summary": f"{name}: {len(blobs)} embeddings of net {fingerprint}",
        }


def _put_embeddings(change: Change, species_id: int, name: str, net_id: int, blobs: Mapping[int, bytes]) -> None:
    photos = {row[0] for row in change.ask(
        "SELECT id FROM photo WHERE species_id = ? AND id IN (SELECT value FROM json_each(?))", (species_id, to_json(list(blobs)))
    )}
    if strange := set(blobs) - photos:
        raise UsageError(f"{len(strange)} vectors are for ids that are no photos of {name!r}, first {min(strange)}")
    change.put_many(_INSERT_EMBEDDING, ((photo, net_id, change.seq, blob) for photo, blob in blobs.items()))


def set_calibrations(catalog: Catalog, learned: Mapping[str, tuple[str, Calibration]], why: str) -> None:
    """Set the thresholds of species; see `Gallery.set_calibrations`."""
    with catalog.change("set_calibrations", why) as change:
        before, after = [], []
        for name, (fingerprint, calibration) in sorted((canonical(name), one) for name, one in learned.items()):
            found = species_rows(change, name)
            if not found or found[0].fingerprint != fingerprint:
                met = f"uses net {found[0].fingerprint or 'none'}" if found else "is not in the gallery"
                raise ModelMismatch(
                    f"{name!r} {met}, these thresholds are for net {fingerprint}: calibrate it again (nothing was changed)"
                )
            values = calibration.to_json()
            if found[0].calibration == to_json(values):
                continue
            change.put(
                "UPDATE species SET calibration = ?, seq = ? WHERE id = ?", (to_json(values), change.seq, found[0].id)
            )
            before.append(_net_state(found[0]))
            after.append(_net_state(found[0]) | {"calibration": values})
        if after:
            change.before, change.after = {"species": before}, {"species": after}


def _add_species(change: Change, name: str) -> int:
    return change.put("INSERT INTO species (name, seq) VALUES (?, ?)", (name, change.seq))


def _net_state(row: SpeciesRow) -> dict[str, object]:
    return {
        "species_id": row.id, "species": row.name, "net_id": row.net_id or None, "fingerprint": row.fingerprint,
        "calibration": json.loads(row.calibration) if row.calibration else None,
    }


def _net(change: Change, fingerprint: str, kind: str, dimension: int | None) -> int:
    if not fingerprint or (dimension is not None and dimension < 1):
        raise UsageError(f"a net needs a fingerprint and a dimension above 0, met {fingerprint!r} and {dimension}")
    found = change.ask("SELECT id, kind, dimension FROM net WHERE fingerprint = ?", (fingerprint,))
    if not found:
        return change.put(
            "INSERT INTO net (fingerprint, kind, dimension, seq) VALUES (?, ?, ?, ?)",
            (fingerprint, kind, dimension, change.seq),
        )
    if found[0][1:] != (kind, dimension):
        raise ModelMismatch(
            f"net {fingerprint} is in this gallery as a net for {found[0][1]} with dimension {found[0][2]}, "
            f"not for {kind} with dimension {dimension}: a fingerprint belongs to one net"
        )
    return int(found[0][0])


def enroll(
    catalog: Catalog, folder: Path, name: str, fingerprint: str, items: Sequence[Enrollment], why: str
) -> tuple[Enrolled, ...]:
    """Enroll a batch in one transaction; see `Gallery.enroll`."""
    name = canonical(name)
    names = [canonical(item.individual) for item in items]
    facts = [_facts(item, folder) for item in items]
    with catalog.reading():
        _check_net(species_rows(catalog, name), name, fingerprint, items)  # before a writer's lock is asked for
    blobs = _blobs([item.vector for item in items], len(items[0].vector) if items else 0)
    with catalog.change("enroll", why) as change:
        species = _check_net(species_rows(change, name), name, fingerprint, items)
        results: list[Enrolled] = []
        photos: list[int] = []
        made: dict[str, int] = {}
        found_again = 0
        for item, individual, fact, blob in zip(items, names, facts, blobs, strict=True):
            there = change.ask(
                "SELECT p.id, i.name FROM photo p JOIN individual i ON i.id = p.individual_id"
                " WHERE p.sha256 = ? AND p.box_key = ? AND p.species_id = ? AND p.removed_seq IS NULL",
                (*fact[:2], species.id),
            )
            if there:
                photo, enrolled = there[0]
                results.append(Enrolled(photo, enrolled, "already" if enrolled == individual else "conflict"))
                if not change.ask("SELECT 1 FROM embedding WHERE photo_id = ? AND net_id = ?", (photo, species.net_id)):
                    change.put(_INSERT_EMBEDDING, (photo, species.net_id, change.seq, blob))
                    found_again += 1  # left behind by an upgrade, or brought back since: searches find it again
                continue
            if target := merged_into(change, species.id, individual):
                results.append(Enrolled(0, target, "merged"))
                continue
            if not item.again and (gone := _removed(change, species.id, fact)):
                results.append(gone)
                continue
            individual_id = _individual(change, species.id, individual, made)
            photo = change.put(_INSERT_PHOTO, (individual_id, species.id, *fact, change.seq, change.seq))
            change.put(_INSERT_EMBEDDING, (photo, species.net_id, change.seq, blob))
            photos.append(photo)
            results.append(Enrolled(photo, individual, "added"))
        if photos or found_again:
            change.put("UPDATE species SET seq = ? WHERE id = ?", (change.seq, species.id))
            change.after = {
                "species_id": species.id, "species": name, "fingerprint": fingerprint, "photos": len(photos),
                "first_photo_id": min(photos, default=0), "last_photo_id": max(photos, default=0), "found_again": found_again,
                "new_individuals": {str(number): individual for individual, number in made.items()},
            }
    return tuple(results)


def _check_net(found: list[SpeciesRow], name: str, fingerprint: str, items: Sequence[Enrollment]) -> SpeciesRow:
    if not found or not found[0].net_id:
        raise ModelMismatch(f"this gallery has no embedding net for {name!r} yet: train or set one before enrolling")
    species = found[0]
    if species.fingerprint != fingerprint:
        raise ModelMismatch(
            f"{name!r} is enrolled with net {species.fingerprint}, these vectors are of net {fingerprint}: "
            "embed the photos with the gallery's net, or give the species its new net first"
        )
    for item in items:
        if item.vector.ndim == 1 and len(item.vector) != species.dimension:
            raise ModelMismatch(
                f"{item.photo.path}: its vector has {len(item.vector)} numbers, net {fingerprint} makes "
                f"{species.dimension}: embed it with the gallery's net"
            )
    return species


def _removed(change: Change, species_id: int, fact: Sequence[object]) -> Enrolled | None:
    """The photo of this content and box that a person removed last; enrolling it again and undoing that changes nothing."""
    change.ensure(GONE_INDEX)
    found = change.ask(
        "SELECT p.id, i.name, j.seq, j.at, j.who, i.id, i.removed_seq FROM photo p"
        " JOIN individual i ON i.id = p.individual_id JOIN journal j ON j.seq = p.removed_seq"
        " WHERE p.sha256 = ? AND p.box_key = ? AND p.species_id = ? AND p.removed_seq IS NOT NULL"
        " AND json_extract(j.after, '$.undone') IS NOT p.added_seq"  # the enrollment itself was not taken back
        " ORDER BY p.removed_seq DESC, p.id DESC LIMIT 1", (*fact[:2], species_id),
    )
    if not found:
        return None
    photo, individual, seq, at, who, owner, owner_gone = found[0]
    back = "" if owner_gone is None else f"reid individuals restore '#{owner}'"
    if owner_gone != seq:  # it did not go with its individual, and does not come back with it
        back += f"{' && ' if back else ''}reid photos restore {photo}"
    entry = f"entry {seq}, then of {individual!r}"
    reason = f"it was removed from the gallery on {at[:10]} by {who} ({entry}): `{back}` brings it back"
    return Enrolled(photo, individual, "removed", reason)


def _individual(change: Change, species_id: int, name: str, made: dict[str, int]) -> int:
    found = change.ask(
        "SELECT id FROM individual WHERE species_id = ? AND name = ? AND removed_seq IS NULL", (species_id, name)
    )
    if found:
        return int(found[0][0])
    made[name] = add_individual(change, species_id, "", name).id
    return made[name]


def _facts(item: Enrollment, folder: Path) -> tuple[object, ...]:
    photo = item.photo
    if not item.sha256:
        raise UsageError(f"{photo.path}: the sha256 of its content is missing, it is the key of an enrollment")
    if photo.side not in SIDES:
        raise UsageError(f"{photo.path}: side {photo.side!r} is none of {', '.join(map(repr, SIDES))}")
    path = photo.path.absolute()
    try:
        near = Path(os.path.relpath(path, folder.absolute())).as_posix()
    except ValueError:
        near = ""  # another drive
    box, notes = photo.box, to_json(dict(photo.notes))
    _text(f"{photo.encounter}{photo.camera}{photo.season}{notes}", f"{photo.path}: one of its facts")
    return (
        item.sha256, box.key() if box else "", to_json([box.x, box.y, box.width, box.height]) if box else None,
        _text(path.as_posix(), "the file"), _text(near, "the gallery folder"),
        iso(photo.captured_at) if photo.captured_at else None, photo.encounter, photo.camera, photo.side, photo.season,
        notes, item.width, item.height,
    )


def _blobs(found: Sequence[NDArray[np.float32]], dimension: int) -> list[bytes]:
    for vector in found:
        if np.shape(vector) != (dimension,) or np.asarray(vector).dtype.kind != "f":
            met = f"{np.shape(vector)} {np.asarray(vector).dtype}"
            raise ShapeError(f"an embedding must be ({dimension},) float32, met {met}")
    stacked = np.stack(found).astype("<f4") if found else np.empty((0, 1), "<f4")
    if not are_unit(stacked):
        raise ShapeError("an embedding must be finite and of length 1: normalise what the net gives")
    return [row.tobytes() for row in stacked]
