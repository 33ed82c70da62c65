"""A season's photographs: encounters of known animals at camera stations, and the folder that holds them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid.files import atomic_replace, make_folder
from reid.records import Box
from reid.synthetic.noise import name_word, stream
from reid.synthetic.scenes import FLANKS, box_of_animal, draw_animal, draw_empty

FIRST_YEAR = 2023
MANIFEST_COLUMNS = ("path", "species", "individual", "captured_at", "encounter", "camera", "side", "season")
DRAWN_BOX_COLUMNS = ("x", "y", "width", "height")
"""Of the box, in fractions of the frame, to four decimals."""


@dataclass(frozen=True, slots=True)
class DrawnPhoto:
    """What is true of one drawn photo.

    Attributes:
        path: relative to the folder, with forward slashes, e.g. "season-1/zebra/IMG_0001.jpg".
        species: the species drawn, "empty" for an empty frame.
        individual: e.g. "zebra-003"; "" for an empty frame.
        captured_at: when, to the second, within the season's year.
        encounter: photos of one animal at one camera within minutes share it.
        camera: the station, e.g. "CAM-02".
        side: left, right, or "" for an empty frame.
        season: the year, e.g. "2023".
        box: where the animal is, as a good detector would tell; None for an empty frame.
    """

    path: str
    species: str
    individual: str
    captured_at: datetime
    encounter: str
    camera: str
    side: str
    season: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """One photo to draw: its record, and the numbers that draw it."""

    photo: DrawnPhoto
    number: int
    camera: int
    scene: int
    light: str
    hour: int


def individual_name(species: str, individual: int) -> str:
    """The name that an individual has in records, e.g. "zebra-003"."""
    return f"{species}-{individual:03d}"


def draw_season(
    species: Sequence[str],
    individuals: Sequence[int] | Mapping[str, Sequence[int]],
    *,
    season: int,
    encounters: int,
    photos_per_encounter: int,
    cameras: int = 5,
    empty_frames: int = 0,
    width: int = 480,
    height: int = 320,
    seed: int = 0,
) -> Iterator[tuple[DrawnPhoto, NDArray[np.uint8]]]:
    """Draw a season, photo by photo, in the order in which they were taken.

    Every individual is met `encounters` times, at cameras drawn by chance; its encounters show its sides in turn, and
    about one photo in eight shows the other side than its encounter.

    Args:
        species: which species, by name.
        individuals: the individuals' numbers, the same for each species, or per species.
        season: 0, 1, 2 ...; the year is 2023 + season.
        encounters: per individual, >= 1.
        photos_per_encounter: >= 1, some minutes apart at most.
        cameras: how many stations there are.
        empty_frames: frames without an animal, each an encounter of its own.
        width: columns of each photo.
        height: rows of each photo.
        seed: the world; seasons of one world share animals and stations.

    Yields:
        The record of a photo, and its pixels (height, width, 3) uint8. Pixels are drawn when asked for.
    """
    plans: list[list[_Plan]] = []
    for kind in species:
        numbers = individuals[kind] if isinstance(individuals, Mapping) else individuals
        for individual in numbers:
            rng = stream("season plan", seed, season, name_word(kind), individual)
            first = int(rng.integers(2))
            for order in range(encounters):
                side = FLANKS[(first + order) % 2]
                plans.append(_encounter(rng, kind, individual, side, season, photos_per_encounter, cameras))
    rng = stream("empty plan", seed, season)
    plans += [_encounter(rng, "empty", 0, "", season, 1, cameras) for _ in range(empty_frames)]
    for plan in _numbered(plans):
        photo = plan.photo
        if photo.species == "empty":
            pixels = draw_empty(
                scene=plan.scene, camera=plan.camera, width=width, height=height, seed=seed, light=plan.light
            )
        else:
            pixels = draw_animal(
                photo.species, plan.number, side=photo.side, season=season, scene=plan.scene, camera=plan.camera,
                width=width, height=height, seed=seed, light=plan.light, hour=plan.hour,
            )  # fmt: skip
            box = box_of_animal(
                photo.species, plan.number, side=photo.side, season=season, scene=plan.scene, camera=plan.camera,
                width=width, height=height, seed=seed,
            )  # fmt: skip
            photo = replace(photo, box=box)
        yield photo, pixels


def light_at(time: datetime) -> str:
    """Day, dusk or night, by the clock."""
    if time.hour < 5 or time.hour >= 20:
        return "night"
    return "dusk" if time.hour < 7 or time.hour >= 18 else "day"


def _encounter(
    rng: np.random.Generator, species: str, individual: int, side: str, season: int, photos: int, cameras: int
) -> list[_Plan]:
    """The photos of one encounter, paths and encounter id still open."""
    year = FIRST_YEAR + season
    camera, hour = int(rng.integers(cameras)), int(rng.integers(2**31))
    time = datetime(year, 1, 2) + timedelta(days=int(rng.integers(362)), seconds=int(rng.integers(86400)))
    light = light_at(time)
    name = "" if species == "empty" else individual_name(species, individual)
    plans = []
    for order in range(photos):
        shown = side if order == 0 or rng.random() < 0.87 else {"left": "right", "right": "left", "": ""}[side]
        photo = DrawnPhoto("", species, name, time, "", f"CAM-{camera + 1:02d}", shown, str(year))
        plans.append(_Plan(photo, individual, camera, int(rng.integers(2**31)), light, hour))
        time += timedelta(seconds=int(rng.integers(4, 150)))
    return plans


def _numbered(encounters: list[list[_Plan]]) -> list[_Plan]:
    """All photos by time, with encounter ids and file names numbered in that order (so neither tells who it is)."""
    encounters = sorted(encounters, key=lambda photos: photos[0].photo.captured_at)
    plans = [
        replace(plan, photo=replace(plan.photo, encounter=f"{plan.photo.season}-E{number:04d}"))
        for number, photos in enumerate(encounters, start=1)
        for plan in photos
    ]
    plans.sort(key=lambda plan: (plan.photo.captured_at, plan.photo.encounter))
    count: dict[str, int] = {}
    done = []
    for plan in plans:
        photo = plan.photo
        count[photo.species] = count.get(photo.species, 0) + 1
        folder = f"season-{int(photo.season) - FIRST_YEAR + 1}/{photo.species}"
        path = f"{folder}/IMG_{count[photo.species]:04d}.jpg"
        done.append(replace(plan, photo=replace(photo, path=path)))
    return done


def write_photos(folder: Path, photos: Iterable[tuple[DrawnPhoto, NDArray[np.uint8]]]) -> list[DrawnPhoto]:
    """Write photos as JPEGs with EXIF time and camera, and `manifest.csv` beside them.

    The manifest is written last and swapped in, and lists exactly the photos of this call.

    Args:
        folder: made when missing.
        photos: as `draw_season` gives them; several seasons may be chained.

    Returns:
        The records, in the order written.
    """
    from reid.images import write_jpeg

    make_folder(folder)
    written = []
    for photo, pixels in photos:
        path = folder.joinpath(*photo.path.split("/"))
        make_folder(path.parent)
        write_jpeg(path, pixels, captured_at=photo.captured_at, camera=photo.camera)
        written.append(photo)
    with atomic_replace(folder / "manifest.csv") as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow((*MANIFEST_COLUMNS, *DRAWN_BOX_COLUMNS))
        for photo in written:
            values = (getattr(photo, column) for column in MANIFEST_COLUMNS)
            box = [f"{getattr(photo.box, column):.4f}" if photo.box else "" for column in DRAWN_BOX_COLUMNS]
            rows.writerow([*(v.isoformat() if isinstance(v, datetime) else v for v in values), *box])
    return written
