"""Seasons as rows of text, and how a row is called."""

from __future__ import annotations

from datetime import datetime

import pytest

from reid.actions.seasons.results import SEASON_COLUMNS, SeasonPair, SeasonRow
from reid.actions.seasons.tables import PAIR_COLUMNS, called, cells, pair_cells


@pytest.mark.parametrize(
    ("status", "individual", "proposal", "shown"),
    [
        ("returned", "Ada", "", "Ada"), ("new", "", "new-001", "new-001"), ("review", "", "new-002", "new-002"),
        ("review", "Ada", "new-002", "new-002, perhaps Ada"), ("doubtful", "Ada", "new-002", "Ada"),
        ("known", "Bo", "herd-003", "Bo"),
    ],
)
def test_a_row_is_called_by_whom_it_is_and_by_both_names_where_that_is_open(status, individual, proposal, shown):
    assert called(status, individual, proposal) == shown


def test_dates_numbers_and_several_photos_are_text_in_a_row() -> None:
    row = SeasonRow(
        "review", "zebra", "Ada", 0.61234, 2, 1, None, datetime(2024, 5, 1, 9, 30), None, "a.jpg", "q.jpg", "a test",
        link_photos=("q.jpg", "r.jpg"),
    )  # fmt: skip
    text = dict(zip(SEASON_COLUMNS, cells(row), strict=True))
    assert (text["probability"], text["first_again"], text["last_before"]) == ("0.6123", "2024-05-01 09:30:00", "")
    assert (text["link_photos"], text["link_probability"], text["photos"]) == ("q.jpg | r.jpg", "", "2")


def test_the_counts_of_two_seasons_stand_under_their_statuses() -> None:
    pair = SeasonPair("2023", "2024", "zebra", 1, 2, 3, 4, 5, 6, 7)
    assert dict(zip(PAIR_COLUMNS, pair_cells(pair), strict=True)) == {
        "first": "2023", "second": "2024", "species": "zebra", "returned": "1", "reappeared": "2", "new": "3", "review": "4",
        "doubtful": "5", "not_seen": "6", "not_decided": "7",
    }  # fmt: skip
