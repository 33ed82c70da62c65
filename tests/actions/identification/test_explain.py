"""Drawn zebras end to end: the closer look knows the places of a coat again, and a picture shows why."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import reid
from reid import images, synthetic
from reid.actions.identification.query import QueryReport, query
from reid.errors import UsageError
from reid.settings import QuerySettings
from reid.store import Gallery

SETTINGS = QuerySettings(species="zebra", device="cpu", top=8)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four zebras enrolled with the net that ships, and each photo again: darker, and moved within its frame."""
    folder = tmp_path_factory.mktemp("zèbres")
    season = list(
        synthetic.draw_season(["zebra"], range(4), season=0, encounters=1, photos_per_encounter=1, width=240, height=160)
    )
    synthetic.write_photos(folder / "one", season)
    moved = [(photo, (0.6 * np.roll(pixels, (2, 9), (0, 1))).astype(np.uint8)) for photo, pixels in season]
    synthetic.write_photos(folder / "two", moved)
    reid.enroll([folder / "one"], gallery=folder / "gallery")
    return folder


def found_first(world: Path, report: QueryReport) -> int:
    with (world / "two" / "manifest.csv").open(encoding="utf-8") as file:
        truth = {str(world / "two" / row["path"]): row["individual"] for row in csv.DictReader(file)}
    return sum(one.matches[0].individual == truth[one.photo] for one in report.sightings)


def ask(world: Path, **changes: int) -> QueryReport:
    return query([world / "two"], gallery=world / "gallery", settings=replace(SETTINGS, **changes))


def test_a_closer_look_knows_every_animal_again_and_keeps_scores(world: Path) -> None:
    plain, closer = ask(world, rerank=0), ask(world, rerank=8)
    assert len(closer.sightings) == found_first(world, closer) == 4
    for one in closer.sightings:
        local = [match.local for match in one.matches if match.local is not None]
        assert local[0] > 0.1 and all(local[0] > 2 * other for other in local[1:])
    for before, after in zip(plain.sightings, closer.sightings, strict=True):
        assert {one.individual: one.score for one in before.matches} == {one.individual: one.score for one in after.matches}
        assert all(one.local is None for one in before.matches)
        assert all(one.local is not None and 0.0 <= one.local <= 1.0 for one in after.matches)
        assert [one.rank for one in after.matches] == list(range(1, len(after.matches) + 1))


def test_a_closer_look_gives_the_same_answer_again(world: Path) -> None:
    assert ask(world, rerank=8).sightings == ask(world, rerank=8).sightings


def test_maps_of_enrolled_photos_are_kept_so_that_their_files_may_be_elsewhere(world: Path, tmp_path: Path) -> None:
    before = ask(world)
    assert all(match.local is not None for one in before.sightings for match in one.matches)
    shutil.move(world / "one", tmp_path / "elsewhere")
    try:
        assert ask(world).sightings == before.sightings
    finally:
        shutil.move(tmp_path / "elsewhere", world / "one")


def test_enrolling_keeps_the_maps_so_that_the_first_query_opens_no_enrolled_photo(tmp_path: Path) -> None:
    season = list(
        synthetic.draw_season(["zebra"], range(2), season=0, encounters=1, photos_per_encounter=1, width=160, height=112)
    )
    synthetic.write_photos(tmp_path / "one", season)
    reid.enroll([tmp_path / "one"], gallery=tmp_path / "gallery")
    shutil.move(tmp_path / "one", tmp_path / "away")
    report = query([tmp_path / "away" / season[0][0].path], gallery=tmp_path / "gallery", settings=SETTINGS)
    assert [match.local is not None for match in report.sightings[0].matches] == [True]


def test_without_the_photos_of_the_gallery_the_order_is_that_of_the_cosines(world: Path, tmp_path: Path) -> None:
    plain = ask(world, rerank=0)
    shutil.move(world / "one", tmp_path / "elsewhere")
    for kept in (world / "gallery" / "cache").glob("*.maps"):
        kept.unlink()
    try:
        assert ask(world, rerank=8).sightings == plain.sightings
        report = query([world / "two"], gallery=world / "gallery", settings=SETTINGS, why=tmp_path / "why")
        assert report.explained == ()
    finally:
        shutil.move(tmp_path / "elsewhere", world / "one")


def test_why_writes_one_picture_a_decision(world: Path, tmp_path: Path) -> None:
    folder = tmp_path / "why é" / "new"
    report = query([world / "two"], gallery=world / "gallery", settings=replace(SETTINGS, rerank=8), why=folder)
    stems = [Path(one.photo).stem for one in report.sightings]
    assert [path.name for path in report.explained] == [f"{row:04d} {stem}.jpg" for row, stem in enumerate(stems, start=1)]
    assert sorted(folder.iterdir()) == list(report.explained)
    picture = images.read(report.explained[0]).pixels.astype(int)
    orange = (np.abs(picture - (255, 196, 0)).max(axis=2) < 60).sum()
    assert picture.shape[0] == 390 and orange > 200  # no zebra is orange: these are lines


def test_what_is_drawn_is_the_photo_of_the_best_match(world: Path) -> None:
    report = ask(world, rerank=8)
    with Gallery.open(world / "gallery") as gallery:
        for one in report.sightings:
            photos = gallery.photos("zebra", one.matches[0].individual)
            assert one.matches[0].photo in [str(photo.path) for photo in photos]


def test_a_file_that_was_replaced_is_not_drawn_for_the_enrolled_photo_though_its_map_is_kept(world: Path, tmp_path: Path) -> None:
    before = query([world / "two"], gallery=world / "gallery", settings=SETTINGS, why=tmp_path / "before")
    assert len(before.explained) == 4
    kept = {path: path.read_bytes() for path in (world / "one").glob("**/*.jpg")}
    try:
        for path, other in zip(kept, reversed(kept.values()), strict=True):
            path.write_bytes(other)
        after = query([world / "two"], gallery=world / "gallery", settings=SETTINGS, why=tmp_path / "after")
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
    assert len(kept) == 4 and after.sightings == before.sightings and after.explained == ()


def test_a_folder_that_cannot_be_made_is_told(world: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UsageError, match="cannot be made"):
        query([world / "two"], gallery=world / "gallery", settings=SETTINGS, why=tmp_path / "file" / "why")
