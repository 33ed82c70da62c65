"""The README is run as it stands: its walk, its Python, its table of packages."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import reid
from tests.commands import World

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
QUICK = {"REID_EPOCHS": "1", "REID_SPECIES_EPOCHS": "1", "REID_IMAGE_SIZE": "64x96", "REID_SPECIES_IMAGE_SIZE": "64x96"}
"""The same commands as in the README, on smaller nets."""


def block(mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", README, flags=re.DOTALL)
    assert found, f"README has no block {mark}"
    return found[1]


@pytest.fixture(scope="module")
def folder(drawings: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: my-photos, new-photos and one.jpg."""
    place = tmp_path_factory.mktemp("user")
    first, second = drawings
    shutil.copytree(first, place / "my-photos")
    shutil.copytree(second, place / "new-photos")
    shutil.copy(next(second.glob("**/zebra/*.jpg")), place / "one.jpg")
    detections(place / "detections.json", sorted(second.glob("**/zebra/*.jpg"))[:2])
    deployments(place / "cameras.csv", first / "manifest.csv")
    return place


def detections(path: Path, photos: list[Path]) -> None:
    """What MegaDetector would say of two photos."""
    box = {"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.8, 0.8]}
    images = [{"file": str(photo), "detections": [box] * (at == 0)} for at, photo in enumerate(photos)]
    categories = {"1": "animal", "2": "person", "3": "vehicle"}
    path.write_text(json.dumps({"info": {}, "detection_categories": categories, "images": images}), encoding="utf-8")


def deployments(path: Path, manifest: Path) -> None:
    """One deployment, all of 2023, for each camera of a manifest."""
    with manifest.open(encoding="utf-8", newline="") as file:
        cameras = sorted({row["camera"] for row in csv.DictReader(file)})
    rows = [f"{camera},2023-01-01,2023-12-31,{-1.2 - at / 100},36.7" for at, camera in enumerate(cameras)]
    path.write_text("\n".join(["camera,start,end,latitude,longitude", *rows]) + "\n", encoding="utf-8")


def run(command: str, folder: Path) -> str:
    """Run a line of the README with the `reid` of this interpreter."""
    environment = os.environ | QUICK | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    environment.pop("REID_GALLERY", None)
    line = re.sub(r"^reid ", f"{sys.executable} -m reid ", command)
    done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_walk_and_the_python_of_the_readme_run(folder: Path):
    commands = [line.split("  #")[0].strip() for line in block("walk").splitlines() if line.strip()]
    assert [command.split()[1] for command in commands] == [
        "train", "enroll", "gallery", "query", "query", "enroll", "gallery", "seasons", "discover", "evaluate",
    ]  # fmt: skip
    answers = [run(command, folder) for command in commands]
    assert "zebra: 40 photos enrolled, 10 new individuals" in answers[1]
    assert "zebra: 1 photos enrolled, 1 new individuals" in answers[5]
    assert "Amara" in answers[6]
    assert (folder / "seasons-2023-to-2024" / "seasons.html").exists()
    assert (folder / "indexes" / "default" / "catalog.sqlite").exists()
    for line in block("exchange").splitlines():
        answers.append(run(line.split("  #")[0].split(" # ")[0].strip(), folder))
    assert (folder / "export-mark" / "zebra.inp").exists() and "wrote histories/zebra-history.csv" in answers[-1]
    assert "zebra-captures.txt" in answers[-3] and (folder / "export-camtrap-dp" / "observations.csv").exists()
    script = folder / "script.py"
    script.write_text(block("python"), encoding="utf-8")
    told = run(f"{sys.executable} script.py", folder)
    photos = len(list((folder / "new-photos").glob("**/*.jpg")))
    assert told.count("IMG_") == photos and "enroll" in told


def test_the_readme_names_every_dependency_and_every_file_it_links_to():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        name = re.match(r"[\w-]+", requirement)
        assert name and re.search(rf"\b{name[0]}\b", README), f"README does not say why {requirement} is needed"
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), f"README links to {target}, which is not there"


def test_the_readme_names_every_function_of_the_package():
    functions = [name for name in reid.__all__ if name[0].islower()]
    assert "discover" in functions
    assert [name for name in functions if not re.search(rf"`(reid\.)?{name}`", README)] == []


def test_both_set_up_commands_of_the_readme_are_there_and_ci_calls_the_second():
    for name in ("scripts/demo", "scripts/test"):
        assert f"    {name} " in README.split("## ")[0]
        assert os.access(ROOT / name, os.X_OK)
    assert "exec scripts/test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_world_of_the_tests_is_whole(trained: World):
    assert trained.trained.code == 0 and trained.enrolled.code == 0


def test_every_script_says_which_extra_it_sets_up_and_so_keeps_its_own_arguments_to_itself():
    for name in ("demo", "test", "check"):
        (line,) = [line for line in (ROOT / "scripts" / name).read_text("utf-8").splitlines() if line.startswith("source ")]
        assert re.match(r'source "\$root/scripts/setup" (""|test)( |$)', line), f"scripts/{name}: {line}"
