"""An evaluation as tables of plain values."""

from __future__ import annotations

from itertools import zip_longest

from reid.actions.evaluation.results import EvaluateReport
from reid.tables.plain_table import PlainTable, Rows


def evaluation(report: EvaluateReport) -> list[PlainTable]:
    """Closed set, its parts, open set, what speaks against the figures, species routing; tables without rows are left out.

    A figure stands above its 95 % interval.
    """
    tables = [_closed(report), _parts(report), _decided(report), _separated(report), _doubts(report), _routed(report)]
    return [table for table in tables if table[2]]


def _closed(report: EvaluateReport) -> PlainTable:
    columns = ("species", "protocol", "gallery", "queries", "skipped", "rank-1", "rank-5", "rank-10", "mAP", "MAP@R", "chance")
    rows: Rows = [
        (
            one.species, found.protocol, one.gallery_photos, found.queries, found.skipped,
            *(figure.spread() for figure in (found.rank_1, found.rank_5, found.rank_10, found.mean_ap, found.map_at_r)),
            found.chance,
        )
        for one in report.species
        for found in one.closed_set
    ]
    return "Closed set", columns, rows


def _parts(report: EvaluateReport) -> PlainTable:
    rows: Rows = [
        (one.species, what, part.name, part.queries, part.individuals, part.rank_1.spread())
        for one in report.species
        for what, parts in (("side", one.sides), ("season", one.seasons))
        for part in parts
        if len(parts) > 1
    ]
    columns = ("species", "by", "part", "queries", "individuals", "rank-1")
    return "Parts of the queries (other encounter, same side)", columns, rows


def _decided(report: EvaluateReport) -> PlainTable:
    rows: Rows = [
        (
            one.species, found.enrolled,
            *(figure.spread() for figure in (found.known_right, found.known_wrong, found.called_new, found.enrolled_review)),
            found.unknown, *(figure.spread() for figure in (found.new_right, found.false_match, found.unknown_review)),
        )
        for one in report.species
        if (found := one.open_set) is not None
    ]
    columns = ("species", "enrolled", "right", "wrong", "called new", "review", "never enrolled", "new", "false match", "review ")
    return "Open set: enrolled animals, then animals never enrolled", columns, rows


def _separated(report: EvaluateReport) -> PlainTable:
    rows: Rows = [
        (
            one.species, found.known, found.unknown,
            *(figure.spread() for figure in (
                found.auroc, found.dir_at_1_percent, found.baks, found.baus, found.geometric_mean,
            )),
        )
        for one in report.species
        if (found := one.separation) is not None
    ]
    columns = ("species", "known", "unknown", "AUROC", "DIR at 1 %", "BAKS", "BAUS", "geometric mean")
    return "Open set by the best score alone", columns, rows


def _doubts(report: EvaluateReport) -> PlainTable:
    """What the figures owe to near-duplicates and to the place."""
    rows: Rows = []
    for one in report.species:
        counted = f"{one.near_duplicates.queries} of {one.query_photos}"
        for found, place in zip_longest(one.closed_set, one.background.by_protocol if one.background else ()):
            shown = (place.rank_1.spread(), place.chance) if place else ("", "")
            rows.append((one.species, found.protocol, counted, found.without_near_duplicates.spread(), *shown))
    columns = (
        "species", "protocol", "queries with a near-duplicate", "rank-1 without them", "rank-1 of the background", "by chance"
    )
    return "What speaks against the figures", columns, rows


def _routed(report: EvaluateReport) -> PlainTable:
    columns, title = ("species", "photos", "top-1"), "Species net: share right"
    if report.routing is None:
        return title, columns, []
    routing = report.routing
    rows: Rows = [
        ("all", routing.photos, routing.top_1),
        *((name, "", share) for name, share in routing.recalls.items()),
        ("mean of the species", "", routing.macro_recall),
        ("called unknown", "", routing.called_unknown),
    ]
    return title, columns, rows
