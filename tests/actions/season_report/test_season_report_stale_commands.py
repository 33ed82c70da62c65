"""A command copied from an older page never enrolls another photo than the one it stood beside, nor a name that is no more."""

from __future__ import annotations

import csv
import html
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import reid
from reid.actions.season_report.results import SeasonPage
from reid.errors import UsageError
from reid.store import Gallery
from tests.actions.season_report.drawn_study import written
from tests.commands import Answer, command


@pytest.fixture
def cards(kept: Path, place: Path) -> Path:
    """Two photos of the third season that are not enrolled, asked one after the other and kept."""
    folder = place / "cards"
    folder.mkdir()
    with (kept / "study" / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["season"] == "2023" and row["file"] == "whole"]
    unknown = [row for row in rows if row["individual"] in ("zebra-001", "zebra-003", "zebra-005")]
    for number, row in enumerate(unknown[:2]):
        shutil.copy(kept / "study" / row["path"], folder / f"IMG_{number}.jpg")
    reid.query([folder], gallery=place / "gallery", record=True)
    return folder


def commands(page: SeasonPage) -> dict[str, list[str]]:
    """The command beside each unresolved sighting, by the name of its first photo."""
    texts = [html.unescape(text) for text in re.findall(r"<code>(reid enroll .*?)</code>", page.page.read_text("utf-8"))]
    assert len(texts) == len(page.doubts)
    return {doubt.photos[0].path.name: shlex.split(text)[1:] for doubt, text in zip(page.doubts, texts, strict=True)}


def run(words: list[str], page: SeasonPage) -> Answer:
    return command(*(str(page.page.with_name(word)) if word.endswith(".csv") else word for word in words), "--json")


def enrolled(place: Path) -> set[tuple[str, str]]:
    with Gallery.open(place / "gallery") as opened:
        return {(photo.path.name, photo.individual) for photo in opened.photos("zebra") if photo.path.parent.name == "cards"}


def test_a_command_of_an_older_page_enrolls_the_photo_that_it_stood_beside(kept: Path, place: Path, cards: Path) -> None:
    old = written(kept, place)
    copied = commands(old)
    first, second = (doubt.photos[0].path.name for doubt in old.doubts)
    assert run(copied[first], old).code == 0
    now = written(kept, place)
    assert [doubt.photos[0].path.name for doubt in now.doubts] == [second] and now.doubts[0].number == 1  # numbered anew
    again = run(copied[first], now)  # it is settled: nothing has its key any more
    assert again.code == 2 and "column 'doubt'" in again.err
    assert {name for name, _ in enrolled(place)} == {first}
    assert run(copied[second], now).code == 0
    assert {name for name, _ in enrolled(place)} == {first, second}


def test_a_command_is_refused_once_another_answer_about_the_photo_was_kept(kept: Path, place: Path, cards: Path) -> None:
    old = written(kept, place)
    copied = commands(old)
    reid.enroll([cards / "IMG_1.jpg"], gallery=place / "gallery", species="zebra", individual="Zora")
    reid.query([cards / "IMG_0.jpg"], gallery=place / "gallery", record=True)
    now = written(kept, place)
    assert [doubt.entry > old.doubts[0].entry for doubt in now.doubts] == [True]
    assert run(copied["IMG_0.jpg"], now).code == 2
    assert enrolled(place) == {("IMG_1.jpg", "Zora")}


def test_the_table_alone_enrolls_nobody_and_shows_its_guess_in_a_column_of_its_own(
    kept: Path, place: Path, cards: Path
) -> None:
    page = written(kept, place)
    assert page.doubts_table is not None
    with page.doubts_table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    guesses = {doubt.photos[0].path.name: doubt.sighting.matches[0].individual for doubt in page.doubts}
    assert {Path(row["path"]).name: (row["individual"], row["best_guess"]) for row in rows} == {
        name: ("", guess) for name, guess in guesses.items()
    }
    with pytest.raises(UsageError, match="none of the 2 photos names a species and an individual"):
        reid.enroll([page.doubts_table], gallery=place / "gallery")


def test_a_table_that_speaks_of_another_picture_enrolls_nothing_of_it(kept: Path, place: Path, cards: Path) -> None:
    page = written(kept, place)
    shutil.copy(cards / "IMG_1.jpg", cards / "IMG_0.jpg")  # the next card has the same names
    answer = run(commands(page)["IMG_0.jpg"], page)
    assert answer.code == 1 and "the table speaks of another picture" in answer.err
    assert enrolled(place) == set()


def test_a_guess_that_was_renamed_since_makes_no_new_animal(kept: Path, place: Path, cards: Path) -> None:
    page = written(kept, place)
    words = commands(page)["IMG_0.jpg"]
    guess = words[words.index("--individual") + 1]
    reid.rename_individual(guess, "Amara", gallery=place / "gallery", species="zebra")
    answer = run(words, page)
    assert answer.code == 1 and f"the table guessed {guess!r}, who is not in the gallery any more" in answer.err
    assert enrolled(place) == set()


def test_the_key_is_of_the_contents_the_guess_and_the_entry(kept: Path, place: Path, cards: Path) -> None:
    one, other = written(kept, place).doubts
    assert one.key == replace(one, number=7).key
    assert len({one.key, other.key, replace(one, entry=one.entry + 1).key}) == 3
    other_guess = replace(one.sighting, decision=replace(one.sighting.decision, individual="Amara"))
    assert replace(one, sighting=other_guess).key != one.key
