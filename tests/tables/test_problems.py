"""Problems as rows: where, what, and how to fix it."""

from __future__ import annotations

from reid.records import Problem
from reid.tables.problems import PROBLEM_COLUMNS, problem_rows


def test_a_problem_of_a_cell_is_split_into_row_column_what_and_how_to_fix() -> None:
    reason = 'captured_at: "3.4.2020" may be read day first or month first; write it as 2020-04-03.'
    (row,) = problem_rows([Problem("a.jpg", reason, "photos.csv, row 12", "captured_at")])
    assert dict(zip(PROBLEM_COLUMNS, row, strict=True)) == {
        "file": "photos.csv", "row": "12", "column": "captured_at", "photo": "a.jpg",
        "what": '"3.4.2020" may be read day first or month first', "how_to_fix": "write it as 2020-04-03",
    }  # fmt: skip


def test_a_problem_of_no_table_keeps_where_it_comes_from_and_an_image_has_a_number_too() -> None:
    rows = problem_rows([Problem("a.jpg", "is empty", "cards"), Problem("b.jpg", "failed", "detections.json, image 7")])
    assert rows == [("cards", "", "", "a.jpg", "is empty", ""), ("detections.json", "7", "", "b.jpg", "failed", "")]
