"""What a drawn study promises: one truth, told alike by cards, detector, deployments and tables, and faults that are counted."""

import csv
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from reid import synthetic
from reid.errors import UsageError
from reid.formats.readers.photo_lists import read_photos
from reid.records import EMPTY
from reid.steps.photos import dated
from reid.survey.deployments import deployment_on, read_deployments
from reid.synthetic.cards import boxes_of, pixels_of, placed_in

SMALL = synthetic.Study(
    individuals=8, seasons=3, cameras=6, days=20, visits=2.0, pairs=0.3, wrong_clocks=0.34, corrupt=0.15,
    width=96, height=64, seed=5,
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> synthetic.DrawnStudy:
    return synthetic.write_study(tmp_path_factory.mktemp("study é"), synthetic.plan_study(SMALL))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_study_planned_twice_is_the_same_and_another_seed_is_another_study() -> None:
    assert synthetic.plan_study(SMALL) == synthetic.plan_study(SMALL)
    other = synthetic.plan_study(synthetic.Study(individuals=8, seasons=3, cameras=6, seed=6))
    assert {one.taken for one in other.frames}.isdisjoint(one.taken for one in synthetic.plan_study(SMALL).frames)


def test_animals_live_in_seasons_without_a_gap_and_some_come_and_some_go() -> None:
    plan = synthetic.plan_study(synthetic.Study(seed=1))
    assert len(plan.animals) == 100
    for animal in plan.animals:
        assert animal.seasons == tuple(range(animal.seasons[0], animal.seasons[-1] + 1))
    assert sum(animal.seasons[0] == 0 for animal in plan.animals) == 60
    assert [sum(animal.seasons[0] == at for animal in plan.animals) for at in range(1, 5)] == [10, 10, 10, 10]
    seen = {(one.name, frame.deployment.season) for frame in plan.frames for one in frame.animals}
    lived = {(one.name, str(2021 + at)) for one in plan.animals for at in one.seasons}
    assert seen < lived, "some animals are there and not seen, none is seen where it is not"


def test_shares_of_what_goes_wrong_are_about_those_asked_for() -> None:
    plan = synthetic.plan_study(synthetic.Study(seed=1))
    assert sum(bool(one.clock_error) for one in plan.cameras) == 2
    whole = sum(frame.state == "whole" for frame in plan.frames) / len(plan.frames)
    assert whole == pytest.approx(0.95, abs=0.015)
    visits = {frame.visit: len(frame.animals) for frame in plan.frames if frame.animals}
    assert sum(two == 2 for two in visits.values()) / len(visits) == pytest.approx(0.10, abs=0.03)
    assert max(Counter(frame.visit for frame in plan.frames).values()) == 3


def test_no_photo_is_taken_on_a_day_on_which_the_camera_did_not_work(study: synthetic.DrawnStudy) -> None:
    table = read_deployments(study.deployments)
    assert any(one.off for one in table.deployments)
    for frame in study.plan.frames:
        found = deployment_on(table.deployments, frame.deployment.camera.name, frame.taken.date())
        assert found is not None and found.season == frame.deployment.season


def test_the_tables_clocks_put_the_cards_dates_right(study: synthetic.DrawnStudy) -> None:
    clocks = read_deployments(study.deployments).clocks
    assert len(clocks) == 2 and all(abs(offset) >= timedelta(hours=1) for offset in clocks.values())
    taken = {str(study.folder / frame.path): frame.taken for frame in study.plan.frames}
    photos = [one for path in study.detections.values() for one in read_photos([path]).photos]
    for photo in dated(photos):
        if photo.captured_at is not None:  # a file that is cut off may have lost its EXIF
            assert photo.captured_at + clocks.get(photo.camera, timedelta()) == taken[str(photo.path)]


def test_the_detector_tells_every_animal_with_the_box_of_the_truth(study: synthetic.DrawnStudy) -> None:
    truth = [one for one in read_photos([study.truth]).photos if one.column("file") in ("whole", "cut off")]
    told = [one for path in study.detections.values() for one in read_photos([path]).photos]
    people = {str(study.folder / frame.path) for frame in study.plan.frames if frame.person}

    def keys(photos: list, empty: bool) -> set[tuple[str, str]]:
        chosen = [one for one in photos if (one.species == EMPTY) == empty and str(one.path) not in people]
        return {(str(one.path), one.box.key() if one.box else "") for one in chosen}

    assert keys(told, False) == keys(truth, False)
    assert keys(told, True) == keys(truth, True)
    assert not people & {str(one.path) for one in told}


def test_two_animals_in_one_frame_have_a_box_each_that_hardly_meet(study: synthetic.DrawnStudy) -> None:
    frame = next(one for one in study.plan.frames if len(one.animals) == 2 and one.state == "whole")
    first, second = sorted(boxes_of(study.plan, frame), key=lambda box: box.x)
    assert first.x + first.width < second.x + 0.1
    assert len(placed_in(study.plan, frame)) == 2
    twice = (pixels_of(study.plan, frame), pixels_of(study.plan, frame))
    np.testing.assert_array_equal(*twice)


def test_spoilt_files_cannot_be_read_and_the_others_can(study: synthetic.DrawnStudy) -> None:
    from reid import images
    from reid.errors import PhotoError

    states = Counter()
    for frame in study.plan.frames:
        try:
            picture = images.read(study.folder / frame.path)
        except PhotoError:
            states[frame.state] += 1
        else:
            assert frame.state == "whole" and picture.pixels.shape == (64, 96, 3)
    assert states == Counter(one.state for one in study.plan.frames if one.state != "whole")
    assert len(states) == 3


def test_the_table_of_animals_counts_who_lived_and_how_often_each_was_caught(study: synthetic.DrawnStudy) -> None:
    found = {(row["individual"], row["season"]): (int(row["frames"]), int(row["readable"])) for row in rows(study.animals)}
    assert set(found) == {(one.name, str(2021 + at)) for one in study.plan.animals for at in one.seasons}
    for (name, season), (frames, readable) in found.items():
        shown = [row for row in rows(study.truth) if (row["individual"], row["season"]) == (name, season)]
        assert (frames, readable) == (len(shown), sum(row["file"] == "whole" for row in shown))


def test_a_frame_that_is_there_is_not_drawn_again(study: synthetic.DrawnStudy) -> None:
    before = {path: path.stat().st_mtime_ns for path in study.folder.rglob("*.JPG")}
    synthetic.write_study(study.folder, study.plan)
    assert {path: path.stat().st_mtime_ns for path in study.folder.rglob("*.JPG")} == before
    assert len(before) == len(study.plan.frames)
    info = json.loads(study.detections["2022"].read_text(encoding="utf-8"))
    assert {one["file"].split("/")[1] for one in info["images"]} == {"DCIM"}


def test_a_study_of_an_unknown_species_or_of_nobody_is_refused() -> None:
    with pytest.raises(UsageError, match="species is 'yeti'; drawn species are zebra"):
        synthetic.Study(species="yeti")
    with pytest.raises(UsageError, match="must be at least 1"):
        synthetic.Study(individuals=0)
