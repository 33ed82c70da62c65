"""Clocks, seasons and the table of the cameras, as people write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from reid.actions.intake.photo_selection import in_time
from reid.errors import ManifestError
from reid.records import Deployment, Photo, Season
from reid.survey.deployments import read_deployments


def table(folder: Path, text: str) -> Path:
    path = folder / "cameras.csv"
    path.write_text(text, "utf-8")
    return path


def test_every_column_of_the_table_arrives_in_its_field(tmp_path):
    found = read_deployments(
        table(
            tmp_path,
            "Camera;Start;End;Lat;Lon;Off;Clock;Season;Habitat\n"
            " A  1 ;2023-05-01;2023-05-31;-1,25;36,75;2023-05-03, 2023-05-07..2023-05-09;+1h;dry;forest\n",
        )
    )
    assert found.deployments == (
        Deployment(
            "A 1",
            date(2023, 5, 1),
            date(2023, 5, 31),
            -1.25,
            36.75,
            None,
            None,
            frozenset({date(2023, 5, 3), date(2023, 5, 7), date(2023, 5, 8), date(2023, 5, 9)}),
            "dry",
            {"habitat": "forest"},
        ),
    )
    assert found.clocks == {"A 1": timedelta(hours=1)}


def test_na_is_an_empty_cell(tmp_path):
    found = read_deployments(table(
        tmp_path,
        "Station,Setup_date,Retrieval_date,lat,lon,x,y,off,clock,season,Problem1_from,Problem1_to,habitat\n"
        "A,2023-05-01,2023-05-31,NA,NaN,NA,NA,NA,NA,NA,NA,NA,NA\n",
    ))  # fmt: skip
    assert found.deployments == (Deployment("A", date(2023, 5, 1), date(2023, 5, 31)),)
    assert found.clocks == {}


@pytest.mark.parametrize(("cell", "told"), [("NA", "is NA"), ("nan", "is nan"), ("  ", "is empty")])
@pytest.mark.parametrize("header", ["camera,start,end", "Station,Setup_date,Retrieval_date", "cameraID,start,end"])
def test_a_camera_without_a_name_is_told_with_row_and_column(tmp_path, header, cell, told):
    text = f"{header}\nA,2023-05-01,2023-05-31\n{cell},2023-05-01,2023-05-31\n"
    with pytest.raises(ManifestError, match=rf"cameras\.csv: row 3, camera: {told}; name the camera as the photos do"):
        read_deployments(table(tmp_path, text))


@pytest.mark.parametrize("latitude", ["latitude", "lat", "gps_y", "GPS_Y"])
@pytest.mark.parametrize("longitude", ["longitude", "lon", "long", "lng", "gps_x", "Lon"])
def test_a_position_is_read_under_each_of_its_names(tmp_path, latitude, longitude):
    row = f"camera,start,end,{latitude},{longitude}\nA,2023-05-01,2023-05-02,-1.25,36.75\n"
    (one,) = read_deployments(table(tmp_path, row)).deployments
    assert (one.latitude, one.longitude, one.x, one.y) == (-1.25, 36.75, None, None)


@pytest.mark.parametrize("names", ["x,y", "easting,northing", "utm_x,utm_y"])
def test_metres_are_read_under_each_of_their_names_and_with_a_decimal_comma(tmp_path, names):
    row = f'camera,start,end,{names}\nA,2023-05-01,2023-05-02,"523000,5",604000.25\n'
    (one,) = read_deployments(table(tmp_path, row)).deployments
    assert (one.x, one.y, one.latitude) == (523000.5, 604000.25, None)


def test_the_tables_of_camtrapr_and_of_camtrap_dp_are_read_too(tmp_path):
    """The first row of camtrapR's `camtraps`, in ISO dates; the first deployment of Camtrap DP's example, shortened."""
    (ours,) = read_deployments(
        table(
            tmp_path,
            "Station,utm_y,utm_x,Setup_date,Retrieval_date,Problem1_from,Problem1_to\n"
            "StationC,604000,523000,2009-04-02,2009-05-14,2009-05-12,2009-05-14\n",
        )
    ).deployments
    assert (ours.camera, ours.x, ours.y, len(ours.off), ours.start) == ("StationC", 523000.0, 604000.0, 3, date(2009, 4, 2))
    (theirs,) = read_deployments(
        table(
            tmp_path,
            "deploymentID,locationID,latitude,longitude,deploymentStart,deploymentEnd\n"
            "00a2c20d,e254a13c,51.496,4.774,2020-05-30T02:57:37Z,2020-07-01T09:41:41Z\n",
        )
    ).deployments
    assert (theirs.camera, theirs.start, theirs.end, theirs.latitude) == ("e254a13c", date(2020, 5, 30), date(2020, 7, 1), 51.496)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",2023-05-01,2023-05-02,,,", "row 2, camera: is empty"),
        ("A,2023-05-02,2023-05-01,,,", "row 2, end: 2023-05-01 lies before"),
        ("A,2023-05-01,,,,", "row 2, end: is empty"),
        ("A,2023-05-01,2023-05-02,95,3,", 'latitude: "95" is out of range'),
        ("A,2023-05-01,2023-05-02,1,,", "latitude,longitude: give both or neither"),
        ("A,2023-05-01,2023-05-02,,,2023-06-01", "off: 2023-06-01 is no day of the deployment"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_column(tmp_path, row, reason):
    with pytest.raises(ManifestError, match=reason):
        read_deployments(table(tmp_path, f"camera,start,end,latitude,longitude,off\n{row}\n"))


def test_a_table_without_its_columns_or_with_one_twice_is_refused(tmp_path):
    with pytest.raises(ManifestError, match=r"has no column start, end \(met: camera\)"):
        read_deployments(table(tmp_path, "camera\nA\n"))
    with pytest.raises(ManifestError, match="the columns camera and station mean the same"):
        read_deployments(table(tmp_path, "camera,station,start,end\nA,A,2023-01-01,2023-01-02\n"))


def test_photos_get_the_right_clock_before_their_season(tmp_path):
    rows = ("camera,start,end,clock,season", "A,2024-01-01,2024-01-31,+2h,jan", "B,2024-01-01,2024-01-31,,jan")
    known = read_deployments(table(tmp_path, "\n".join(rows)))
    night = datetime(2023, 12, 31, 23, 0)
    photos = [
        Photo(Path("a.jpg"), captured_at=night, camera="A"),
        Photo(Path("b.jpg"), captured_at=night, camera="B", season="mine"),
        Photo(Path("c.jpg"), camera="A", season="x"),
    ]
    found, spans = in_time(photos, (), ("y2023=2023-01-01..2023-12-31",), known)
    assert [(one.captured_at, one.season) for one in found] == [
        (datetime(2024, 1, 1, 1, 0), "jan"),
        (night, "y2023"),
        (None, "x"),
    ]
    assert spans == (Season("y2023", date(2023, 1, 1), date(2023, 12, 31)),)
    assert in_time(photos[:1], ("A=-1h",), (), known)[0][0].captured_at == datetime(2023, 12, 31, 22, 0)
