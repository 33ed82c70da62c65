"""A user's folder, as README and manual speak of it: my-photos, new-photos, one.jpg, detections.json, cameras.csv."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUICK = {"REID_EPOCHS": "1", "REID_SPECIES_EPOCHS": "1", "REID_IMAGE_SIZE": "64x96", "REID_SPECIES_IMAGE_SIZE": "64x96"}
"""The same commands as in the README, on smaller nets."""


def make(place: Path, first: Path, second: Path) -> Path:
    """The folder with the photos of two seasons, before any command."""
    shutil.copytree(first, place / "my-photos")
    shutil.copytree(second, place / "new-photos")
    shutil.copy(next(second.glob("**/zebra/*.jpg")), place / "one.jpg")
    _detections(place / "detections.json", sorted(second.glob("**/zebra/*.jpg"))[:2])
    _deployments(place / "cameras.csv", first / "manifest.csv")
    return place


def _detections(path: Path, photos: list[Path]) -> None:
    """What MegaDetector would say of two photos."""
    box = {"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.8, 0.8]}
    images = [{"file": str(photo), "detections": [box] * (at == 0)} for at, photo in enumerate(photos)]
    categories = {"1": "animal", "2": "person", "3": "vehicle"}
    path.write_text(json.dumps({"info": {}, "detection_categories": categories, "images": images}), encoding="utf-8")


def _deployments(path: Path, manifest: Path) -> None:
    """One deployment, all of 2023, for each camera of a manifest."""
    with manifest.open(encoding="utf-8", newline="") as file:
        cameras = sorted({row["camera"] for row in csv.DictReader(file)})
    rows = [f"{camera},2023-01-01,2023-12-31,{-1.2 - at / 100},36.7" for at, camera in enumerate(cameras)]
    path.write_text("\n".join(["camera,start,end,latitude,longitude", *rows]) + "\n", encoding="utf-8")


def block(text: str, mark: str) -> str:
    """The code block of a Markdown text that the comment `<!-- mark -->` stands above."""
    match = re.search(rf"<!-- {re.escape(mark)} -->\n```\w+\n(.*?)```", text, flags=re.DOTALL)
    assert match, f"there is no block {mark}"
    return match[1]


def lines(code: str) -> list[str]:
    """The commands of a block, without their comments."""
    return [line.split(" #")[0].strip() for line in code.splitlines() if line.strip()]


def run(command: str, folder: Path) -> str:
    """Run a line with the `reid` of this interpreter, in a process of its own; what it printed."""
    environment = os.environ | QUICK | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    environment.pop("REID_GALLERY", None)
    line = re.sub(r"^reid ", f"{sys.executable} -m reid ", command)
    done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
