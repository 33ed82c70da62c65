"""The page of an evaluation: a summary, chapters of what was measured, and what the words mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reid.actions.evaluation.page import page, write
from reid.actions.evaluation.results import EvaluateReport, SpeciesEvaluation
from reid.evaluation.bootstrap import NOT_MEASURED, Estimate
from reid.evaluation.closed_set import PROTOCOLS, ClosedSet
from reid.evaluation.metrics import Ranking
from reid.evaluation.near_duplicates import Audit, NearDuplicate
from reid.records import Problem

HALF = Estimate(0.5, 0.4, 0.6)
CLOSED = tuple(ClosedSet(one.name, 8, 1, 4, HALF, HALF, HALF, HALF, HALF, 0.25, NOT_MEASURED, ()) for one in PROTOCOLS)
RANKING = Ranking(8, 1, 0.5, 0.5, 0.5, 0.5, 0.5)
PAIR = NearDuplicate("q.jpg", "g.jpg", "Ada", "Bo", 3, False)
ZEBRA = SpeciesEvaluation(
    "zebra", "f0", 20, 9, 4, RANKING, RANKING, None, None, None, CLOSED, (), (), (), (), Audit(2, 0, 1, 1, (PAIR,)), None, None,
)  # fmt: skip
REPORT = EvaluateReport((ZEBRA,), ("deer",), None, ())


def test_only_what_was_measured_has_a_chapter() -> None:
    made = page(REPORT, protocol="all against all", examples={})
    assert [section.title for section in made.sections] == [
        "zebra: every animal is enrolled", "zebra: near-duplicates", "What the figures mean",
    ]  # fmt: skip
    assert made.subtitle.endswith("over individuals. No net for: deer.") and made.footer.endswith("Nets: zebra f0.")
    failed = page(replace(REPORT, problems=(Problem("x.jpg", "truncated"),)), protocol="", examples={})
    assert failed.sections[-2].title == "Not read (1)"


def test_the_summary_has_a_line_for_each_figure_and_a_dash_for_what_was_not_measured() -> None:
    (summary,) = page(REPORT, protocol="", examples={}).lead_tables
    assert summary.columns[1] == "zebra"
    rows = dict(summary.rows)
    assert (rows["queries"], rows["rank-1"], rows["rank-1 by chance"]) == ("9", "0.500 (0.40–0.60)", "0.250")
    assert rows["rank-1, background only"] == rows["√(BAKS × BAUS)"] == "–"


def test_near_duplicates_are_named_and_those_not_shown_are_counted() -> None:
    _, named = page(REPORT, protocol="", examples={}).sections[1].tables
    assert (named.rows, named.note) == ((("q.jpg", "Ada", "g.jpg", "Bo", "3 bits"),), "1 more pairs are not shown.")


def test_the_page_is_one_file_with_the_protocol_in_it(tmp_path: Path) -> None:
    write(tmp_path / "e.html", REPORT, protocol="one season against the other", examples={})
    text = (tmp_path / "e.html").read_text(encoding="utf-8")
    assert "one season against the other" in text and "0.500 (0.40–0.60)" in text
    assert [path.name for path in tmp_path.iterdir()] == ["e.html"]
