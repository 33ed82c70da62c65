"""The page of the demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reid.actions.demo.results import DEMO_KINDS, DemoCase, DemoReport
from reid.actions.demo.tables import demonstration
from reid.pages import sighting_cards
from reid.pages.html import Answer, Page, PageTable, Section

SHOWN_PER_KIND = 10
"""Right decisions of one kind shown on the page; all that are not right are shown."""


def page(report: DemoReport, cases: Sequence[DemoCase]) -> Page:
    """What was decided against the truth; then, kind by kind, all that is not right and some that is."""
    tables = tuple(
        PageTable(title, columns, tuple(tuple(str(cell) for cell in row) for row in rows))
        for title, columns, rows in demonstration(report)
    )
    sections = []
    for kind in DEMO_KINDS:
        chosen = [case for case in cases if case.kind == kind]
        odd = [case for case in chosen if case.verdict != "right"]
        right = [case for case in chosen if case.verdict == "right"][:SHOWN_PER_KIND]
        intro = f"Right means: {DEMO_KINDS[kind]}. Shown are {len(right)} right decisions and all {len(odd)} others."
        sections.append(Section(kind.capitalize(), intro, answers=tuple(_answer(case) for case in odd + right)))
    subtitle = (
        "Drawn animals, two seasons, with a box around each as a detector gives it. Nets trained and season one enrolled on "
        "this computer; the photos below are of season two, and none of them was trained on or enrolled."
    )
    footer = f"Made by `reid demo` in {report.seconds:.0f} seconds. Season against season: {report.seasons_page.name}."
    return Page("Who is this animal?", subtitle, tuple(sections), footer, tables)


def _answer(case: DemoCase) -> Answer:
    right = {"right": True, "review": None, "wrong": False}[case.verdict]
    if case.sighting is None:
        assert case.problem is not None
        return replace(sighting_cards.failures([case.problem], case.truth)[0], right=right)
    return sighting_cards.answer(case.sighting, truth=case.truth, right=right)
