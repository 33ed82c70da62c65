"""Tables are safe to open in a spreadsheet, read back as they were, and written whole or not at all."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reid.errors import UsageError
from reid.tables.tables import read_table, write_table


def test_a_written_table_is_safe_to_open_in_a_spreadsheet(tmp_path):
    path = tmp_path / "out put.csv"
    write_table(path, ["individual", "note"], [
        ["=HYPERLINK(1)", "+1 more"], ["-5.5", "+2e3"], ["@x", "\ttab"], [None, "two\r\nlines, \"quoted\""], ["-", "ü"],
        [datetime(2019, 3, 7, 18, 5, 59), -3], ["'=twice", "it's"]])
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["individual", "note"], ["'=HYPERLINK(1)", "'+1 more"], ["-5.5", "+2e3"], ["'@x", "'\ttab"],
            ["", "two\r\nlines, \"quoted\""], ["'-", "ü"], ["2019-03-07 18:05:59", "-3"], ["''=twice", "it's"]]
    assert [p.name for p in tmp_path.iterdir()] == ["out put.csv"]


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(str.strip)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6))
@example(rows=[["'=1", "''-x", "'"], ["=1", "-x", "-5"]])
def test_what_was_written_reads_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("table") / "t.csv"
    write_table(path, ["a", "b", "c"], rows)
    for record in list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))[1:]:
        for cell in record:
            assert not cell.startswith(tuple("=+-@\t\r")) or re.fullmatch(r"[+-][\d.]+([eE][+-]?\d+)?", cell)
    wanted = {at: row for at, row in enumerate(rows, start=2) if any(row)}
    assert {row.number: [row.text(c) for c in "abc"] for row in read_table(path).rows} == wanted


def test_a_table_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path):
    with pytest.raises(UsageError, match=r"gone/t\.csv: not written \(No such file or directory\)"):
        write_table(tmp_path / "gone/t.csv", ["a"], [])
    (tmp_path / "t.csv").write_text("old", encoding="utf-8")

    def rows() -> Any:
        yield ["1"]
        raise RuntimeError("halfway")
    with pytest.raises(RuntimeError, match="halfway"):
        write_table(tmp_path / "t.csv", ["a"], rows())
    assert [(p.name, p.read_text(encoding="utf-8")) for p in tmp_path.iterdir()] == [("t.csv", "old")]
