"""The figures of a season's page, each counted by hand on a small study."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from itertools import combinations
from pathlib import Path
from statistics import fmean

import pytest

from reid.actions.season_report.figures import expected_individuals, species_season
from reid.actions.season_report.results import IndividualFigures, SpeciesSeason
from reid.records import Deployment, Photo
from reid.steps.encounters import encounters
from reid.survey.capture_history import capture_history

CAMERAS = tuple(
    Deployment(camera, date(year, 5, 1), date(year, 5, 20), 1.0, 36.0 + at, off=frozenset(date(year, 5, day) for day in off))
    for year in (2021, 2022, 2023)
    for at, (camera, off) in enumerate((("A", range(11, 21)), ("B", (3,) if year == 2022 else range(11, 21))))
)
"""On days 11 to 20 no camera worked but B in 2022."""


def met(name: str, year: int, day: int, camera: str = "A", hour: int = 6, minute: int = 0) -> Photo:
    path = Path(f"/{camera}/{name}-{year}-{day}-{hour}-{minute}.jpg")
    return Photo(path, "zebra", name, datetime(year, 5, day, hour, minute), camera=camera, side="left")


PHOTOS = (
    met("Ada", 2021, 1), met("Ada", 2021, 1, minute=5), met("Ada", 2021, 1, hour=9), met("Ada", 2022, 2), met("Ada", 2023, 1),
    met("Bo", 2021, 3), met("Bo", 2023, 4, "B"), met("Bo", 2023, 5),
    met("Cy", 2021, 4),
    met("Di", 2022, 5, "B"), met("Di", 2022, 15, "B"),
    met("Eve", 2023, 6),
)  # fmt: skip


def figures(season: str, photos: tuple[Photo, ...] = PHOTOS) -> SpeciesSeason:
    named = [replace(photo, encounter=group) for photo, group in zip(photos, encounters(photos, minutes=30), strict=True)]
    return species_season(capture_history(named, days=10, deployments=CAMERAS), season)


def animal(found: SpeciesSeason, name: str) -> IndividualFigures:
    return next(one for one in found.animals if one.name == name)


def test_each_animal_has_the_status_that_the_seasons_before_give_it() -> None:
    found = figures("2023")
    assert [(one.name, one.status) for one in found.animals] == [
        ("Ada", "returned"), ("Bo", "reappeared"), ("Eve", "new"), ("Di", "not seen"), ("Cy", "not seen for longer"),
    ]  # fmt: skip
    assert [found.count(status) for status in ("returned", "reappeared", "new", "not seen")] == [1, 1, 1, 1]


def test_an_animal_met_later_only_is_not_on_the_page_of_an_earlier_season() -> None:
    found = figures("2022")
    assert [(one.name, one.status) for one in found.animals] == [
        ("Ada", "returned"), ("Di", "new"), ("Bo", "not seen"), ("Cy", "not seen"),
    ]  # fmt: skip
    assert figures("2021").before == ""
    assert {one.status for one in figures("2021").animals} == {"new"}


def test_cells_count_encounters_and_are_not_known_where_no_camera_worked() -> None:
    found = figures("2023")
    assert animal(found, "Ada").cells == (2, None, 1, 0, 1, None)
    assert animal(found, "Di").cells == (0, None, 1, 1, 0, None)
    assert animal(found, "Bo").seasons == ("2021", "2023")
    assert (animal(found, "Bo").photos, animal(found, "Bo").encounters, animal(found, "Bo").cameras) == (2, 2, ("A", "B"))
    assert animal(found, "Bo").before == datetime(2021, 5, 3, 6)


def test_seasons_count_new_individuals_once_and_know_their_effort() -> None:
    found = {one.season: one for one in figures("2023").seasons}
    assert {name: (one.photos, one.encounters, one.individuals, one.new) for name, one in found.items()} == {
        "2021": (5, 4, 3, 3), "2022": (3, 3, 2, 1), "2023": (4, 4, 3, 1),
    }  # fmt: skip
    assert {name: one.effort for name, one in found.items()} == {"2021": 20, "2022": 10 + 19, "2023": 20}


def test_cameras_of_the_season_tell_days_encounters_and_individuals() -> None:
    assert [(one.camera, one.worked, one.off, one.encounters, one.individuals) for one in figures("2022").places] == [
        ("A", 10, 10, 1, 1), ("B", 19, 1, 2, 1),
    ]  # fmt: skip


def test_without_deployments_effort_is_not_known_and_cameras_are_those_of_the_photos() -> None:
    history = capture_history([replace(photo, encounter=str(at)) for at, photo in enumerate(PHOTOS)])
    found = species_season(history, "2023")
    assert [(one.camera, one.worked, one.encounters, one.individuals) for one in found.places] == [
        ("A", None, 3, 3), ("B", None, 1, 1),
    ]  # fmt: skip
    assert [one.effort for one in found.seasons] == [None, None, None]


def test_the_discovery_curve_steps_where_somebody_new_is_met_and_ends_with_everybody() -> None:
    assert figures("2023").discovered == ((1, 1), (3, 2), (4, 3), (6, 4), (11, 5))


def test_the_expected_curve_is_the_mean_over_all_draws_of_encounters() -> None:
    counts = (3, 1, 2)
    owners = [owner for owner, count in enumerate(counts) for _ in range(count)]
    for n, expected in expected_individuals(counts):
        drawn = [len(set(one)) for one in combinations(range(len(owners)), n) for one in [[owners[at] for at in one]]]
        assert expected == pytest.approx(fmean(drawn))
    assert [n for n, _ in expected_individuals(counts)] == [1, 2, 3, 4, 5, 6]
    assert expected_individuals([]) == ()
    assert len(expected_individuals([50] * 100)) == 16
