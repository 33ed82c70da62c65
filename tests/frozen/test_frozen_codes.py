"""Exit codes: 0 all well, 1 some inputs failed, 2 asked for what does not exist, 3 and up by the kind of error."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import reid
from tests.frozen.place import Place, run

USAGE = {
    "an unknown command": ["whoami"],
    "an unknown option": ["query", "x.jpg", "--sure"],
    "no photos": ["query"],
    "a side that is none": ["query", "x.jpg", "--side", "top"],
    "a day that is none": ["individuals", "list", "--as-of", "yesterday"],
    "one season": ["seasons", "x.jpg", "--from", "2023"],
    "a format that is none": ["export", "word"],
    "an entry that never was": ["log", "999"],
    "an individual that is not there": ["individuals", "show", "Nobody"],
    "a photo that is not there": ["photos", "move", "999", "--to", "Zoë"],
    "a name that is another's": ["individuals", "rename", "zebra-001", "Zoë"],
    "a day before the gallery": ["individuals", "list", "--as-of", "2001-01-01"],
    "a species that is not there": ["calibrate", "--species", "okapi"],
    "a share that is none": ["calibrate", "--max-false-match", "2"],
    "photos that name nobody": ["enroll", "SECOND"],
}


@pytest.mark.parametrize("what", USAGE)
def test_what_does_not_exist_ends_with_2(what: str, herd: Place) -> None:
    arguments = [herd.second if argument == "SECOND" else argument for argument in USAGE[what]]
    gallery = () if what == "an unknown command" else ("--gallery", herd.gallery)
    assert run(*arguments, *gallery).code == 2


def test_well_is_0_and_help_too() -> None:
    assert (run("--version").code, run("--help").code, run("query", "--help").code) == (0, 0, 0)
    assert run("--version").out == "reid 0.1.0\n"


def test_a_photo_that_cannot_be_read_ends_with_1(herd: Place, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    answer = run("query", broken, "--gallery", herd.gallery, "--json")
    assert answer.code == 1
    assert [sorted(line) for line in answer.lines] == [["error", "origin", "photo"]]


def test_a_table_that_cannot_be_read_ends_with_4(herd: Place, tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("picture,who\nx.jpg,Zoë\n", encoding="utf-8")
    assert run("query", table, "--gallery", herd.gallery).code == 4


def test_a_folder_that_is_no_gallery_ends_with_5(tmp_path: Path) -> None:
    assert run("gallery", "--gallery", tmp_path).code == 5


def test_a_gallery_of_a_newer_format_ends_with_6(editable: Place) -> None:
    manifest = editable.gallery / "gallery.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text("utf-8")) | {"format": 3}), encoding="utf-8")
    assert run("gallery", "--gallery", editable.gallery).code == 6


def test_a_damaged_catalogue_ends_with_5(editable: Place) -> None:
    (editable.gallery / "catalog.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    assert run("gallery", "--gallery", editable.gallery).code == 5


def test_a_net_that_is_gone_ends_with_9(editable: Place) -> None:
    (editable.gallery / "nets" / "6d7e235a22212d61.safetensors").unlink()
    command = [sys.executable, "-m", "reid", "query", editable.second, "--gallery", editable.gallery]
    root = Path(reid.__file__).parents[1]  # another process: in this one the net is loaded already
    ended = subprocess.run(command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, check=False)
    assert ended.returncode == 9


def test_an_entry_that_a_later_one_builds_on_ends_with_13(herd: Place) -> None:
    assert run("undo", 2, "--gallery", herd.gallery).code == 13
    assert run("log", "--limit", 1, "--json", "--gallery", herd.gallery).lines[0]["seq"] == 20


def test_the_catalogue_is_of_format_2(herd: Place) -> None:
    connection = sqlite3.connect(f"file:{herd.gallery / 'catalog.sqlite'}?mode=ro", uri=True)
    try:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    finally:
        connection.close()
