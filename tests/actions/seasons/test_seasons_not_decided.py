"""Nobody is told not to have been seen while photos that wait for a person may show them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import reid
from reid.actions.seasons.results import SeasonsReport
from tests.actions import colour_pool
from tests.actions.colour_pool import Taken
from tests.commands import command
from tests.steps.stock import calibration

THEN, NOW = datetime(2023, 5, 1, 12), datetime(2024, 5, 1, 12)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid.steps.embedded_photos.embed_and_map", colour_pool.colours)


def gallery(folder: Path, *, calibrated: bool) -> Path:
    """Ada, Bo, Cy and Di of 2023, each met on three days."""
    place = colour_pool.gallery(folder / "gallery", calibration() if calibrated else None)
    first = [Taken(name, when=THEN + day * DAY) for name in ("Ada", "Bo", "Cy", "Di") for day in range(3)]
    reid.enroll([colour_pool.write(folder / "2023", first)], gallery=place)
    return place


def statuses(report: SeasonsReport) -> dict[str, str]:
    return {row.individual: row.status for row in report.rows if row.status not in ("review", "new")}


def test_where_nothing_could_be_decided_nobody_is_not_seen(tmp_path: Path) -> None:
    place = gallery(tmp_path, calibrated=False)
    met = colour_pool.write(tmp_path / "2024", [Taken("Ada", when=NOW), Taken("Bo", when=NOW + DAY)], named=False)
    report = reid.seasons([met], first="2023", second="2024", gallery=place, out=tmp_path / "out")
    assert report.count("review") == 2 and report.count("not seen") == 0
    assert statuses(report) == {"Ada": "doubtful", "Bo": "doubtful", "Cy": "not decided", "Di": "not decided"}
    cy = next(row for row in report.rows if row.individual == "Cy")
    assert cy.reason == (
        "2 unresolved sightings of the second season may show it: 0.jpg (new-2024-001), 1.jpg (new-2024-002)"
    )
    assert cy.photo_again == str(met / "0.jpg") and (cy.photos, cy.encounters) == (0, 0)


def test_a_calibrated_answer_that_rules_them_out_leaves_the_others_not_seen(tmp_path: Path) -> None:
    place = gallery(tmp_path, calibrated=True)
    met = colour_pool.write(tmp_path / "2024", [Taken("Ada", "Ada", when=NOW)])  # one name for two animals: under review
    report = reid.seasons([met], first="2023", second="2024", gallery=place)
    assert statuses(report) == {"Ada": "doubtful", "Bo": "not seen", "Cy": "not seen", "Di": "not seen"}


def test_decisions_that_were_kept_count_where_the_photos_are_not_given(tmp_path: Path) -> None:
    place = gallery(tmp_path, calibrated=False)
    reid.enroll([colour_pool.write(tmp_path / "2024", [Taken("Ada", when=NOW)])], gallery=place)
    before = reid.seasons(first="2023", second="2024", gallery=place)
    assert statuses(before) == {"Ada": "returned", "Bo": "not seen", "Cy": "not seen", "Di": "not seen"}
    asked = colour_pool.write(tmp_path / "asked", [Taken("Bo", when=NOW + DAY)], named=False)
    reid.query([asked], gallery=place, record=True)
    after = reid.seasons(first="2023", second="2024", gallery=place)
    assert statuses(after) == {"Ada": "returned", "Bo": "not decided", "Cy": "not decided", "Di": "not decided"}
    assert after.rows[-1].reason == "1 unresolved sighting of the second season may show it: 0.jpg (kept)"
    every = reid.all_seasons(gallery=place)
    assert [(pair.returned, pair.not_seen, pair.not_decided) for pair in every.pairs] == [(1, 0, 3)]


def test_who_was_not_seen_is_no_empty_frame_on_the_page(tmp_path: Path) -> None:
    place = gallery(tmp_path, calibrated=True)
    met = colour_pool.write(tmp_path / "2024", [Taken("Ada", when=NOW)])
    answer = command(
        "seasons", met, "--from", "2023", "--to", "2024", "--gallery", place, "--out", tmp_path / "out"
    )
    assert "3 not seen, 0 not decided" in answer.out
    page = (tmp_path / "out" / "seasons.html").read_text(encoding="utf-8")
    assert 'class="answer unseen' in page and "no animal in the frame" not in page
