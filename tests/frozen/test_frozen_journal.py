"""What the journal says of each kind of change, and what commands that change the gallery answer, on the fixed gallery.

`REID_FREEZE=1 pytest tests/frozen` keeps the present entries instead (`answers/`).
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import reid
from tests.frozen.place import Place, check, neutral, plain, run

CHANGES = {
    "enroll": ["enroll", "PHOTO", "--individual", "Amara", "--species", "drawn zebra"],
    "rename": ["individuals", "rename", "zebra-001", "Ida", "--why", "a name"],
    "merge": ["individuals", "merge", "zebra-006", "zebra-007"],
    "split": ["individuals", "split", "zebra-007", "zebra-006"],
    "split_photos": ["individuals", "split", "zebra-005", "zebra-105", "--photos", "11"],
    "move": ["photos", "move", "13", "--to", "zebra-002"],
    "move_new": ["photos", "move", "1", "--to", "Ben", "--new"],
    "remove_photos": ["photos", "remove", "3", "5", "--why", "blurred"],
    "restore_photos": ["photos", "restore", "3"],
    "remove": ["individuals", "remove", "deer-004"],
    "restore": ["individuals", "restore", "deer-005"],
    "correct": ["photos", "correct", "13", "--side", "left", "--camera", "CAM-01", "--season", "2023b", "--encounter", "E9"],
    "correct_date": ["photos", "correct", "14", "--date", ""],
    "undo": ["undo"],
    "undo_older": ["undo", "21", "--why", "not she"],
    "record": ["query", "PHOTO", "--record"],
    "calibrate": ["calibrate", "--max-false-match", "0.1", "--species", "drawn deer"],
}


def entries(gallery: Path, after: int) -> list[dict[str, Any]]:
    """The journal after an entry, the oldest first."""
    with reid.Gallery.open(gallery) as opened:
        return [
            {
                "seq": entry.seq, "what": entry.what, "why": entry.why, "before": json.loads(entry.before),
                "after": json.loads(entry.after), "undoes": entry.undoes, "undone_by": entry.undone_by,
            }
            for entry in reversed(opened.log(1000)) if entry.seq > after
        ]  # fmt: skip


def test_each_kind_of_change(editable: Place) -> None:
    photo = editable.second / "season-2" / "zebra" / "IMG_0009.jpg"
    answers = {}
    for name, words in CHANGES.items():
        arguments = [photo if word == "PHOTO" else word for word in words]
        answers[name] = plain(run(*arguments, "--gallery", editable.gallery, "--json"), editable)
    check("changes", answers)
    check("journal", neutral(entries(editable.gallery, 20), editable))
    check("changed_photos", plain(run("photos", "list", "--gallery", editable.gallery, "--json"), editable))


def test_a_new_photo_is_enrolled_known_and_taken_back(editable: Place) -> None:
    photo = editable.second / "season-2" / "zebra" / "IMG_0009.jpg"
    before = reid.individuals(editable.gallery)
    enrolled = reid.enroll([photo], gallery=editable.gallery, individual="Amara", species="drawn zebra")
    assert (enrolled.added, enrolled.already, enrolled.new_individuals) == ({"drawn zebra": 1}, 0, (("drawn zebra", "Amara"),))
    again = reid.enroll([photo], gallery=editable.gallery, individual="Amara", species="drawn zebra")
    assert (again.added, again.already) == ({}, 1)
    settings = reid.QuerySettings(species="drawn zebra")
    (sighting,) = reid.query([photo.with_name("IMG_0010.jpg")], gallery=editable.gallery, settings=settings).sightings
    assert (sighting.matches[0].individual, sighting.matches[0].photo) == ("Amara", str(photo))
    reid.undo(gallery=editable.gallery)
    assert reid.individuals(editable.gallery) == before


def test_the_gallery_is_shown_as_it_was(herd: Place) -> None:
    log = reid.log(gallery=herd.gallery, limit=1000)
    assert [entry.seq for entry in log] == [*range(20, 0, -1)]
    rename = next(entry for entry in log if entry.what == "rename")
    assert isinstance(rename.at, datetime)
    with reid.Gallery.open(herd.gallery, as_of=rename.at) as opened:
        assert "Zoë" in {individual.name for individual in opened.individuals()}


def test_two_galleries_meet(editable: Place) -> None:
    other = editable.copy("other camp")
    run("individuals", "rename", "zebra-001", "Ida", "--gallery", other.gallery)
    run("individuals", "rename", "deer-001", "Ole", "--gallery", other.gallery)
    run("individuals", "rename", "deer-001", "Uwe", "--gallery", editable.gallery)
    packed = editable.folder / "other.reid.zip"
    bundled = run("bundle", packed, "--gallery", other.gallery, "--json")
    dry = run("merge-galleries", packed, "--dry-run", "--gallery", editable.gallery, "--json")
    merged = run("merge-galleries", packed, "--gallery", editable.gallery, "--json")
    unpacked = run("unbundle", packed, editable.folder / "unpacked", "--json")
    copied = run("backup", editable.folder / "copied", "--gallery", editable.gallery, "--json")
    answers = {"bundle": bundled, "dry": dry, "merge": merged, "unbundle": unpacked, "backup": copied}
    kept = {name: plain(answer, editable) for name, answer in answers.items()}
    for name in ("bundle", "unbundle"):
        kept[name]["lines"] = [line | {"members": sorted(line["members"])} for line in kept[name]["lines"]]  # sizes differ
    check("exchange", kept)
    check("exchange_journal", neutral(entries(editable.gallery, 20), editable))
