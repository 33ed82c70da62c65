"""What came of comparing seasons, and of individuals made from nothing."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from reid.actions.seasons.results import (
    PROPOSAL_STATUSES,
    SEASON_COLUMNS,
    SEASON_MEANING,
    SEASON_STATUSES,
    DiscoverReport,
    SeasonRow,
    SeasonsReport,
)
from reid.records import Outcome
from tests.actions.seasons.by_hand import proposal, row


def test_a_report_counts_its_rows_and_a_discovery_its_proposals_by_status() -> None:
    rows = (row("returned", "Ada"), row("new", proposal="n-1"), row("new", proposal="n-2"))
    report = SeasonsReport("2023", "2024", rows, (), 0, (), None, None)
    assert [report.count(status) for status in ("returned", "new", "not seen")] == [1, 2, 0]
    made = (proposal("new", "n-1"), proposal("known", "", individual="Ada"))
    discovered = DiscoverReport(Path("g"), made, (), 0, 0, (), (), ())
    assert [discovered.count(status) for status in ("new", "known", "review")] == [1, 1, 0]


def test_every_status_has_a_meaning_and_every_field_of_a_row_a_column() -> None:
    assert {*SEASON_STATUSES, "not identified"} == set(SEASON_MEANING)
    assert {one.name for one in fields(SeasonRow)} == set(SEASON_COLUMNS)
    assert PROPOSAL_STATUSES == {Outcome.NEW: "new", Outcome.REVIEW: "review", Outcome.KNOWN: "known"}
