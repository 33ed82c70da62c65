"""Photos that cannot show one animal."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from reid.records import Box, Deployment, Photo
from reid.steps.cannot_link import CannotLinkConflict, LocatedDetection, Position, cannot_be_one, kilometres, place_of

LEFT, RIGHT = Box(0.0, 0.0, 0.4, 1.0), Box(0.5, 0.0, 0.5, 1.0)
NOON = datetime(2024, 5, 1, 12)
HERE, THERE = Position(-2.0, 34.0), Position(-2.0, 34.1)  # 11.1 km


def test_two_boxes_of_one_frame_are_two_animals() -> None:
    found = cannot_be_one(
        [[LocatedDetection("a", LEFT)], [LocatedDetection("b", LEFT)], [LocatedDetection("a", RIGHT), LocatedDetection("c")]]
    )
    assert found == {(0, 2): CannotLinkConflict(True, "two animals of one frame")}


@pytest.mark.parametrize("other", [None, Box(0.0, 0.0, 0.5, 1.0)])
def test_boxes_that_overlap_and_whole_frames_bar_nothing(other: Box | None) -> None:
    assert cannot_be_one([[LocatedDetection("a", LEFT)], [LocatedDetection("a", other)]]) == {}


def test_nobody_is_at_two_far_places_at_once() -> None:
    soon, later = datetime(2024, 5, 1, 12, 5), datetime(2024, 5, 1, 12, 9)
    groups = [
        [LocatedDetection("a", None, NOON, HERE)],
        [LocatedDetection("b", None, soon, THERE)],
        [LocatedDetection("c", None, later, THERE)],
    ]
    groups += [[LocatedDetection("d", None, NOON)]]
    assert cannot_be_one(groups) == {(0, 1): CannotLinkConflict(False, "11.1 km apart within 5 minutes")}
    assert sorted(cannot_be_one(groups, 60.0)) == [(0, 1), (0, 2)]


def test_places_within_two_hundred_metres_are_one() -> None:
    assert (
        cannot_be_one([[LocatedDetection("a", None, NOON, HERE)], [LocatedDetection("b", None, NOON, Position(-2.0, 34.0015))]])
        == {}
    )


def test_photos_of_one_group_do_not_bar_it_from_itself() -> None:
    assert cannot_be_one([[LocatedDetection("a", LEFT, NOON, HERE), LocatedDetection("a", RIGHT, NOON, THERE)]]) == {}


def test_degrees_are_not_compared_with_metres() -> None:
    assert kilometres(Position(0, 0), Position(3000, 4000, metres=True)) is None
    assert kilometres(Position(0, 0, metres=True), Position(3000, 4000, metres=True)) == 5.0


def test_a_photo_is_where_its_own_columns_say_else_where_its_camera_stood() -> None:
    table = [
        Deployment("C1", date(2024, 1, 1), date(2024, 3, 31), latitude=1.0, longitude=2.0),
        Deployment("C1", date(2024, 4, 1), date(2024, 12, 31), x=10.0, y=20.0),
    ]
    taken = Photo(Path("a.jpg"), camera="C1", captured_at=NOON)
    assert place_of(taken, table) == Position(10.0, 20.0, metres=True)
    own = Photo(Path("a.jpg"), camera="C1", captured_at=NOON, notes={"lat": "3,5", "lon": "4"})
    assert place_of(own, table) == Position(3.5, 4.0)
    assert place_of(Photo(Path("a.jpg"), camera="C2", captured_at=NOON), table) is None
