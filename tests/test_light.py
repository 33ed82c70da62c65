"""No command imports what it does not use: identifying and enrolling need no torch once a net is exported."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import reid
from reid import synthetic

CODE = """
import json, sys
from reid.cli import run
try:
    run(sys.argv[1:])
except SystemExit as error:
    heavy = ("torch", "torchvision", "faiss", "onnxruntime", "onnx", "PIL", "matplotlib", "openpyxl", "jinja2")
    print(json.dumps({"code": error.code, "loaded": sorted(name for name in heavy if name in sys.modules)}), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("light")
    size = {"encounters": 1, "photos_per_encounter": 1, "width": 160, "height": 112}
    synthetic.write_photos(folder / "one", synthetic.draw_season(["zebra"], range(3), season=0, **size))
    synthetic.write_photos(folder / "two", synthetic.draw_season(["zebra"], range(1), season=1, **size))
    reid.enroll([folder / "one"], gallery=folder / "gallery", device="cpu")
    return folder


@pytest.mark.parametrize(("arguments", "needs"), [
    (["--help"], set()),
    (["gallery"], set()),
    (["gallery", "individuals"], set()),
    (["query", "two", "--species", "zebra", "--device", "cpu"], {"PIL", "faiss", "onnxruntime"}),
    (["query", "two", "--species", "zebra", "--device", "cpu", "--json"], {"PIL", "faiss", "onnxruntime"}),
    (["enroll", "two", "--device", "cpu"], {"PIL", "onnxruntime"}),
    (["enroll", "two", "--device", "cpu", "--species", "okapi", "--individual", "Ada"], {"PIL", "onnxruntime"}),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")  # fmt: skip
def test_a_command_loads_what_it_uses_and_nothing_else(world: Path, arguments: list[str], needs: set[str]) -> None:
    given = [str(world / one) if one in ("one", "two") else one for one in arguments]
    if arguments[0] == "enroll" and "--species" in arguments:  # a gallery that is not there yet
        shutil.rmtree(world / "fresh", ignore_errors=True)
        given += ["--gallery", str(world / "fresh")]
    given += [] if {"--help", "--gallery"} & set(given) else ["--gallery", str(world / "gallery")]
    done = subprocess.run([sys.executable, "-c", CODE, *given], capture_output=True, text=True, check=False)
    told = json.loads(done.stderr.splitlines()[-1])
    assert (told["code"], set(told["loaded"])) == (0, needs)
