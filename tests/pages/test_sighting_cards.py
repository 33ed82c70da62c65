"""Sightings on a page: pictures made small, the decision in words, inputs that failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from reid import images
from reid.pages import sighting_cards
from reid.pages.html import Shown
from reid.records import Box, Decision, Match, Outcome, Problem, Sighting, SpeciesGuess


def sighting(outcome: Outcome, individual: str | None, photos: tuple[str, ...] = (), matches: int = 0) -> Sighting:
    listed = tuple(Match("zebra", f"M{rank}", rank, 0.9, None, "gone.jpg") for rank in range(1, matches + 1))
    return Sighting(
        photo="gone.jpg", sha256="", species=SpeciesGuess("zebra", 0.876), decision=Decision(outcome, individual, None, "why"),
        matches=listed, side="left", captured_at=datetime(2024, 1, 2, 3, 4), encounter="", camera="north", season="",
        embedding_fingerprint="", photos=photos,
    )  # fmt: skip


def test_a_picture_is_cut_to_its_box_and_small_and_none_where_the_photo_is_gone(tmp_path: Path) -> None:
    images.write_jpeg(tmp_path / "a.jpg", np.full((600, 900, 3), 90, np.uint8))
    data = sighting_cards.picture(tmp_path / "a.jpg", Box(0, 0, 0.5, 0.25))
    assert data is not None
    small = images.decode(data, "a")
    assert (small.width, small.height) == (300, 100)
    assert sighting_cards.picture(tmp_path / "gone.jpg") is None


def test_what_is_known_of_a_photo_is_one_line_and_what_is_not_is_left_out() -> None:
    assert sighting_cards.facts("left", datetime(2024, 1, 2, 3, 4), "north", "") == "left · 2024-01-02 03:04 · north"
    assert sighting_cards.facts("", None) == ""
    assert sighting_cards.shown("gone.jpg", "t", "a", "", "b") == Shown(None, "t", ("a", "b"))


@pytest.mark.parametrize(("outcome", "individual", "wanted"), [
    (Outcome.KNOWN, "Ama", "Known: Ama"), (Outcome.REVIEW, "Ama", "Review: perhaps Ama"), (Outcome.NEW, None, "New"),
])
def test_the_headline_says_the_outcome_first(outcome: Outcome, individual: str | None, wanted: str) -> None:
    assert sighting_cards.headline(sighting(outcome, individual)) == wanted


def test_an_answer_shows_at_most_three_photos_of_an_encounter_and_as_many_matches_as_asked_for() -> None:
    seen = sighting(Outcome.KNOWN, "M1", ("a", "b", "c", "d"), matches=5)
    answer = sighting_cards.answer(seen, matches=2, truth="M1", right=True)
    assert [shown.title for shown in answer.queries] == ["a", "b", "c"]
    assert answer.queries[0].lines == ("left · 2024-01-02 03:04 · north", "zebra 0.88")
    assert [(shown.title, shown.lines) for shown in answer.matches] == [("M1", ("score 0.90",)), ("M2", ("score 0.90",))]


def test_an_input_that_failed_is_shown_with_the_reason() -> None:
    (answer,) = sighting_cards.failures([Problem("cards/a.jpg", "is empty (0 bytes)")], truth="Ama")
    assert (answer.queries[0].title, answer.queries[0].lines) == ("a.jpg", ()) and "is empty (0 bytes)" in str(answer)


def test_a_file_that_holds_other_bytes_by_now_is_not_shown_as_the_photo_that_matched(tmp_path: Path) -> None:
    images.write_jpeg(tmp_path / "a.jpg", np.full((60, 90, 3), 90, np.uint8))
    content = sha256((tmp_path / "a.jpg").read_bytes()).hexdigest()
    best = Match("zebra", "Ada", 1, 0.8, None, str(tmp_path / "a.jpg"), sha256=content)
    assert sighting_cards.match(best).picture is not None
    assert sighting_cards.match(replace(best, sha256="0" * 64)).picture is None
    assert sighting_cards.match(replace(best, sha256="")).picture is not None, "of old decisions it is not known"
