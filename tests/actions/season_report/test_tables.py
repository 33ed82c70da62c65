"""The table of unresolved sightings: a manifest whose `individual` is for a person to fill in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from reid.actions.season_report.results import UnresolvedSighting
from reid.actions.season_report.tables import DOUBT_COLUMNS, unresolved_rows
from reid.records import Box, Decision, Match, Outcome, Photo, Sighting, SpeciesGuess


def test_a_row_names_photo_box_key_guess_and_content_and_no_individual() -> None:
    sighting = Sighting(
        "/cards/p.jpg", "ab" * 32, SpeciesGuess("zebra", 0.9), Decision(Outcome.REVIEW, None, 0.61234, "a test", 0.3),
        (Match("zebra", "Amara", 1, 0.8, 0.6, "a.jpg"),), "left", None, "", "C1", "2024", "", photos=("/cards/p.jpg",),
    )  # fmt: skip
    box = Box(0.0, 0.1, 0.5, 0.9)
    photo = Photo(Path("/cards/p.jpg"), captured_at=datetime(2024, 5, 1, 9), camera="C1", side="left", box=box)
    doubt = UnresolvedSighting(3, sighting, (photo,), 12)
    (row,) = (dict(zip(DOUBT_COLUMNS, row, strict=True)) for row in unresolved_rows(doubt))
    assert (row["individual"], row["best_guess"], row["species"]) == ("", "Amara", "zebra")
    assert (row["doubt"], row["sha256"], row["probability"]) == (doubt.key, "ab" * 32, "0.6123")
    assert (row["x"], row["y"], row["width"], row["height"]) == (0.0, 0.1, 0.5, 0.9)
