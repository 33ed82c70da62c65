"""Unresolved sightings and the page in one line."""

from __future__ import annotations

from pathlib import Path

from reid.actions.season_report.results import REPORT_MEANING, REPORT_STATUSES, SeasonPage, UnresolvedSighting, best_guess
from reid.records import Box, Decision, Match, Outcome, Photo, Sighting, SpeciesGuess

MATCH = Match("zebra", "Amara", 1, 0.8, 0.6, "a.jpg")


def sighting(decided: str | None = None, matches: tuple[Match, ...] = (MATCH,), contents: tuple[str, ...] = ()) -> Sighting:
    return Sighting(
        "p.jpg", "ab" * 32, SpeciesGuess("zebra", 0.9), Decision(Outcome.REVIEW, decided, 0.6, "a test", 0.3), matches,
        "left", None, "", "C1", "2024", "", photos=("p.jpg", "q.jpg"), contents=contents,
    )  # fmt: skip


PHOTOS = (Photo(Path("p.jpg"), box=Box(0.0, 0.0, 0.5, 1.0)), Photo(Path("q.jpg")))


def test_the_best_guess_is_whom_the_decision_names_else_the_first_match() -> None:
    assert [best_guess(sighting("Bo")), best_guess(sighting()), best_guess(sighting(matches=()))] == ["Bo", "Amara", ""]


def test_each_photo_stands_with_its_content_where_that_was_kept() -> None:
    whole = UnresolvedSighting(1, sighting(contents=(f"{'ab' * 32} 0,0,0.5,1", "cd" * 32)), PHOTOS)
    assert whole.contents == ("ab" * 32, "cd" * 32)
    assert UnresolvedSighting(1, sighting(), PHOTOS).contents == ("ab" * 32, "")  # kept before contents were


def test_a_key_is_of_the_contents_the_guess_and_the_entry_and_of_no_number() -> None:
    one = UnresolvedSighting(1, sighting(), PHOTOS, 17)
    assert one.key.endswith("-17") and UnresolvedSighting(5, sighting(), PHOTOS, 17).key == one.key
    others = (UnresolvedSighting(1, sighting("Bo"), PHOTOS, 17), UnresolvedSighting(1, sighting(), PHOTOS, 18))
    assert len({one.key, *(other.key for other in others)}) == 3


def test_every_status_has_a_meaning_and_the_page_in_one_line_counts_each() -> None:
    assert set(REPORT_MEANING) == set(REPORT_STATUSES)
    doubts = (UnresolvedSighting(1, sighting(), PHOTOS),)
    page = SeasonPage(Path("s.html"), "2024", 7, (), {}, doubts, Path("s.csv"), (), ("n",), ())
    line = page.summary()
    assert (line.season, line.size, line.individuals, line.doubts, line.notes) == ("2024", 7, {}, 1, ("n",))
