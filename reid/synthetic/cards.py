"""A drawn study as files: the cameras' cards, what a detector found, the deployments, and the truth beside them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.files import atomic_replace, make_folder
from reid.records import EMPTY, Box
from reid.synthetic.animal import Placed, outline
from reid.synthetic.builds import pose_of
from reid.synthetic.coats import coat_of
from reid.synthetic.noise import name_word, stream
from reid.synthetic.scenes import Scene, draw_frame
from reid.synthetic.seasons import DRAWN_BOX_COLUMNS, MANIFEST_COLUMNS
from reid.synthetic.study import FILE_STATES, FIRST_YEAR, StudyFrame, StudyPlan

TRUTH_COLUMNS = (*MANIFEST_COLUMNS, *DRAWN_BOX_COLUMNS, "file")
"""A manifest with one row for each animal of each frame, and one for each empty frame; file: one of `FILE_STATES`."""
ANIMAL_COLUMNS = ("individual", "season", "frames", "readable")
"""One row for each season in which an animal lives in the area; both counts are of frames that show it."""
CUT_OFF = 0.4
"""Share of a file that is left where it is cut off."""


@dataclass(frozen=True, slots=True)
class DrawnStudy:
    """Where a study lies. detections: MegaDetector's results, one file for each season, beside that season's cards."""

    folder: Path
    plan: StudyPlan

    @property
    def detections(self) -> dict[str, Path]:
        """By season."""
        return {name: self.folder / "cards" / name / "detections.json" for name in self.plan.seasons}

    @property
    def deployments(self) -> Path:
        """The table of the cameras: positions, days not working, and what to add to a wrong clock."""
        return self.folder / "deployments.csv"

    @property
    def truth(self) -> Path:
        """Who is on each photo, by the right clock: see TRUTH_COLUMNS."""
        return self.folder / "truth.csv"

    @property
    def animals(self) -> Path:
        """Who lived in the area when, seen or not: see ANIMAL_COLUMNS."""
        return self.folder / "animals.csv"


def write_study(folder: Path, plan: StudyPlan, on_frame: Callable[[int], None] = lambda done: None) -> DrawnStudy:
    """Draw a study into a folder, which is made. A frame that is there is not drawn again.

    Args:
        folder: for the cards, `deployments.csv`, `truth.csv` and `animals.csv`.
        plan: what to draw.
        on_frame: called with how many of the plan's frames are done.
    """
    drawn = DrawnStudy(folder, plan)
    for done, frame in enumerate(plan.frames, start=1):
        _write_frame(folder, plan, frame)
        on_frame(done)
    for season, path in drawn.detections.items():
        make_folder(path.parent)
        _write(path, json.dumps(_detections(plan, season), indent=1))
    _write_rows(drawn.deployments, ("camera", "start", "end", "latitude", "longitude", "off", "clock", "season"), _deployed(plan))
    _write_rows(drawn.truth, TRUTH_COLUMNS, (row for frame in plan.frames for row in _true(plan, frame)))
    _write_rows(drawn.animals, ANIMAL_COLUMNS, _lived(plan))
    return drawn


def pixels_of(plan: StudyPlan, frame: StudyFrame) -> NDArray[np.uint8]:
    """Draw one frame: (height, width, 3) uint8."""
    study = plan.study
    scene = Scene(frame.deployment.camera.number, frame.light, study.seed, frame.scene, frame.hour)
    return draw_frame(placed_in(plan, frame)[::-1], scene, width=study.width, height=study.height)


def boxes_of(plan: StudyPlan, frame: StudyFrame) -> list[Box]:
    """Where each animal of a frame is, as a good detector tells it: to four decimals."""
    size = (plan.study.height, plan.study.width)
    boxes = [outline(placed, size) for placed in placed_in(plan, frame)]
    return [Box(*(round(value, 4) for value in (one.x, one.y, one.width, one.height))) for one in boxes]


def placed_in(plan: StudyPlan, frame: StudyFrame) -> list[Placed]:
    """The animals of a frame and how they stand; of two, each has its half, and the second is a little farther away."""
    study, season = plan.study, int(frame.deployment.season) - FIRST_YEAR
    alone = len(frame.animals) == 1
    found = []
    for at, (animal, side) in enumerate(zip(frame.animals, frame.sides, strict=True)):
        rng = stream("study pose", study.seed, animal.number, name_word(side), frame.scene)
        middle = 0.5 if alone else (0.27, 0.74)[(at + frame.scene) % 2]
        found.append(
            Placed(
                coat_of(study.species, animal.number, side, season, study.seed),
                side,
                pose_of(study.species, rng),
                width=float(rng.uniform(0.5, 0.8) if alone else rng.uniform(0.38, 0.46)),
                across=middle + float(rng.uniform(-0.08, 0.08) if alone else rng.uniform(-0.02, 0.02)),
                ground=float(rng.uniform(0.80, 0.94)) - 0.05 * at,
                pitch=float(rng.normal(0, 0.03)),
                turn=float(rng.uniform(0.82, 1.0)),
                shear=float(rng.normal(0, 0.03)),
            )
        )
    return found


def _write_frame(folder: Path, plan: StudyPlan, frame: StudyFrame) -> None:
    from reid.images import write_jpeg

    path = folder.joinpath(*frame.path.split("/"))
    if path.exists():
        return
    make_folder(path.parent)
    if frame.state == FILE_STATES[3]:
        path.write_bytes(b"")
        return
    if frame.state == FILE_STATES[2]:
        path.write_bytes(b"RIFF\x00\x00\x00\x00 the card was full here" * 40)
        return
    with atomic_replace(path) as temporary:
        write_jpeg(temporary, pixels_of(plan, frame), captured_at=frame.clock, camera=frame.deployment.camera.name, synced=False)
        if frame.state == FILE_STATES[1]:
            whole = temporary.read_bytes()
            temporary.write_bytes(whole[: int(CUT_OFF * len(whole))])


def _detections(plan: StudyPlan, season: str) -> dict[str, Any]:
    """MegaDetector's batch output (format 1.3). It reads what is left of a file that is cut off, and fails on the others."""
    start = f"cards/{season}/"
    images = []
    for frame in plan.frames:
        if frame.deployment.season != season:
            continue
        entry: dict[str, Any] = {"file": frame.path.removeprefix(start)}
        if frame.state in FILE_STATES[2:]:
            entry |= {"failure": "Failure image access", "detections": None}
        else:
            rng = stream("study detector", plan.study.seed, frame.scene)
            found = [("1", 0.75 + 0.2 * rng.random(), box) for box in boxes_of(plan, frame)]
            if frame.person:
                found.append(("2", 0.9, Box(0.4, 0.2, 0.15, 0.6)))
            elif not found and rng.random() < 0.3:
                found.append(("1", 0.02 + 0.06 * rng.random(), Box(0.1, 0.6, 0.08, 0.1)))  # a stone that looks like something
            entry["detections"] = [
                {"category": kind, "conf": round(float(sure), 3), "bbox": [box.x, box.y, box.width, box.height]}
                for kind, sure, box in found
            ]
        images.append(entry)
    info = {"detector": "drawn, in the manner of md_v5a.0.0.pt", "format_version": "1.3",
            "detector_metadata": {"typical_detection_threshold": 0.2}}
    return {"info": info, "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"}, "images": images}


def _deployed(plan: StudyPlan) -> Iterable[Sequence[object]]:
    for one in plan.deployments:
        off = "; ".join(day.isoformat() for day in sorted(one.off))
        yield (one.camera.name, one.start, one.end, one.camera.latitude, one.camera.longitude, off,
               _offset(-one.camera.clock_error), one.season)  # fmt: skip


def _offset(error: timedelta) -> str:
    hours = round(error.total_seconds() / 3600)
    return f"{hours:+d}h" if hours else ""


def _true(plan: StudyPlan, frame: StudyFrame) -> Iterable[Sequence[object]]:
    facts = (frame.taken.isoformat(), frame.deployment.camera.name, frame.deployment.season)
    if not frame.animals:
        taken, camera, season = facts
        yield frame.path, EMPTY, "", taken, frame.visit, camera, "", season, "", "", "", "", frame.state
    for animal, side, box in zip(frame.animals, frame.sides, boxes_of(plan, frame), strict=True):
        taken, camera, season = facts
        at = (f"{getattr(box, column):.4f}" for column in DRAWN_BOX_COLUMNS)
        encounter = f"{frame.visit}/{animal.name}"
        yield frame.path, plan.study.species, animal.name, taken, encounter, camera, side, season, *at, frame.state


def _lived(plan: StudyPlan) -> Iterable[Sequence[object]]:
    shown: dict[tuple[str, str], list[StudyFrame]] = {}
    for frame in plan.frames:
        for animal in frame.animals:
            shown.setdefault((animal.name, frame.deployment.season), []).append(frame)
    for animal in plan.animals:
        for season in animal.seasons:
            name = str(FIRST_YEAR + season)
            frames = shown.get((animal.name, name), [])
            yield animal.name, name, len(frames), sum(frame.state == FILE_STATES[0] for frame in frames)


def _write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with atomic_replace(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _write(path: Path, text: str) -> None:
    with atomic_replace(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
