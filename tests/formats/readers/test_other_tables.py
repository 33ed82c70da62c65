"""What other programs wrote, read as photos: record tables, bulk imports, packages; and what we wrote for them, read again."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

import reid
from reid.formats.readers.photo_lists import read_photos
from reid.records import Box, Photo
from reid.settings import ExportSettings
from tests.survey.captures import SURVEY

DEPLOYMENTS = "camera,start,end,latitude,longitude\nA1,2023-05-01,2023-05-30,-1.25,36.75\nB_2,2023-05-01,2023-05-30,-1.26,36.76\n"


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(path.name.encode())
    return path


def table(path: Path, columns: str, *rows: str) -> Path:
    path.write_text("\n".join([columns, *rows]) + "\n", "utf-8")
    return path


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    """The survey of captures.py as a manifest, its photos, and a deployments table."""
    lines = []
    for one in SURVEY:
        touch(tmp_path / "cards" / one.camera / one.path.name)
        lines.append(
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
            ]
        )
    (tmp_path / "cameras.csv").write_text(DEPLOYMENTS, "utf-8")
    with (tmp_path / "cards" / "photos.csv").open("w", encoding="utf-8", newline="") as file:
        known = ["path", "species", "individual", "captured_at", "camera", "side"]
        csv.writer(file).writerows([[*known, "x", "y", "width", "height", "sex"], *lines])
    return tmp_path / "cards" / "photos.csv"


def facts(photo: Photo) -> tuple[object, ...]:
    return photo.path.name, photo.individual, photo.captured_at, photo.camera, photo.side


def test_camtrap_dp_that_we_wrote_is_read_again_as_the_same_photos(survey, tmp_path):
    out = tmp_path / "package"
    settings = ExportSettings(
        deployments=tmp_path / "cameras.csv", time_zone="+03:00", copy=True, scientific={"zebra": "Equus quagga"}
    )
    reid.export("camtrap-dp", out, [survey], settings=settings)
    for given in (out, out / "datapackage.json"):
        found = read_photos([given])
        assert found.problems == ()
        assert [facts(one) for one in found.photos] == [facts(one) for one in read_photos([survey]).photos]
        assert {(one.species, one.box, one.column("sex")) for one in found.photos} == {
            ("Equus quagga", Box(0.1, 0.2, 0.3, 0.4), "female"),
            ("Equus quagga", Box(0.1, 0.2, 0.3, 0.4), "male"),
        }


def test_the_record_table_of_camtrapr_that_we_wrote_is_read_again(survey, tmp_path):
    reid.export("camtrapr", tmp_path / "r", [survey])
    found = read_photos([tmp_path / "r" / "records.csv"])
    assert found.problems == ()
    assert {facts(one)[:4] for one in found.photos} == {facts(one)[:4] for one in read_photos([survey]).photos}
    assert found.photos[0].column("delta.time.secs") == "0"


def test_the_sheet_of_wildbook_that_we_wrote_is_read_again(survey, tmp_path):
    reid.export(
        "wildbook", tmp_path / "w", [survey], settings=ExportSettings(scientific={"zebra": "Equus quagga"}, encounter_minutes=90)
    )
    for one in SURVEY:
        touch(tmp_path / "w" / one.path.name)
    found = read_photos([tmp_path / "w" / "wildbook.xlsx"])
    assert found.problems == () and len(found.photos) == 6
    wanted = {facts(one) for one in read_photos([survey]).photos}
    # The second photo of an encounter has the time of the first: the sheet has one time a row.
    assert {facts(one) for one in found.photos} - wanted == {
        ("Amara 2023-1-7.jpg", "Amara", datetime(2023, 5, 1, 6, 30), "A1", "left")
    }
    assert {one.species for one in found.photos} == {"Equus quagga"}


def test_what_r_left_na_in_a_sheet_of_wildbook_is_no_species_no_date_and_no_photo(tmp_path):
    touch(tmp_path / "a.jpg")
    columns = "Encounter.mediaAsset0,Encounter.mediaAsset1,Encounter.genus,Encounter.specificEpithet,Encounter.year"
    more = "Encounter.month,Encounter.day,Encounter.hour,Encounter.individualID,Encounter.sex"
    table(tmp_path / "w.csv", f"{columns},{more}", "a.jpg,NA,NA,NA,2023,NA,NA,NA,NA,NA", "a.jpg,,Equus,quagga,2023,5,1,NA,,")
    found = read_photos([tmp_path / "w.csv"])
    assert [(one.path.name, one.species, one.individual, one.captured_at, one.column("sex")) for one in found.photos] == [
        ("a.jpg", "", "", None, "")
    ]
    (again,) = found.problems
    assert again.origin == "w.csv, row 3" and "same photo and box were named before" in again.reason


def test_a_year_alone_in_wildbook_is_no_first_of_january(tmp_path):
    touch(tmp_path / "a.jpg")
    book = openpyxl.Workbook()
    book.active.append(
        ["Encounter.genus", "Encounter.specificEpithet", "Encounter.year", "Encounter.mediaAsset0", "Encounter.individualID"]
    )
    book.active.append(["Panthera", "onca", 2025, "a.jpg", "J1"])
    book.active.append(["Panthera", "onca", 2025, None, "J2"])
    book.save(tmp_path / "w.xlsx")
    found = read_photos([tmp_path / "w.xlsx"])
    assert [(one.species, one.individual, one.captured_at) for one in found.photos] == [("Panthera onca", "J1", None)]
    assert [str(one) for one in found.problems] == [" (w.xlsx, row 3): path: is empty; name the photo."]


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        ("RootFolder,File,RelativePath,DateTime,DeleteFlag,Species", "Survey,IMG 1.JPG,card 1\\a,2022-07-01 14:30:05,false,Deer"),
        ("File,RelativePath,Folder,Date,Time,ImageQuality,Species", "IMG 1.JPG,card 1\\a,Survey,2022-07-01,14:30:05,Ok,Deer"),
    ],
)
def test_timelapses_tables_new_and_old_are_read(tmp_path, columns, row):
    touch(tmp_path / "card 1" / "a" / "IMG 1.JPG")
    (photo,) = read_photos([table(tmp_path / "TimelapseData.csv", columns, row)]).photos
    assert photo.path == tmp_path / "card 1" / "a" / "IMG 1.JPG"
    assert (photo.captured_at, photo.species) == (datetime(2022, 7, 1, 14, 30, 5), "Deer")


def package(folder: Path, observations: list[str], **media: str) -> Path:
    """A package with one deployment; header and first rows as in the published example, shortened."""
    table(
        folder / "deployments.csv",
        "deploymentID,locationID,latitude,longitude,deploymentStart,deploymentEnd,deploymentGroups",
        "00a2c20d,e254a13c,51.496,4.774,2020-05-30T02:57:37Z,2020-07-01T09:41:41Z,season:spring 2020 | grid:A",
    )
    table(
        folder / "media.csv",
        "mediaID,deploymentID,timestamp,filePath,filePublic,fileMediatype",
        *(
            f"{name},00a2c20d,2020-05-30T02:57:{second}Z,{touch(folder / f'{name}.jpg').name},true,image/jpeg"
            for name, second in media.items()
        ),
    )
    table(
        folder / "observations.csv",
        "observationID,deploymentID,mediaID,eventID,eventStart,eventEnd,observationLevel,observationType,"
        "scientificName,individualID,bboxX,bboxY,bboxWidth,bboxHeight,observationTags",
        *observations,
    )
    resources = [{"name": name, "path": f"{name}.csv"} for name in ("deployments", "media", "observations")]
    profile = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0/camtrap-dp-profile.json"
    (folder / "datapackage.json").write_text(json.dumps({"profile": profile, "resources": resources}), "utf-8")
    return folder
