"""How the fixed gallery beside this file was made: `python tests/frozen/make_fixture.py FOLDER` makes another one there.

FOLDER must not exist; it gets `photos/` (two drawn seasons), `tables/` and `gallery/`. The committed one was made in
/tmp/frozen-herd and moved from there, so that its photos are found from the gallery, wherever that is. It is of format 2
and stays as it is: a gallery made anew has other dates in its journal, and after it every answer must be kept anew.
The nets are those that ship: `place.py` puts them into a gallery before it is opened.
"""

from __future__ import annotations

import gzip
import shutil
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import reid
from reid import synthetic

SIZE = {"width": 144, "height": 96, "seed": 14, "cameras": 3}


def make(folder: Path) -> None:
    """Draw two seasons; enroll the first, learn thresholds, correct some things, and keep decisions about the second."""
    folder.mkdir(parents=True)
    draw(folder / "photos")
    tables(folder / "tables")
    gallery = folder / "gallery"
    enrolled = reid.enroll([folder / "photos" / "first"], gallery=gallery, deployments=str(folder / "tables" / "cameras.csv"))
    assert not enrolled.problems, enrolled.problems
    calibrated = reid.calibrate(gallery=gallery, max_false_match=0.05)
    assert not calibrated.failures, calibrated.failures
    species_net(gallery)
    correct(gallery)
    reid.query([folder / "photos" / "second"], gallery=gallery, settings=reid.QuerySettings(encounters=True), record=True)
    shutil.rmtree(gallery / "nets")
    shutil.rmtree(gallery / "cache")
    catalog = gallery / "catalog.sqlite"  # packed: most of its pages are half empty
    (gallery / "catalog.sqlite.gz").write_bytes(gzip.compress(catalog.read_bytes(), mtime=0))
    catalog.unlink()


def draw(folder: Path) -> None:
    """The first season is enrolled: 8 zebras and 6 deer. The second shows three and two of them, and a new one of each."""
    first = synthetic.draw_season(
        ["zebra", "deer"], {"zebra": range(8), "deer": range(6)}, season=0, encounters=4, photos_per_encounter=1, **SIZE
    )
    second = synthetic.draw_season(
        ["zebra", "deer"], {"zebra": [0, 3, 5, 20], "deer": [1, 4, 30]}, season=1, encounters=2, photos_per_encounter=2,
        empty_frames=2, **SIZE,
    )
    for name, photos in (("first", first), ("second", second)):
        synthetic.write_photos(
            folder / name, ((replace(photo, species=named(photo.species)), pixels) for photo, pixels in photos)
        )
    manifest = folder / "second" / "manifest.csv"  # of the second nobody knows who it is
    head, *rows = manifest.read_text("utf-8").splitlines()
    species, individual = head.split(",").index("species"), head.split(",").index("individual")
    lines = [head]
    for row in rows:
        cells = row.split(",")
        cells[species] = cells[individual] = ""
        lines.append(",".join(cells))
    (folder / "second" / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def named(species: str) -> str:
    """As the species net that ships calls it."""
    return species if species == "empty" else f"drawn {species}"


def tables(folder: Path) -> None:
    """Where the cameras stood, and when they did not work."""
    folder.mkdir()
    rows = ["camera,start,end,latitude,longitude,off"]
    for number in (1, 2, 3):
        for year in (2023, 2024):
            off = f"{year}-03-01..{year}-03-20" if number == 2 else ""
            rows.append(f"CAM-{number:02d},{year}-01-01,{year}-12-31,{-2.3 - number / 100:.2f},{34.8 + number / 50:.2f},{off}")
    (folder / "cameras.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def species_net(gallery: Path) -> None:
    """Stage 1 is the species net that ships."""
    from tests.frozen.place import SPECIES_NET, give_nets

    give_nets(gallery)
    with reid.Gallery.open(gallery) as opened:
        opened.set_species_net(SPECIES_NET, why="the net that ships")


def correct(gallery: Path) -> None:
    """One correction of each kind, so that the journal holds them all."""
    zebras = [individual.name for individual in reid.individuals(gallery, species="drawn zebra")]
    photos = {name: [photo.id for photo in reid.photos(gallery, individual=name)] for name in zebras}
    reid.rename_individual("zebra-000", "Zoë", gallery=gallery, why="she has a name")
    reid.merge_individuals("zebra-006", "zebra-007", gallery=gallery, why="thought one")
    reid.split_individual("zebra-007", "zebra-006", gallery=gallery, why="two after all")
    reid.merge_individuals("zebra-002", "zebra-001", gallery=gallery)
    reid.undo(gallery=gallery, why="wrong one")
    reid.move_photos(photos["zebra-005"][:1], "zebra-004", gallery=gallery)
    reid.undo(gallery=gallery)
    reid.remove_photos(photos["zebra-005"][-1:], gallery=gallery, why="blurred")
    reid.correct_photos(
        photos["zebra-003"][:1], camera="CAM-09", captured_at=datetime(2023, 6, 1, 12), gallery=gallery
    )
    reid.correct_photos(photos["zebra-004"][:1], side="", gallery=gallery, why="cannot be seen")
    reid.remove_individual("deer-005", gallery=gallery, why="not ours")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    make(Path(sys.argv[1]))
