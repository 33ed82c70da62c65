"""What one cell of a table means, and what is refused because it means nothing certain."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from reid.records import Box
from reid.tables.cell_values import BadCell, read_box, read_date, read_side, spaced


def test_a_name_from_a_mac_and_the_same_name_from_a_table_are_equal() -> None:
    assert spaced("  Ame\u0301lie ") == "Am\u00e9lie" == spaced("Am\u00e9lie")
    assert spaced("a \t b\n c") == "a b c"


@pytest.mark.parametrize(("cell", "wanted"), [
    ("", None), ("2020-03-04", datetime(2020, 3, 4)), ("2020/03/04 18:05", datetime(2020, 3, 4, 18, 5)),
    ("2020:03:04 18:05:59", datetime(2020, 3, 4, 18, 5, 59)), ("2020-03-04T18:05:59.75+02:00", datetime(2020, 3, 4, 18, 5, 59)),
    (datetime(2020, 3, 4, 18, 5, 58, 999_999), datetime(2020, 3, 4, 18, 5, 59)),
])
def test_a_date_is_the_wall_clock_of_the_camera(cell: str | datetime, wanted: datetime | None) -> None:
    assert read_date("when", cell) == wanted


@pytest.mark.parametrize(("cell", "reason"), [
    ("4.3.2020", "may be read day first or month first"), ("2020-02-30", "is no date"), ("2020-03/04", "is no date"),
    ("soon", "is no date; write 2020-03-04"),
])
def test_a_date_that_means_nothing_certain_is_refused_with_its_column(cell: str, reason: str) -> None:
    with pytest.raises(BadCell, match=f"^when: .*{reason}") as refused:
        read_date("when", cell)
    assert refused.value.column == "when"


def test_sides_are_left_right_or_unknown() -> None:
    assert [read_side("side", text) for text in ("L", "Left", "r", "RIGHT", "", "Unknown")] == [
        "left", "left", "right", "right", "", "",
    ]  # fmt: skip
    with pytest.raises(BadCell, match='side: "both" is no side; write left, right'):
        read_side("side", "both")


@pytest.mark.parametrize(("texts", "wanted"), [
    (("", "", "", ""), None), (("0,1", "0.2", "0.3", "0.4"), Box(0.1, 0.2, 0.3, 0.4)),
    (("0.5", "0.5", "0.5005", "0.5"), Box(0.5, 0.5, 0.5, 0.5)),
])
def test_a_box_in_fractions_is_taken_and_clipped_where_it_was_rounded(texts: tuple[str, ...], wanted: Box | None) -> None:
    assert read_box(dict(zip(("x", "y", "width", "height"), texts, strict=True)), Path("gone.jpg")) == wanted


@pytest.mark.parametrize(("texts", "reason"), [
    (("0.1", "", "0.3", "0.4"), "y: is empty, but x, width, height not"), (("a", "0", "1", "1"), 'x: "a" is no number'),
    (("-0.1", "0", "1", "1"), 'x: "-0.1" is no length'), (("0.5", "0.5", "0.9", "0.4"), "reaches outside"),
    (("10", "10", "20", "20"), "the box is in pixels, so the photo's size is needed: gone.jpg: does not exist"),
])
def test_a_box_that_cannot_be_is_refused_with_the_reason(texts: tuple[str, ...], reason: str) -> None:
    with pytest.raises(BadCell, match=reason):
        read_box(dict(zip(("x", "y", "width", "height"), texts, strict=True)), Path("gone.jpg"))
