"""Videos as photos: frames by interval or where the picture changes, written as JPEGs with their date. The only PyAV.

PyAV (extra `wild-reid[video]`) brings FFmpeg's libraries in its wheel, so that nothing else must be installed, decodes in this
process, and gives the container's metadata and the time of each frame. imageio-ffmpeg runs a program and reads raw pixels off a
pipe without times, and OpenCV gives no metadata.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid import images
from reid.distribution import INSTALL_VIDEO
from reid.errors import PhotoError, UsageError
from reid.files import sync_files, writable_folder, write_text
from reid.records import Photo, Pixels, Problem
from reid.settings import VideoSettings
from reid.tables.cell_values import BadCell, read_date

SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".m4v", ".mkv", ".mpg", ".mpeg", ".mts", ".m2ts", ".3gp", ".wmv", ".webm", ".asf"})
"""Lower-case endings of the files that count as videos."""
PIP = INSTALL_VIDEO
FRAMES = ".frames"
"""Behind a video's name: the folder of its frames."""
MARK = "frames.json"
"""In it, written last: which video they are of, and how they were taken."""
SCENE = 0.06
"""A frame is taken where a small grey picture of it differs from the last one taken by this share of the range, on average."""
_VERSION = 1
_HEAD = 1 << 16
_SMALL = (32, 18)
CONTAINER_UTC = "container, UTC"
"""The note `date_from` of frames dated by a container's time that calls itself UTC; many cameras write their own clock there."""
_DATES = ("com.apple.quicktime.creationdate", "creation_time", "date")
"""The first is by the local clock; the second should be UTC, but cameras write their own clock there: no zone is looked at."""
_FASTEST_RATE = 240
"""Frames a second; a container that says more counts ticks of its clock."""
_MODELS = ("com.apple.quicktime.model", "model", "com.android.model", "make")


@dataclass(frozen=True, slots=True)
class _How:
    """every: seconds between frames; 0 = by scene. scene: see SCENE."""

    every: float
    scene: float


def is_video(path: Path) -> bool:
    """Whether a file counts as a video, by its ending."""
    return path.suffix.lower() in SUFFIXES


def available() -> bool:
    """Whether the extra `wild-reid[video]` is installed."""
    return find_spec("av") is not None


def frames_of(video: Photo, settings: VideoSettings) -> Iterator[Photo | Problem]:
    """The frames of a video as photos of one encounter, with all that is known of the video.

    A frame is a JPEG in a folder beside the video, or under `settings.frames`; it is written once and found again as long as the
    video's size and time stay. Its date is the video's (as the manifest says, else the container's metadata, by the clock they
    write; else that of the file) and the time within the video. Notes: `video`, `frame_at` in seconds, and `date_from` where the
    date is that of the file (`file`) or calls itself UTC (CONTAINER_UTC).

    A video that cannot be read is a Problem; of one that is damaged in the middle the frames before that are given, too.

    Raises:
        UsageError: `settings.video` is no way to take frames.
    """
    how = _read_how(settings.video)
    if not available():
        yield Problem(str(video.path), f"is a video; `{PIP}` lets reid take frames out of it.", video.origin)
        return
    try:
        status = video.path.stat()
        folder = _folder(video.path, settings.frames)
        stamp = {"version": _VERSION, "bytes": status.st_size, "time": status.st_mtime_ns, "video": settings.video}
        taken = _taken_before(folder, stamp) or _take(video.path, folder, how, stamp)
    except PhotoError as error:
        yield Problem(str(video.path), str(error).removeprefix(f"{video.path}: "), video.origin)
        return
    except (OSError, UsageError) as error:
        reason = f"its frames cannot be written ({error}); name a folder that can be written to with --frames."
        yield Problem(str(video.path), reason, video.origin)
        return
    start = video.captured_at or datetime.fromisoformat(taken["captured_at"])
    marked = taken["date_from"] != "container" and video.captured_at is None
    more = {"date_from": taken["date_from"]} if marked else {}
    for name, seconds in taken["frames"]:
        yield replace(
            video, path=folder / name, captured_at=start + timedelta(seconds=round(seconds)),
            encounter=video.encounter or taken["encounter"], camera=video.camera or taken["camera"],
            notes={**video.notes, "video": video.path.name, "frame_at": f"{seconds:.3f}", **more}, exif_read=True,
        )  # fmt: skip
    if taken["fault"]:
        yield Problem(str(video.path), f"{taken['fault']}; the {len(taken['frames'])} frames before that are used.", video.origin)


def _read_how(text: str) -> _How:
    kind, sign, number = text.strip().lower().partition("=")
    try:
        value = float(number) if sign else {"every": math.nan, "scenes": SCENE}.get(kind, math.nan)
    except ValueError:
        value = math.nan
    if kind == "every" and 0.04 <= value < math.inf:
        return _How(value, 0.0)
    if kind == "scenes" and 0.0 < value < 1.0:
        return _How(0.0, value)
    raise UsageError(f"video {text!r}: wanted every=SECONDS (0.04 or more), or scenes, or scenes=SHARE (between 0 and 1)")


def _folder(video: Path, frames: str) -> Path:
    """Where a video's frames lie. In a folder for all videos the path's hash keeps those of one name apart."""
    if not frames:
        return video.with_name(video.name + FRAMES)
    mark = hashlib.sha256(os.fsencode(video.absolute())).hexdigest()[:8]
    return Path(frames) / f"{video.name} {mark}{FRAMES}"


def _taken_before(folder: Path, stamp: Mapping[str, object]) -> dict[str, Any] | None:
    """What was written when the frames were taken; None where they were not, or of another video, or one of them is gone.

    None, too, where something is missing in it or is no date, text or number: the frames are then taken again.
    """
    try:
        taken: dict[str, Any] = json.loads((folder / MARK).read_text(encoding="utf-8"))
        datetime.fromisoformat(taken["captured_at"])
        whole = bool(taken["frames"]) and all(
            Path(name).name == name and (folder / name).is_file() and timedelta(seconds=seconds) >= timedelta()
            for name, seconds in taken["frames"]
        ) and all(isinstance(taken[name], str) for name in ("date_from", "camera", "encounter", "fault"))
    except (OSError, ValueError, LookupError, TypeError, OverflowError):
        return None
    return taken if whole and taken["stamp"] == dict(stamp) else None


def _take(video: Path, folder: Path, how: _How, stamp: Mapping[str, object]) -> dict[str, Any]:
    """Decode a video and write its frames. Raises PhotoError where it has none, OSError, UsageError where none can be written."""
    with _opened(video) as container:
        if not container.streams.video:
            raise PhotoError(f"{video}: holds no pictures.")
        known = {name.lower(): str(value) for name, value in container.metadata.items()}  # Matroska writes names in capitals
        start, date_from = _start(video, known)
        camera = next((value for name in _MODELS if (value := known.get(name))), "")
        frames: list[tuple[str, float]] = []
        fault = ""
        with video.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        try:
            for seconds, pixels in _chosen(container, how):
                writable_folder(folder)  # not before there is a frame
                name = f"{video.stem} {round(seconds * 1000):08d}.jpg"
                images.write_jpeg(folder / name, pixels, quality=92, captured_at=start + timedelta(seconds=round(seconds)),
                                  camera=camera, synced=False)  # fmt: skip
                frames.append((name, seconds))
        except PhotoError as error:
            fault = str(error)
    if not frames:
        raise PhotoError(f"{video}: {fault or 'holds no picture that can be decoded'}; copy it again from the camera card.")
    taken = {
        "stamp": dict(stamp), "captured_at": start.isoformat(), "date_from": date_from, "camera": camera,
        "encounter": f"video:{video.stem}/{digest[:12]}", "frames": frames, "fault": fault,
    }
    sync_files(folder / name for name, _ in frames)  # before the mark that says they are there
    write_text(folder / MARK, json.dumps(taken, ensure_ascii=False, indent=1) + "\n")
    return taken


@contextmanager
def _opened(video: Path) -> Iterator[Any]:
    """An open container. Raises PhotoError for what is no video; FFmpeg's own messages are not shown."""
    import av

    av.logging.set_level(None)
    try:
        container = av.open(str(video), metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise PhotoError(f"{video}: cannot be read as a video ({_what(error)}); copy it again from the camera card.") from error
    try:
        yield container
    finally:
        container.close()


def _chosen(container: Any, how: _How) -> Iterator[tuple[float, Pixels]]:
    """(seconds from the start, picture) of the frames wanted, the first frame always among them. Raises PhotoError."""
    import av

    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    pace = _rate(stream)
    first: float | None = None
    wanted = 0.0
    last: NDArray[np.float32] | None = None
    frames = container.decode(stream)
    for number in _count():
        try:
            frame = next(frames, None)
            if frame is None:
                return
            at = float(frame.time) if frame.time is not None else number / pace
            first = at if first is None else first
            seconds = max(0.0, at - first)
            if how.every:
                if seconds + 0.5 / pace < wanted:  # a frame stands for the time around it
                    continue
                wanted = (math.floor((seconds + 0.5 / pace) / how.every) + 1) * how.every
            else:
                small = frame.reformat(*_SMALL, format="gray").to_ndarray().astype(np.float32) / 255
                if last is not None and float(np.abs(small - last).mean()) < how.scene:
                    continue
                last = small
            turned = int(getattr(frame, "rotation", 0) or 0) // 90
            pixels = np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), turned))
        except (av.FFmpegError, ValueError) as error:
            where = "at its start" if first is None else f"from {at - first:.1f} s on"
            raise PhotoError(f"is damaged {where} ({_what(error)})") from error
        yield seconds, pixels


def _rate(stream: Any) -> float:
    """Frames a second while frames come: where a clip has gaps, the mean over all of it is less."""
    rates = [float(rate) for rate in (stream.average_rate, stream.base_rate) if rate]
    return max((rate for rate in rates if rate <= _FASTEST_RATE), default=rates[0] if rates else 25.0)


def _count() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def _start(video: Path, known: Mapping[str, str]) -> tuple[datetime, str]:
    """When the video begins, by the clock that wrote it, and where that stands: `container`, CONTAINER_UTC, or `file`.

    known: the container's metadata, by names in lower case.
    """
    texts = {name: known.get(name, "") for name in _DATES}
    texts["IDIT"] = _avi_date(video) if video.suffix.lower() == ".avi" else ""
    for name, text in texts.items():
        try:
            moment = read_date(name, text)
        except BadCell:
            continue
        if moment is not None and moment.year > 1970:  # clocks that were never set count from 1904 or 1970
            return moment, CONTAINER_UTC if name == "creation_time" and text.endswith("Z") else "container"
    return datetime.fromtimestamp(video.stat().st_mtime).replace(microsecond=0), "file"


def _avi_date(video: Path) -> str:
    """What the chunk IDIT of an AVI says, of which FFmpeg knows two forms alone; "" where there is none."""
    with video.open("rb") as file:
        head = file.read(_HEAD)
    at = head.find(b"IDIT") if head.startswith(b"RIFF") else -1
    size = int.from_bytes(head[at + 4 : at + 8], "little") if at >= 0 else 0
    text = head[at + 8 : at + 8 + size] if size <= 64 else b""
    return text.decode("ascii", "replace").strip("\0 \r\n").replace("/ ", " ")  # "2004/12/24/ 15:30" of Casio


def _what(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or error).partition(":")[0].strip() or type(error).__name__
