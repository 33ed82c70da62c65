"""The one intake: every table, header, deployments table and video is read once, whichever verb the photos are given to."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

import reid
from reid import images
from reid.actions.intake.taking_photos import TakenPhotos, take_photos
from reid.errors import ManifestError, ReidError, UsageError
from reid.records import Deployment, Photo, Problem, Season
from reid.settings import IntakeSettings, QuerySettings, VideoSettings
from reid.survey.deployments import read_deployments
from reid.tables import tables
from tests.commands import command

FLAT = np.full((64, 96, 3), 90, np.uint8)
DAY = datetime(2024, 5, 1, 6, 30)


@pytest.fixture
def cards(place: Path, tmp_path: Path) -> Path:
    """`cards/photos.csv`: three zebras by name; only EXIF knows date and camera of two, of the third nobody knows."""
    folder = tmp_path / "cards"
    folder.mkdir()
    for at, source in enumerate(sorted((place / "photos" / "zebra").glob("*/*.jpg"))[:3]):
        exif: dict[str, Any] = {} if at == 2 else {"captured_at": DAY.replace(hour=6 + at), "camera": "CAM"}
        images.write_jpeg(folder / f"{at}.jpg", images.read(source).pixels[:64, :96], **exif)
    (folder / "photos.csv").write_text("path,species,individual\n0.jpg,zebra,Ada\n1.jpg,zebra,Bo\n2.jpg,zebra,Cleo\n", "utf-8")
    (folder / "cameras.csv").write_text("camera,start,end,latitude,longitude\nCAM,2024-01-01,2024-12-31,1,2\n", "utf-8")
    return folder


@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each table and each photo is opened to be read, by its name."""
    count: Counter[str] = Counter()
    records, opened = tables._csv_records, Path.open

    def read_records(path: Path, *more: Any) -> Any:
        count[path.name] += 1
        return records(path, *more)

    def open_path(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
        count[path.name] += mode == "rb" and path.suffix == ".jpg"
        return opened(path, mode, *more, **named)

    monkeypatch.setattr(tables, "_csv_records", read_records)
    monkeypatch.setattr(Path, "open", open_path)
    return count


def _query(cards: Path, place: Path) -> None:
    asked = QuerySettings(deployments=str(cards / "cameras.csv"))
    assert len(reid.query([cards / "photos.csv"], gallery=place / "gallery", settings=asked).sightings) == 3


def _seasons(cards: Path, place: Path) -> None:
    asked = QuerySettings(deployments=str(cards / "cameras.csv"))
    first = reid.photos(place / "gallery")[0].season
    report = reid.seasons([cards / "photos.csv"], first=first, second="2024", gallery=place / "gallery", settings=asked)
    assert (len(report.sightings), report.skipped) == (2, 1)


def _all_seasons(cards: Path, place: Path) -> None:
    asked = QuerySettings(deployments=str(cards / "cameras.csv"))
    assert "2024" in reid.all_seasons([cards / "photos.csv"], gallery=place / "gallery", settings=asked).seasons


def _discover(cards: Path, place: Path) -> None:
    asked = QuerySettings(deployments=str(cards / "cameras.csv"))
    assert reid.discover([cards / "photos.csv"], gallery=place / "gallery", settings=asked).proposals


def _enroll(cards: Path, place: Path) -> None:
    report = reid.enroll([cards / "photos.csv"], gallery=place / "gallery", deployments=str(cards / "cameras.csv"))
    assert report.added == {"zebra": 3}


def _import(cards: Path, place: Path) -> None:
    report = reid.import_photos([cards / "photos.csv"], gallery=place / "gallery", deployments=str(cards / "cameras.csv"))
    assert report.enrolled is not None and report.enrolled.added == {"zebra": 3}


def _export(cards: Path, place: Path) -> None:
    asked = reid.ExportSettings(deployments=cards / "cameras.csv")
    report = reid.export("csv", place / "out", [cards / "photos.csv"], settings=asked)
    assert report.individuals == 2


def _report(cards: Path, place: Path) -> None:
    asked, query = reid.ExportSettings(deployments=cards / "cameras.csv"), QuerySettings(deployments=str(cards / "cameras.csv"))
    with pytest.raises(UsageError, match="not in the deployments table"):  # those enrolled; the others are identified by now
        reid.report(
            [cards / "photos.csv"], of="2024", out=place / "season.html", gallery=place / "gallery", settings=asked, query=query
        )


def _train(cards: Path, place: Path) -> None:
    with contextlib.suppress(ReidError):  # too few to learn from
        reid.train([cards / "photos.csv"], gallery=place / "gallery")


def _calibrate(cards: Path, place: Path) -> None:
    with contextlib.suppress(ReidError):
        reid.calibrate(photos=[cards / "photos.csv"], gallery=place / "gallery")


def _evaluate(cards: Path, place: Path) -> None:
    with contextlib.suppress(ReidError):
        reid.evaluate([cards / "photos.csv"], gallery=place / "gallery")


ASK_ABOUT_PLACES = (_query, _seasons, _all_seasons, _discover, _enroll, _import, _export, _report)
ONCE_DECODED = (_query, _discover, _enroll, _import)


@pytest.mark.parametrize("verb", [*ASK_ABOUT_PLACES, _train, _calibrate, _evaluate])
def test_each_verb_reads_a_table_once(verb: Callable[[Path, Path], None], cards: Path, place: Path, opens: Counter[str]) -> None:
    verb(cards, place)
    assert opens["photos.csv"] == 1


@pytest.mark.parametrize("verb", ASK_ABOUT_PLACES)
def test_each_verb_reads_the_table_of_deployments_once(
    verb: Callable[[Path, Path], None], cards: Path, place: Path, opens: Counter[str]
) -> None:
    verb(cards, place)
    assert opens["cameras.csv"] == 1


@pytest.mark.parametrize("verb", ONCE_DECODED)
def test_a_photo_is_opened_once_for_its_header_and_once_for_its_pixels(
    verb: Callable[[Path, Path], None], cards: Path, place: Path, opens: Counter[str]
) -> None:
    verb(cards, place)
    assert [opens[f"{at}.jpg"] for at in range(3)] == [2, 2, 2]


def test_an_undated_photo_that_seasons_skip_is_opened_for_its_header_alone_and_so_are_all_that_are_exported(
    cards: Path, place: Path, opens: Counter[str]
) -> None:
    _seasons(cards, place)
    assert [opens[f"{at}.jpg"] for at in range(3)] == [2, 2, 1]
    opens.clear()
    _export(cards, place)
    assert [opens[f"{at}.jpg"] for at in range(3)] == [1, 1, 1]


def test_a_photo_whose_table_says_date_and_camera_is_not_opened_by_the_intake_and_one_of_two_animals_once(
    cards: Path, opens: Counter[str]
) -> None:
    (cards / "boxes.csv").write_text(
        "path,captured_at,camera,x,y,width,height\n0.jpg,2020-01-01,A,0,0,.5,1\n0.jpg,2020-01-01,A,.5,0,.5,1\n"
        "1.jpg,2020-01-01,,0,0,.5,1\n1.jpg,,,.5,0,.5,1\n", "utf-8",
    )
    photos = take_photos([cards / "boxes.csv"]).photos
    assert (opens["0.jpg"], opens["1.jpg"]) == (0, 1)
    assert [(photo.captured_at, photo.camera, photo.exif_read) for photo in photos] == [
        (datetime(2020, 1, 1), "A", False), (datetime(2020, 1, 1), "A", False),
        (datetime(2020, 1, 1), "CAM", True), (DAY.replace(hour=7), "CAM", True),
    ]


def test_side_clock_season_and_deployment_are_put_right_in_this_order(cards: Path) -> None:
    (cards / "cameras.csv").write_text("camera,start,end,clock,season\nCAM,2024-05-02,2024-12-31,+1d,wet\n", "utf-8")
    by_table = IntakeSettings(deployments=str(cards / "cameras.csv"), side_path=("left=*0.jpg",))
    taken = take_photos([cards / "photos.csv"], by_table)
    assert [(photo.captured_at, photo.season, photo.side) for photo in taken.photos] == [
        (datetime(2024, 5, 2, 6, 30), "wet", "left"), (datetime(2024, 5, 2, 7, 30), "wet", ""), (None, "", ""),
    ]
    assert taken.deployments == (Deployment("CAM", date(2024, 5, 2), date(2024, 12, 31), season="wet"),)
    assert (taken.seasons, taken.undated, taken.unreadable) == ((), 1, ())
    by_hand = IntakeSettings(clocks=("CAM=+2h",), seasons=("dry=2024-05-01..2024-05-01",))
    other = take_photos([cards / "photos.csv"], by_hand, table=read_deployments(cards / "cameras.csv"))
    assert [(photo.captured_at, photo.season) for photo in other.photos][:2] == [
        (datetime(2024, 5, 1, 8, 30), "dry"), (datetime(2024, 5, 1, 9, 30), "dry"),
    ]
    assert other.seasons == (Season("dry", DAY.date(), DAY.date()),)
    with pytest.raises(UsageError, match=r"no photo is of camera 'B', for which a clock was given; there are \['', 'CAM'\]"):
        take_photos([cards / "photos.csv"], IntakeSettings(clocks=("B=+1h",)))
    with pytest.raises(ManifestError, match=r"gone\.csv: there is no such table"):
        take_photos([cards / "photos.csv"], IntakeSettings(deployments=str(cards / "gone.csv")))


def test_a_photo_that_cannot_be_read_is_of_no_season_and_no_undated_one(cards: Path) -> None:
    (cards / "2.jpg").write_bytes(b"no photo")
    taken = take_photos([cards / "photos.csv"])
    assert len(taken.photos) == 3 and taken.undated == 0
    assert [(problem.path, problem.origin) for problem in taken.unreadable] == [(str(cards / "2.jpg"), "photos.csv, row 4")]
    members, problems = taken.by_season()
    assert {name: [photo.individual for photo in photos] for name, photos in members.items()} == {"2024": ["Ada", "Bo"]}
    assert problems == list(taken.unreadable)


def test_the_frames_of_videos_are_taken_as_seasons_discover_and_report_were_told(
    cards: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    av = pytest.importorskip("av", reason="videos need PyAV")
    pixels = images.read(cards / "0.jpg").pixels
    with av.open(str(cards / "clip.mp4"), "w") as container:
        container.metadata["creation_time"] = "2024-05-01T06:30:10.000000Z"
        stream = container.add_stream("mpeg4", rate=5)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        for _ in range(26):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")))
        container.mux(stream.encode())
    for options, count in ((VideoSettings("every=1"), 6), (VideoSettings("every=5"), 2)):
        asked = QuerySettings(video=options.video, frames=str(place / options.video))
        first = reid.photos(place / "gallery")[0].season
        report = reid.seasons([cards / "clip.mp4"], first=first, second="2024", gallery=place / "gallery", settings=asked)
        assert [len(sighting.photos) for sighting in report.sightings] == [count]
        found = reid.discover([cards / "clip.mp4"], gallery=place / "gallery", settings=asked)
        assert [len(proposal.photos) for proposal in found.proposals] == [count]
        assert len(list((place / options.video).glob("clip.mp4 *.frames/*.jpg"))) == count
    assert not (cards / "clip.mp4.frames").exists()
    monkeypatch.chdir(place)
    written = {"seasons": 3, "discover": 4}
    for verb, step in written.items():
        more = ("--from", first, "--to", "2024") if verb == "seasons" else ()
        told = command(
            verb, cards / "clip.mp4", *more, "--gallery", place / "gallery", "--video", f"every={step}", "--frames", place / verb
        )
        assert told.code == 0, told.err
        assert len(list((place / verb).glob("clip.mp4 *.frames/*.jpg"))) == {3: 2, 4: 2}[step]


def test_settings_in_one_are_as_good_as_arguments_and_arguments_go_before_them(
    cards: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REID_CLOCKS", "CAM=+9h")  # settings given are whole: no variable counts beside them
    chosen = reid.EnrollSettings(clocks=("CAM=+1h",), column="individual", only="Ada")
    report = reid.enroll([cards / "photos.csv"], gallery=place / "gallery", settings=chosen, only="Bo")
    assert report.added == {"zebra": 1}
    (photo,) = reid.photos(place / "gallery", individual="Bo")
    assert photo.captured_at == DAY.replace(hour=8)
    whole = reid.import_photos([cards / "photos.csv"], gallery=place / "gallery", settings=chosen)  # a column counts for enroll
    assert whole.labelled == 3 and whole.enrolled is not None and whole.enrolled.added == {"zebra": 2}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.permutations(["0.jpg", "1.jpg", "2.jpg", "x/3.jpg", "gone.jpg"]), some.booleans())
def test_photos_keep_their_order_and_taking_them_twice_is_taking_them_once(
    tmp_path: Path, order: list[str], timed: bool
) -> None:
    (tmp_path / "x").mkdir(exist_ok=True)
    for at, name in enumerate(("0.jpg", "1.jpg", "2.jpg", "x/3.jpg")):
        if not (tmp_path / name).exists():
            images.write_jpeg(tmp_path / name, FLAT, captured_at=DAY.replace(minute=at), camera="CAM" if at else "")
    asked = IntakeSettings(clocks=("CAM=+1h",), seasons=("may=2024-05-01..2024-05-31",)) if timed else IntakeSettings()
    paths = [tmp_path / name for name in order]
    taken = take_photos(paths, asked)
    assert [photo.path.name for photo in taken.photos] == [Path(name).name for name in order if name != "gone.jpg"]
    assert [Path(problem.path).name for problem in taken.problems] == ["gone.jpg"]
    hours = {"0.jpg": 6} | dict.fromkeys(("1.jpg", "2.jpg", "3.jpg"), 7 if timed else 6)
    assert {photo.path.name: photo.captured_at.hour for photo in taken.photos if photo.captured_at} == hours
    again = take_photos(paths, asked)
    assert again == taken and [photo.exif_read for photo in again.photos] == [True] * 4


def test_nothing_taken_is_nothing() -> None:
    empty = TakenPhotos()
    assert (empty.by_season(), empty.undated) == (({}, []), 0)
    problem = Problem("a.jpg", "is no image", "row 2")
    dated = TakenPhotos((Photo(Path("a.jpg"), captured_at=DAY, origin="row 2"),), unreadable=(problem,))
    assert dated.by_season() == ({"2024": list(dated.photos)}, [])  # it is found again when it is decoded


def test_dates_whose_day_may_come_first_are_read_as_the_option_says_by_every_command(cards: Path, place: Path) -> None:
    row = "0.jpg,zebra,Ada,3/4/2024 6:07 PM,CAM"
    (cards / "photos.csv").write_text(f"path,species,individual,captured_at,camera\n{row}\n", "utf-8")
    (cards / "cameras.csv").write_text("camera,start,end,latitude,longitude\nCAM,1.4.2024,30.4.2024,1,2\n", "utf-8")
    asked = ("--dates", "day-first", "--gallery", place / "gallery")
    moment = "2024-04-03T18:07:00"
    assert command("import", cards / "photos.csv", "--dry-run", *asked, "--json").lines[0]["first"] == moment
    assert command("query", cards / "photos.csv", *asked, "--json").lines[0]["captured_at"] == moment
    told = command("export", "camtrapr", cards / "photos.csv", "--deployments", cards / "cameras.csv", *asked,
                   "--out", place / "out", "--json")  # fmt: skip
    assert told.code == 0, told.err
    assert command("enroll", cards / "photos.csv", "--deployments", cards / "cameras.csv", *asked).code == 0
    (photo,) = reid.photos(place / "gallery", individual="Ada")
    assert photo.captured_at == datetime(2024, 4, 3, 18, 7)
    american = take_photos([cards / "photos.csv"], IntakeSettings(dates="month-first")).photos
    assert [one.captured_at for one in american] == [datetime(2024, 3, 4, 18, 7)]
    refused = command("query", cards / "photos.csv", "--gallery", place / "gallery", "--dates", "british")
    assert refused.code == 2 and "dates 'british': wanted one of day-first, month-first" in refused.err
    (problem,) = take_photos([cards / "photos.csv"]).problems
    assert problem.reason.endswith("write it as 2020-03-04, or say --dates day-first or month-first.")
    with pytest.raises(ManifestError, match=r'"1\.4\.2024" may be read day first .* say --dates'):
        read_deployments(cards / "cameras.csv")
