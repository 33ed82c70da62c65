"""`reid import`: everything is looked at before anything is enrolled."""

from __future__ import annotations

import csv
import shutil
from datetime import datetime
from pathlib import Path

import pytest

import reid
from reid.actions.intake.photo_selection import sides_by_path
from reid.errors import UsageError
from reid.formats.readers.photo_lists import read_photos
from reid.records import Photo, Problem
from reid.tables.problems import problem_rows
from reid.tables.tables import read_table
from tests.commands import World, command


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """A manifest of three photos, two of them wrong."""
    for name in "abc":
        (tmp_path / f"{name}_L.jpg").write_bytes(name.encode())
    path = tmp_path / "photos.csv"
    path.write_text(
        "path,species,individual,captured_at,side\na_L.jpg,zebra,Amara,2023-05-01,\nb_L.jpg,zebra,Bo,1.2.2023,\n"
        "c_L.jpg,zebra,Cleo,2023-05-02,up\ngone.jpg,zebra,D,,\n",
        "utf-8",
    )
    return path


def test_a_dry_run_says_what_is_there_and_lists_every_problem_with_row_column_and_remedy(cards, tmp_path):
    told = command(
        "import",
        cards,
        "--dry-run",
        "--problems",
        tmp_path / "problems.csv",
        "--gallery",
        tmp_path / "g",
        "--side-path",
        "left=*_l.jpg",
        "--season",
        "dry=2023-05-01..2023-06-01",
        "--json",
    )
    assert told.code == 1 and not (tmp_path / "g").exists()
    report = told.lines[0]
    assert (report["photos"], report["labelled"], report["individuals"], report["undated"]) == (1, 1, 1, 0)
    assert (report["sides"], report["seasons"]) == ({"left": 1, "right": 0, "unknown": 0}, ["dry"])
    with (tmp_path / "problems.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["row"], row["column"]) for row in rows] == [
        ("photos.csv", "3", "captured_at"),
        ("photos.csv", "4", "side"),
        ("photos.csv", "5", "path"),
    ]
    assert (
        rows[0]["what"] == '"1.2.2023" may be read day first or month first' and rows[0]["how_to_fix"]
        == "write it as 2020-03-04, or say --dates day-first or month-first"
    )
    assert (rows[1]["what"], rows[1]["how_to_fix"]) == ('"up" is no side', "write left, right, or leave it empty")


def labelled(world: World, folder: Path, individual: str, **facts: str) -> Path:
    """One zebra of the second season as `one.jpg`, labelled in `photos.csv`."""
    with (world.second / "manifest.csv").open(encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["species"] == "zebra")
    shutil.copy(world.second / row["path"], folder / "one.jpg")
    known = {"path": "one.jpg", "species": "zebra", "individual": individual, **facts}
    (folder / "photos.csv").write_text(f"{','.join(known)}\n{','.join(known.values())}\n", "utf-8")
    return folder / "photos.csv"


def test_a_problem_stops_an_import_before_anything_is_enrolled(cards, tmp_path):
    with pytest.raises(UsageError, match=r"3 of 4 rows have problems .* nothing was enrolled"):
        reid.import_photos([cards], gallery=tmp_path / "g")
    assert not (tmp_path / "g").exists()


def test_importing_enrolls_and_importing_again_changes_nothing(world: World, tmp_path):
    with (world.second / "manifest.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["species"] == "zebra"][:3]
    for row in rows:
        shutil.copy(world.second / row["path"], tmp_path / Path(row["path"]).name)
    listed = [f"{Path(row['path']).name},zebra,New,2024-05-01" for row in rows]
    (tmp_path / "photos.csv").write_text("\n".join(["path,species,individual,captured_at", *listed]), "utf-8")
    first = reid.import_photos([tmp_path / "photos.csv"], gallery=world.gallery, sides=["right=*"], clocks=[])
    assert first.enrolled is not None and first.enrolled.added == {"zebra": 3}
    again = reid.import_photos([tmp_path / "photos.csv"], gallery=world.gallery)
    assert again.enrolled is not None and (again.enrolled.added, again.enrolled.already) == ({}, 3)
    assert {one.side for one in reid.photos(world.gallery, individual="New")} == {"right"}


def test_a_side_rule_on_the_path_fills_what_is_not_known_and_nothing_else():
    photos = [
        Photo(Path("/c/LEFT/a.jpg")),
        Photo(Path("/c/right/b.jpg")),
        Photo(Path("/c/left/d.jpg"), side="right"),
        Photo(Path("/e.jpg")),
    ]
    found = sides_by_path(photos, ["left=*/left/*", "right=*/right/*"])
    assert [one.side for one in found] == ["left", "right", "right", ""]
    bracketed = sides_by_path([Photo(Path("/c/cam[1]_L.jpg")), Photo(Path("/c/cam1_L.jpg"))], ["left=*cam[1]_L*"])
    assert [one.side for one in bracketed] == ["left", ""]  # only * and ? stand for anything else
    with pytest.raises(UsageError, match="fits the rules of both sides"):
        sides_by_path(photos[:1], ["left=*", "right=*"])
    with pytest.raises(UsageError, match="side rule 'up=x': wanted left=PATTERN"):
        sides_by_path(photos, ["up=x"])


def test_a_column_whose_name_has_a_space_keeps_it_in_the_table_of_problems(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"a")
    (tmp_path / "photos.csv").write_text("path,date of birth\na.jpg,#REF!\n", "utf-8")
    problems = read_photos([tmp_path / "photos.csv"]).problems
    assert problem_rows(problems) == [
        ("photos.csv", "2", "date of birth", "a.jpg", '"#REF!" is an error of the spreadsheet', "mend the formula")
    ]


def test_a_problem_is_told_once_and_with_its_remedy(tmp_path):
    (tmp_path / "photos.csv").write_text("path,individual\ngone.jpg,A\n", "utf-8")
    told = command("import", tmp_path / "photos.csv", "--dry-run", "--problems", tmp_path / "p.csv")
    assert told.code == 1 and "there is no such file" in told.out and "skipped" not in told.err
    assert told.err.endswith("finished, but 1 inputs failed (named above)\n")
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["row"], row["column"], row["photo"]) == ("2", "path", "gone.jpg")
    assert row["how_to_fix"] == "mend the path, or move the table: paths count from its folder"
    assert len(command("import", tmp_path / "photos.csv", "--dry-run", "--json").err.splitlines()) == 3


def test_a_colon_in_a_reason_of_no_column_makes_no_column():
    (row,) = problem_rows([Problem("a.jpg", "cannot be reached: the disk is gone; plug it in.", "photos.csv, row 2")])
    assert row == ("photos.csv", "2", "", "a.jpg", "cannot be reached: the disk is gone", "plug it in")


def test_an_import_puts_clock_and_season_right_before_it_enrolls(world: World, tmp_path):
    labelled(world, tmp_path, "Clock", camera="A1", captured_at="2024-05-01 23:30")
    given = {"clocks": ["A1=+1h"], "seasons": ["may2=2024-05-02..2024-05-03"]}
    reid.import_photos([tmp_path / "photos.csv"], gallery=world.gallery, **given)
    (one,) = reid.photos(world.gallery, individual="Clock")
    assert (one.captured_at, one.season) == (datetime(2024, 5, 2, 0, 30), "may2")


def test_the_variables_count_for_enroll_import_and_export_and_an_argument_goes_before_them(world: World, tmp_path, monkeypatch):
    labelled(world, tmp_path, "Ada", camera="A1", captured_at="2024-05-01 23:30")
    monkeypatch.setenv("REID_CLOCKS", "A1=+1h")
    monkeypatch.setenv("REID_SEASONS", "may=2024-05-01..2024-05-03")
    monkeypatch.setenv("REID_SIDE_PATH", "left=*")
    told = command("import", tmp_path / "photos.csv", "--dry-run", "--gallery", world.gallery, "--json").lines[0]
    assert (told["first"], told["seasons"], told["sides"]["left"]) == ("2024-05-02T00:30:00", ["may"], 1)
    assert command("enroll", tmp_path / "photos.csv", "--gallery", world.gallery, "--clock", "A1=+2h").code == 0
    (one,) = reid.photos(world.gallery, individual="Ada")
    assert (one.captured_at, one.season, one.side) == (datetime(2024, 5, 2, 1, 30), "may", "left")
    monkeypatch.delenv("REID_CLOCKS")
    monkeypatch.setenv("REID_SIDE", "right")
    monkeypatch.setenv("REID_SCIENTIFIC", "zebra=Equus quagga, deer=Cervus elaphus")
    given = (tmp_path / "photos.csv", "--out", tmp_path / "out", "--gallery", world.gallery)
    assert "the history is of the right" in command("export", "csv", *given).err
    assert command("export", "wildbook", *given, "--side", "all").code == 0
    (row,) = read_table(tmp_path / "out" / "wildbook.xlsx").rows
    assert (row.text("encounter.genus"), row.text("encounter.specificepithet")) == ("Equus", "quagga")
    monkeypatch.setenv("REID_DAYS", "many")
    assert "REID_DAYS='many' cannot be read" in command("export", "csv", *given).err
