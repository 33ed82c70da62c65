"""Who was seen where and when: the enrolled photos as records, and the decisions of queries, kept in one transaction."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from reid.errors import GalleryError
from reid.records import Box, Decision, Match, Outcome, Photo, Sighting, SpeciesGuess
from reid.store.catalog import Catalog, Change, Row, to_json
from reid.store.reading import iso, when
from reid.store.rows import EnrolledPhoto, KeptSighting

_COLUMNS = """path, sha256, species, outcome, individual_id, individual, probability, reason, captured_at, encounter, camera,
    side, season, fingerprint, details, seq"""
_INSERT_SIGHTING = f"INSERT INTO sighting ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def known_sighting(photo: EnrolledPhoto, path: Path) -> Photo:
    """An enrolled photo as a record of its own, see `Gallery.enrolled_sightings`. path: where its file is."""
    year_filled_in = photo.captured_at is not None and photo.season == str(photo.captured_at.year)
    return Photo(
        path, photo.species, photo.individual, photo.captured_at, photo.encounter, photo.camera, photo.side,
        "" if year_filled_in else photo.season, photo.box, photo.notes, f"photo {photo.id}",
    )


def keep_sightings(catalog: Catalog, sightings: Sequence[Sighting]) -> None:
    """Keep the decisions of queries, in one transaction; see `Gallery.add_sightings`.

    All of them are written anew where one differs: of each photo those of the newest change count (`actions.doubts`), so that
    the animals of one frame must stay together.
    """
    with catalog.change("add_sightings", "") as change:
        rows = [_sighting(change, sighting) for sighting in sightings]
        before = _kept_of(change, rows)
        if Counter(row[:-1] for row in rows) == Counter(before.values()):
            return
        change.put_many("UPDATE sighting SET removed_seq = ? WHERE id = ?", ((change.seq, number) for number in before))
        ids = [change.put(_INSERT_SIGHTING, row) for row in rows]
        change.after = {
            "sightings": len(ids), "first_sighting_id": ids[0], "last_sighting_id": ids[-1], "replaced": len(before),
        }


def _kept_of(change: Change, rows: Sequence[Row]) -> dict[int, Row]:
    """The decisions that are kept of the same animals, those of the first photo's content and box: by id, without their seq."""
    animals = {(row[1], json.loads(row[-2])["box"] and tuple(json.loads(row[-2])["box"])) for row in rows}
    found = change.ask(
        f"SELECT id, {_COLUMNS} FROM sighting WHERE removed_seq IS NULL AND sha256 IN (SELECT value FROM json_each(?))",
        (to_json(sorted({sha256 for sha256, _ in animals})),),
    )
    boxes = {row[0]: json.loads(row[-2]).get("box") for row in found}
    return {row[0]: row[1:-1] for row in found if (row[2], boxes[row[0]] and tuple(boxes[row[0]])) in animals}


def _sighting(change: Change, sighting: Sighting) -> Row:
    told = sighting.decision.individual
    species = sighting.counted_species
    matches = [
        {**asdict(match), "captured_at": iso(match.captured_at) if match.captured_at else None}
        for match in sighting.matches
    ]
    details = {
        "species": asdict(sighting.species), "matches": matches, "searched": sighting.searched,
        "photos": sighting.photos, "nobody": sighting.decision.nobody, "side_net": sighting.side_net,
        "box": astuple(sighting.box) if sighting.box else None,
        "boxes": [astuple(box) if box else None for box in sighting.boxes],
    }
    # A decision is kept whatever the bytes of the file's name.
    path = sighting.photo.encode("utf-8", "backslashreplace").decode("utf-8")
    return (
        path, sighting.sha256, species, sighting.decision.outcome.value, _told_of(change, sighting, species), told,
        sighting.decision.probability, sighting.decision.reason,
        iso(sighting.captured_at) if sighting.captured_at else None,
        sighting.encounter, sighting.camera, sighting.side, sighting.season, sighting.embedding_fingerprint,
        to_json(details), change.seq,
    )


def _told_of(change: Change, sighting: Sighting, species: str) -> int | None:
    """The individual that was told: whom the matched photo shows, for its name may be another's by now."""
    told = sighting.decision.individual
    content = next((match.sha256 for match in sighting.matches if match.individual == told), "") if told else ""
    shown = content and change.ask(
        "SELECT DISTINCT p.individual_id FROM photo p JOIN species s ON s.id = p.species_id"
        " WHERE p.sha256 = ? AND s.name = ? AND p.removed_seq IS NULL",
        (content, species),
    )
    if not shown or len(shown) > 1:  # a frame may show several: then the name says which
        shown = change.ask(
            "SELECT i.id FROM individual i JOIN species s ON s.id = i.species_id"
            " WHERE s.name = ? AND i.name = ? AND i.removed_seq IS NULL",
            (species, told),
        )
    return shown[0][0] if shown else None


def kept_sightings(catalog: Catalog) -> tuple[KeptSighting, ...]:
    """The sightings that were kept and not removed, the oldest first. Raises GalleryError where one cannot be read."""
    rows = catalog.ask(
        "SELECT id, seq, individual_id, path, sha256, species, outcome, individual, probability, reason, captured_at, encounter,"
        " camera, side, season, fingerprint, details FROM sighting WHERE removed_seq IS NULL ORDER BY id"
    )
    return tuple(_kept(row) for row in rows)


def _kept(row: Row) -> KeptSighting:
    number, seq, individual_id, path, sha256, species, outcome, told, probability, reason, captured_at, *facts, details = row
    encounter, camera, side, season, fingerprint = facts
    try:
        more: dict[str, Any] = json.loads(details)
        guess = more["species"]
        guess["alternatives"] = tuple((name, chance) for name, chance in guess["alternatives"])
        matches = tuple(Match(**one | {"captured_at": when(one["captured_at"])}) for one in more["matches"])
        sighting = Sighting(
            path, sha256, SpeciesGuess(**guess), Decision(Outcome(outcome), told, probability, reason, more.get("nobody")),
            matches, side, when(captured_at), encounter, camera, season, fingerprint, tuple(more["searched"]),
            tuple(more["photos"]), more.get("side_net", ""), Box(*more["box"]) if more.get("box") else None,
            tuple(Box(*box) if box else None for box in more.get("boxes", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GalleryError(f"sighting {number} of the gallery cannot be read (at {error}): `reid doctor` examines it") from error
    return KeptSighting(number, seq, species, individual_id or 0, sighting)
