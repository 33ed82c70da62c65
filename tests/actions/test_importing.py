"""`reid import`: everything is looked at before anything is enrolled."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

import reid
from reid.actions.selecting import sides_by_path
from reid.errors import UsageError
from reid.records import Photo
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
        rows[0]["what"] == '"1.2.2023" may be read day first or month first' and rows[0]["how_to_fix"] == "write it as 2020-03-04"
    )
    assert (rows[1]["what"], rows[1]["how_to_fix"]) == ('"up" is no side', "write left, right, or leave it empty")


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
    with pytest.raises(UsageError, match="fits the rules of both sides"):
        sides_by_path(photos[:1], ["left=*", "right=*"])
    with pytest.raises(UsageError, match="side rule 'up=x': wanted left=PATTERN"):
        sides_by_path(photos, ["up=x"])
