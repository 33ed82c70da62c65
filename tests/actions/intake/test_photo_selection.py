"""Which photos are used: by a column, by the right clock and season, and the side that a path tells."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reid.actions.intake.photo_selection import by_container, in_time, photos_of_column, sides_by_path
from reid.errors import UsageError
from reid.formats.readers.video_frames import CONTAINER_UTC
from reid.records import Photo

NOON = datetime(2024, 5, 1, 12)
A = Photo(Path("a_L.jpg"), "zebra", "Ada", NOON, camera="C1", notes={"split": "train"})
B = Photo(Path("b_R.jpg"), "zebra", "Bo", NOON, camera="C2", season="wet", notes={"split": "test"})
FRAME = Photo(Path("v.mp4"), "zebra", "", NOON, camera="C2", notes={"date_from": CONTAINER_UTC})


@pytest.mark.parametrize(
    ("column", "values", "chosen"),
    [
        ("", "x", [A, B]), ("individual", "Bo", [B]), ("Split", "train, test", [A, B]), ("season", "2024", [A]),
        ("camera", "C1", [A]),
    ],
)
def test_photos_are_chosen_by_a_column_of_meaning_or_of_the_manifest(column: str, values: str, chosen: list[Photo]) -> None:
    assert photos_of_column([A, B], column, values) == chosen


@pytest.mark.parametrize(("column", "values", "said"), [("flock", "x", "split"), ("split", "val", "test")])
def test_a_column_or_value_that_no_photo_has_is_refused_with_those_there_are(column: str, values: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        photos_of_column([A, B], column, values)


def test_a_clock_is_set_right_before_the_season_is_looked_up() -> None:
    timed, spans = in_time([A, B], ["C1=+1d"], ["rains=2024-05-02..2024-05-31"])
    assert [(photo.captured_at, photo.season) for photo in timed] == [(NOON + timedelta(days=1), "rains"), (NOON, "wet")]
    assert [span.name for span in spans] == ["rains"]


def test_the_clock_of_videos_counts_for_frames_dated_by_their_container_alone() -> None:
    timed, _ = in_time([B, FRAME], ["video=+2h"], [])
    assert [photo.captured_at for photo in timed] == [NOON, NOON + timedelta(hours=2)]
    assert [by_container(photo) for photo in (FRAME, timed[1])] == [True, False]  # its date is right now


def test_a_clock_for_a_camera_that_no_photo_has_is_refused() -> None:
    for clock in ("C9=+1h", "video=+1h"):
        with pytest.raises(UsageError, match="for which a clock was given"):
            in_time([A, B], [clock], [])


def test_a_path_tells_the_side_where_nothing_else_does() -> None:
    known = Photo(Path("c_L.jpg"), side="right")
    assert [one.side for one in sides_by_path([A, B, known], ["left=*_l.*", "right=*_R.*"])] == ["left", "right", "right"]
    assert [one.side for one in sides_by_path([A, B], [])] == ["", ""]
