"""MegaDetector's results: boxes become photos, people never do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reid.errors import ManifestError
from reid.formats.readers.photo_lists import PhotoList, read_photos
from reid.records import EMPTY, Box
from tests.commands import command

CATEGORIES = {"1": "animal", "2": "person", "3": "vehicle"}


def results(folder: Path, entries: list[dict], *, encoding: str = "utf-8", **more: object) -> Path:
    for entry in entries:
        path = folder / str(entry.get("file", "")).replace("\\", "/")
        if not str(entry.get("file", "")).startswith("gone"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x") if not path.is_dir() else None
    info = {"format_version": "1.3", "detector": "md_v5a.0.0.pt"}
    path = folder / "detections.json"
    path.write_text(json.dumps({"info": info, "detection_categories": CATEGORIES, "images": entries} | more), encoding)
    return path


def found(conf: float, category: str = "1", box: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4), **more: object) -> dict:
    return {"category": category, "conf": conf, "bbox": list(box), **more}


def shown(photos: PhotoList) -> list[tuple[str, str, Box | None]]:
    return [(one.path.name, one.species, one.box) for one in photos.photos]


def test_the_published_example_reads_as_its_description_says(tmp_path):
    """https://lila.science/megadetector-output-format: two boxes of which one is weak, empty frames, a failure, a video."""
    entries = [
        {
            "file": "a/animal.jpg",
            "detections": [
                found(0.926, box=(0.0, 0.2762, 0.1539, 0.2825), classifications=[["3", 0.901], ["1", 0.071]]),
                found(0.061, box=(0.0451, 0.1849, 0.3642, 0.4636)),
            ],
        },
        {"file": "a/video.mp4", "frame_rate": 20, "detections": [found(0.8, frame_number=0)]},
        {"file": "a/empty.jpg", "detections": []},
        {"file": "a/other.jpg", "detections": [], "failure": None},
        {"file": "a/corrupt.jpg", "failure": "Failure image access", "detections": None},
    ]
    read = read_photos([results(tmp_path, entries, classification_categories={"1": "elk", "3": "bear"})])
    assert shown(read) == [
        ("animal.jpg", "", Box(0.0, 0.2762, 0.1539, 0.2825)),
        ("empty.jpg", EMPTY, None),
        ("other.jpg", EMPTY, None),
    ]
    assert dict(read.photos[0].notes) == {"confidence": "0.926", "classified": "bear"}
    assert [(Path(one.path).name, one.reason, one.origin) for one in read.problems] == [
        ("video.mp4", "is a video; name the video itself, or let the detector look at its frames.", "detections.json, image 2"),
        ("corrupt.jpg", "the detector could not read it (Failure image access).", "detections.json, image 5"),
    ]


def test_several_animals_in_one_photo_are_several_rows(tmp_path):
    path = results(tmp_path, [{"file": "a.jpg", "detections": [found(0.9), found(0.8, box=(0.5, 0.5, 0.2, 0.2))]}])
    assert shown(read_photos([path])) == [("a.jpg", "", Box(0.1, 0.2, 0.3, 0.4)), ("a.jpg", "", Box(0.5, 0.5, 0.2, 0.2))]


def test_a_frame_with_a_person_or_a_vehicle_is_left_out_whole_and_counted_but_not_named(tmp_path):
    path = results(
        tmp_path,
        [
            {"file": "p.jpg", "detections": [found(0.15, "2")]},
            {"file": "q.jpg", "detections": [found(0.9), found(0.3, "3")]},
            {"file": "r.jpg", "detections": [found(0.9), found(0.09, "2")]},
        ],
    )
    read = read_photos([path])
    assert [name for name, _, _ in shown(read)] == ["r.jpg"] and read.problems == ()
    told = "2 photos show people or vehicles and were left out, 1 of them with an animal as well"
    assert read.notes == (f"detections.json: {told}",)


@pytest.mark.parametrize(
    ("confidence", "person", "left"),
    [
        (0.05, 0.06, True),  # as sure of people as of animals, where less than usual is asked for
        (0.05, 0.04, False),
        (0.8, 0.1, True),  # never surer, however sure of animals one wants to be
        (0.8, 0.09, False),
    ],
)
def test_a_person_counts_from_a_tenth_or_from_the_confidence_asked_for_where_that_is_lower(tmp_path, confidence, person, left):
    path = results(tmp_path, [{"file": "p.jpg", "detections": [found(0.9), found(person, "2")]}])
    read = read_photos([path], confidence)
    assert [name for name, _, _ in shown(read)] == ([] if left else ["p.jpg"])


@pytest.mark.parametrize(
    ("confidence", "info", "rows"),
    [
        (None, {"detector": "md_v5a.0.0.pt"}, 2),
        (None, {"detector": "md_v4.1.0.pb"}, 1),
        (None, {}, 1),
        (None, {"detector": "mdv1000", "detector_metadata": {"typical_detection_threshold": 0.5}}, 1),
        (0.21, {}, 1),
        (0.2, {}, 2),
        (0.95, {"detector": "x"}, 0),
    ],
)
def test_the_confidence_is_the_callers_else_the_files_else_the_usual_one(tmp_path, confidence, info, rows):
    path = results(tmp_path, [{"file": "a.jpg", "detections": [found(0.9), found(0.2, box=(0.5, 0.5, 0.1, 0.1))]}], info=info)
    read = read_photos([path], confidence)
    assert sum(one.box is not None for one in read.photos) == rows
    assert [one.species for one in read.photos] == ([""] * rows or [EMPTY])


def test_what_timelapse_changed_reads_the_same(tmp_path):
    entries = [
        {"file": "card 1\\é\\a.JPG", "detections": [found(0.9), found(0.9, "0")]},
        {"file": "b.jpg", "detections": None},
        {"file": "c.jpg"},
    ]
    path = results(tmp_path, entries, encoding="utf-8-sig", detection_categories=CATEGORIES | {"0": "Empty"})
    assert shown(read_photos([path])) == [("a.JPG", "", Box(0.1, 0.2, 0.3, 0.4)), ("b.jpg", EMPTY, None), ("c.jpg", EMPTY, None)]


def test_a_box_that_reaches_out_is_kept_within_the_frame_and_one_that_is_none_is_a_problem(tmp_path):
    path = results(
        tmp_path,
        [
            {
                "file": "a.jpg",
                "detections": [
                    found(0.9, box=(-0.1, 0.5, 0.4, 0.6)),
                    found(0.9, box=(0.2, 0.2, 0.0, 0.1)),
                    found(0.9, box=(1, 2, 3)),
                ],
            }
        ],
    )
    read = read_photos([path])
    assert read.photos[0].box == Box(0.0, 0.5, pytest.approx(0.3), 0.5)
    assert len(read.problems) == 2 and "is no box; wanted x, y, width, height" in read.problems[1].reason


@pytest.mark.parametrize(
    ("text", "reason"), [("{", "is no JSON"), ("[]", "is no MegaDetector results file"), ('{"images": []}', "wanted")]
)
def test_what_is_no_results_file_is_refused(tmp_path, text, reason):
    (tmp_path / "d.json").write_text(text, "utf-8")
    with pytest.raises(ManifestError, match=reason):
        read_photos([tmp_path / "d.json"])


def test_a_file_that_is_gone_is_a_problem(tmp_path):
    read = read_photos([results(tmp_path, [{"file": "gone.jpg", "detections": []}])])
    assert read.photos == () and "there is no such file" in read.problems[0].reason


def test_a_query_takes_the_detectors_word_for_a_frame_without_an_animal_and_asks_the_nets_of_the_boxes(trained, tmp_path):
    frames = sorted(trained.second.glob("**/*.jpg"))[:3]
    entries = [
        {"file": str(frames[0]), "detections": []},
        {"file": str(frames[1]), "detections": [found(0.9, "2")]},
        {"file": str(frames[2]), "detections": [found(0.9, box=(0.1, 0.1, 0.4, 0.8)), found(0.9, box=(0.5, 0.1, 0.4, 0.8))]},
    ]
    path = tmp_path / "detections.json"
    info = {"detector": "md_v5a.0.0.pt"}
    path.write_text(json.dumps({"info": info, "detection_categories": CATEGORIES, "images": entries}), "utf-8")
    told = command("query", path, "--gallery", trained.gallery, "--json")
    assert told.code == 0, told.err
    assert [line["photo"] for line in told.lines] == [str(frames[0]), str(frames[2]), str(frames[2])]
    assert (told.lines[0]["decision"], told.lines[0]["species"]["reason"]) == ("empty", "the detector found no animal")
    assert str(frames[1]) not in told.out + told.err and "1 photos show people or vehicles" in told.err
