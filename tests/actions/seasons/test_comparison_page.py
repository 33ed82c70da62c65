"""Two seasons as a page: counts, then every animal by its status."""

from __future__ import annotations

from datetime import datetime

from reid.actions.seasons.comparison_page import page
from reid.pages.html import PageTable
from reid.records import Outcome, Problem
from tests.actions.seasons.by_hand import row, sighting


def test_sections_go_by_status_and_the_counts_by_species() -> None:
    rows = [row("not seen", "Bo"), row("new", proposal="new-2024-001"), row("returned", "Ada")]
    more = PageTable("more", ("a",), (("1",),))
    made = page("2023", "2024", rows, (), (), "of a test", [more])
    assert (made.title, made.subtitle) == ("Season 2023 to season 2024", "of a test")
    assert [one.title for one in made.sections] == ["Returned (1)", "New (1)", "Not seen (1)"]
    assert [one.answers[0].headline for one in made.sections] == ["Returned: Ada", "New: new-2024-001", "Not seen: Bo"]
    assert [one.answers[0].outcome for one in made.sections] == ["known", "new", "unseen"]
    assert made.lead_tables[0].rows == (("zebra", "1", "0", "1", "0", "0", "1", "0"),) and made.lead_tables[1] is more


def test_an_animal_shows_its_photo_its_weakest_link_and_the_photo_before() -> None:
    one = row(
        "review", "Ada", "new-2024-001", photo_again="q.jpg", photo_before="a.jpg", link_photos=("q.jpg", "r.jpg"),
        link_score=0.87, link_probability=0.66, last_before=datetime(2023, 5, 1, 12), sides="both", events=1,
    )  # fmt: skip
    (answer,) = page("2023", "2024", [one], (), (), "").sections[0].answers
    about = ("weakest link 0.87, right with probability 0.66",)
    assert [(shown.title, shown.lines) for shown in answer.queries] == [
        ("new-2024-001", ("zebra · 2024-05-01 12:00 · 2 photos, 1 encounters, 1 events · both sides",)),
        ("q.jpg", about), ("r.jpg", about),
    ]  # fmt: skip
    assert [(shown.title, shown.lines) for shown in answer.matches] == [("Ada", ("2023-05-01 12:00", "probability 0.90"))]
    assert answer.headline == "Review: new-2024-001, perhaps Ada"


def test_empty_frames_and_photos_that_cannot_be_read_stand_at_the_end() -> None:
    unnamed = [sighting(Outcome.EMPTY), sighting(Outcome.UNKNOWN_SPECIES), sighting(Outcome.NEW)]
    made = page("2023", "2024", [], unnamed, [Problem("card/spoilt.jpg", "damaged")], "")
    assert [(one.title, len(one.answers)) for one in made.sections] == [("Not identified (2)", 2), ("Not read (1)", 1)]
