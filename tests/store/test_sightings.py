"""Decisions that are kept, kept again, and changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reid.errors import UsageError
from reid.records import Box, Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.store import Gallery
from tests.store.stock import NET, digest

LEFT, RIGHT = Box(0.0, 0.0, 0.4, 1.0), Box(0.5, 0.0, 1 / 3, 1.0)
SURE = Decision(Outcome.KNOWN, "a", 0.97, "score 0.9", 0.02)
DOUBT = Decision(Outcome.REVIEW, "a", 0.6, "score 0.7", 0.4)


def told(file: str, decision: Decision = DOUBT, box: Box | None = None) -> Sighting:
    match = Match("zebra", "a", 1, 0.9, 0.97, "/photos/0.jpg", sha256=digest(0))
    return Sighting(
        photo=f"/{file}.jpg", sha256=file * 4, species=SpeciesGuess("zebra", 0.9, (("horse", 0.1),)), decision=decision,
        matches=(match,), side="left", captured_at=None, encounter=f"E{file}", camera="C1", season="2024",
        embedding_fingerprint=NET, photos=(f"/{file}.jpg",), box=box,
    )


def kept(gallery: Gallery) -> list[tuple[int, str, str, Box | None]]:
    return [(one.seq, one.sighting.photo, one.sighting.decision.outcome.value, one.sighting.box) for one in gallery.sightings()]


def test_the_same_decisions_again_change_nothing(gallery: Gallery) -> None:
    asked = [told("p", SURE), told("q", box=LEFT), told("q", box=RIGHT)]
    gallery.add_sightings(asked)
    before, seq = gallery.sightings(), gallery.head()
    gallery.add_sightings(asked)
    gallery.add_sightings(asked[1:])
    assert gallery.sightings() == before and gallery.head() == seq


def test_another_decision_takes_the_place_of_the_one_before_and_undo_brings_that_back(gallery: Gallery) -> None:
    gallery.add_sightings([told("p"), told("other")])
    before, seq = gallery.sightings(), gallery.head()
    gallery.add_sightings([told("p", SURE)])
    assert kept(gallery) == [(seq, "/other.jpg", "review", None), (seq + 1, "/p.jpg", "known", None)]
    assert gallery.log(1)[0].summary == "1 sightings, in place of 1"
    gallery.history.undo(seq + 1)
    assert gallery.sightings() == before


def test_animals_of_one_frame_stay_decisions_of_one_change(gallery: Gallery) -> None:
    """Else the one that stayed would be older than its frame, and count no more (`actions.doubts`)."""
    gallery.add_sightings([told("q", box=LEFT), told("q", box=RIGHT)])
    gallery.add_sightings([told("q", SURE, LEFT), told("q", box=RIGHT)])
    assert kept(gallery) == [(gallery.head(), "/q.jpg", "known", LEFT), (gallery.head(), "/q.jpg", "review", RIGHT)]


def test_another_animal_of_the_frame_leaves_the_first_as_it_is(gallery: Gallery) -> None:
    gallery.add_sightings([told("q", box=LEFT)])
    gallery.add_sightings([told("q", box=RIGHT)])
    assert [(photo, box) for _, photo, _, box in kept(gallery)] == [("/q.jpg", LEFT), ("/q.jpg", RIGHT)]


@pytest.mark.parametrize(("decision", "species"), [(DOUBT, "horse"), (Decision(Outcome.NEW, None, 0.9, ""), "zebra")])
def test_an_animal_nobody_enrolled_is_of_the_species_that_stage_1_saw(gallery: Gallery, decision: Decision, species: str) -> None:
    one = told("p", decision)
    gallery.add_sightings([replace(one, matches=(replace(one.matches[0], species="horse"),))])
    assert [one.species for one in gallery.sightings()] == [species]


def test_what_was_replaced_and_purged_comes_back_by_no_undo_and_nothing_else_goes(gallery: Gallery) -> None:
    gallery.add_sightings([told("p")])
    gallery.add_sightings([told("p", SURE), told("q")])
    seq, before = gallery.head(), gallery.sightings()
    gallery.history.purge()
    with pytest.raises(UsageError, match=rf"entry {seq} .* something that it removed has been purged since \(entry {seq + 1} "):
        gallery.history.undo(seq)
    assert gallery.sightings() == before


def test_an_undo_whose_removals_were_purged_is_not_undone_by_half(gallery: Gallery) -> None:
    gallery.add_sightings([told("p")])
    gallery.add_sightings([told("p", SURE)])
    undo, before = gallery.history.undo().seq, gallery.sightings()
    assert [one.sighting.decision for one in before] == [DOUBT]
    gallery.history.purge()
    with pytest.raises(UsageError, match=rf"entry {undo} \(undo\) cannot be undone: something that it removed has been purged"):
        gallery.history.undo(undo)
    assert gallery.sightings() == before
