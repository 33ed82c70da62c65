"""The box of a drawn animal holds the animal, and not much else."""

import csv
from pathlib import Path

import numpy as np
import pytest

from reid import synthetic
from reid.formats.readers.photo_lists import read_photos
from reid.synthetic.scenes import _planned


@pytest.mark.parametrize("species", [*synthetic.SPECIES, synthetic.UNTRAINED_SPECIES])
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_pixels_that_an_animal_changes_lie_in_its_box_and_fill_it(species: str, side: str):
    placed, view = _planned(species, 3, side, 0, 5, 1, 7, "day", None)
    changed = (synthetic.draw_frame([placed], view) != synthetic.draw_frame([], view)).any(axis=2)
    box = synthetic.box_of_animal(species, 3, side=side, scene=5, camera=1, seed=7)
    rows, columns = np.arange(320) / 320, np.arange(480) / 480
    inside = ((rows >= box.y - 0.01) & (rows <= box.y + box.height + 0.01))[:, None] & (
        (columns >= box.x - 0.01) & (columns <= box.x + box.width + 0.01)
    )[None, :]
    above_the_shadow = changed & (rows < box.y + 0.8 * box.height)[:, None]
    assert above_the_shadow[~inside].sum() < 0.001 * above_the_shadow.size  # the tip of a tail may stand out
    touched = np.flatnonzero(above_the_shadow.any(axis=0)) / 480
    assert touched[0] == pytest.approx(box.x, abs=0.08) and touched[-1] == pytest.approx(box.x + box.width, abs=0.08)
    assert np.flatnonzero(above_the_shadow.any(axis=1))[0] / 320 == pytest.approx(box.y, abs=0.03)


def test_the_manifest_of_a_season_holds_the_boxes(tmp_path: Path):
    season = synthetic.draw_season(
        ["zebra"], [1], season=0, encounters=1, photos_per_encounter=1, empty_frames=1, width=96, height=64
    )
    written = synthetic.write_photos(tmp_path, season)
    with (tmp_path / "manifest.csv").open(encoding="utf-8") as file:
        rows = {row["species"]: row for row in csv.DictReader(file)}
    box = next(photo.box for photo in written if photo.species == "zebra")
    assert box is not None and rows["zebra"]["width"] == f"{box.width:.4f}"
    assert (rows["empty"]["x"], rows["empty"]["height"]) == ("", "")
    read = {photo.species: photo for photo in read_photos([tmp_path / "manifest.csv"]).photos}
    assert read["empty"].box is None
    assert read["zebra"].box is not None and read["zebra"].box.x == pytest.approx(box.x, abs=1e-4)
