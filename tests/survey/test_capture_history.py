"""Who was seen when, checked by hand: sides, seasons, effort, and what each program reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reid.errors import UsageError
from reid.records import Season
from reid.survey.capture_history import capture_history
from tests.survey.captures import CAMERAS, SURVEY, photo

MAY = (Season("2023", date(2023, 5, 1), date(2023, 5, 30)),)


def texts(found) -> dict[str, str]:
    return {one.individual: one.text() for one in found.histories}


def test_an_occasion_without_effort_is_not_known_for_anybody():
    found = capture_history(SURVEY, seasons=MAY, days=5, deployments=CAMERAS)
    assert [one.camera_days for one in found.occasions] == [9, 10, 5, 5, 0, 5]
    assert texts(found) == {"Amara": "1010.0", "Bo": "0100.0", "Zoë": "1000.1"}
    assert [one.name for one in found.occasions] == [f"2023-{at}" for at in range(1, 7)]


def test_without_a_deployments_table_every_occasion_counts_as_sampled():
    assert texts(capture_history(SURVEY, seasons=MAY, days=5))["Amara"] == "101000"


def test_the_last_occasion_of_a_season_may_be_shorter_and_a_day_on_a_bound_belongs_to_its_own():
    found = capture_history([photo("A", 7), photo("B", 8)], seasons=(Season("s", date(2023, 5, 1), date(2023, 5, 10)),), days=7)
    assert [(one.start.day, one.end.day) for one in found.occasions] == [(1, 7), (8, 10)]
    assert texts(found) == {"A": "10", "B": "01"}


def test_seasons_without_dates_run_from_their_first_day_to_their_last():
    found = capture_history([photo("A", 3), photo("A", 9, year=2024), photo("B", 1, year=2024)])
    assert [(one.name, one.start, one.end) for one in found.occasions] == [
        ("2023-1", date(2023, 5, 3), date(2023, 5, 3)),
        ("2024-1", date(2024, 5, 1), date(2024, 5, 9)),
    ]
    assert texts(found) == {"A": "11", "B": "01"}
    assert found.intervals() == (1.0,)


def test_what_is_left_out_is_listed_with_the_reason():
    photos = [
        *SURVEY,
        replace(photo("Dateless", 1), captured_at=None),
        photo("Early", 1, year=2020),
        photo("Off", 3),
        photo("Nowhere", 4, "C9"),
    ]
    found = capture_history(photos, seasons=MAY, deployments=CAMERAS)
    assert {(one.individual, one.reason) for one in found.left_out if one.photo} == {
        ("Dateless", "photo has no date"),
        ("Early", "photo lies outside of all seasons"),
        ("Off", "camera A1 did not work on that day"),
        ("Nowhere", "camera C9 is not in the deployments table"),
    }
    assert {one.individual for one in found.left_out if not one.photo} == {"Dateless", "Early", "Off", "Nowhere"}


@pytest.mark.parametrize(
    ("side", "wanted"),
    [
        ("all", {"Amara": "1010.0", "Bo": "0100.0", "Zoë": "1000.1"}),
        ("left", {"Amara": "1000.0", "Bo": "0100.0"}),
        ("right", {"Amara": "0010.0", "Zoë": "1000.1"}),
        ("both-linked", {"Amara": "1010.0"}),
        ("best", {"Amara": "1000.0", "Bo": "0100.0"}),
    ],
)
def test_a_side_is_chosen_by_rule(side, wanted):
    found = capture_history(SURVEY, seasons=MAY, days=5, deployments=CAMERAS, side=side)
    assert texts(found) == wanted and found.side == ("left" if side == "best" else side)
    if side == "all":
        assert "1 individuals are known from the left only and 1 from the right only" in found.notes[0]


def test_a_photo_of_unknown_side_speaks_for_no_side():
    with pytest.raises(
        UsageError, match="no photo of zebra is left; 1 x photo shows the unknown side, the history is of"
    ):
        capture_history([photo("A", 1, side="")], side="left")


def test_groups_and_covariates_come_from_the_photos_and_what_is_missing_is_told():
    found = capture_history([*SURVEY, photo("Amara", 5, sex="male", age="3")], seasons=MAY, group="sex", covariates=["age"])
    assert [(one.individual, one.group, one.covariates) for one in found.histories] == [
        ("Amara", "female", (3.0,)),
        ("Zoë", "male", (4.5,)),
    ]
    assert [(one.individual, one.reason) for one in found.left_out] == [("Bo", "covariate age is not known")]
    assert found.notes[-1] == "Amara: photos disagree on sex (female on 3, male on 1); the most frequent is taken"


@pytest.mark.parametrize("cell", ["NA", "NaN", "nan", ""])
def test_a_cell_that_says_that_nothing_is_known_is_no_sex_and_no_age(cell):
    photos = [photo("Amara", 1, sex="female", age="3"), *(photo("Amara", day, sex=cell, age=cell) for day in (2, 3))]
    found = capture_history([*photos, photo("Bo", 1, sex=cell, age="2")], seasons=MAY, group="sex", covariates=["age"])
    assert [(one.individual, one.group, one.covariates) for one in found.histories] == [
        ("Amara", "female", (3.0,)), ("Bo", "unknown", (2.0,)),
    ]  # fmt: skip
    assert found.groups == ("female", "unknown") and not any("disagree" in note for note in found.notes)


def test_overlapping_seasons_ask_for_dates():
    photos = [replace(photo("A", day), season=name) for day, name in ((1, "x"), (3, "y"), (5, "x"))]
    with pytest.raises(UsageError, match=r"seasons 'x' .* and 'y' .* overlap; give their dates"):
        capture_history(photos)


# MARK


# CAPTURE


# secr


# Positions and names


def test_a_covariate_that_is_no_finite_number_leaves_its_animal_out():
    found = capture_history([photo("Amara", 1, age="inf"), photo("Bo", 2, age="3")], covariates=["age"])
    assert [one.individual for one in found.histories] == ["Bo"]
    assert [one.reason for one in found.left_out] == ["covariate age is 'inf', no number"]
