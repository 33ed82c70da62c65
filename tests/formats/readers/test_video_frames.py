"""Videos: their frames are photos of one encounter, found again, dated, and never in the way of the others."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reid
from reid import images, synthetic
from reid.actions.intake.taking_photos import take_photos
from reid.errors import UsageError
from reid.formats.readers import video_frames
from reid.formats.readers.photo_lists import PhotoList, read_photos
from reid.records import Pixels
from reid.settings import IntakeSettings, VideoSettings
from reid.store import Gallery
from tests.commands import command

PIP = "pip install 'wild-reid[video]'"


@pytest.fixture(scope="module")
def pictures() -> list[Pixels]:
    """A drawn zebra, and the empty place it stood in."""
    season = synthetic.draw_season(["zebra"], [0], season=0, encounters=1, photos_per_encounter=2, width=160, height=96, seed=5)
    return [pixels for _, pixels in season]


def film(path: Path, shown: Sequence[tuple[Pixels, int]], **metadata: str) -> Path:
    """A video of 5 frames a second: each picture for so many frames."""
    av = pytest.importorskip("av", reason=f"videos need PyAV: {PIP}")
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata)
        stream = container.add_stream("mpeg4", rate=5)
        stream.height, stream.width, _ = shown[0][0].shape
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        for pixels, count in shown:
            for _ in range(count):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")))
        container.mux(stream.encode())
    return path


def shown(found: PhotoList) -> list[tuple[str, str, datetime | None]]:
    return [(one.path.name, one.notes["frame_at"], one.captured_at) for one in found.photos]


def test_frames_every_so_often_are_photos_of_one_encounter_dated_by_the_container(tmp_path: Path, pictures: list[Pixels]):
    path = film(tmp_path / "trap é 1.mp4", [(pictures[0], 26)], creation_time="2023-05-01T06:30:10.000000Z")
    found = read_photos([path])
    assert found.problems == () and shown(found) == [
        ("trap é 1 00000000.jpg", "0.000", datetime(2023, 5, 1, 6, 30, 10)),
        ("trap é 1 00002000.jpg", "2.000", datetime(2023, 5, 1, 6, 30, 12)),
        ("trap é 1 00004000.jpg", "4.000", datetime(2023, 5, 1, 6, 30, 14)),
    ]
    assert {one.encounter for one in found.photos} == {found.photos[0].encounter}
    assert found.photos[0].encounter.startswith("video:trap é 1/") and found.photos[0].notes["video"] == "trap é 1.mp4"
    picture = images.read(found.photos[2].path)
    assert picture.captured_at == datetime(2023, 5, 1, 6, 30, 14)
    assert picture.pixels.shape == (96, 160, 3)
    assert np.abs(picture.pixels.astype(int) - pictures[0]).mean() < 6
    dense = read_photos([path], videos=VideoSettings(video="every=0.4"))
    assert [one.notes["frame_at"] for one in dense.photos] == [f"{0.4 * at:.3f}" for at in range(13)]


def test_by_scene_a_frame_is_taken_where_the_picture_changes(tmp_path: Path, pictures: list[Pixels]):
    dark = (pictures[0] // 3).astype(np.uint8)
    path = film(tmp_path / "a.avi", [(pictures[0], 7), (dark, 9), (pictures[0], 4)])
    found = read_photos([path], videos=VideoSettings(video="scenes"))
    assert [one.notes["frame_at"] for one in found.photos] == ["0.000", "1.400", "3.200"]
    one = read_photos([path], videos=VideoSettings(video="scenes=0.9"))
    assert len(one.photos) == 1


def test_frames_are_taken_once_and_again_only_when_the_video_or_the_way_changes(tmp_path: Path, pictures: list[Pixels]):
    path = film(tmp_path / "a.mp4", [(pictures[0], 11)])
    first = read_photos([path]).photos
    before = [one.path.stat().st_mtime_ns for one in first]
    content = [one.path.read_bytes() for one in first]
    assert read_photos([path]).photos == first and [one.path.stat().st_mtime_ns for one in first] == before
    first[1].path.unlink()
    assert read_photos([path]).photos == first
    assert [one.path.read_bytes() for one in first] == content  # the same bytes, so the same enrolled photos
    film(path, [(pictures[1], 16)])
    again = read_photos([path]).photos
    assert len(again) == 2 and again[0].encounter != first[0].encounter
    assert again[0].path.read_bytes() != content[0]


@pytest.mark.parametrize("spoil", [
    lambda told: told.pop("captured_at"),
    lambda told: told.update(captured_at="yesterday"),
    lambda told: told.update(camera=None),
    lambda told: told.pop("fault"),
    lambda told: told.update(frames=[]),
    lambda told: told.update(frames=[["../trap.mp4", 0.0]]),
    lambda told: told.update(frames=[["\0", 0.0]]),
    lambda told: told.update(frames=[[told["frames"][0][0], 1e300]]),
])  # fmt: skip
def test_a_mark_of_frames_that_lacks_something_or_is_odd_is_not_believed_and_the_frames_are_taken_again(
    tmp_path: Path, pictures: list[Pixels], spoil: Callable[[dict[str, Any]], object]
):
    path = film(tmp_path / "trap.mp4", [(pictures[0], 11)], creation_time="2023-05-01T06:30:10.000000Z")
    before = read_photos([path])
    mark = tmp_path / "trap.mp4.frames" / video_frames.MARK
    told = json.loads(mark.read_text("utf-8"))
    spoil(told)
    mark.write_text(json.dumps(told), "utf-8")
    again = read_photos([path])
    assert again.problems == () and again.photos == before.photos and len(again.photos) == 2
    assert json.loads(mark.read_text("utf-8"))["captured_at"] == "2023-05-01T06:30:10"


def test_what_the_manifest_says_of_a_video_goes_before_and_frames_lie_where_asked(tmp_path: Path, pictures: list[Pixels]):
    film(tmp_path / "a.mp4", [(pictures[0], 11)], creation_time="2023-05-01T06:30:10Z")
    (tmp_path / "photos.csv").write_text(
        "path,species,individual,captured_at,encounter,camera,side,sex\n"
        "a.mp4,zebra,Ada,2022-01-02 03:04:05,e7,C1,left,f\n", "utf-8"
    )
    found = read_photos([tmp_path / "photos.csv"], videos=VideoSettings(frames=str(tmp_path / "elsewhere"))).photos
    assert [one.captured_at for one in found] == [datetime(2022, 1, 2, 3, 4, 5), datetime(2022, 1, 2, 3, 4, 7)]
    assert {(one.species, one.individual, one.encounter, one.camera, one.side) for one in found} == {
        ("zebra", "Ada", "e7", "C1", "left")
    }
    assert found[0].notes["sex"] == "f" and found[0].path.parent.parent == tmp_path / "elsewhere"
    assert found[0].origin == "photos.csv, row 2" and not (tmp_path / "a.mp4.frames").exists()


def test_videos_of_one_name_keep_their_frames_apart_in_one_folder_for_all(tmp_path: Path, pictures: list[Pixels]):
    videos = []
    for camera, picture in zip(("C1", "C2"), pictures, strict=True):
        (tmp_path / camera).mkdir()
        videos.append(film(tmp_path / camera / "IMG_0001.mp4", [(picture, 6)]))
    found = read_photos(videos, videos=VideoSettings(frames=str(tmp_path / "out"))).photos
    assert [one.path.name for one in found] == ["IMG_0001 00000000.jpg"] * 2 and found[0].encounter != found[1].encounter
    for one, picture in zip(found, pictures, strict=True):
        assert np.abs(images.read(one.path).pixels.astype(int) - picture).mean() < 6


@pytest.mark.parametrize("date", ["", "1904-01-01T00:00:00Z", "yesterday"])
def test_without_a_date_of_its_own_that_of_the_file_is_taken_and_noted(tmp_path: Path, pictures: list[Pixels], date: str):
    path = film(tmp_path / "a.mkv", [(pictures[0], 11)], model="C9", **({"creation_time": date} if date else {}))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    found = read_photos([path]).photos
    assert [one.captured_at for one in found] == [datetime.fromtimestamp(1_700_000_000 + at) for at in (0, 2)]
    assert {(one.notes["date_from"], one.camera) for one in found} == {("file", "C9")}


def test_a_folder_gives_its_videos_with_its_names_and_not_their_frames_twice(tmp_path: Path, pictures: list[Pixels]):
    place = tmp_path / "zebra" / "Ada"
    place.mkdir(parents=True)
    film(place / "a.mp4", [(pictures[0], 6)])
    images.write_jpeg(place / "b.jpg", pictures[0])
    for _ in range(2):
        found = read_photos([tmp_path])
        assert [(one.path.name, one.species, one.individual) for one in found.photos] == [
            ("a 00000000.jpg", "zebra", "Ada"), ("b.jpg", "zebra", "Ada"),
        ]  # fmt: skip
    assert len(read_photos([place / "a.mp4.frames"]).photos) == 1  # named itself, it is a folder of photos
    (place / "a.mp4.frames" / video_frames.MARK).unlink()  # as if the power had gone before the last frame was written
    found = read_photos([tmp_path])
    assert [one.path.name for one in found.photos] == ["a 00000000.jpg", "b.jpg"] and found.problems == ()


@pytest.mark.parametrize("frames_first", [False, True])
def test_frames_named_beside_their_video_are_photos_once(tmp_path: Path, pictures: list[Pixels], frames_first: bool):
    path = film(tmp_path / "a.mp4", [(pictures[0], 11)])
    read_photos([path])
    named = [path, tmp_path / "a.mp4.frames"]
    found = read_photos(named[::-1] if frames_first else named)
    assert [one.path.name for one in found.photos] == ["a 00000000.jpg", "a 00002000.jpg"]
    assert [one.reason.partition(" named")[0] for one in found.problems] == ["the same photo and box were"] * 2


def test_corrupt_videos_never_stop_the_others(tmp_path: Path, pictures: list[Pixels]):
    whole = film(tmp_path / "c.avi", [(pictures[0], 30)])
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    (tmp_path / "b.mp4").write_bytes(b"")
    cut = film(tmp_path / "d.mp4", [(pictures[0], 30)])
    cut.write_bytes(cut.read_bytes()[:-600])  # the index at the end is gone
    found = read_photos([tmp_path / "a.mp4", tmp_path / "b.mp4", whole, cut])
    assert [Path(one.path).name for one in found.problems] == ["a.mp4", "b.mp4", "d.mp4"]
    remedy = "; copy it again from the camera card."
    assert [one.reason for one in found.problems] == [
        f"cannot be read as a video (Invalid data found when processing input){remedy}",
        f"cannot be read as a video (Invalid data found when processing input){remedy}",
        f"is damaged at its start (Decoder not found){remedy}",
    ]
    assert [one.notes["video"] for one in found.photos] == ["c.avi"] * 3
    assert not (tmp_path / "a.mp4.frames").exists() and not (tmp_path / "d.mp4.frames").exists()


def test_of_a_video_that_is_damaged_in_the_middle_the_frames_before_are_used_and_it_is_told(
    tmp_path: Path, pictures: list[Pixels], monkeypatch: pytest.MonkeyPatch
):
    path = film(tmp_path / "a.avi", [(pictures[0], 30)])
    chosen = video_frames._chosen

    def breaking(container: object, how: object):
        for number, item in enumerate(chosen(container, how)):  # type: ignore[arg-type]
            if number == 2:
                raise video_frames.PhotoError("is damaged from 4.0 s on (Invalid data)")
            yield item

    monkeypatch.setattr(video_frames, "_chosen", breaking)
    for _ in range(2):  # told again where the frames are found again
        found = read_photos([path])
        assert len(found.photos) == 2
        assert [one.reason for one in found.problems] == [
            "is damaged from 4.0 s on (Invalid data); the 2 frames before that are used."
        ]


def package(folder: Path, media: Sequence[str], observations: Sequence[str]) -> Path:
    """A Camtrap DP package; of each medium mediaID,filePath,fileMediatype, of each observation mediaID and all that follows."""
    named = {name: f"{name}.csv" for name in ("deployments", "media", "observations")}
    profile = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2/camtrap-dp-profile.json"
    resources = [{"name": name, "path": path} for name, path in named.items()]
    (folder / "datapackage.json").write_text(json.dumps({"profile": profile, "resources": resources}), "utf-8")
    (folder / "deployments.csv").write_text(
        "deploymentID,locationID,latitude,longitude,deploymentStart,deploymentEnd\nd1,A1,1,2,2023-05-01T00:00:00Z,"
        "2023-06-01T00:00:00Z\n", "utf-8")  # fmt: skip
    rows = [f"{one.split(',')[0]},d1,2023-05-01T06:30:00Z,{','.join(one.split(',')[1:])},true" for one in media]
    head = "mediaID,deploymentID,timestamp,filePath,fileMediatype,filePublic"
    (folder / "media.csv").write_text("\n".join([head, *rows, ""]), "utf-8")
    head = "observationID,deploymentID,eventStart,eventEnd,observationLevel,mediaID,observationType,scientificName,individualID"
    rows = [f"o{at},d1,2023-05-01T06:30:00Z,2023-05-01T06:30:10Z,media,{one}" for at, one in enumerate(observations)]
    (folder / "observations.csv").write_text("\n".join([f"{head},bboxX,bboxY,bboxWidth,bboxHeight", *rows, ""]), "utf-8")
    return folder


def test_videos_of_a_camtrap_dp_package_give_their_frames(tmp_path: Path, pictures: list[Pixels]):
    for name in ("one", "two", "blank"):
        film(tmp_path / f"{name}.mp4", [(pictures[0], 26)])
    media = ["m1,one.mp4,video/mp4", "m2,two.mp4,video/mp4", "m3,blank.mp4,video/mp4", "m4,song.wav,audio/wav"]
    found = read_photos([package(tmp_path, media, [
        "m1,animal,Equus quagga,Amara,0.1,0.1,0.2,0.2", "m1,animal,Equus quagga,Amara,0.4,0.1,0.2,0.2",
        "m2,animal,Equus quagga,Amara,,,,", "m2,animal,Equus quagga,Bo,,,,", "m3,blank,,,,,,",
    ])])  # fmt: skip
    told = {(one.notes["video"], one.species, one.individual, one.camera, one.box) for one in found.photos}
    assert told == {
        ("one.mp4", "Equus quagga", "Amara", "A1", None), ("two.mp4", "Equus quagga", "", "A1", None),
        ("blank.mp4", "empty", "", "A1", None),
    }  # fmt: skip
    assert [one.captured_at for one in found.photos if one.notes["video"] == "one.mp4"] == [
        datetime(2023, 5, 1, 6, 30, at) for at in (0, 2, 4)
    ]
    assert len({one.encounter for one in found.photos}) == 3
    (fault,) = found.problems
    assert str(fault) == "song.wav (media.csv, row 5): filePath: song.wav is no photo and no video that can be read (audio/wav)."


def test_without_the_extra_a_video_of_a_package_is_a_problem_that_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "one.mp4").write_bytes(b"film")
    monkeypatch.setattr(video_frames, "find_spec", lambda name: None)
    found = read_photos([package(tmp_path, ["m1,one.mp4,video/mp4"], ["m1,animal,Equus quagga,Amara,,,,"])])
    (fault,) = found.problems
    assert found.photos == () and fault.origin == "media.csv, row 2"
    assert fault.reason == f"is a video; `{PIP}` lets reid take frames out of it."


def test_without_the_extra_a_named_video_is_a_problem_and_those_of_a_folder_are_a_note(
    tmp_path: Path, pictures: list[Pixels], monkeypatch: pytest.MonkeyPatch
):
    images.write_jpeg(tmp_path / "b.jpg", pictures[0])
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "c.AVI").write_bytes(b"x")
    monkeypatch.setattr(video_frames, "find_spec", lambda name: None)
    found = read_photos([tmp_path])
    assert [one.path.name for one in found.photos] == ["b.jpg"] and found.problems == ()
    assert found.notes == (f"{tmp_path}: 2 videos were passed over; `{PIP}` lets reid take frames out of them",)
    named = read_photos([tmp_path / "a.mp4", tmp_path / "b.jpg"])
    assert [one.reason for one in named.problems] == [f"is a video; `{PIP}` lets reid take frames out of it."]
    assert len(named.photos) == 1


@pytest.mark.parametrize("text", ["", "every", "every=0", "every=nan", "every=x", "scenes=1", "scenes=0", "often"])
def test_a_way_to_take_frames_that_is_none_is_refused(tmp_path: Path, text: str):
    (tmp_path / "a.mp4").write_bytes(b"x")
    with pytest.raises(UsageError, match="wanted every=SECONDS"):
        read_photos([tmp_path / "a.mp4"], videos=VideoSettings(video=text))


def test_where_frames_cannot_be_written_it_is_told(tmp_path: Path, pictures: list[Pixels]):
    path = film(tmp_path / "a.mp4", [(pictures[0], 6)])
    (tmp_path / "a.mp4.frames").write_bytes(b"in the way")
    (problem,) = read_photos([path]).problems
    assert problem.reason.startswith("its frames cannot be written") and "--frames" in problem.reason


def test_videos_are_enrolled_and_asked_through_the_same_doors(tmp_path: Path, pictures: list[Pixels], monkeypatch):
    place = tmp_path / "zebra" / "Ada"
    place.mkdir(parents=True)
    film(place / "a.mp4", [(pictures[0], 11)], creation_time="2023-05-01T06:30:10Z")
    told = command("enroll", tmp_path, "--gallery", tmp_path / "g", "--frames", tmp_path / "out", "--video", "every=1", "--json")
    assert told.code == 0 and told.lines[0]["added"] == {"zebra": 3}
    photos = reid.photos(tmp_path / "g")
    assert {one.season for one in photos} == {"2023"} and len({one.encounter for one in photos}) == 1
    other = film(tmp_path / "b.mp4", [(pictures[1], 11)])
    monkeypatch.setenv("REID_FRAMES", str(tmp_path / "out"))
    answer = command("query", other, "--encounters", "--gallery", tmp_path / "g", "--json")
    assert answer.code == 0, answer.err
    (sighting,) = answer.lines
    assert len(sighting["photos"]) == 2 and sighting["matches"][0]["individual"] == "Ada"
    with Gallery.open(tmp_path / "g") as opened:
        assert all(opened.locate(one) for one in opened.photos())
    assert isinstance(IntakeSettings(), VideoSettings)


def clip(path: Path, pixels: Pixels, times: Sequence[float]) -> Path:
    """A video whose frames come at these times, of 10 frames a second where there is no gap."""
    av = pytest.importorskip("av", reason=f"videos need PyAV: {PIP}")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.height, stream.width, stream.pix_fmt = *pixels.shape[:2], "yuv420p"
        stream.codec_context.time_base = Fraction(1, 10)
        for at in times:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts, frame.time_base = round(at * 10), Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(("spans", "wanted"), [
    ([(0, 3), (10, 13)], [0, 2, 10, 12]), ([(0, 1), (10, 11), (20, 23)], [0, 10, 20, 22]), ([(0, 5)], [0, 2, 4]),
    ([(0, 0.1), (3, 3.1), (7.5, 7.6), (30, 30.1)], [0, 3, 7.5, 30]), ([(0, 2.1), (60, 62.1)], [0, 2, 60, 62]),
])  # fmt: skip
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_frames_of_a_clip_with_gaps_are_taken_at_their_true_times(
    tmp_path: Path, pictures: list[Pixels], spans: list[tuple[float, float]], wanted: list[float], suffix: str
):
    times = [start + at / 10 for start, end in spans for at in range(round((end - start) * 10))]
    found = read_photos([clip(tmp_path / f"a{suffix}", pictures[0], times)]).photos
    assert [round(float(one.notes["frame_at"]), 1) for one in found] == wanted


def with_idit(path: Path, text: str) -> Path:
    """The AVI with what a camera writes into its chunk IDIT, behind the header's list."""
    data = path.read_bytes()
    end = 20 + int.from_bytes(data[16:20], "little")
    chunk = text.encode() + b"\n\0"
    chunk += b"\0" * (len(chunk) % 2)
    chunk = b"IDIT" + len(chunk).to_bytes(4, "little") + chunk
    size = (int.from_bytes(data[4:8], "little") + len(chunk)).to_bytes(4, "little")
    path.write_bytes(data[:4] + size + data[8:end] + chunk + data[end:])
    return path


@pytest.mark.parametrize(("text", "moment"), [
    ("2024:05:05 10:22:33", datetime(2024, 5, 5, 10, 22, 33)), ("2024-05-05 10:22:33", datetime(2024, 5, 5, 10, 22, 33)),
    ("Sun May  5 10:22:33 2024", datetime(2024, 5, 5, 10, 22, 33)),
    ("SUN MAY 05 10:22:33 2024", datetime(2024, 5, 5, 10, 22, 33)),
    ("2024/05/05 10:22:33", datetime(2024, 5, 5, 10, 22, 33)), ("2024/05/05/ 10:22", datetime(2024, 5, 5, 10, 22)),
    ("20240505 102233", datetime(2024, 5, 5, 10, 22, 33)),
])  # fmt: skip
def test_the_date_of_an_avi_is_read_in_the_forms_that_cameras_write(
    tmp_path: Path, pictures: list[Pixels], text: str, moment: datetime
):
    found = read_photos([with_idit(film(tmp_path / "a.avi", [(pictures[0], 3)]), text)])
    assert [(one.captured_at, "date_from" in one.notes) for one in found.photos] == [(moment, False)] and found.problems == ()


def test_a_containers_time_is_marked_as_utc_and_a_clock_for_videos_puts_it_right(tmp_path: Path, pictures: list[Pixels]):
    path = film(tmp_path / "a.mp4", [(pictures[0], 3)], creation_time="2023-05-01T06:30:10.000000Z")
    taken = take_photos([path])
    assert [(one.captured_at, one.notes["date_from"]) for one in taken.photos] == [
        (datetime(2023, 5, 1, 6, 30, 10), "container, UTC")
    ]
    assert len(taken.notes) == 1 and "1 frames are dated by their videos' containers" in taken.notes[0]
    right = take_photos([path], IntakeSettings(clocks=("video=+3h",)))
    assert [(one.captured_at, "date_from" in one.notes) for one in right.photos] == [(datetime(2023, 5, 1, 9, 30, 10), False)]
    assert right.notes == ()
    table = tmp_path / "a.csv"
    table.write_text("path,captured_at\na.mp4,2023-05-01 08:00\n", "utf-8")
    (said,) = take_photos([table]).photos
    assert said.captured_at == datetime(2023, 5, 1, 8) and "date_from" not in said.notes
    with pytest.raises(UsageError, match="no photo is of camera 'video'"):
        take_photos([table], IntakeSettings(clocks=("video=+3h",)))
