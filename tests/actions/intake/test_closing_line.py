"""Every command that takes photos in ends with one line: what came of them, which have no date, which were not read."""

from __future__ import annotations

from pathlib import Path

import pytest

import reid
from reid import images
from reid.actions.intake.closing_line import closing_line
from tests.actions.intake.test_taking_photos import cards as cards
from tests.commands import command


def test_the_line_leaves_zeros_out_and_says_so_where_there_is_nothing_else() -> None:
    counts = {"known": 54, "review": 39, "new": 15, "empty": 0}
    assert closing_line(counts, nothing="nothing decided", undated=3, unread=2) == (
        "54 known, 39 review, 15 new; 3 photos without a date; 2 not read"
    )
    assert closing_line({"known": 0}, nothing="nothing decided", undated=1) == "nothing decided; 1 photo without a date"
    assert closing_line({"known": 1}, nothing="", left={"not enrolled": 0, "left out": 4}) == "1 known; 4 left out"
    more = closing_line({"individuals of a zoo": 1, "nets": 2}, nothing="", left={"photos": 1})
    assert more == "1 individual of a zoo, 2 nets; 1 photo"


@pytest.fixture
def asked(cards: Path) -> Path:
    """The cards with one row whose file is gone and one that is no photo: Ada and Bo have dates, Cleo has none."""
    (cards / "3.jpg").write_bytes(b"no photo")
    table = cards / "photos.csv"
    table.write_text(table.read_text("utf-8") + "3.jpg,zebra,Dido\ngone.jpg,zebra,Eve\n", "utf-8")
    return table


def _end(err: str, failed: int) -> str:
    *_, line, last = err.splitlines()
    assert last == f"reid: finished, but {failed} inputs failed (named above)"
    return line


def test_query_enroll_and_import_end_with_it_and_name_the_photos_without_a_date(asked: Path, place: Path) -> None:
    where = ("--gallery", place / "gallery")
    note = f"1 of 4 photos have no date (the first: {asked.parent / '2.jpg'})"
    queried = command("query", asked, *where, "--json")
    decided = [line["decision"] for line in queried.lines if "decision" in line]
    known = ", ".join(f"{decided.count(word)} {word}" for word in ("known", "review", "new") if word in decided)
    assert _end(queried.err, 2) == f"{known}; 1 photo without a date; 2 not read"
    assert queried.err.count(note) == 1
    dry = command("import", asked, "--dry-run", *where, "--json")
    assert _end(dry.err, 1) == "4 to enroll; 1 photo without a date; 1 not read" == dry.lines[0]["closing"]
    assert dry.err.count(note) == 1
    enrolled = command("enroll", asked, *where)
    assert _end(enrolled.err, 2) == "3 enrolled; 1 photo without a date; 2 not read"
    assert enrolled.err.count(note) == 1
    again = command("enroll", asked, *where, "--individual", "Ada")
    assert _end(again.err, 4) == "1 enrolled before; 1 photo without a date; 2 not read; 2 not enrolled"


def test_seasons_discover_export_and_count_end_with_it(asked: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    where = ("--gallery", place / "gallery")
    first = reid.photos(place / "gallery")[0].season
    seasons = command("seasons", asked, "--from", first, "--to", "2024", *where)
    counts, *more = _end(seasons.err, 2).split("; ")
    assert counts == ", ".join(part for part in seasons.out.splitlines()[-2].split(", ") if not part.startswith("0 "))
    assert more == ["1 photo without a date", "2 not read"]
    found = command("discover", asked, *where)
    assert _end(found.err, 2).split("; ")[1:3] == ["1 photo without a date", "2 not read"]
    exported = command("export", "csv", asked, "--out", place / "out", "--json")
    assert _end(exported.err, 1).startswith("2 individuals, 2 photos; 1 photo without a date; 2 not read; 2 photos left out")
    reid.enroll([asked], gallery=place / "gallery")
    counted = command("count", *where, "--species", "zebra")
    assert counted.err.splitlines()[-1].startswith("6 individuals of zebra; 1 photo without a date; ")


def test_train_ends_with_it(asked: Path, place: Path) -> None:
    for name in ("4", "5"):
        images.write_jpeg(asked.parent / f"{name}.jpg", images.read(asked.parent / "0.jpg").pixels)
    rows = "".join(f"{at}.jpg,{kind},\n" for at, kind in ((4, "deer"), (5, "deer")))
    asked.write_text(asked.read_text("utf-8") + rows, "utf-8")
    told = command("train", asked, "--gallery", place / "new", "--stage", "species", "--species-epochs", 1, "--json")
    assert told.err.splitlines()[-2].endswith("; 3 photos without a date; 2 not read"), told.err
