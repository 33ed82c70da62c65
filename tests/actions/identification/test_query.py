"""The verb: what was asked about and could be read, what was kept, and every decision given as soon as it is made."""

from __future__ import annotations

from pathlib import Path

import pytest

import reid
from reid.actions.identification.query import looked_at, not_kept, query
from reid.errors import UsageError
from reid.records import Photo, Problem, Sighting
from reid.settings import QuerySettings
from reid.store import NotKept

SETTINGS = QuerySettings(species="zebra", device="cpu", encounters=False)


def test_decisions_come_one_by_one_and_a_broken_file_is_a_problem(place: Path) -> None:
    good = sorted((place / "photos").glob("**/*.jpg"))[:2]
    bad = place / "broken.jpg"
    bad.write_bytes(b"no photo")
    given: list[Sighting] = []
    report = query([good[0], bad, good[1]], gallery=place / "gallery", settings=SETTINGS, on_sighting=given.append)
    assert tuple(given) == report.sightings and [Path(one.photo) for one in report.sightings] == good
    assert [problem.path for problem in report.problems] == [str(bad)]
    assert report.closing.endswith("1 not read") and report.explained == ()


def test_what_is_recorded_replaces_the_answer_before(place: Path) -> None:
    photo = next((place / "photos").glob("**/*.jpg"))
    for _ in range(2):
        assert query([photo], gallery=place / "gallery", settings=SETTINGS, record=True).problems == ()
    with reid.Gallery.open(place / "gallery") as gallery:
        assert [one.sighting.photo for one in gallery.sightings()] == [str(photo.absolute())]
    with pytest.raises(UsageError, match="an answer of the past is no new sighting"):
        query([photo], gallery=place / "gallery", settings=SETTINGS, record=True, as_of=reid.log(gallery=place / "gallery")[0].at)


def test_photos_asked_about_are_those_that_could_be_read() -> None:
    photos = [Photo(Path(name)) for name in ("a.jpg", "b.jpg", "c.jpg")]
    assert looked_at(photos, [Problem("b.jpg", "cut off"), Problem("else.jpg", "gone")]) == [Path("a.jpg"), Path("c.jpg")]


def test_a_decision_that_was_not_kept_is_a_problem_of_its_photo(place: Path) -> None:
    photo = next((place / "photos").glob("**/*.jpg"))
    (sighting,) = query([photo], gallery=place / "gallery", settings=SETTINGS).sightings
    refused = NotKept(sighting, 7, (str(photo),))
    (problem,) = not_kept([refused])
    assert problem.path == str(photo) and "its decision was not kept: entry 7 kept one for each" in problem.reason
