"""What `discover` found, as tables and as a page."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from reid.actions.seasons.discover_page import SHOWN_OF_AN_ANIMAL, page, write
from reid.actions.seasons.results import DiscoverReport
from reid.records import Outcome, Problem
from tests.actions.seasons.by_hand import animal, proposal
from tests.steps.season.searched import look

NEW = proposal("new", "new-2024-001", link_probability=0.8, link_score=0.9, link_photos=("q.jpg", "r.jpg"), encounters=2)
OPEN = proposal("review", "new-2024-002", individual="Ada", sides="")
REPORT = DiscoverReport(
    Path("g"), (NEW, OPEN), (animal(Outcome.NEW, photos=("q.jpg", "r.jpg")), animal(Outcome.REVIEW, "Ada", ("s.jpg",))), 0, 0,
    (), (), (),
)  # fmt: skip


def test_animals_stand_by_status_with_their_weakest_link_and_whom_they_may_be() -> None:
    made = page(REPORT)
    assert [one.title for one in made.sections] == ["New (1)", "Review (1)"]
    (new,), (open_one,) = (one.answers for one in made.sections)
    assert (new.headline, open_one.headline) == ("New: new-2024-001", "Review: new-2024-002, perhaps Ada")
    assert [(shown.title, shown.lines) for shown in new.matches] == [("weakest link", ("probability 0.80", "score 0.90"))] * 2
    assert [shown.title for shown in open_one.matches] == ["Ada"], "its best match"
    assert open_one.reason == "1 photos, 1 encounters, side not known. a test"
    assert made.lead_tables[0].rows == (("zebra", "1", "1", "0", "1", "0"),)


def test_the_page_says_what_was_enrolled_what_shows_no_animal_and_what_could_not_be_read() -> None:
    assert page(REPORT).subtitle == "nothing was enrolled"
    made = page(replace(REPORT, left=3, enrolled=2, entries=(7,), notes=("a note",), problems=(Problem("x.jpg", "damaged"),)))
    assert made.subtitle == "2 photos were enrolled. 3 photos show no animal, or one of unknown species. a note"
    assert made.sections[-1].title == "Not read (1)"


def test_of_an_animal_with_many_photos_those_of_different_encounters_are_shown() -> None:
    burst = [look(f"a{at}.jpg", {}, encounter="E1") for at in range(SHOWN_OF_AN_ANIMAL)]
    seen = replace(animal(Outcome.NEW), looks=(*burst, look("late.jpg", {}, encounter="E2")))
    (answer,) = page(replace(REPORT, proposals=(NEW,), animals=(seen,))).sections[0].answers
    assert [shown.title for shown in answer.queries] == ["a0.jpg", "late.jpg", "a1.jpg", "a2.jpg", "a3.jpg", "a4.jpg"]


def test_the_tables_are_written_beside_the_page_and_a_review_has_no_name_in_the_manifest(tmp_path: Path) -> None:
    done = write(REPORT, tmp_path / "out")
    assert [one.name for one in done.files] == ["individuals.csv", "photos.csv", "discover.html"]
    with done.files[0].open(encoding="utf-8") as file:
        assert [(row["photos"], row["proposal"], row["status"]) for row in csv.DictReader(file)] == [
            ("1", "new-2024-001", "new"), ("1", "new-2024-002", "review"),
        ]  # fmt: skip
    with done.files[1].open(encoding="utf-8") as file:
        rows = {Path(row["path"]).name: row["individual"] for row in csv.DictReader(file)}
    assert rows == {"q.jpg": "new-2024-001", "r.jpg": "new-2024-001", "s.jpg": ""}
    assert "new-2024-002, perhaps Ada" in done.files[2].read_text(encoding="utf-8")
