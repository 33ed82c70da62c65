"""The README is run as it stands: its walk and its Python; what it links to is there, and it stays short."""

import os
import re
import sys
from pathlib import Path

from tests.commands import World
from tests.user_folder import ROOT, block, lines, run

README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST = 200


def test_the_walk_and_the_python_of_the_readme_run(walked: tuple[Path, list[str]]):
    folder, answers = walked
    assert [command.split()[1] for command in lines(block(README, "walk"))] == [
        "train", "enroll", "gallery", "query", "query", "enroll", "gallery", "seasons", "discover", "evaluate",
    ]  # fmt: skip
    assert "zebra: 40 photos enrolled, 10 new individuals" in answers[1]
    assert "zebra: 1 photos enrolled, 1 new individuals" in answers[5]
    assert "Amara" in answers[6]
    assert (folder / "seasons-2023-to-2024" / "seasons.html").exists()
    assert (folder / "indexes" / "default" / "catalog.sqlite").exists()
    script = folder / "script.py"
    script.write_text(block(README, "python"), encoding="utf-8")
    printed = run(f"{sys.executable} script.py", folder)
    photos = len(list((folder / "new-photos").glob("**/*.jpg")))
    assert printed.count("IMG_") == photos and "enroll" in printed


def test_the_readme_is_short_and_every_file_it_links_to_is_there():
    assert len(README.splitlines()) <= LONGEST
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert [target for target in targets if not (ROOT / target).exists()] == []
    pages = {path.name for path in (ROOT / "reid" / "manual").glob("*.md")} - {"index.md"}
    assert {Path(target).name for target in targets if target.startswith("reid/manual/")} == pages


def test_both_set_up_commands_of_the_readme_are_there_and_ci_calls_the_second():
    for name in ("scripts/demo", "scripts/test"):
        assert f"    {name} " in README.split("## Install")[0]
        assert os.access(ROOT / name, os.X_OK)
    assert "exec scripts/test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_world_of_the_tests_is_whole(trained: World):
    assert trained.trained.code == 0 and trained.enrolled.code == 0


def test_every_script_says_which_extra_it_sets_up_and_so_keeps_its_own_arguments_to_itself():
    for name in ("demo", "test", "check"):
        (line,) = [line for line in (ROOT / "scripts" / name).read_text("utf-8").splitlines() if line.startswith("source ")]
        assert re.match(r'source "\$root/scripts/setup" (""|test)( |$)', line), f"scripts/{name}: {line}"
