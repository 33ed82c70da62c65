"""What the demo decided, as tables."""

from __future__ import annotations

from pathlib import Path

from reid.actions.demo.results import DemoReport, DemoRow
from reid.actions.demo.tables import demonstration


def test_each_kind_of_photo_is_a_row_and_each_figure_too() -> None:
    row = DemoRow("empty frame", 6, 5, 1, 0, "empty")
    report = DemoReport(Path("demo"), Path("demo/report.html"), (row,), (("seconds for everything", "9"),), Path("s.html"), 9.0)
    (decisions, columns, rows), (_, _, figures) = demonstration(report)
    assert decisions == "Decisions on season two against the truth"
    assert dict(zip(columns, rows[0], strict=True)) == {
        "the photo shows": "empty frame", "cases": 6, "right": 5, "review": 1, "wrong": 0, "right means": "empty",
    }  # fmt: skip
    assert figures == [("seconds for everything", "9")]
