"""A small drawn world, trained and enrolled once for all tests that need a whole gallery."""

import shutil
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from reid import synthetic
from tests import user_folder
from tests.commands import TRAIN, World, command


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--campaign", action="store_true", help="the long form of the tests that kill, damage and try everything")


@pytest.fixture(scope="session")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Season one: zebras 0-9, deer 0-7, one lonely giraffe, empty frames. Season two: some of them, and new ones."""
    folder = tmp_path_factory.mktemp("drawings")
    size = {"width": 240, "height": 160, "seed": 77}
    one = synthetic.draw_season(
        ["zebra", "deer"],
        {"zebra": range(10), "deer": range(8)},
        season=0,
        encounters=4,
        photos_per_encounter=1,
        empty_frames=10,
        **size,
    )
    lonely = synthetic.draw_season(["giraffe"], [0, 1], season=0, encounters=4, photos_per_encounter=1, **size)
    two = synthetic.draw_season(
        ["zebra", "deer"],
        {"zebra": [0, 1, 2, 10, 11], "deer": [0, 1, 2, 8]},
        season=1,
        encounters=2,
        photos_per_encounter=2,
        empty_frames=2,
        **size,
    )
    renamed = ((_renamed(photo), pixels) for photo, pixels in lonely)
    synthetic.write_photos(folder / "season one", chain(one, renamed))
    synthetic.write_photos(folder / "saison zwei é", two)
    return folder / "season one", folder / "saison zwei é"


def _renamed(photo: synthetic.DrawnPhoto) -> synthetic.DrawnPhoto:
    return replace(photo, encounter=f"{photo.encounter}-giraffe")


@pytest.fixture(scope="session")
def trained(drawings: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> World:
    """Never change this gallery in a test: take `world` for that."""
    first, second = drawings
    gallery = tmp_path_factory.mktemp("indexes") / "drawn"
    told = command("train", first, "--gallery", gallery, "--json", *TRAIN)
    enrolled = command("enroll", first, "--gallery", gallery, "--json")
    return World(first, second, gallery, told, enrolled)


@pytest.fixture
def world(trained: World, tmp_path: Path) -> World:
    """A copy of the trained world whose gallery may be changed."""
    gallery = tmp_path / "gallery"
    shutil.copytree(trained.gallery, gallery)
    return World(trained.first, trained.second, gallery, trained.trained, trained.enrolled)


@pytest.fixture(scope="session")
def walked(drawings: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A user's folder after the README's walk, and what each command printed. Only the README's own test writes into it."""
    folder = user_folder.make(tmp_path_factory.mktemp("user"), *drawings)
    walk = user_folder.block((user_folder.ROOT / "README.md").read_text(encoding="utf-8"), "walk")
    return folder, [user_folder.run(line, folder) for line in user_folder.lines(walk)]
