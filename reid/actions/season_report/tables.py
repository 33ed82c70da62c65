"""The unresolved sightings of a season as a table that can be enrolled."""

from __future__ import annotations

from reid.actions.season_report.results import UnresolvedSighting, best_guess
from reid.formats.readers.photo_lists import BOX_COLUMNS, PHOTO_COLUMNS
from reid.records import Box
from reid.tables.plain_table import Rows

DOUBT_COLUMNS = (*PHOTO_COLUMNS, *BOX_COLUMNS, "doubt", "probability", "reason")
"""Of the table of doubts: a manifest, so that `reid enroll TABLE --column doubt --only 3` enrolls what a person agrees to."""


def unresolved_rows(doubt: UnresolvedSighting) -> Rows:
    """The rows of one: of each photo that it rests on, with its box."""
    sighting = doubt.sighting
    return [
        (
            photo.path.absolute().as_posix(),
            sighting.counted_species,
            best_guess(sighting),
            photo.captured_at.replace(tzinfo=None) if photo.captured_at else None,
            photo.encounter,
            photo.camera,
            photo.side,
            photo.season,
            *_box_cells(photo.box),
            doubt.number,
            None if sighting.decision.probability is None else f"{sighting.decision.probability:.4f}",
            sighting.decision.reason,
        )
        for photo in doubt.photos
    ]


def _box_cells(box: Box | None) -> tuple[object, ...]:
    return tuple(getattr(box, name) if box else None for name in BOX_COLUMNS)
