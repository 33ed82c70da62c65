"""Whom an unresolved sighting may show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from reid.records import Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.steps.season.possible_individuals import LEAST_POSSIBLE, may_show


def sighting(chances: dict[str, float | None], nobody: float | None, side: str = "") -> Sighting:
    matches = tuple(
        Match("zebra", name, rank, 0.8, chance, f"{name}.jpg") for rank, (name, chance) in enumerate(chances.items(), start=1)
    )
    best = None if nobody is None else max((chance or 0.0 for chance in chances.values()), default=None)
    return Sighting(
        "q.jpg", "0" * 64, SpeciesGuess("zebra", 0.9), Decision(Outcome.REVIEW, None, best, "a test", nobody), matches, side,
        datetime(2024, 5, 1), "", "C1", "2024", "", ("zebra",), ("q.jpg",),
    )  # fmt: skip


CALIBRATED = sighting({"a": 0.6, "b": LEAST_POSSIBLE, "c": 0.001}, 0.388)


@pytest.mark.parametrize(("name", "possible"), [("a", True), ("b", True), ("c", False), ("not listed", False)])
def test_a_calibrated_answer_rules_out_whom_it_finds_improbable(name: str, possible: bool) -> None:
    assert may_show(CALIBRATED, name, "zebra") is possible


def test_a_list_that_was_cut_rules_nobody_out_whom_the_rest_of_the_probability_may_be_of() -> None:
    assert may_show(sighting({"a": 0.3, "b": 0.2}, 0.1), "below the list", "zebra")  # 0.4 are left for those below
    assert not may_show(sighting({"a": 0.3, "b": 0.005}, 0.1), "below the list", "zebra")  # none of them above the last


def test_where_nothing_is_calibrated_everybody_is_possible() -> None:
    assert may_show(sighting({"a": None, "b": None}, None), "below the list", "zebra")
    assert may_show(sighting({}, None), "a", "zebra")  # a species without a net: nothing was compared


def test_an_individual_known_from_the_other_side_alone_cannot_be_ruled_out() -> None:
    left = sighting({"a": 0.6}, 0.399, "left")
    assert may_show(left, "c", "zebra", {"right"})
    assert not may_show(left, "c", "zebra", {"right", "left"})
    assert not may_show(left, "c", "zebra", {"right", ""})


@pytest.mark.parametrize("outcome", [Outcome.KNOWN, Outcome.NEW, Outcome.EMPTY, Outcome.UNKNOWN_SPECIES])
def test_what_is_decided_shows_nobody_else(outcome: Outcome) -> None:
    assert not may_show(replace(CALIBRATED, decision=replace(CALIBRATED.decision, outcome=outcome)), "a", "zebra")


def test_an_animal_of_another_species_is_not_possible() -> None:
    assert not may_show(CALIBRATED, "a", "deer")
