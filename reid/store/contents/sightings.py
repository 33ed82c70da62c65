"""Who was seen where and when: the enrolled photos as records, and the decisions of queries that were kept (`keeping`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reid.errors import GalleryError
from reid.records import Box, Decision, Match, Outcome, Photo, Sighting, SpeciesGuess
from reid.records.gallery import EnrolledPhoto, KeptSighting
from reid.store.catalog.catalog import Catalog, Row
from reid.store.contents.reading import when


def known_sighting(photo: EnrolledPhoto, path: Path) -> Photo:
    """An enrolled photo as a record of its own, see `Gallery.enrolled_sightings`. path: where its file is."""
    year_filled_in = photo.captured_at is not None and photo.season == str(photo.captured_at.year)
    return Photo(
        path, photo.species, photo.individual, photo.captured_at, photo.encounter, photo.camera, photo.side,
        "" if year_filled_in else photo.season, photo.box, photo.notes, f"photo {photo.id}",
    )


def kept_sightings(catalog: Catalog) -> tuple[KeptSighting, ...]:
    """The sightings that were kept and not removed, the oldest first.

    Raises GalleryError where one cannot be read, or, of a day of the past, where some were purged since.
    """
    if catalog.sightings_lack:
        raise GalleryError(catalog.sightings_lack)
    rows = catalog.ask(
        "SELECT id, seq, individual_id, path, sha256, species, outcome, individual, probability, reason, captured_at, encounter,"
        " camera, side, season, fingerprint, details FROM sighting WHERE removed_seq IS NULL ORDER BY id"
    )
    return tuple(_kept(row) for row in rows)


def _kept(row: Row) -> KeptSighting:
    number, seq, individual_id, path, sha256, species, outcome, named, probability, reason, captured_at, *facts, details = row
    encounter, camera, side, season, fingerprint = facts
    try:
        more: dict[str, Any] = json.loads(details)
        guess = more["species"]
        guess["alternatives"] = tuple((name, chance) for name, chance in guess["alternatives"])
        matches = tuple(Match(**one | {"captured_at": when(one["captured_at"])}) for one in more["matches"])
        sighting = Sighting(
            path, sha256, SpeciesGuess(**guess), Decision(Outcome(outcome), named, probability, reason, more.get("nobody")),
            matches, side, when(captured_at), encounter, camera, season, fingerprint, tuple(more["searched"]),
            tuple(more["photos"]), more.get("side_net", ""), Box(*more["box"]) if more.get("box") else None,
            tuple(Box(*box) if box else None for box in more.get("boxes", ())), tuple(more.get("contents", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GalleryError(f"sighting {number} of the gallery cannot be read (at {error}): `reid doctor` examines it") from error
    return KeptSighting(number, seq, species, individual_id or 0, sighting)
