"""A count as rows: for each estimate, each photo to look at, and for the terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from reid.actions.counting.results import (
    Carried,
    CountReport,
    Look,
    OccasionCount,
    ScopeAnswer,
    ScopeCount,
    ScopeEstimate,
    SpeciesCount,
)
from reid.actions.counting.tables import COUNT_COLUMNS, LOOK_COLUMNS, count_rows, look_rows, tables

CARRIED = Carried(13.0, 3.0, 9.0, 20.0, 4.0, 5.0, 0.0)
ESTIMATE = ScopeEstimate("chao", "Chao", 12.4, 2.5, 9.2, 18.7, "log-normal", None, CARRIED, "Chao 1989", "closed")
ANSWERS = (ScopeAnswer("Ada", 0.7, 11.8, "a.jpg"), ScopeAnswer("Bo", 0.3, 13.0, "b.jpg"))
LOOK = Look("q.jpg", None, "C1", "review", 0.4, 0.2, ANSWERS)
SCOPE = ScopeCount(
    "2024", (OccasionCount("2024 1", date(2024, 5, 1), date(2024, 5, 7), 7.0, 5),), 9, (8, 11), 9, 4, (ESTIMATE,), None, "chao",
    13.0, 12.0, (LOOK,), (),
)  # fmt: skip


def report(*scopes: ScopeCount) -> CountReport:
    return CountReport((SpeciesCount("zebra", "all", 9, 20, 1, 1, 0, 0, scopes, (), ()),))


def test_each_estimate_is_a_row_with_what_was_carried_through_beside_it() -> None:
    (row,) = (dict(zip(COUNT_COLUMNS, row, strict=True)) for row in count_rows(report(SCOPE)))
    assert (row["species"], row["scope"], row["method"], row["number"]) == ("zebra", "2024", "chao", 12.4)
    assert (row["carried_number"], row["carried_lower"], row["carried_upper"]) == (13.0, 9.0, 20.0)
    assert (row["seen"], row["known_alive"], row["occasions"]) == (9, 9, 1)


def test_a_scope_that_supports_no_estimate_still_has_a_row() -> None:
    (row,) = (dict(zip(COUNT_COLUMNS, row, strict=True)) for row in count_rows(report(replace(SCOPE, estimates=()))))
    assert (row["method"], row["number"], row["carried_number"], row["seen"], row["source"]) == ("", None, None, 9, "")


def test_each_answer_about_a_photo_is_a_row() -> None:
    rows = [dict(zip(LOOK_COLUMNS, row, strict=True)) for row in look_rows(report(SCOPE))]
    assert [(row["photo"], row["answer"], row["probability"], row["number_then"]) for row in rows] == [
        ("q.jpg", "Ada", 0.7, 11.8), ("q.jpg", "Bo", 0.3, 13.0),
    ]  # fmt: skip


def test_the_terminal_shows_whole_animals_outwards_and_no_photo_that_changes_little() -> None:
    shown = {title: rows for title, _, rows in tables(report(SCOPE, replace(SCOPE, look=(replace(LOOK, share=0.001),))))}
    first, second = shown["zebra: how many animals"]
    assert (first[2], first[4], first[6], first[7]) == ("12", "9 to 19", "13", "9 to 20")
    assert first == second
    (looks,) = (rows for title, rows in shown.items() if "photos to look at" in title)
    assert [(row[1], row[3], row[4]) for row in looks] == [("q.jpg", "20%", "Ada 0.70 -> 11.8; Bo 0.30 -> 13.0")]
