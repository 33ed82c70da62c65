"""The unresolved sightings of a season as a table that can be enrolled."""

from __future__ import annotations

from reid.actions.season_report.results import UnresolvedSighting, best_guess
from reid.formats.readers.photo_lists import BOX_COLUMNS, PHOTO_COLUMNS
from reid.records import Box
from reid.tables.plain_table import Rows

DOUBT_COLUMNS = (*PHOTO_COLUMNS, *BOX_COLUMNS, "doubt", "probability", "reason", "best_guess", "sha256")
"""Of the table of unresolved sightings: a manifest, so that `reid enroll TABLE --column doubt --only KEY --individual NAME`
enrolls what a person agrees to. `individual` is empty: the guess of a program is no name, and the table alone enrolls nothing.
"""


def unresolved_rows(doubt: UnresolvedSighting) -> Rows:
    """The rows of one: of each photo that it rests on, with its box."""
    sighting = doubt.sighting
    return [
        (
            photo.path.absolute().as_posix(),
            sighting.counted_species,
            "",
            photo.captured_at.replace(tzinfo=None) if photo.captured_at else None,
            photo.encounter,
            photo.camera,
            photo.side,
            photo.season,
            *_box_cells(photo.box),
            doubt.key,
            None if sighting.decision.probability is None else f"{sighting.decision.probability:.4f}",
            sighting.decision.reason,
            best_guess(sighting),
            content,
        )
        for photo, content in zip(doubt.photos, doubt.contents, strict=True)
    ]


def _box_cells(box: Box | None) -> tuple[object, ...]:
    return tuple(getattr(box, name) if box else None for name in BOX_COLUMNS)
