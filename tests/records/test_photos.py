"""A photo's record says what is known of it, and that a cell is empty where R or Camtrap DP wrote so."""

from __future__ import annotations

from pathlib import Path

import pytest

from reid.records import SIDE_NET, Box, Photo, Problem


def test_boxes_are_equal_to_five_decimals_by_their_key() -> None:
    assert Box(0.1, 0.25, 0.5, 1 / 3).key() == "0.10000,0.25000,0.50000,0.33333" == Box(0.100001, 0.25, 0.5, 0.333334).key()
    assert Box(0.1, 0.25, 0.5, 0.5).key() != Box(0.10002, 0.25, 0.5, 0.5).key()


@pytest.mark.parametrize(("cell", "wanted"), [("female", "female"), ("", ""), ("NA", ""), ("NaN", ""), ("nan", ""), ("na", "na")])
def test_a_cell_that_says_it_is_empty_is_empty(cell: str, wanted: str) -> None:
    assert Photo(Path("a.jpg"), notes={"sex": cell}).column("sex") == wanted
    assert Photo(Path("a.jpg")).column("sex") == ""


@pytest.mark.parametrize(("side", "notes", "wanted"), [
    ("left", {SIDE_NET: "0123"}, True), ("left", {}, False), ("", {SIDE_NET: "0123"}, False), ("left", {SIDE_NET: ""}, False),
])
def test_a_side_is_predicted_where_a_net_named_it(side: str, notes: dict[str, str], wanted: bool) -> None:
    assert Photo(Path("a.jpg"), side=side, notes=notes).side_predicted is wanted


def test_a_problem_is_one_line_with_its_place_if_it_is_known() -> None:
    assert str(Problem("a.jpg", "is empty")) == "a.jpg: is empty"
    assert str(Problem("a.jpg", "is empty", "photos.csv, row 3")) == "a.jpg (photos.csv, row 3): is empty"
