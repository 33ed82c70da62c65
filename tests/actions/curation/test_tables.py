"""The gallery's contents and its journal as rows of plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from reid.actions.curation import tables
from reid.actions.curation.results import DoctorReport, Finding, GallerySummary, IndividualShown, SpeciesInGallery
from reid.records import Calibration
from reid.records.gallery import Alteration, Detail, EnrolledPhoto, IndividualSummary, JournalEntry, SpeciesSummary

DAY = datetime(2024, 5, 1, 6, 30)
ADA = IndividualSummary(3, "zebra", "Ada", 2, {"left": 1, "": 1}, ("2023", "2024"), (2023, 2024), DAY, DAY)
PHOTO = EnrolledPhoto(
    7, 3, "Ada", "zebra", Path("a.jpg"), "a.jpg", "ab" * 32, None, DAY, "", "C1", "left", "2024", {"side_net": "f0"}, 640, 480,
)  # fmt: skip
ENTRY = JournalEntry(4, datetime(2024, 5, 2, 12, tzinfo=UTC), "kim", "rename", "a typo", "{}", "{}", "Ad to Ada", undone_by=5)


def test_a_gallery_is_a_row_for_each_species_and_one_for_all() -> None:
    zebra = SpeciesSummary(1, "zebra", "", 0, 1, 2, {"left": 1, "": 1}, ("2023", "2024"), DAY, DAY, False)
    learnt = Calibration(20.5, -9.0, 4.5, 0.9, 0.8, 0.6, 0.01, 0.008, 0.02, 12, 80, 3160)
    found = (SpeciesInGallery(zebra, None, None), SpeciesInGallery(replace(zebra, name="deer", fingerprint="f0"), None, learnt))
    ((title, columns, rows),) = tables.contents(GallerySummary(Path("g"), found, "", (), 2, 4, "5e"))
    assert title == "Gallery g" and all(len(row) == len(columns) for row in rows)
    assert rows[0] == ("zebra", 1, 2, "unknown 1, left 1", "2023, 2024", "none", "no: REVIEW only")
    assert (rows[1][0], rows[1][5], rows[1][6]) == ("deer", "f0", f"known from {learnt.known_at:.2f}")
    assert rows[2] == ("all", 2, 4, "predicted by 5e", "", "no species net", "")


def test_an_individual_bears_its_permanent_id_and_whom_it_was_merged_into() -> None:
    ((_, _, rows),) = tables.individuals([ADA, replace(ADA, id=9, name="Bo", sides={}, merged_into=3)])
    assert rows[0] == (3, "zebra", "Ada", 2, "unknown 1, left 1", "2023, 2024", DAY, DAY, "")
    assert (rows[1][0], rows[1][4], rows[1][8]) == (9, "", "merged into #3")


def test_a_side_that_a_net_predicted_says_so() -> None:
    ((_, columns, rows),) = tables.photos([PHOTO, replace(PHOTO, notes={})])
    assert [dict(zip(columns, row, strict=True))["side"] for row in rows] == ["left (predicted)", "left"]


def test_an_individual_is_shown_with_the_parts_that_have_rows() -> None:
    shown = IndividualShown(ADA, (PHOTO,), (), (ENTRY,))
    assert [title for title, _, _ in tables.individual(shown)] == ["Individual", "Photos", "Journal"]
    gone = IndividualShown(replace(ADA, removed=True), (), (replace(ADA, id=9),), ())
    titles = [(title, rows[0][0]) for title, _, rows in tables.individual(gone)]
    assert titles == [("Individual (removed)", 3), ("Merged into it", 9)]


def test_an_entry_shows_who_did_what_and_each_value_it_altered() -> None:
    detail = Detail(ENTRY, (Alteration("individual", 3, "name", "Ad", "Ada"),), {"photo": 2})
    (_, _, journal), (_, _, altered) = tables.entry(detail)
    assert (journal[0][0], *journal[0][2:]) == (4, "kim", "rename", "Ad to Ada", "a typo", "undone by 5")
    assert altered == [("individual", 3, "name", "Ad", "Ada"), ("photo", "", "added", "", 2)]


def test_a_doctor_that_finds_nothing_shows_no_table() -> None:
    finding = Finding("look", "twins", "zebra", "Ada and Bo look alike", do="reid individuals merge")
    report = DoctorReport(Path("g"), (finding,), 0, 2, ())
    ((title, _, rows),) = tables.examined(report)
    assert (title, rows) == ("Doctor: g", [("look", "twins", "zebra", "Ada and Bo look alike", "reid individuals merge")])
    assert tables.examined(replace(report, findings=())) == []
