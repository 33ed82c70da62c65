"""The species that a sighting counts for."""

from __future__ import annotations

import pytest

from reid.records import Decision, Match, Outcome, Sighting, SpeciesGuess


@pytest.mark.parametrize(("outcome", "matched", "wanted"), [
    (Outcome.KNOWN, True, "giraffe"), (Outcome.REVIEW, True, "giraffe"), (Outcome.NEW, True, "zebra"),
    (Outcome.REVIEW, False, "zebra"), (Outcome.EMPTY, False, "zebra"),
])
def test_a_sighting_counts_for_its_best_match_unless_the_animal_is_new(outcome: Outcome, matched: bool, wanted: str) -> None:
    match = Match("giraffe", "Ama", 1, 0.9, 0.8, "a.jpg")
    sighting = Sighting(
        photo="q.jpg", sha256="", species=SpeciesGuess("zebra", 0.6), decision=Decision(outcome, None, None, ""),
        matches=(match,) if matched else (), side="", captured_at=None, encounter="", camera="", season="",
        embedding_fingerprint="",
    )  # fmt: skip
    assert sighting.counted_species == wanted


def test_outcomes_are_the_words_that_are_printed_and_stored() -> None:
    assert [str(outcome) for outcome in Outcome] == ["known", "review", "new", "unknown_species", "empty"]
