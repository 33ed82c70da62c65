"""Our Camtrap DP against the published schemas, which are not ours to bring along: REID_CAMTRAP_SCHEMAS names their folder.

    REID_CAMTRAP_SCHEMAS=FOLDER python -m pytest tests/formats/writers/test_camtrap_dp.py

FOLDER holds deployments-, media- and observations-table-schema.json, and camtrap-dp-profile.json if wanted, of the version that
`camtrap_dp.CAMTRAP_DP_VERSION` says, from https://github.com/tdwg/camtrap-dp. Without the variable only what needs no
schema runs.
"""

from __future__ import annotations

import csv
import json
import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import reid
from reid.errors import UsageError
from reid.formats.readers import camtrap_dp as camtrap_dp_reading
from reid.formats.readers.photo_lists import read_photos
from reid.formats.writers import camtrap_dp
from reid.records import Box, Deployment, Photo
from reid.settings import SAMPLING_DESIGNS, ExportSettings
from reid.tables import cell_values
from tests.actions.exchange.test_export import FILE_PATH, STAMP
from tests.formats.writers.table_schema import TABLES, json_faults, package_faults, table_faults

GIVEN = os.environ.get("REID_CAMTRAP_SCHEMAS", "")
official = pytest.mark.skipif(not GIVEN, reason="REID_CAMTRAP_SCHEMAS names no folder with the schemas of Camtrap DP")
WANTED = (
    "path", "species", "individual", "captured_at", "camera", "season", "encounter", "x", "y", "width", "height", "sex",
    "lifestage",
)  # fmt: skip
CAMERAS = (
    "camera,start,end,latitude,longitude,off,season\n"
    "A1,2023-03-01,2023-05-30,-1.25,36.75,2023-05-03; 2023-05-07..2023-05-09,dry\n"
    "Ñu 2,2023-05-01,2023-05-10,51.496,-4.774,,\nÑu 2,2023-05-26,2023-05-30,-0.00001,179.999999,,rains | late\n"
)
ROWS = (
    {"path": "A1/IMG 1.JPG", "individual": "Amara", "sex": "female", "lifestage": "adult"},
    {"path": "A1/IMG 1.JPG", "individual": "Bo", "x": 0.5, "y": 0.5, "width": 0.5, "height": 0.5, "sex": "cow"},
    {"path": "A1/Zoë á/ñandú.png", "individual": 'Zoë "the 2nd", 王', "captured_at": "2023-03-26 02:30:00.75"},
    {"path": "A1/v.mp4.frames/000001.jpg", "individual": "Amara", "encounter": "v.mp4"},
    {"path": "A1/v.mp4.frames/000002.jpg", "individual": "Amara", "encounter": "v.mp4"},
    {
        "path": "~2/.late/b.tif",
        "individual": "-5",
        "camera": "Ñu 2",
        "captured_at": "2023-05-27 23:59:59",
        "lifestage": "Juvenile",
    },
    {"path": "~2/c.webp", "individual": "=1+1", "camera": "Ñu 2", "x": 0, "y": 0, "width": 1e-9, "height": 1, "encounter": "NA"},
)


def survey(folder: Path, rows: tuple[dict[str, object], ...] = ROWS, cameras: str = CAMERAS) -> Path:
    """A manifest with files and a table of deployments: everything that a package may stumble over."""
    folder.mkdir(exist_ok=True)
    (folder / "cameras.csv").write_text(cameras, "utf-8")
    with (folder / "photos.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, WANTED)
        table.writeheader()
        for row in rows:
            path = folder / str(row["path"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(path.name.encode())
            table.writerow({"species": "zebra", "captured_at": "2023-05-02 06:30:00", "camera": "A1", **row})
    return folder / "photos.csv"


def export(manifest: Path, out: Path, **more: object):
    given = {
        "time_zone": "+03:00",
        "scientific": {"zebra": "Equus quagga"},
        "deployments": manifest.parent / "cameras.csv",
        **more,
    }
    return reid.export("camtrap-dp", out, [manifest], settings=ExportSettings(**given))


@official
@pytest.mark.parametrize("zone", ["+03:00", "Z", "-09:30", "Africa/Nairobi", "Europe/Berlin"])
@pytest.mark.parametrize("copy", [True, False])
def test_a_package_obeys_the_published_schemas(tmp_path, zone, copy):
    told = export(survey(tmp_path / "in"), tmp_path / "out", time_zone=zone, copy=copy)
    assert told.photos == len(ROWS) and told.left_out == () and told.problems == ()
    assert package_faults(tmp_path / "out", Path(GIVEN)) == []


@official
def test_a_package_of_photos_that_all_fall_out_obeys_them(tmp_path):
    manifest = survey(tmp_path / "in", ({"path": "a.jpg", "individual": "A", "captured_at": "2024-01-01 00:00:00"},))
    assert export(manifest, tmp_path / "out").photos == 0
    assert package_faults(tmp_path / "out", Path(GIVEN)) == []


@official
def test_what_we_hold_to_be_the_rules_is_what_the_schemas_say():
    read = {name: json.loads((Path(GIVEN) / f"{name}-table-schema.json").read_text("utf-8")) for name in TABLES}
    fields = {name: {one["name"]: one for one in schema["fields"]} for name, schema in read.items()}
    assert tuple(fields["deployments"]) == camtrap_dp.PACKAGE_DEPLOYMENT_COLUMNS
    assert tuple(fields["media"]) == camtrap_dp.MEDIA_COLUMNS
    assert tuple(fields["observations"]) == camtrap_dp.OBSERVATION_COLUMNS
    for name, found in fields.items():
        required = {at.lower() for at, one in found.items() if one["constraints"]["required"]}
        assert required == set(camtrap_dp_reading._REQUIRED[name])
    seen = fields["observations"]
    assert tuple(seen["sex"]["constraints"]["enum"]) == camtrap_dp.SEXES
    assert tuple(seen["lifeStage"]["constraints"]["enum"]) == camtrap_dp.LIFE_STAGES
    assert tuple(seen["observationType"]["constraints"]["enum"]) == camtrap_dp_reading._TYPES
    assert fields["media"]["filePath"]["constraints"]["pattern"] == FILE_PATH.pattern
    stamps = {one["format"] for found in fields.values() for one in found.values() if one["type"] == "datetime"}
    assert stamps == {"%Y-%m-%dT%H:%M:%S%z"} and STAMP.fullmatch("2020-03-01T22:00:00Z")
    assert all(set(schema["missingValues"]) == set(cell_values.MISSING) for schema in read.values())
    profile = Path(GIVEN) / "camtrap-dp-profile.json"
    if profile.is_file():
        project = json.loads(profile.read_text("utf-8"))["allOf"][-1]["properties"]["project"]
        assert tuple(project["properties"]["samplingDesign"]["enum"]) == SAMPLING_DESIGNS


SCHEMA = {
    "fields": [
        {"name": "id", "type": "string", "constraints": {"required": True, "unique": True}},
        {"name": "at", "type": "datetime", "format": "%Y-%m-%dT%H:%M:%S%z", "constraints": {"required": False}},
        {"name": "part", "type": "number", "constraints": {"minimum": 0, "maximum": 1}},
        {"name": "kind", "type": "string", "constraints": {"enum": ["a", "b"], "pattern": "[a-z]"}},
        {"name": "home", "type": "string"},
    ],
    "missingValues": ["", "NA"],
    "primaryKey": "id",
    "foreignKeys": [{"fields": "home", "reference": {"resource": "homes", "fields": "name"}}],
}  # fmt: skip
GOOD = {"id": "1", "at": "2020-01-01T00:00:00Z", "part": "0.5", "kind": "a", "home": "h"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"at": "", "part": "", "kind": "", "home": ""}, None),
        ({"id": ""}, "row 2, id: is empty"),
        ({"home": "NA"}, 'row 2, home: "NA" is read as missing'),
        ({"at": "2020-01-01T00:00:00"}, 'row 2, at: "2020-01-01T00:00:00" does not fit %Y-%m-%dT%H:%M:%S%z'),
        ({"at": "2020-01-01T00:00:00+0100"}, 'row 2, at: "2020-01-01T00:00:00+0100" is not YYYY-MM-DDThh:mm:ss with Z or +hh:mm'),
        ({"part": "1.1"}, 'row 2, part: "1.1" is not within 0 and 1'),
        ({"part": "half"}, 'row 2, part: "half" is no number'),
        ({"kind": "c"}, "row 2, kind: \"c\" is none of ['a', 'b']"),
        ({"home": "nowhere"}, 'home: "nowhere" is not in homes'),
    ],
)
def test_the_reader_of_schemas_sees_each_rule_that_is_broken(change, fault):
    row = GOOD | change
    homes = (["name"], [{"name": "h"}])
    found = list(table_faults(SCHEMA, list(row), [row], {"homes": homes}))
    assert found == ([] if fault is None else [fault])


def test_the_reader_of_schemas_sees_a_key_twice_and_another_header():
    homes = (["name"], [{"name": "h"}])
    assert list(table_faults(SCHEMA, list(GOOD), [GOOD, GOOD], {"homes": homes})) == ["id: is not unique"]
    (told,) = table_faults(SCHEMA, list(GOOD)[::-1], [], {"homes": homes})
    assert told.startswith("its header is")


def test_the_reader_of_profiles_sees_what_is_missing_and_what_is_no_choice():
    rules = {
        "$defs": {"one": {"pattern": "1"}},
        "allOf": [{"required": ["a"], "properties": {
            "a": {"type": "array", "minItems": 1, "items": {"oneOf": [
                {"enum": ["x"]}, {"allOf": [{"$ref": "#/$defs/one"}, {"not": {"enum": ["x"]}}]},
            ]}},
            "b": {"type": "string", "format": "date"},
        }}],
    }  # fmt: skip
    assert json_faults(rules, {"a": ["x", "21"], "b": "2020-01-01"}) == []
    assert json_faults(rules, {"b": "May"}) == ["$: has no a", "$.b: 'May' is no date"]
    assert json_faults(rules, {"a": []}) == ["$.a: has 0 items, wanted 1"]
    assert json_faults(rules, {"a": ["y"]}) == ["$.a[0]: 'y' is none of ['x']"]
    assert json_faults(rules, {"a": "x"}) == ["$.a: is no array"]


# What the published schemas found, each as a test that needs none of them


def package(photos: list[Photo], cameras: list[Deployment] | None = None, encounter: str = ""):
    cameras = cameras or [Deployment("A1", date(2023, 5, 1), date(2023, 5, 30), -1.25, 36.75)]
    encounters = [encounter or f"e{at}" for at in range(len(photos))]
    return camtrap_dp.package(
        photos, encounters, [f"media/{one.path.name}" for one in photos], cameras, zone="Z",
        scientific={}, created=datetime(2026, 1, 2, tzinfo=UTC), title="t", contributor="c", sampling_design="targeted",
    )  # fmt: skip


def seen(name: str, individual: str = "A", **more: object) -> Photo:
    return Photo(Path(name), "zebra", individual, datetime(2023, 5, 2), camera="A1", **more)


def test_a_name_that_readers_take_for_an_empty_cell_is_left_out_and_told():
    found = package([seen("a.jpg", "NA"), seen("b.jpg", "nan"), seen("c.jpg", "Nan")])
    assert [row["individualID"] for row in found.observations] == ["Nan"] and len(found.media) == 1
    assert [reason for _, reason in found.left_out] == [
        "Camtrap DP reads 'NA' as no name; rename the individual", "Camtrap DP reads 'nan' as no name; rename the individual",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="camera 'NA': Camtrap DP reads this name as none"):
        package([seen("a.jpg")], [Deployment("NA", date(2023, 5, 1), date(2023, 5, 30), -1.25, 36.75)])


def test_a_path_with_two_dots_is_left_out_told_and_not_copied(tmp_path):
    manifest = survey(tmp_path / "in", ({"path": "a..jpg", "individual": "A"}, {"path": "b.jpg", "individual": "B"}))
    told = export(manifest, tmp_path / "out", copy=True)
    assert [(one.individual, one.reason) for one in told.left_out] == [
        ("A", "Camtrap DP allows no two dots in a row in a path; rename the file or its folder")
    ]
    assert [path.name for path in (tmp_path / "out" / "media").iterdir()] == ["b.jpg"]


def test_two_deployments_of_one_camera_and_day_have_two_ids():
    twice = [Deployment("A1", date(2023, 5, 1), date(2023, 5, end), -1.25, 36.75) for end in (30, 20, 10)]
    found = package([seen("a.jpg")], twice)
    assert [row["deploymentID"] for row in found.deployments] == ["A1/2023-05-01", "A1/2023-05-01#2", "A1/2023-05-01#3"]
    assert found.media[0]["deploymentID"] == "A1/2023-05-01"


def test_a_box_thinner_than_what_is_written_is_not_0_wide():
    (row,) = package([seen("a.jpg", box=Box(0.0, 0.0, 1e-9, 1e-8))]).observations
    assert (row["bboxWidth"], row["bboxHeight"]) == ("0.000001", "0.000001")


def test_the_media_type_is_that_of_the_ending_on_every_machine():
    names = ("a.jpg", "a.JPEG", "a.jpe", "a.mpo", "a.png", "a.tif", "a.TIFF", "a.webp", "a.bmp")
    found = package([seen(name) for name in names])
    assert [row["fileMediatype"] for row in found.media] == [
        *["image/jpeg"] * 4, "image/png", "image/tiff", "image/tiff", "image/webp", "image/bmp",
    ]  # fmt: skip


def test_an_encounter_called_na_has_no_id():
    assert [row["eventID"] for row in package([seen("a.jpg"), seen("b.jpg")], encounter="NA").observations] == [None, None]


def test_a_species_without_a_scientific_name_is_told(tmp_path):
    manifest = survey(tmp_path / "in", ({"path": "a.jpg", "individual": "A", "encounter": "NA"},))
    told = export(manifest, tmp_path / "out", scientific={})
    with (tmp_path / "out" / "observations.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["eventID"] and row["scientificName"] == "zebra"
    assert told.notes[0].startswith("photos.csv: NA and NaN were read as empty cells, in encounter (1 row)")
    assert told.notes[-1] == "scientificName is what the photos call the species: give --scientific zebra='GENUS EPITHET' (zebra)"


def test_events_in_utc_speak_for_media_in_local_time_as_in_the_published_example(tmp_path):
    """Its media have +02:00 and its observations Z: by the clock alone no event would meet a photo."""
    manifest = survey(tmp_path / "in", tuple({"path": f"{name}.jpg", "individual": "A"} for name in ("in", "out", "bare")))
    export(manifest, tmp_path / "out", copy=True)
    media = tmp_path / "out" / "media.csv"
    times = iter(("2023-05-02T04:57:40+02:00", "2023-05-02T02:57:40+02:00", "2023-05-02T02:57:40"))
    media.write_text(re.sub(r"2023-05-02T06:30:00\+03:00", lambda _: next(times), media.read_text("utf-8")), "utf-8")
    table = tmp_path / "out" / "observations.csv"
    header = table.read_text("utf-8").splitlines()[0]
    given = {"observationID": "o", "deploymentID": "A1/2023-03-01", "eventID": "e", "eventStart": "2023-05-02T02:57:37Z",
             "eventEnd": "2023-05-02T02:57:44Z", "observationLevel": "event", "observationType": "animal",
             "scientificName": "Anas platyrhynchos", "individualID": "Donald"}  # fmt: skip
    table.write_text(header + "\n" + ",".join(given.get(name, "") for name in header.split(",")) + "\n", "utf-8")
    found = read_photos([tmp_path / "out"]).photos
    assert [(one.path.name, one.individual, one.captured_at.hour) for one in found] == [
        ("in.jpg", "Donald", 4), ("out.jpg", "", 2), ("bare.jpg", "Donald", 2),
    ]  # fmt: skip
    media.write_text(media.read_text("utf-8").replace("+02:00", "+99:00"), "utf-8")
    table.write_text(table.read_text("utf-8").replace("44Z", "44+25:00"), "utf-8")
    assert "has no time zone that there is" in str(read_photos([tmp_path / "out"]).problems[0])


def test_na_is_an_empty_cell_of_a_package(tmp_path):
    manifest = survey(tmp_path / "in", tuple({"path": f"{name}.jpg", "individual": name} for name in ("Amara", "Bo", "Zoë")))
    export(manifest, tmp_path / "out", copy=True)
    table = tmp_path / "out" / "observations.csv"
    table.write_text(table.read_text("utf-8").replace(",Bo,", ",NA,").replace(",Zoë,", ",nan,"), "utf-8")
    assert [one.individual for one in read_photos([tmp_path / "out"]).photos] == ["Amara", "", ""]
