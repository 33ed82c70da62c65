"""What a drawn season promises: dates, encounters, and a manifest that tells the truth."""

import csv
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.synthetic import DrawnPhoto, draw_season, write_photos
from reid.synthetic.seasons import DRAWN_BOX_COLUMNS, MANIFEST_COLUMNS

Photos = list[tuple[DrawnPhoto, np.ndarray]]


def season(number: int) -> Photos:
    return list(
        draw_season(
            ["zebra", "deer"], {"zebra": [0, 1, 7], "deer": [2]}, season=number, encounters=3, photos_per_encounter=3,
            cameras=4, empty_frames=5, width=96, height=64, seed=3,
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def photos() -> Photos:
    return season(1)


def test_a_season_holds_every_individual_as_often_as_asked(photos: Photos) -> None:
    seen: dict[str, int] = defaultdict(int)
    for photo, _ in photos:
        seen[photo.individual] += 1
    assert seen == {"zebra-000": 9, "zebra-001": 9, "zebra-007": 9, "deer-002": 9, "": 5}


def test_dates_lie_in_the_season_and_run_forward(photos: Photos) -> None:
    times = [photo.captured_at for photo, _ in photos]
    assert {time.year for time in times} == {2024}
    assert {photo.season for photo, _ in photos} == {"2024"}
    assert times == sorted(times)


def test_an_encounter_keeps_its_camera_and_animal_and_lasts_minutes(photos: Photos) -> None:
    encounters = defaultdict(list)
    for photo, _ in photos:
        encounters[photo.encounter].append(photo)
    assert len(encounters) == 4 * 3 + 5
    for members in encounters.values():
        assert len({(p.camera, p.individual, p.species) for p in members}) == 1
        assert members[-1].captured_at - members[0].captured_at < timedelta(minutes=10)


def test_every_individual_shows_both_sides_and_is_met_at_several_cameras(photos: Photos) -> None:
    sides, cameras = defaultdict(set), defaultdict(set)
    for photo, _ in photos:
        sides[photo.individual].add(photo.side)
        cameras[photo.individual].add(photo.camera)
    assert all(sides[name] == {"left", "right"} for name in sides if name)
    assert sides[""] == {""}
    assert min(len(seen) for seen in cameras.values()) >= 2


def test_a_season_drawn_twice_is_the_same_and_the_next_season_is_not(photos: Photos) -> None:
    again = season(1)
    assert [photo for photo, _ in again] == [photo for photo, _ in photos]
    for (_, one), (_, two) in zip(photos, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert {photo.encounter for photo, _ in season(0)}.isdisjoint(photo.encounter for photo, _ in photos)


def test_the_manifest_lists_exactly_the_files_written(photos: Photos, tmp_path: Path) -> None:
    folder = tmp_path / "drawn é photos"
    written = write_photos(folder, photos)
    assert written == [photo for photo, _ in photos]
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert tuple(header) == (*MANIFEST_COLUMNS, *DRAWN_BOX_COLUMNS)
    read = [DrawnPhoto(*row[:3], datetime.fromisoformat(row[3]), *row[4:8]) for row in rows]
    assert read == [replace(photo, box=None) for photo in written]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {photo.path for photo in written} | {"manifest.csv"}
    assert len({photo.path for photo in written}) == len(written)
