"""A file that has another content than the one enrolled from it is told by name; nothing is changed silently."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

import reid
from reid import images
from reid.errors import UsageError
from reid.store import Gallery
from reid.store.contents import reading
from reid.tables.tables import read_table
from tests.commands import command


@pytest.fixture
def survey(place: Path, tmp_path: Path) -> Path:
    """`cards/photos.csv` with two enrolled zebras, of which the second is another picture by now."""
    files = sorted((place / "photos" / "zebra").glob("*/*.jpg"))
    cards = tmp_path / "cards"
    cards.mkdir()
    for name, source in zip(("a", "b"), files, strict=False):
        images.write_jpeg(cards / f"{name}.jpg", images.read(source).pixels[:64, :96])
    (cards / "photos.csv").write_text(
        "path,species,individual,captured_at\na.jpg,zebra,Ada,2023-05-01 06:30\nb.jpg,zebra,Bo,2023-05-02\n", "utf-8"
    )
    assert reid.enroll([cards / "photos.csv"], gallery=place / "gallery").added == {"zebra": 2}
    images.write_jpeg(cards / "a.jpg", images.read(files[5]).pixels[:64, :96])
    return cards / "photos.csv"


def test_enrolling_again_tells_the_changed_file_with_what_it_was_and_what_to_do(place: Path, survey: Path):
    (old,) = reid.photos(place / "gallery", individual="Ada")
    new = images.read(survey.parent / "a.jpg").sha256
    with Gallery.open(place / "gallery") as opened:
        before = opened.head()
    report = reid.enroll([survey], gallery=place / "gallery")
    (problem,) = report.problems
    assert (problem.path, problem.origin) == (str(survey.parent / "a.jpg"), "photos.csv, row 2")
    assert problem.reason == (
        f"the file has another content than the one enrolled from it: it was photo {old.id} of 'Ada', taken 2023-05-01 06:30, "
        f"96 x 64 pixels, sha256 {old.sha256[:12]}, and is sha256 {new[:12]} now: not enrolled; bring the old file back, "
        f"or `reid photos remove {old.id}` and run this again if the new picture takes its place, or --changed add if it is "
        "another photo under an old name"
    )
    assert (report.added, report.already) == ({}, 1)
    with Gallery.open(place / "gallery") as opened:
        assert opened.head() == before


def test_an_import_tells_it_before_anything_is_enrolled_also_dry(place: Path, survey: Path, tmp_path: Path):
    given = ("--gallery", place / "gallery", "--problems", tmp_path / "problems.csv")
    dry = command("import", survey, "--dry-run", *given)
    (row,) = read_table(tmp_path / "problems.csv").rows
    assert dry.code == 1 and (row.text("row"), row.text("photo")) == ("2", str(survey.parent / "a.jpg"))
    assert row.text("what").endswith("now: not enrolled") and row.text("how_to_fix").startswith("bring the old file back, or")
    shutil.copy(survey.parent / "b.jpg", survey.parent / "c.jpg")
    with (survey.parent / "c.jpg").open("ab") as file:
        file.write(b"more")
    survey.write_text(survey.read_text("utf-8") + "c.jpg,zebra,Cleo,\n", "utf-8")
    refused = command("import", survey, *given)
    assert refused.code == 2 and "1 of 3 rows have problems" in refused.err
    assert reid.photos(place / "gallery", individual="Cleo") == ()
    assert command("import", survey, "--anyway", *given).code == 1
    assert len(reid.photos(place / "gallery", individual="Cleo")) == 1
    assert len(reid.photos(place / "gallery", individual="Ada")) == 1


def test_as_told_the_new_picture_takes_the_place_or_is_added_or_the_old_file_comes_back(place: Path, survey: Path):
    (old,) = reid.photos(place / "gallery", individual="Ada")
    added = reid.enroll([survey], gallery=place / "gallery", changed="add")
    assert (added.added, added.problems) == ({"zebra": 1}, ())
    assert reid.enroll([survey], gallery=place / "gallery").problems == ()  # its content is known now
    reid.undo(gallery=place / "gallery", entry=reid.log(gallery=place / "gallery")[0].seq)
    assert len(reid.enroll([survey], gallery=place / "gallery").problems) == 1
    reid.remove_photos([old.id], gallery=place / "gallery")
    again = reid.enroll([survey], gallery=place / "gallery")
    assert (again.added, again.problems) == ({"zebra": 1}, ())
    (now,) = reid.photos(place / "gallery", individual="Ada")
    assert (now.path, now.captured_at) == (old.path, datetime(2023, 5, 1, 6, 30)) and now.sha256 != old.sha256


def test_a_card_read_at_the_same_place_a_year_later_holds_other_photos(place: Path, survey: Path):
    survey.write_text(
        "path,species,individual,captured_at\na.jpg,zebra,Zoe,2024-05-03 05:10\nb.jpg,zebra,Bo,2023-05-02\n", "utf-8"
    )
    dry = reid.import_photos([survey], gallery=place / "gallery", dry_run=True)
    assert dry.problems == ()
    report = reid.enroll([survey], gallery=place / "gallery")
    assert (report.added, report.already, report.problems) == ({"zebra": 1}, 1, ())
    assert [one.captured_at for one in reid.photos(place / "gallery", individual="Zoe")] == [datetime(2024, 5, 3, 5, 10)]
    assert len(reid.photos(place / "gallery", individual="Ada")) == 1


def test_a_way_that_is_none_is_refused(place: Path, survey: Path):
    with pytest.raises(UsageError, match="changed 'replace': wanted one of tell, add"):
        reid.enroll([survey], gallery=place / "gallery", changed="replace")


def test_paths_are_looked_up_by_an_index_and_those_that_are_no_text_are_nowhere(place: Path):
    with Gallery.open(place / "gallery") as opened:
        (plan,) = {
            row[3] for row in opened._catalog.ask(
                f"EXPLAIN QUERY PLAN {reading._PHOTO} WHERE p.path IN (SELECT value FROM json_each('[]'))"
                " AND p.removed_seq IS NULL"
            ) if " p " in row[3]
        }
        assert "photo_path" in plan
        photo = opened.photos()[0]
        found = opened.checkup.enrolled_at([photo.path, Path("/nowhere.jpg"), Path("/\udcff.jpg")])
        assert found == {photo.path.as_posix(): (photo,)}


def test_the_sightings_of_a_gallery_are_its_photos_with_the_season_that_was_given(place: Path, survey: Path):
    with Gallery.open(place / "gallery") as opened:
        (ada,) = [one for one in opened.enrolled_sightings("zebra") if one.individual == "Ada"]
        assert opened.photos("zebra", "Ada")[0].season == "2023"
    assert (ada.path, ada.season, ada.captured_at) == (survey.parent / "a.jpg", "", datetime(2023, 5, 1, 6, 30))
    assert ada.origin.startswith("photo ") and ada.species == "zebra"
