"""camtrapR's record table and its table of cameras."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from reid.formats.writers import camtrapr
from reid.records import Deployment
from tests.survey.captures import SURVEY, photo


def test_camtrapr_records_have_the_columns_of_its_sample_and_count_time_within_individual_and_station():
    rows = [dict(zip(camtrapr.RECORD_COLUMNS, row, strict=True)) for row in camtrapr.record_rows(SURVEY)]
    assert list(rows[0]) == [  # help of recordTableIndividualSample
        "Station",
        "Species",
        "Individual",
        "DateTimeOriginal",
        "Date",
        "Time",
        "delta.time.secs",
        "delta.time.mins",
        "delta.time.hours",
        "delta.time.days",
        "Directory",
        "FileName",
    ]
    amara = [row for row in rows if row["Individual"] == "Amara"]
    assert [(row["DateTimeOriginal"], row["delta.time.secs"], row["delta.time.hours"]) for row in amara] == [
        ("2023-05-01 06:30:00", 0, 0.0),
        ("2023-05-01 07:30:00", 3600, 1.0),
        ("2023-05-12 06:30:00", 946800, 263.0),
    ]
    assert [row["Date"] for row in rows if row["Individual"] == "Zoë"] == ["2023-05-02", "2023-05-27"]


def test_records_closer_than_the_interval_are_one():
    assert len(list(camtrapr.record_rows(SURVEY, minutes=60))) == 6
    assert len(list(camtrapr.record_rows(SURVEY, minutes=61))) == 5


def test_camtraprs_camera_table_names_the_days_off_as_problems_and_is_read_again(tmp_path):
    off = frozenset({date(2023, 5, 3), date(2023, 5, 4), date(2023, 5, 9)})
    cameras = [Deployment("A1", date(2023, 5, 1), date(2023, 5, 20), x=10, y=20, off=off)]
    columns, rows = camtrapr.camera_table(cameras)
    assert columns[5:] == ("Problem1_from", "Problem1_to", "Problem2_from", "Problem2_to")
    assert rows[0][5:] == ("2023-05-03", "2023-05-04", "2023-05-09", "2023-05-09")
    from reid.survey.deployments import read_deployments
    from reid.tables.tables import write_table

    write_table(tmp_path / "c.csv", columns, rows)
    assert list(read_deployments(tmp_path / "c.csv").deployments) == cameras


def test_records_of_two_species_that_share_a_name_are_apart() -> None:
    zebra = [photo("1", 1, hour=10), photo("1", 1, hour=12)]
    lion = replace(photo("1", 1, hour=11), species="lion")
    rows = list(camtrapr.record_rows([*zebra, lion], minutes=90))
    assert [(row[1], row[6]) for row in rows] == [("lion", 0), ("zebra", 0), ("zebra", 7200)]
