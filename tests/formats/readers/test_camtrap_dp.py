"""Packages of Camtrap DP, read as photos: observations of media and of events, people left out."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from reid.errors import ManifestError
from reid.formats.readers.photo_lists import read_photos
from reid.records import EMPTY, Box


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(path.name.encode())
    return path


def table(path: Path, columns: str, *rows: str) -> Path:
    path.write_text("\n".join([columns, *rows]) + "\n", "utf-8")
    return path


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


AT = "2020-05-30T02:57:37Z"


def test_observations_of_media_and_of_events_speak_for_their_photos_and_people_stay_out(tmp_path):
    found = read_photos(
        [
            package(
                tmp_path,
                [
                    f"o1,00a2c20d,m1,e1,{AT},{AT},media,animal,Vulpes vulpes,Reinaert,0.1,0.2,0.3,0.4,side:left | pose:walking",
                    f"o2,00a2c20d,m1,e1,{AT},{AT},media,animal,Vulpes vulpes,,,,,,",
                    f"o3,00a2c20d,m2,e1,{AT},{AT},media,human,,,,,,,",
                    f"o4,00a2c20d,m3,e1,{AT},{AT},media,blank,,,,,,,",
                    "o5,00a2c20d,,e2,2020-05-30T02:57:40Z,2020-05-30T02:57:44Z,event,animal,Anas platyrhynchos,Donald,,,,,",
                    f"o6,00a2c20d,m1,e1,{AT},{AT},media,ghost,,,,,,,",
                ],
                m1="37",
                m2="38",
                m3="39",
                m4="41",
                m5="50",
            )
        ]
    )
    assert [(one.path.name, one.species, one.individual, one.encounter, one.side, one.box) for one in found.photos] == [
        ("m1.jpg", "Vulpes vulpes", "Reinaert", "e1", "left", Box(0.1, 0.2, 0.3, 0.4)),
        ("m1.jpg", "Vulpes vulpes", "", "e1", "", None),
        ("m3.jpg", EMPTY, "", "", "", None),
        ("m4.jpg", "Anas platyrhynchos", "Donald", "e2", "", None),
        ("m5.jpg", "", "", "", "", None),
    ]
    assert {(one.camera, one.season) for one in found.photos} == {("e254a13c", "spring 2020")}
    assert found.photos[0].captured_at == datetime(2020, 5, 30, 2, 57, 37)
    assert found.notes == (f"{tmp_path.name}: 1 photos show people or vehicles and were left out",)
    assert [one.reason for one in found.problems] == [
        'observationType: "ghost" is none of animal, human, vehicle, blank, unknown, unclassified.'
    ]


def test_an_event_with_two_animals_names_neither_for_a_photo(tmp_path):
    rows = [f"o{at},00a2c20d,,e,{AT},{AT},event,animal,Vulpes vulpes,{name},,,,," for at, name in enumerate(("A", "B"))]
    (photo,) = read_photos([package(tmp_path, rows, m1="37")]).photos
    assert (photo.species, photo.individual, photo.encounter) == ("Vulpes vulpes", "", "e")


def test_another_version_or_a_table_without_a_required_field_is_refused(tmp_path):
    folder = package(tmp_path, [], m1="37")
    table(folder / "media.csv", "mediaID,deploymentID", "m1,00a2c20d")
    with pytest.raises(ManifestError, match="has no field timestamp, filepath, filepublic, filemediatype, which Camtrap DP 1"):
        read_photos([folder])
    profile = "https://raw.githubusercontent.com/tdwg/camtrap-dp/0.6/camtrap-dp-profile.json"
    (folder / "datapackage.json").write_text(json.dumps({"profile": profile, "resources": []}), "utf-8")
    with pytest.raises(ManifestError, match="is no Camtrap DP of version 1"):
        read_photos([folder])


def test_media_on_the_web_of_no_deployment_or_gone_are_problems(tmp_path):
    folder = package(tmp_path, [], m1="37")
    rows = [
        "m1,00a2c20d,2020-05-30T02:57:37Z,https://example.org/a.jpg,true,image/jpeg",
        "m2,other,2020-05-30T02:57:37Z,m1.jpg,true,image/jpeg",
        "m3,00a2c20d,2020-05-30T02:57:37Z,gone.jpg,true,image/jpeg",
    ]
    table(folder / "media.csv", "mediaID,deploymentID,timestamp,filePath,filePublic,fileMediatype", *rows)
    assert [str(one).split(": ", 1)[1].split(" (")[0] for one in read_photos([folder]).problems] == [
        "filePath: https://example.org/a.jpg lies on the web; download it and name the file.",
        'deploymentID: "other" is not in deployments.csv.',
        "filePath: there is no such file",
    ]


def test_animals_of_one_photo_that_no_box_tells_apart_are_one_photo_of_nobody(tmp_path):
    """As in the published example: an adult and nine ducklings are two observations of a33837bf."""
    rows = [f"a33837bf_{at},00a2c20d,a33837bf,52107a58,{AT},{AT},media,animal,Anas platyrhynchos,D{at},,,,," for at in (1, 2)]
    found = read_photos([package(tmp_path, rows, a33837bf="37")])
    assert [(one.species, one.individual, one.encounter) for one in found.photos] == [("Anas platyrhynchos", "", "52107a58")]
    assert found.problems == ()
