"""The page of the demo: all that is not right, and some that is."""

from __future__ import annotations

from pathlib import Path

from reid.actions.demo.page import SHOWN_PER_KIND, page
from reid.actions.demo.results import DEMO_KINDS, DemoCase, DemoReport, DemoRow
from reid.records import Problem

ROW = DemoRow("corrupt file", 14, 12, 0, 2, "reported and skipped")
REPORT = DemoReport(Path("d"), Path("d/report.html"), (ROW,), (("seconds", "9"),), Path("d/seasons/page.html"), 9.4)


def case(name: str, verdict: str) -> DemoCase:
    return DemoCase("corrupt file", "cut off", verdict, None, Problem(name, "truncated"))


def test_wrong_ones_come_first_and_right_ones_are_cut_short() -> None:
    cases = [*(case(f"r{number}.jpg", "right") for number in range(12)), case("w.jpg", "wrong"), case("v.jpg", "review")]
    made = page(REPORT, cases)
    assert [section.title for section in made.sections] == [kind.capitalize() for kind in DEMO_KINDS]
    section = made.sections[-1]
    assert section.intro == "Right means: reported and skipped. Shown are 10 right decisions and all 2 others."
    assert [answer.right for answer in section.answers] == [False, None, *[True] * SHOWN_PER_KIND]
    assert {answer.truth for answer in section.answers} == {"cut off"}


def test_the_tables_stand_first_as_text_and_the_footer_names_the_seconds_and_the_season_page() -> None:
    made = page(REPORT, [])
    assert [(table.title, table.rows[0]) for table in made.lead_tables] == [
        ("Decisions on season two against the truth", ("corrupt file", "14", "12", "0", "2", "reported and skipped")),
        ("Figures", ("seconds", "9")),
    ]
    assert made.footer == "Made by `reid demo` in 9 seconds. Season against season: page.html."
