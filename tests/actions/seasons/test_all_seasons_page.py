"""Every season against every later one, as a page."""

from __future__ import annotations

from dataclasses import replace

from reid.actions.seasons.all_seasons_page import page
from reid.actions.seasons.results import AllSeasonsReport, Presence, SeasonPair
from reid.evaluation.appearance_drift import Drifted
from reid.records import Problem

REPORT = AllSeasonsReport(
    ("2023", "2024"), (SeasonPair("2023", "2024", "zebra", 1, 0, 2, 0, 0, 3),),
    (Presence("zebra", "Ada", (2, 1)), Presence("lion", "Leo", (0, 4))), {}, 0, (),
)  # fmt: skip


def test_the_pairs_stand_first_and_each_species_has_its_individuals_by_season() -> None:
    made = page(REPORT)
    (counts,) = made.lead_tables
    assert (made.title, made.subtitle) == ("Seasons 2023 to 2024", "")
    assert counts.rows == (("2023", "2024", "zebra", "1", "0", "2", "0", "0", "3", "0"),)
    assert [(one.title, one.tables[0].columns, one.tables[0].rows) for one in made.sections] == [
        ("lion: encounters by season", ("individual", "2023", "2024"), (("Leo", "0", "4"),)),
        ("zebra: encounters by season", ("individual", "2023", "2024"), (("Ada", "2", "1"),)),
    ]  # fmt: skip


def test_what_was_skipped_unread_or_changed_is_on_the_page() -> None:
    drift = (("zebra", Drifted("Ada", "2023", "2024", (1, 2), 0.31, 0.2)),)
    made = page(replace(REPORT, skipped=2, notes=("a note",), problems=(Problem("card/spoilt.jpg", "damaged"),), drift=drift))
    assert made.subtitle == "2 photos given are undated and in no season, and were skipped. a note"
    assert made.lead_tables[1].rows == (("zebra", "Ada", "2023", "2024", "0.31", "0.20"),)
    last = made.sections[-1]
    assert (last.title, last.answers[0].queries[0].title, last.answers[0].reason) == ("Not read (1)", "spoilt.jpg", "damaged")
