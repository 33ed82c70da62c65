"""Wildbook's bulk import sheet."""

from __future__ import annotations

from reid.formats.writers import wildbook
from tests.survey.captures import CAMERAS, SURVEY


def test_wildbook_gets_one_row_an_encounter_with_its_photos_and_blanks_where_nothing_is_known():
    columns, rows = wildbook.sheet(SURVEY[:3], ["e1", "e1", "e2"], {"zebra": "Equus quagga"})
    first = dict(zip(columns, rows[0], strict=True))
    assert [first[f"Encounter.{name}"] for name in ("genus", "specificEpithet", "year", "month", "day", "hour", "minutes")] == [
        "Equus",
        "quagga",
        2023,
        5,
        1,
        6,
        30,
    ]
    assert (first["Encounter.mediaAsset0"], first["Encounter.mediaAsset1"]) == ("Amara 2023-1-6.jpg", "Amara 2023-1-7.jpg")
    assert first["Encounter.decimalLatitude"] is None and first["MarkedIndividual.individualID"] == "Amara"
    assert dict(zip(columns, rows[1], strict=True))["Encounter.mediaAsset1"] is None
    columns, rows = wildbook.sheet(SURVEY[:1], ["e"], {}, CAMERAS)
    placed = dict(zip(columns, rows[0], strict=True))
    assert (placed["Encounter.decimalLatitude"], placed["Encounter.decimalLongitude"]) == (-1.25, 36.75)
