"""What a season's page is made of: enrolled photos, decisions about others, and the histories of both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reid.actions.season_report.histories import SeasonPhotos, given_decision, kept_decisions
from reid.errors import UsageError
from reid.records import Box, Decision, Match, Outcome, Photo, Sighting, SpeciesGuess
from reid.settings import ExportSettings
from tests.actions.season_report.by_hand import NET, gallery, photo

SETTINGS = ExportSettings()


def asked(outcome: Outcome, name: str, of: Photo) -> Sighting:
    named = name if outcome == Outcome.KNOWN else None
    return Sighting(
        str(of.path), of.path.stem.ljust(64, "0"), SpeciesGuess("zebra", 0.9), Decision(outcome, named, 0.7, "a test", 0.2),
        (Match("zebra", name, 1, 0.8, 0.7, "a.jpg"),), of.side, of.captured_at, "", of.camera, "", NET, ("zebra",),
        (str(of.path),),
    )  # fmt: skip


def test_a_decision_counts_for_an_individual_where_it_is_known_and_for_nobody_where_a_person_must_look() -> None:
    later = photo("", 2024)
    known, open_one = (given_decision(asked(outcome, "Ada", later), (later,), 7) for outcome in (Outcome.KNOWN, Outcome.REVIEW))
    assert (known.individual, known.species, known.season, known.entry) == ("Ada", "zebra", "2024", 7)
    assert (open_one.individual, open_one.outcome) == ("", Outcome.REVIEW)


def test_kept_decisions_come_with_the_box_of_each_photo_and_the_entry_that_kept_them(tmp_path: Path) -> None:
    opened = gallery(tmp_path / "g", [(photo("Ada", 2023), 0.0)])
    box, later = Box(0.0, 0.0, 0.5, 1.0), photo("", 2024)
    opened.add_sightings([replace(asked(Outcome.KNOWN, "Ada", later), box=box)])
    (kept,) = kept_decisions(opened, SETTINGS)
    assert (kept.individual, kept.season, kept.entry) == ("Ada", "2024", opened.head())
    assert [(one.path, one.box, one.camera) for one in kept.photos] == [(later.path, box, "C1")]
    assert kept_decisions(opened, replace(SETTINGS, species="lion")) == []


def test_nothing_enrolled_is_refused_and_the_species_asked_for_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the gallery has no photo to report on"):
        SeasonPhotos(gallery(tmp_path / "none", []), SETTINGS, None)
    with pytest.raises(UsageError, match="the gallery has no photo of lion to report on"):
        SeasonPhotos(gallery(tmp_path / "g", [(photo("Ada", 2023), 0.0)]), replace(SETTINGS, species="lion"), None)


def test_histories_hold_the_enrolled_and_whom_a_decision_knows_and_no_open_one(tmp_path: Path) -> None:
    opened = gallery(tmp_path / "g", [(photo("Ada", 2023), 0.0), (photo("Bo", 2023), 90.0)])
    later, other = photo("", 2024), photo("", 2025)
    made_of = SeasonPhotos(opened, SETTINGS, None)
    made_of.count([
        given_decision(asked(Outcome.KNOWN, "Ada", later), (later,), 1),
        given_decision(asked(Outcome.REVIEW, "Bo", other), (other,), 1),
    ])
    (history,) = made_of.histories
    assert history.seasons == ("2023", "2024", "2025"), "what is open is a season, though nobody is counted in it"
    seen = {row.individual: [capture.photo.path.name for capture in row.captures] for row in history.histories}
    assert seen == {"Ada": ["Ada-2023-2-left.jpg", later.path.name], "Bo": ["Bo-2023-2-left.jpg"]}
    rows = {made_of.row_of[one.origin].individual for one in made_of.enrolled}
    assert rows == {"Ada", "Bo"}, "each photo leads back to its row"


def test_a_species_without_dates_does_not_hide_the_others_and_alone_is_refused(tmp_path: Path) -> None:
    lion = photo("Leo", 0, species="lion")
    made_of = SeasonPhotos(gallery(tmp_path / "both", [(photo("Ada", 2023), 0.0), (lion, 0.0)]), SETTINGS, None)
    made_of.count([])
    assert [one.species for one in made_of.histories] == ["zebra"]
    assert len(made_of.notes) == 1 and made_of.notes[0].startswith("lion is not on the page: ")
    alone = SeasonPhotos(gallery(tmp_path / "alone", [(lion, 0.0)]), SETTINGS, None)
    with pytest.raises(UsageError, match="lion is not on the page"):
        alone.count([])
