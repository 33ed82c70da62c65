"""An evaluation as rows: each figure above its interval, tables without rows left out."""

from __future__ import annotations

from dataclasses import replace

from reid.actions.evaluation.results import EvaluateReport, OpenSet, RoutingEvaluation, SpeciesEvaluation
from reid.actions.evaluation.tables import evaluation
from reid.evaluation.background import Hidden, Probe
from reid.evaluation.bootstrap import NOT_MEASURED, Estimate
from reid.evaluation.closed_set import PROTOCOLS, ClosedSet, ResultGroup
from reid.evaluation.metrics import Ranking
from reid.evaluation.near_duplicates import Audit

HALF = Estimate(0.5, 0.4, 0.6)
SHOWN = "0.500\n(0.40–0.60)"
CLOSED = tuple(
    ClosedSet(one.name, 8, 1, 4, HALF, HALF, HALF, HALF, HALF, 0.25, NOT_MEASURED, (0.5, 0.75)) for one in PROTOCOLS
)
RANKING = Ranking(8, 1, 0.5, 0.5, 0.5, 0.5, 0.5)
ZEBRA = SpeciesEvaluation(
    "zebra", "f0", 20, 9, 4, RANKING, RANKING, None, None, None, CLOSED, (), (), (), (), Audit(0, 0, 2, 0, ()), None, None,
)  # fmt: skip
REPORT = EvaluateReport((ZEBRA,), (), None, ())


def tables(report: EvaluateReport) -> dict[str, list[dict[str, object]]]:
    return {
        title: [dict(zip(columns, row, strict=True)) for row in rows] for title, columns, rows in evaluation(report)
    }


def test_each_protocol_is_a_row_and_what_was_not_measured_is_empty() -> None:
    shown = tables(REPORT)
    assert list(shown) == ["Closed set", "What speaks against the figures"]
    assert [row["protocol"] for row in shown["Closed set"]] == [one.name for one in PROTOCOLS]
    row = shown["Closed set"][0]
    assert (row["gallery"], row["queries"], row["skipped"], row["rank-1"], row["chance"]) == (20, 8, 1, SHOWN, 0.25)
    doubt = shown["What speaks against the figures"][0]
    assert (doubt["queries with a near-duplicate"], doubt["rank-1 without them"], doubt["by chance"]) == ("2 of 9", "", "")


def test_the_background_stands_beside_the_protocols_that_it_was_measured_by() -> None:
    probe = Probe(9, 0, (Hidden(PROTOCOLS[0].name, HALF, 0.1),))
    rows = tables(replace(REPORT, species=(replace(ZEBRA, background=probe),)))["What speaks against the figures"]
    assert [(row["rank-1 of the background"], row["by chance"]) for row in rows] == [(SHOWN, 0.1), ("", ""), ("", "")]


def test_sides_are_shown_where_there_are_two_and_decisions_where_they_were_made() -> None:
    sides = (ResultGroup("left", 5, 3, HALF), ResultGroup("right", 3, 2, HALF))
    decided = OpenSet(8, HALF, HALF, HALF, HALF, 7, Estimate(0.125, 0.0, 0.3), HALF, HALF)
    shown = tables(replace(REPORT, species=(replace(ZEBRA, sides=sides, seasons=sides[:1], open_set=decided),)))
    parts = shown["Parts of the queries (other encounter, same side)"]
    assert [(row["by"], row["part"], row["queries"]) for row in parts] == [("side", "left", 5), ("side", "right", 3)]
    (row,) = shown["Open set: enrolled animals, then animals never enrolled"]
    assert (row["enrolled"], row["never enrolled"], row["false match"]) == (8, 7, "0.125\n(0.00–0.30)")


def test_the_species_net_has_a_row_for_each_species() -> None:
    routing = RoutingEvaluation(9, 0.9, 0.8, {"zebra": 0.7, "deer": 0.9}, 0.1)
    rows = tables(replace(REPORT, routing=routing))["Species net: share right"]
    assert [tuple(row.values()) for row in rows] == [
        ("all", 9, 0.9), ("zebra", "", 0.7), ("deer", "", 0.9), ("mean of the species", "", 0.8), ("called unknown", "", 0.1),
    ]  # fmt: skip
