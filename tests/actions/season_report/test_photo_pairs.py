"""The best pair of photos of each animal that came back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from reid.actions.season_report.figures import species_season
from reid.actions.season_report.histories import SeasonPhotos, given_decision
from reid.actions.season_report.photo_pairs import pairs
from reid.actions.season_report.results import PhotoPair, SeasonSightings
from reid.records import Decision, Match, Outcome, Photo, Sighting, SpeciesGuess
from reid.settings import ExportSettings
from tests.actions.season_report.by_hand import NET, content, gallery, photo
from tests.store.in_memory import InMemoryGallery


def paired(opened: InMemoryGallery, decisions: Sequence[SeasonSightings] = ()) -> tuple[PhotoPair, ...]:
    made_of = SeasonPhotos(opened, ExportSettings(), None)
    made_of.count(decisions)
    (history,) = made_of.histories
    return pairs(opened, species_season(history, "2024", ()), made_of, decisions)


def test_the_two_most_alike_photos_of_one_side_are_the_pair(tmp_path: Path) -> None:
    opened = gallery(tmp_path / "g", [
        (photo("Ada", 2023, day=2), 0.0), (photo("Ada", 2023, day=3), 60.0), (photo("Ada", 2023, day=4, side="right"), 75.0),
        (photo("Ada", 2024, day=2), 80.0), (photo("Ada", 2024, day=3), 75.0), (photo("Bo", 2024), 75.0),
    ])  # fmt: skip
    (pair,) = paired(opened)
    assert (pair.individual, pair.before.path.name, pair.after.path.name) == (
        "Ada", "Ada-2023-3-left.jpg", "Ada-2024-3-left.jpg",
    )  # fmt: skip
    assert pair.score == pytest.approx(0.9659, abs=1e-4)  # cos 15°


def test_an_animal_that_showed_its_other_side_has_no_pair_and_an_unknown_side_fits_both(tmp_path: Path) -> None:
    left = photo("Ada", 2023)
    assert paired(gallery(tmp_path / "other", [(left, 0.0), (photo("Ada", 2024, side="right"), 0.0)])) == ()
    (pair,) = paired(gallery(tmp_path / "any", [(left, 0.0), (photo("Ada", 2024, side=""), 0.0)]))
    assert pair.score == pytest.approx(1.0)


def test_who_is_there_by_decisions_alone_is_shown_by_the_likest_match_of_before(tmp_path: Path) -> None:
    first, second, now = photo("Ada", 2023), photo("Ada", 2023, day=5), photo("", 2024)
    opened = gallery(tmp_path / "g", [(first, 0.0), (second, 10.0)])
    matches = tuple(
        Match("zebra", "Ada", rank, score, 0.9, str(one.path), sha256=content(one))
        for rank, (one, score) in enumerate(((first, 0.7), (second, 0.8)), start=1)
    )
    sighting = Sighting(
        str(now.path), "c" * 64, SpeciesGuess("zebra", 0.9), Decision(Outcome.KNOWN, "Ada", 0.9, "a test"), matches, "left",
        now.captured_at, "", "C1", "", NET,
    )  # fmt: skip
    (pair,) = paired(opened, [given_decision(sighting, (now,), 1)])
    assert isinstance(pair.after, Photo) and pair.after.path == now.path
    assert (pair.before.path, pair.score) == (second.path, 0.8)
