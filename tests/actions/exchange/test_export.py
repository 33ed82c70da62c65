"""`reid export`, through the command line and from Python: what was written is read back and compared with what went in."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import reid
from reid import synthetic
from reid.errors import UsageError
from reid.formats.readers.photo_lists import read_photos
from reid.formats.writers import camtrap_dp
from reid.records import Deployment
from reid.settings import ExportSettings
from reid.store import Enrollment, Gallery
from tests.commands import World, command
from tests.survey.captures import CAMERAS, SURVEY, photo

DEPLOYMENTS = (
    "camera,start,end,latitude,longitude,off\nA1,2023-05-01,2023-05-20,-1.25,36.75,2023-05-03\n"
    "B_2,2023-05-01,2023-05-10,-1.26,36.76,\nB_2,2023-05-26,2023-05-30,-1.26,36.76,\n"
)


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    """The survey of captures.py as a manifest with files, and its deployments beside."""
    folder = tmp_path / "cards"
    for one in SURVEY:
        (folder / one.camera).mkdir(parents=True, exist_ok=True)
        (folder / one.camera / one.path.name).write_bytes(one.path.name.encode())
    with (folder / "photos.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        known = ["path", "species", "individual", "captured_at", "camera", "side"]
        rows.writerow([*known, "x", "y", "width", "height", "sex", "age"])
        for one in SURVEY:
            rows.writerow(
                [
                    f"{one.camera}/{one.path.name}",
                    one.species,
                    one.individual,
                    one.captured_at,
                    one.camera,
                    one.side,
                    0.1,
                    0.2,
                    0.3,
                    0.4,
                    one.column("sex"),
                    one.column("age"),
                ]
            )
    (tmp_path / "cameras.csv").write_text(DEPLOYMENTS, "utf-8")
    return folder / "photos.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(survey: Path, format: str, *more: object):
    out = survey.parents[1] / "out"
    told = command(
        "export",
        format,
        survey,
        "--out",
        out,
        "--season",
        "2023=2023-05-01..2023-05-30",
        "--days",
        5,
        "--deployments",
        survey.parents[1] / "cameras.csv",
        *more,
        "--json",
    )
    assert told.code == 0, told.err
    return out, told.lines[0], told.err


def test_mark_is_written_with_its_occasions_and_who_was_left_out(survey):
    out, report, err = run(survey, "mark", "--side", "right", "--group", "sex")
    statements = [line for line in (out / "zebra.inp").read_text("utf-8").splitlines() if not line.startswith("/*")]
    assert statements == ["0010.0 1 0;", "1000.1 0 1;"]
    assert [row["camera_days"] for row in rows_of(out / "zebra-occasions.csv")] == ["9", "10", "5", "5", "0", "5"]
    assert [row["individuals"] for row in rows_of(out / "zebra-occasions.csv")] == ["1", "0", "1", "0", "NA", "1"]
    assert rows_of(out / "left_out.csv")[-1] == {
        "species": "zebra",
        "individual": "Bo",
        "photo": "",
        "reason": "no photo is left: photo shows the left side, the history is of the right (1)",
    }
    assert (report["individuals"], report["photos"]) == (2, 3)
    assert "on occasion 2023-5 (2023-05-21 to 2023-05-25) no camera worked" in err and "left out zebra Bo" in err


def test_a_species_of_which_nothing_is_left_does_not_hide_the_others(survey, tmp_path):
    shown = survey.parent / "A1" / "giraffe.jpg"
    shown.write_bytes(b"giraffe")
    rows = survey.read_text("utf-8")
    width = rows.splitlines()[0].count(",")
    survey.write_text(f"{rows}A1/giraffe.jpg,giraffe,Gia,2022-01-01{',' * (width - 3)}\n", "utf-8")
    out, report, err = run(survey, "mark")
    assert "giraffe is not exported: no photo of giraffe is left; 1 x photo lies outside of all seasons" in err
    assert (out / "zebra.inp").is_file() and not (out / "giraffe.inp").exists() and report["individuals"] == 3
    alone = ("--species", "giraffe", "--out", tmp_path / "no", "--season", "2023=2023-05-01..2023-05-30")
    told = command("export", "mark", survey, *alone)
    assert told.code == 2 and "giraffe is not exported: no photo of giraffe is left" in told.err


def test_the_plain_table_has_na_where_no_camera_worked_and_its_photos_are_a_manifest_again(survey):
    out, _, _ = run(survey, "csv")
    history = {row["individual"]: row for row in rows_of(out / "zebra-history.csv")}
    assert [history["Zoë"][f"2023-{at}"] for at in range(1, 7)] == ["1", "0", "0", "0", "NA", "1"]
    again = read_photos([out / "zebra-photos.csv"])
    assert again.problems == ()
    first = {
        (one.path, one.individual, one.captured_at, one.side, one.box, one.column("age")) for one in read_photos([survey]).photos
    }
    assert {(one.path, one.individual, one.captured_at, one.side, one.box, one.column("age")) for one in again.photos} == first


def test_the_workbook_holds_the_same_as_the_tables(survey):
    out, _, _ = run(survey, "xlsx", "--side", "left")
    book = openpyxl.load_workbook(out / "zebra.xlsx")
    assert book.sheetnames == ["history", "occasions", "photos", "left out"]
    assert [[cell.value for cell in row] for row in book["history"].iter_rows(min_row=2)] == [
        ["Amara", 1, 0, 0, 0, "NA", 0],
        ["Bo", 0, 1, 0, 0, "NA", 0],
    ]
    assert book["photos"]["D2"].value == datetime(2023, 5, 1, 6, 30)


def test_folders_hold_a_copy_of_each_photo_under_its_individual(survey):
    out, _report, _ = run(survey, "folders")
    assert sorted(path.relative_to(out).as_posix() for path in (out / "zebra" / "Amara").iterdir()) == [
        f"zebra/Amara/Amara 2023-{end}.jpg" for end in ("1-6", "1-7", "12-6")
    ]
    assert (out / "zebra/Zoë/Zoë 2023-2-6.jpg").read_bytes() == "Zoë 2023-2-6.jpg".encode()
    assert {one.individual for one in read_photos([out]).photos} == {"Amara", "Bo", "Zoë"}


def test_what_is_enrolled_is_exported_and_gives_the_histories_of_the_truth(trained: World, tmp_path):
    told = command("export", "csv", "--gallery", trained.gallery, "--out", tmp_path, "--json")
    assert told.code == 0 and told.lines[0]["individuals"] == 20, told.err
    assert [row["individual"] for row in rows_of(tmp_path / "zebra-history.csv")] == [f"zebra-{at:03}" for at in range(10)]
    report = reid.export("mark", tmp_path / "m", gallery=trained.gallery, settings=reid.ExportSettings(species="deer"))
    assert [path.name for path in report.files] == ["deer.inp", "deer-occasions.csv"]


def test_an_unknown_format_or_nobody_to_export_is_told(survey, tmp_path):
    assert command("export", "excel", survey, "--out", tmp_path).code == 2
    with pytest.raises(UsageError, match="no photo of a named individual of lion to export"):
        reid.export("csv", tmp_path, [survey], settings=ExportSettings(species="lion"))
    with pytest.raises(UsageError, match="no photo is of camera 'C7', for which a clock was given; there are"):
        reid.export("csv", tmp_path, [survey], settings=ExportSettings(clocks=("C7=+1h",)))


def test_a_clock_moves_a_photo_over_midnight_into_the_next_occasion(survey, tmp_path):
    reid.export(
        "csv", tmp_path, [survey], settings=ExportSettings(seasons=("s=2023-05-01..2023-05-30",), days=5, clocks=("A1=+4d18h",))
    )
    assert {row["individual"]: row["s-1"] + row["s-2"] for row in rows_of(tmp_path / "zebra-history.csv")} == {
        "Amara": "01",
        "Bo": "00",
        "Zoë": "10",
    }


# camtrapR


# Wildbook


# Camtrap DP

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
FILE_PATH = re.compile(r"^(?=^[^./~])(^((?!\.{2}).)*$).*$")
"""The pattern of media.filePath in the table schema of 1.0.2."""


def test_camtrap_dp_obeys_the_rules_of_its_table_schemas(survey):
    out, report, _ = run(survey, "camtrap-dp", "--time-zone", "+03:00", "--scientific", "zebra=Equus quagga", "--copy")
    deployments, media, observations = (rows_of(out / f"{name}.csv") for name in ("deployments", "media", "observations"))
    places = {row["deploymentID"] for row in deployments}
    assert len(places) == len(deployments) == 3
    for row in deployments:
        assert -90 <= float(row["latitude"]) <= 90 and -180 <= float(row["longitude"]) <= 180
        assert STAMP.fullmatch(row["deploymentStart"]) and row["deploymentStart"] < row["deploymentEnd"]
    files = {row["mediaID"]: row for row in media}
    assert len(files) == len(media) == 6
    for row in media:
        assert row["deploymentID"] in places and STAMP.fullmatch(row["timestamp"]) and FILE_PATH.match(row["filePath"])
        assert row["filePublic"] in ("true", "false") and row["fileMediatype"] == "image/jpeg"
        assert (out / row["filePath"]).is_file()
    assert len({row["observationID"] for row in observations}) == len(observations) == 6
    for row in observations:
        assert row["mediaID"] in files and row["deploymentID"] in places and row["observationType"] == "animal"
        assert row["eventStart"] == row["eventEnd"] == files[row["mediaID"]]["timestamp"]
        assert row["observationLevel"] == "media" and row["sex"] in ("female", "male", "") and row["count"] == "1"
        assert 0 <= float(row["bboxX"]) <= 1 and 1e-15 <= float(row["bboxWidth"]) <= 1 - float(row["bboxX"])
    assert sorted({row["individualID"] for row in observations}) == ["Amara", "Bo", "Zoë"]
    assert observations[0]["eventStart"] == "2023-05-01T06:30:00+03:00"
    assert "left_out.csv" not in {Path(path).name for path in report["files"]}


ABOUT = {"title": "Zebras", "contributor": "Zoë", "sampling_design": "opportunistic"}


def test_the_descriptor_names_its_version_and_has_what_the_profile_requires():
    found = camtrap_dp.package(
        SURVEY,
        ["e"] * 6,
        [f"media/{at}.jpg" for at in range(6)],
        CAMERAS,
        zone="Africa/Nairobi",
        scientific={},
        created=datetime(2026, 1, 2, tzinfo=UTC),
        **ABOUT,
    )
    descriptor = json.loads(camtrap_dp.descriptor_text(found))
    assert {"resources", "profile", "created", "contributors", "project", "spatial", "temporal", "taxonomic"} <= set(descriptor)
    assert {"title", "samplingDesign", "captureMethod", "individualAnimals", "observationLevel"} <= set(descriptor["project"])
    assert descriptor["profile"] == "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2/camtrap-dp-profile.json"
    assert [(one["name"], "1.0.2" in one["schema"], one["profile"]) for one in descriptor["resources"]] == [
        (name, True, "tabular-data-resource") for name in ("deployments", "media", "observations")
    ]
    assert (
        descriptor["temporal"] == {"start": "2023-05-01", "end": "2023-05-30"} and descriptor["created"] == "2026-01-02T00:00:00Z"
    )
    assert found.media[0]["timestamp"] == "2023-05-01T06:30:00+03:00"
    assert set(found.observations[0]) <= set(camtrap_dp.OBSERVATION_COLUMNS) and set(found.media[0]) <= set(
        camtrap_dp.MEDIA_COLUMNS
    )


def test_the_header_is_that_of_the_published_example_without_taxon_ids():
    published = (
        "observationID,deploymentID,mediaID,eventID,eventStart,eventEnd,observationLevel,observationType,cameraSetupType,"
        "scientificName,count,lifeStage,sex,behavior,individualID,individualPositionRadius,individualPositionAngle,"
        "individualSpeed,bboxX,bboxY,bboxWidth,bboxHeight,classificationMethod,classifiedBy,classificationTimestamp,"
        "classificationProbability,observationTags,observationComments"
    )
    assert ",".join(camtrap_dp.OBSERVATION_COLUMNS) == published


@pytest.mark.parametrize(
    ("zone", "cameras", "reason"),
    [
        ("", CAMERAS, "give --time-zone"),
        ("+25:00", CAMERAS, r"time zone '\+25:00' is not known"),
        ("Mars/Olympus", CAMERAS, "time zone 'Mars/Olympus' is not known"),
        ("Z", (), "give --deployments"),
        ("Z", (Deployment("A1", date(2023, 5, 1), date(2023, 5, 2), x=1, y=2),), "no latitude"),
    ],
)
def test_camtrap_dp_asks_for_what_it_needs(zone, cameras, reason):
    with pytest.raises(UsageError, match=reason):
        camtrap_dp.package(
            [photo("A", 1)], ["e"], ["a.jpg"], cameras, zone=zone, scientific={}, created=datetime(2026, 1, 1, tzinfo=UTC),
            **ABOUT,
        )


def test_photos_too_soon_after_a_record_are_left_out_and_told(survey):
    out, report, _ = run(survey, "camtrapr", "--minutes", 61)
    assert report["photos"] == 5 == len(rows_of(out / "records.csv"))
    assert [row["reason"] for row in rows_of(out / "left_out.csv")] == ["less than 61 minutes after the record before it"]


def test_where_a_file_is_in_the_way_of_the_folder_it_is_told(survey):
    (survey.parent / "t.csv").write_text("x", "utf-8")
    for format in ("csv", "xlsx", "mark"):
        with pytest.raises(UsageError, match=r"t\.csv"):
            reid.export(format, survey.parent / "t.csv", [survey])


def test_enrolled_photos_take_the_seasons_of_the_deployments_though_enrolling_filled_the_year_in(tmp_path):
    size = {"encounters": 1, "photos_per_encounter": 1, "width": 96, "height": 64}
    synthetic.write_photos(tmp_path / "one", synthetic.draw_season(["zebra"], range(2), season=0, **size))
    reid.enroll([tmp_path / "one"], gallery=tmp_path / "g", device="cpu")
    cameras = sorted({one.camera for one in read_photos([tmp_path / "one"]).photos})
    table = "camera,start,end,latitude,longitude,season,clock\n"
    table += "".join(f"{camera},2022-12-01,2024-01-31,-1.2,36.7,dry,+20d\n" for camera in cameras)
    (tmp_path / "cameras.csv").write_text(table, "utf-8")
    settings = ExportSettings(deployments=tmp_path / "cameras.csv")
    reid.export("csv", tmp_path / "out", gallery=tmp_path / "g", settings=settings)
    photos = rows_of(tmp_path / "out" / "zebra-photos.csv")
    with Gallery.open(tmp_path / "g") as gallery:
        assert {row["season"] for row in photos} == {"dry"}
        taken = sorted(str(one.captured_at) for one in gallery.photos())  # put right when they came in, not again
        assert sorted(row["captured_at"].replace("T", " ") for row in photos) == taken


def test_a_deployment_ends_on_its_last_day(survey):
    out, _, _ = run(survey, "camtrap-dp", "--time-zone", "+03:00", "--scientific", "zebra=Equus quagga")
    ends = sorted(row["deploymentEnd"][:10] for row in rows_of(out / "deployments.csv"))
    assert ends == ["2023-05-10", "2023-05-20", "2023-05-30"]


@pytest.mark.parametrize("kind", ["folders", "camtrap-dp"])
def test_a_file_that_is_not_the_one_enrolled_is_not_copied_and_is_listed(tmp_path, kind):
    """A gallery from elsewhere may name any file of this machine as a photo; a file may be another animal's picture by now."""
    cards = tmp_path / "cards"
    cards.mkdir()
    secret, good = cards / "secret.jpg", cards / "good.jpg"
    good.write_bytes(b"the photo that was enrolled")
    vectors = np.eye(2, 8, dtype=np.float32)
    with Gallery.open(tmp_path / "gallery", create=True) as gallery:
        gallery.set_embedding_net("zebra", "f0" * 8, 8, calibration=None)
        gallery.enroll("zebra", "f0" * 8, [
            Enrollment("Amara", reid.Photo(path, captured_at=datetime(2023, 5, 1, 6, at, tzinfo=UTC), camera="A1"),
                       hashlib.sha256(b"the photo that was enrolled" if path == good else b"x").hexdigest(), 64, 48, vectors[at])
            for at, path in enumerate((good, secret))
        ])
    secret.write_bytes(b"key of the bank")
    out = tmp_path / "out"
    (tmp_path / "cameras.csv").write_text(DEPLOYMENTS, "utf-8")
    settings = ExportSettings(copy=True, deployments=tmp_path / "cameras.csv", time_zone="Africa/Nairobi")
    report = reid.export(kind, out, gallery=tmp_path / "gallery", settings=settings)
    copied = [path for path in out.rglob("*") if path.suffix == ".jpg"]
    assert [path.read_bytes() for path in copied] == [b"the photo that was enrolled"]
    assert [(lost.photo, lost.reason) for lost in report.left_out if lost.photo == str(secret)] == [
        (str(secret), "the file is no longer the photo that was enrolled: it is not copied"),
    ]
    if kind == "camtrap-dp":
        assert [Path(row["filePath"]).name for row in rows_of(out / "media.csv")] == ["good.jpg"]
