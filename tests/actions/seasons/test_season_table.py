"""The rows of a season's table, of enrolled photos and animals made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from reid.actions.seasons.season_table import MOST_NAMED, halves, rows, side_word
from reid.records import Outcome
from reid.steps.season.joint_identification import Link
from tests.actions.seasons.by_hand import MAY, animal, enrolled, row, sighting


def test_an_individual_is_returned_reappeared_new_or_not_seen_by_the_seasons_of_its_photos() -> None:
    photos = [
        enrolled(1, "Ada", "2023"), enrolled(2, "Ada", "2024"), enrolled(3, "Bo", "2022"), enrolled(4, "Bo", "2024"),
        enrolled(5, "Cy", "2024"), enrolled(6, "Di", "2023"), enrolled(7, "Eve", "2022"), enrolled(8, "Flo", "2025"),
    ]  # fmt: skip
    table = rows(photos, (), "2023", "2024")
    assert [(one.status, one.individual) for one in table] == [
        ("returned", "Ada"), ("reappeared", "Bo"), ("new", "Cy"), ("not seen", "Di"),
    ]  # fmt: skip
    ada = table[0]
    assert (ada.last_before, ada.first_again, ada.photo_before, ada.photo_again) == (
        datetime(2023, 5, 1, 12), MAY, "/g/1.jpg", "/g/2.jpg",
    )  # fmt: skip
    assert (ada.photos, ada.encounters, ada.events, ada.reason) == (1, 1, 1, "enrolled under this name in both seasons")


def test_an_animal_given_that_got_a_name_counts_with_the_enrolled_and_none_of_its_photos_twice() -> None:
    met = animal(Outcome.KNOWN, "Ada", ("q.jpg", "r.jpg"), probability=0.93)
    table = rows([enrolled(1, "Ada", "2023")], [met], "2023", "2024")
    (ada,) = table
    assert (ada.status, ada.photos, ada.encounters, ada.probability) == ("returned", 2, 2, 0.93)
    assert (ada.photo_before, ada.photo_again, ada.reason) == ("Ada.jpg", "q.jpg", "a test")
    there = replace(enrolled(2, "Ada", "2024"), sha256="q.jpg".ljust(64, "0"))
    (ada,) = rows([enrolled(1, "Ada", "2023"), there], [met], "2023", "2024")
    assert (ada.photos, ada.encounters) == (2, 2), "one is enrolled by now"


def test_animals_without_a_name_are_numbered_by_their_first_photo_and_tell_their_weakest_link() -> None:
    weakest = Link(("q.jpg", "r.jpg"), 0.71, 0.66)
    late = animal(Outcome.NEW, photos=("q.jpg", "r.jpg"), ties=(weakest,), when=datetime(2024, 5, 9))
    table = rows([], [late, animal(Outcome.NEW, photos=("s.jpg",))], "2023", "2024")
    assert [(one.status, one.individual, one.proposal, one.photo_again) for one in table] == [
        ("new", "", "new-2024-001", "s.jpg"), ("new", "", "new-2024-002", "q.jpg"),
    ]  # fmt: skip
    assert (table[1].link_probability, table[1].link_score, table[1].link_photos) == (0.66, 0.71, ("q.jpg", "r.jpg"))
    assert table[1].reason == "a test; 2 encounters, the weakest link right with probability 0.66"


def test_whom_an_animal_under_review_may_be_is_doubtful_and_not_not_seen() -> None:
    open_ones = [animal(Outcome.REVIEW, "Ada", (name,), probability=chance) for name, chance in (("q.jpg", 0.4), ("r.jpg", 0.6))]
    table = {one.individual: one for one in rows([enrolled(1, "Ada", "2023")], open_ones, "2023", "2024") if not one.photos}
    ada = table["Ada"]
    assert (ada.status, ada.proposal, ada.probability) == ("doubtful", "new-2024-002", 0.6)
    assert ada.reason == "new-2024-002, under review, may be it with probability 0.60, and 1 other may be"


def test_who_may_be_in_kept_decisions_that_wait_is_not_decided_and_the_first_of_them_are_named() -> None:
    kept = [sighting(Outcome.REVIEW, photo=f"/cards/{at}.jpg", probability=None) for at in range(MOST_NAMED + 2)]
    (ada,) = rows([enrolled(1, "Ada", "2023")], (), "2023", "2024", kept=kept)
    named = ", ".join(f"{at}.jpg (kept)" for at in range(MOST_NAMED))
    assert ada.status == "not decided" and ada.photo_again == "/cards/0.jpg"
    assert ada.reason == f"{len(kept)} unresolved sightings of the second season may show it: {named} and 2 more"


@pytest.mark.parametrize(
    ("sides", "word"), [((), ""), (("",), ""), (("left", ""), "left"), (("right", "left", "left"), "both")]
)
def test_the_sides_of_an_animal_in_one_word(sides: tuple[str, ...], word: str) -> None:
    assert side_word(sides) == word


def test_animals_known_by_halves_are_named_where_both_halves_were_seen() -> None:
    left, right = row("new", proposal="n-1"), row("new", proposal="n-2", sides="right")
    assert halves([left, left, right]) == (
        "zebra: 2 animals are known from the left only and 1 from the right only; some of them may be one animal, counted "
        "twice. An encounter that shows both sides, or `reid individuals merge`, links them.",
    )
    assert halves([left, replace(right, status="not seen")]) == (), "who was not seen counts for no half"
