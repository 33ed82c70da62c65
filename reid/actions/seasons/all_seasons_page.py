"""Every season against every later one, as a page."""

from __future__ import annotations

from reid.actions.seasons.results import SEASON_MEANING, SEASON_STATUSES, AllSeasonsReport
from reid.actions.seasons.tables import PAIR_COLUMNS, drift_table, pair_cells
from reid.pages import sighting_cards
from reid.pages.html import Page, PageTable, Section


def page(report: AllSeasonsReport) -> Page:
    """The counts of every pair of seasons, and the encounters of every individual in each."""
    counts = PageTable(
        "From season to season", PAIR_COLUMNS, tuple(map(pair_cells, report.pairs)),
        note="; ".join(f"{status}: {SEASON_MEANING[status]}" for status in SEASON_STATUSES),
    )
    sections = tuple(
        Section(f"{species}: encounters by season", tables=(PageTable(
            f"{species}", ("individual", *report.seasons),
            tuple((one.individual, *map(str, one.encounters)) for one in report.individuals if one.species == species),
        ),))
        for species in sorted({one.species for one in report.individuals})
    )
    skipped = f"{report.skipped} photos given are undated and in no season, and were skipped" if report.skipped else ""
    if report.problems:
        sections += (Section(f"Not read ({len(report.problems)})", answers=sighting_cards.failures(report.problems)),)
    changed = (drift_table(report.drift),) if report.drift else ()
    return Page(
        f"Seasons {report.seasons[0]} to {report.seasons[-1]}", ". ".join(part for part in (skipped, *report.notes) if part),
        sections, lead_tables=(counts, *changed),
    )
