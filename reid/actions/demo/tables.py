"""What the demo decided, as tables of plain values."""

from __future__ import annotations

from reid.actions.demo.results import DemoReport
from reid.tables.plain_table import PlainTable, Rows


def demonstration(report: DemoReport) -> list[PlainTable]:
    """What the demo decided, against the truth."""
    rows: Rows = [(line.what, line.photos, line.right, line.review, line.wrong, line.note) for line in report.lines]
    return [
        (
            "Decisions on season two against the truth",
            ("the photo shows", "cases", "right", "review", "wrong", "right means"),
            rows,
        ),
        ("Figures", ("figure", "value"), [(name, value) for name, value in report.figures]),
    ]
