"""The cameras of a season's page: their table, and a map where positions are known."""

from __future__ import annotations

from datetime import date

from reid.actions.season_report.camera_map import where
from reid.actions.season_report.results import CameraPlace
from reid.records import Deployment
from tests.actions.season_report.by_hand import figures, occasion

SPAN = (date(2024, 4, 20), date(2024, 5, 15))
SEASON = (occasion("2024"),)


def test_a_season_without_cameras_says_so_and_has_no_table() -> None:
    section = where(figures(SEASON), "zebra: ")
    assert section.title == "zebra: Where, season 2024"
    assert section.intro.startswith("No camera of the season is known") and section.tables == section.plots == ()


def test_a_camera_counts_from_the_first_day_of_the_season_and_what_is_not_known_is_a_dash() -> None:
    places = (
        CameraPlace("C1", Deployment("C1", *SPAN), 14, 1, 5, 2),
        CameraPlace("C9", None, None, None, 1, 1),
    )
    section = where(figures(SEASON, places=places), "")
    (table,) = section.tables
    assert table.rows == (
        ("C1", "2024-05-01", "2024-05-15", "14", "1", "5", "2"),
        ("C9", "–", "–", "–", "–", "1", "1"),
    )
    assert section.plots == () and table.note.startswith("No map: deployment of C1 has no position")


def test_the_map_has_one_spot_for_a_camera_that_stood_twice_at_one_place() -> None:
    there, east = {"x": 1000.0, "y": 500.0}, {"x": 3000.0, "y": 500.0}
    places = (
        CameraPlace("C1", Deployment("C1", *SPAN, **there), 14, 0, 5, 2),
        CameraPlace("C1", Deployment("C1", date(2024, 5, 18), date(2024, 5, 20), **there), 3, 0, 4, 1),
        CameraPlace("C2", Deployment("C2", *SPAN, **east), 14, 0, 0, 0),
    )
    section = where(figures(SEASON, places=places), "")
    (plot,) = section.plots
    assert section.tables[0].note == "" and plot.title.startswith("zebra: encounters by camera, 2024.")
    text = plot.svg.decode()
    assert text.count("<!-- C1") == text.count("<!-- C2") == 1, "each is named once"
