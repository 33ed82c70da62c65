"""A study as files: cards as the plan says, files cut off and empty, boxes, and a second run that draws nothing."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid import synthetic
from reid.synthetic.cards import ANIMAL_COLUMNS, CUT_OFF, TRUTH_COLUMNS, boxes_of, pixels_of, placed_in, write_study
from reid.synthetic.study import FILE_STATES

PLAN = synthetic.plan_study(
    synthetic.Study(individuals=3, seasons=1, cameras=2, days=6, visits=1.5, burst=1, pairs=0.5, empty=0.3,
                    width=48, height=32, seed=5)
)  # fmt: skip
SHORT = replace(PLAN, frames=tuple(
    replace(frame, state=state) for frame, state in zip(PLAN.frames, FILE_STATES, strict=False)
))  # fmt: skip
"""One frame of each state of a file."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> synthetic.DrawnStudy:
    return write_study(tmp_path_factory.mktemp("cards é"), SHORT)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_frame_is_a_file_in_the_state_that_the_plan_says(drawn: synthetic.DrawnStudy) -> None:
    whole, cut, garbage, empty = ((drawn.folder / frame.path).read_bytes() for frame in SHORT.frames)
    assert whole[:2] == b"\xff\xd8" and whole[-2:] == b"\xff\xd9"
    assert cut[:2] == b"\xff\xd8" and cut[-2:] != b"\xff\xd9" and len(cut) < (CUT_OFF + 0.2) * len(whole)
    assert garbage.startswith(b"RIFF") and empty == b""


def test_a_frame_that_is_there_is_not_drawn_again_and_the_caller_hears_of_each(drawn: synthetic.DrawnStudy) -> None:
    path = drawn.folder / SHORT.frames[0].path
    before, heard = path.stat().st_mtime_ns, list[int]()
    assert write_study(drawn.folder, SHORT, heard.append) == drawn
    assert path.stat().st_mtime_ns == before and heard == [1, 2, 3, 4]


def test_the_tables_have_their_columns_and_a_row_for_each_animal(drawn: synthetic.DrawnStudy) -> None:
    truth, animals = rows(drawn.truth), rows(drawn.animals)
    assert tuple(truth[0]) == TRUTH_COLUMNS and tuple(animals[0]) == ANIMAL_COLUMNS
    assert len(truth) == sum(max(1, len(frame.animals)) for frame in SHORT.frames)
    assert {row["file"] for row in truth} == set(FILE_STATES)
    assert sum(int(row["frames"]) for row in animals) == sum(len(frame.animals) for frame in SHORT.frames)
    assert sum(int(row["readable"]) for row in animals) == len(SHORT.frames[0].animals)
    assert {row["camera"] for row in rows(drawn.deployments)} == {one.camera.name for one in PLAN.deployments}


def test_the_detector_reads_what_is_left_and_fails_on_the_others(drawn: synthetic.DrawnStudy) -> None:
    ((season, path),) = drawn.detections.items()
    told = json.loads(path.read_text("utf-8"))
    assert [(drawn.folder / "cards" / season / one["file"]).exists() for one in told["images"]] == [True] * 4
    assert [one.get("failure") for one in told["images"]] == [None, None, "Failure image access", "Failure image access"]
    for entry, frame in zip(told["images"][:2], SHORT.frames, strict=False):
        found = [tuple(one["bbox"]) for one in entry["detections"] if one["category"] == "1" and one["conf"] >= 0.75]
        assert found == [(box.x, box.y, box.width, box.height) for box in boxes_of(PLAN, frame)]


def test_of_two_animals_in_a_frame_each_has_its_half() -> None:
    frame = next(one for one in PLAN.frames if len(one.animals) == 2)
    one, two = placed_in(PLAN, frame)
    assert abs(one.across - two.across) > 0.4 and (one.side, two.side) == frame.sides
    assert placed_in(PLAN, frame) == [one, two]
    assert all(box.x >= 0 and box.x + box.width <= 1.0001 and box.height > 0.1 for box in boxes_of(PLAN, frame))


def test_pixels_are_those_of_the_study_and_the_same_each_time() -> None:
    pixels = pixels_of(PLAN, PLAN.frames[0])
    assert pixels.shape == (32, 48, 3) and pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, pixels_of(PLAN, PLAN.frames[0]))
