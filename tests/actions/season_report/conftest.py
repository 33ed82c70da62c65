"""A drawn study, enrolled, and the page of its third season."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

import reid
from reid import synthetic
from reid.actions.season_report.results import SeasonPage
from reid.store import Gallery
from tests.actions.season_report.drawn_study import HOSTILE, STUDY, written
from tests.actions.small import made


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn study whose first two seasons are enrolled, and of the third the individuals of even numbers."""
    from reid.nets import net_files

    place = tmp_path_factory.mktemp("report")
    study = synthetic.write_study(place / "study", synthetic.plan_study(STUDY))
    net = made(place / "nets", 1)
    with Gallery.open(place / "gallery", create=True) as opened:
        card = net_files.read_card(opened.nets.put(net))
        opened.set_embedding_net("zebra", card.fingerprint, card.dimension, calibration=None)
    with study.truth.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["path"] = str(study.folder / row["path"])
        row["individual"] = row["individual"].replace("zebra-000", HOSTILE)
    known = (HOSTILE, "zebra-002", "zebra-004", "zebra-006")
    chosen = [row for row in rows if row["season"] != "2023" or row["individual"] in known]
    with (place / "known.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(chosen)
    reid.enroll([place / "known.csv"], gallery=place / "gallery")
    return place


@pytest.fixture(scope="session")
def done(kept: Path) -> SeasonPage:
    """The page of the third season, with the cards' photos asked. Never change its gallery in a test: take `place`."""
    return written(kept, kept, kept / "study" / "cards" / "2023" / "detections.json")


@pytest.fixture
def place(kept: Path, tmp_path: Path) -> Path:
    shutil.copytree(kept / "gallery", tmp_path / "gallery")
    return tmp_path
