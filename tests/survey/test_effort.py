"""When was looked: seasons without dates, occasions, and the days on which cameras worked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reid.errors import UsageError
from reid.records import Deployment, Season
from reid.survey.effort import Occasion, effort_days, occasions_of, spans_of
from tests.survey.captures import CAMERAS, photo


@pytest.mark.parametrize(("first", "last", "wanted"), [(1, 5, 4), (3, 3, 0), (2, 3, 1), (20, 25, 1), (21, 25, 0)])
def test_effort_is_the_days_of_the_span_on_which_the_camera_worked(first: int, last: int, wanted: int) -> None:
    assert effort_days(CAMERAS[0], date(2023, 5, first), date(2023, 5, last)) == wanted


def test_occasions_cover_a_season_and_the_last_may_be_shorter() -> None:
    season = Season("wet", date(2023, 5, 1), date(2023, 5, 12))
    occasions = occasions_of([season], 5, CAMERAS)
    assert [(one.name, one.start.day, one.end.day, one.camera_days) for one in occasions] == [
        ("wet-1", 1, 5, 9), ("wet-2", 6, 10, 10), ("wet-3", 11, 12, 2),
    ]  # fmt: skip
    assert occasions_of([season], 0, ()) == (Occasion("wet", 1, season.start, season.end, None),)


@pytest.mark.parametrize(("days", "sampled"), [(None, True), (1.0, True), (0.0, False)])
def test_an_occasion_counts_as_sampled_unless_it_is_known_that_no_camera_worked(days: float | None, sampled: bool) -> None:
    assert Occasion("wet", 1, date(2023, 5, 1), date(2023, 5, 5), days).sampled is sampled


def test_a_season_without_dates_runs_from_the_first_to_the_last_day_of_photos_and_working_cameras() -> None:
    photos = [photo("A", 7), photo("A", 9, year=2024)]
    over_new_year = Deployment("A1", date(2022, 12, 20), date(2023, 6, 1))
    assert spans_of(photos, [over_new_year]) == (
        Season("2023", date(2023, 1, 1), date(2023, 6, 1)), Season("2024", date(2024, 5, 9), date(2024, 5, 9)),
    )  # fmt: skip
    named = [replace(shot, season="wet") for shot in photos]
    assert spans_of(named, [replace(over_new_year, season="wet")]) == (Season("wet", date(2022, 12, 20), date(2024, 5, 9)),)


def test_seasons_that_overlap_ask_for_their_dates() -> None:
    photos = [replace(photo("A", day), season=season) for day, season in ((1, "wet"), (9, "wet"), (5, "dry"))]
    with pytest.raises(UsageError, match=r"seasons 'wet' \(to 2023-05-09\) and 'dry' \(from 2023-05-05\) overlap; give their"):
        spans_of(photos, ())
