"""MegaDetector's results (JSON): its boxes of animals as photos with a box; frames without one are empty; people stay out.

By https://lila.science/megadetector-output-format (format versions 1.0 to 1.6). What Timelapse or AddaxAI changed in such a
file reads the same: a byte-order mark, backslashes, missing or null detections, categories without a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reid import images
from reid.errors import ManifestError
from reid.formats.readers.video_frames import is_video
from reid.records import EMPTY, Box, Photo, Problem

CONFIDENCE, CONFIDENCE_V4 = 0.2, 0.8
"""Boxes at or above it count, where neither the caller nor the file says: the usual values of MegaDetector 5 and 4."""
PEOPLE_CONFIDENCE = 0.1
"""A person or vehicle counts from here, or from the confidence asked for where that is lower: better one frame too few."""
FOUND_NOTHING = {"detector": EMPTY}
"""The note of a frame in which the detector found no animal: stage 1 is not asked again."""
_ANIMALS, _PEOPLE = frozenset({"animal"}), frozenset({"person", "people", "human", "vehicle"})


@dataclass(frozen=True, slots=True)
class LeftOutFrames:
    """Frames that show people or vehicles; they are not given on, and not named. with_animals: those with an animal as well."""

    frames: int
    with_animals: int

    def __str__(self) -> str:
        """One line for the user."""
        also = f", {self.with_animals} of them with an animal as well" if self.with_animals else ""
        return f"{self.frames} photos show people or vehicles and were left out{also}"


def read_megadetector(path: Path, confidence: float | None = None) -> Iterator[Photo | Problem | LeftOutFrames]:
    """Read a results file: one Photo for each box of an animal, one of species `empty` for a frame without.

    Paths count from the folder of the file. A frame with a person or a vehicle is left out whole, because pages show whole
    frames. A frame that the detector could not read, a video, and a file that is not there are Problems. The detector's
    confidence is the note "confidence", a classifier's best class the note "classified".

    Args:
        path: the JSON.
        confidence: a box counts from here on, in [0, 1]; None = what the file recommends, else the usual value of its version.

    Raises:
        ManifestError: no such file, no JSON, or no results file.
    """
    results = _results(path)
    names = {str(key): str(name).strip().lower() for key, name in results.get("detection_categories", {}).items()}
    classes = {str(key): str(name) for key, name in (results.get("classification_categories") or {}).items()}
    least = _least(results.get("info") or {}) if confidence is None else confidence
    people = with_animals = 0
    for at, entry in enumerate(results["images"], start=1):
        origin = f"{path.name}, image {at}"
        if not isinstance(entry, dict) or not isinstance(entry.get("file"), str):
            yield Problem(str(path), "the entry names no file.", origin)
            continue
        detections = [detection for detection in entry.get("detections") or () if isinstance(detection, dict)]
        shown = [(names.get(str(detection.get("category")), ""), _confidence(detection), detection) for detection in detections]
        animals = [(sure, detection) for name, sure, detection in shown if name in _ANIMALS and sure >= least]
        if any(name in _PEOPLE and sure >= min(PEOPLE_CONFIDENCE, least) for name, sure, _ in shown):
            people += 1
            with_animals += bool(animals)
            continue
        yield from _frame(path.parent, entry, animals, classes, origin)
    if people:
        yield LeftOutFrames(people, with_animals)


def _results(path: Path) -> dict[str, Any]:
    try:
        results = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        raise ManifestError(f"{path}: cannot be read ({fault.strerror}); check the path.") from fault
    except ValueError as fault:
        raise ManifestError(f"{path}: is no JSON ({fault}).") from fault
    if (
        not isinstance(results, dict)
        or not isinstance(results.get("images"), list)
        or not isinstance(results.get("detection_categories"), dict)
    ):
        raise ManifestError(f"{path}: is no MegaDetector results file; wanted images and detection_categories.")
    return results


def _least(info: Mapping[str, Any]) -> float:
    """What the file recommends; a file that names no detector is of MegaDetector 4 (so its format's description)."""
    advised = (info.get("detector_metadata") or {}).get("typical_detection_threshold")
    if isinstance(advised, int | float):
        return float(advised)
    name = str(info.get("detector") or "v4").lower()
    return CONFIDENCE_V4 if "v4" in name or "v3" in name else CONFIDENCE


def _confidence(detection: Mapping[str, Any]) -> float:
    value = detection.get("conf")
    return float(value) if isinstance(value, int | float) else 0.0


def _frame(
    base: Path, entry: Mapping[str, Any], animals: list[tuple[float, dict[str, Any]]], classes: Mapping[str, str], origin: str
) -> Iterator[Photo | Problem]:
    path = base / str(entry["file"]).replace("\\", "/")
    fault = ""
    if entry.get("failure"):
        fault = f"the detector could not read it ({entry['failure']})."
    elif is_video(path):
        fault = "is a video; name the video itself, or let the detector look at its frames."
    elif path.suffix.lower() not in images.IMAGE_SUFFIXES:
        fault = "is no photo; leave it out."
    elif not _is_there(path):
        fault = f"there is no such file (looked for {path}); move the file of detections: paths count from its folder."
    if fault:
        yield Problem(str(path), fault, origin)
        return
    if not animals:
        yield Photo(path, species=EMPTY, notes=dict(FOUND_NOTHING), origin=origin)
    for sure, detection in animals:
        box = _box(detection.get("bbox"))
        if isinstance(box, str):
            yield Problem(str(path), box, origin)
            continue
        notes = {"confidence": f"{sure:g}"}
        best = next(iter(detection.get("classifications") or ()), None)
        if isinstance(best, list | tuple) and best and str(best[0]) in classes:
            notes["classified"] = classes[str(best[0])]
        yield Photo(path, box=box, notes=notes, origin=origin)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def _box(corners: object) -> Box | str:
    """The box, its corners kept within the frame; the reason where it is none."""
    numbers = corners if isinstance(corners, list) else []
    if len(numbers) != 4 or not all(isinstance(number, int | float) for number in numbers):
        return f"bbox {corners!r} is no box; wanted x, y, width, height as fractions of the frame."
    x, y, width, height = (float(number) for number in numbers)
    left, top = max(0.0, x), max(0.0, y)
    box = Box(left, top, min(width + min(x, 0.0), 1.0 - left), min(height + min(y, 0.0), 1.0 - top))
    reason = images.box_fault(box)
    return f"bbox {corners!r}: {reason}" if reason else box
