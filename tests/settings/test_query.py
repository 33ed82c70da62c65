"""The bounds that identification starts from are ordered as their meaning demands."""

from __future__ import annotations

from reid.settings import ENCOUNTER_MINUTES, FASTEST, QuerySettings


def test_what_costs_more_needs_a_surer_link() -> None:
    settings = QuerySettings()
    assert 0.5 < settings.link < settings.discover_link < settings.enroll_link < 1.0


def test_two_species_must_together_be_surer_than_the_best_alone() -> None:
    assert 0.5 < QuerySettings().min_species_probability < QuerySettings().min_pair_probability < 1.0


def test_encounters_and_independent_events_are_the_same_half_hour() -> None:
    settings = QuerySettings()
    assert (settings.encounter_minutes, settings.independent_minutes, settings.kilometres_an_hour) == (
        ENCOUNTER_MINUTES, ENCOUNTER_MINUTES, FASTEST,
    )  # fmt: skip
