"""Another project's `reid` beside or before ours is noticed by the command, and by nothing that only imports."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from reid.distribution import DISTRIBUTION, INSTALL_VIDEO
from tests.user_folder import ROOT

REMEDY = "pip uninstall -y reid wild-reid, then pip install wild-reid"
PERSONS = "Metadata-Version: 2.1\nName: reid\nVersion: 0.2\nSummary: Person re-identification\n"
EARLIER = "Metadata-Version: 2.1\nName: reid\nVersion: 0.1.0\nSummary: Re-identification of individual animals: a species CNN\n"


def python(*arguments: str, path: tuple[Path, ...]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONWARNINGS": "error"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=path[0], capture_output=True, text=True, check=False, timeout=60
    )


def distribution(place: Path, name: str, **files: str) -> Path:
    """A folder as pip leaves it in site-packages."""
    folder = place / f"{name}.dist-info"
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    return place


@pytest.mark.parametrize("name", ["reid-0.2", "Reid-1.0.post1"])
def test_every_command_warns_of_a_distribution_of_the_name_reid_beside_ours_and_runs(tmp_path: Path, name: str):
    place = distribution(tmp_path, name, METADATA=PERSONS)
    done = python("-m", "reid", "manual", "glossary", path=(ROOT, place))
    assert done.returncode == 0 and done.stdout.startswith("# Glossary")
    assert done.stderr.count(REMEDY) == 1 and f"{name}.dist-info" in done.stderr


def test_our_own_distribution_under_its_earlier_name_is_none(tmp_path: Path):
    done = python("-m", "reid", "manual", path=(ROOT, distribution(tmp_path, "reid-0.1.0", METADATA=EARLIER)))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_doctor_finds_a_package_reid_in_a_distribution_of_another_name(tmp_path: Path):
    place = distribution(tmp_path, "persons_in_streets-1.0", METADATA=PERSONS, RECORD="persons.py,,\nreid/__init__.py,,\n")
    doctor = python("-m", "reid", "doctor", "--gallery", "nowhere", path=(ROOT, place))
    assert "pip uninstall -y persons-in-streets wild-reid, then pip install wild-reid" in doctor.stderr
    assert python("-m", "reid", "manual", path=(ROOT, place)).stderr == ""


def test_the_command_says_where_python_would_import_another_package_and_an_import_cannot(tmp_path: Path):
    (tmp_path / "reid").mkdir()
    (tmp_path / "reid" / "__init__.py").write_text("", encoding="utf-8")
    done = python("-c", "import wild_reid; wild_reid.main()", path=(tmp_path, ROOT))
    assert done.returncode == 2
    assert str(tmp_path / "reid" / "__init__.py") in done.stderr and REMEDY in done.stderr
    silent = python("-c", "import reid", path=(tmp_path, ROOT))
    assert (silent.returncode, silent.stderr) == (0, "")


def test_the_command_says_where_files_of_another_package_have_replaced_ours(tmp_path: Path):
    shutil.copytree(ROOT / "reid", tmp_path / "reid", ignore=shutil.ignore_patterns("weights", "__pycache__"))
    (tmp_path / "reid" / "__init__.py").write_text("class Person: ...\n", encoding="utf-8")
    shutil.copy(ROOT / "wild_reid.py", tmp_path)
    done = python("-m", "wild_reid", "gallery", path=(tmp_path,))
    assert done.returncode == 2 and REMEDY in done.stderr


def test_the_command_without_another_package_runs(tmp_path: Path):
    done = python("-c", "import sys, wild_reid; sys.argv[1:] = ['--version']; wild_reid.main()", path=(tmp_path, ROOT))
    assert (done.returncode, done.stderr) == (0, "") and re.fullmatch(r"reid \d+\.\d+\.\d+", done.stdout.strip())


def test_the_distribution_has_the_name_that_every_message_uses():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == DISTRIBUTION and "video" in project["project"]["optional-dependencies"]
    assert project["project"]["scripts"] == {"reid": "wild_reid:main"} and (ROOT / "wild_reid.py").exists()
    assert project["tool"]["setuptools"]["py-modules"] == ["wild_reid"] and INSTALL_VIDEO == "pip install 'wild-reid[video]'"
    texts = [*ROOT.glob("*.md"), *(ROOT / "reid").rglob("*.*[dy]"), *(ROOT / "scripts").rglob("*.md")]
    wrong = [path for path in texts if re.search(r"(?<!wild-)\breid\[", path.read_text(encoding="utf-8"))]
    assert wrong == []
