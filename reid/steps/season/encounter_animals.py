"""Which photos of an encounter show the same animal: by the boxes of its fullest frame, and by whom a person enrolled them as."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from reid.records import EMPTY, UNKNOWN_SPECIES, Photo
from reid.steps.cannot_link import APART, overlap
from reid.steps.season.assignment import Name, paired
from reid.steps.sightings import SearchedPhoto

Rows = list[int]
"""Rows of the photos given, rising."""


def animals_of_encounters(photos: Sequence[SearchedPhoto]) -> list[list[SearchedPhoto]]:
    """The photos of each animal of each encounter, by first photo.

    An encounter of single animals is one. Where a frame holds several boxes, each species is looked at by itself, and the
    fullest frame says how many animals there are; the boxes of each other frame go to the animals whose photos they are
    most like, no two of a frame to one (the Hungarian method on mean cosines). Photos that are enrolled under two names show
    two animals that were seen at one camera within minutes; the others go to the one they are most like.
    """
    by_encounter: dict[str, Rows] = defaultdict(list)
    for row, photo in enumerate(photos):
        by_encounter[photo.encounter].append(row)
    animals = [animal for rows in by_encounter.values() for animal in _of_encounter(photos, rows)]
    parts = sorted(part for rows in animals for part in _by_name(photos, rows))
    return [[photos[row] for row in rows] for rows in parts]


def _of_encounter(photos: Sequence[SearchedPhoto], rows: Rows) -> list[Rows]:
    """The animals of one encounter."""
    if all(len(boxes) == 1 for boxes in _frames(photos, rows)):
        return [rows]
    by_species: dict[str, Rows] = defaultdict(list)
    for row in rows:
        by_species[photos[row].guess.name].append(row)
    animals: list[Rows] = []
    for species, members in by_species.items():
        nobody = species in (EMPTY, UNKNOWN_SPECIES)
        animals += [[row] for row in members] if nobody else _by_fullest_frame(photos, members, species)
    return animals


def _by_name(photos: Sequence[SearchedPhoto], rows: Rows) -> list[Rows]:
    """The photos of one animal, parted where a person enrolled them under several names."""
    seeds: dict[Name, Rows] = defaultdict(list)
    for row in rows:
        enrolled = photos[row].already
        if enrolled is not None:
            seeds[enrolled.species, enrolled.individual].append(row)
    if len(seeds) < 2:
        return [rows]
    name_of = {row: name for name, members in seeds.items() for row in members}
    for row in rows:
        if row not in name_of:
            species = photos[row].guess.name
            name_of[row] = max(seeds, key=lambda name: _likeness(photos, [row], seeds[name], species))
    return [[row for row in rows if name_of[row] == name] for name in seeds]


def _frames(photos: Sequence[SearchedPhoto], rows: Rows) -> list[list[Rows]]:
    """Of each file, its animals: boxes that overlap are of one."""
    frames: dict[str, list[Rows]] = defaultdict(list)
    for row in rows:
        animals = frames[photos[row].sha256]
        same = next((animal for animal in animals if not _two(photos[animal[0]].photo, photos[row].photo)), None)
        if same is None:
            animals.append([row])
        else:
            same.append(row)
    return list(frames.values())


def _two(a: Photo, b: Photo) -> bool:
    return a.box is not None and b.box is not None and overlap(a.box, b.box) < APART


def _by_fullest_frame(photos: Sequence[SearchedPhoto], rows: Rows, species: str) -> list[Rows]:
    """The animals of one species: those of the fullest frame, with the boxes of the others, the nearest frames first."""
    frames = _frames(photos, rows)
    fullest = max(range(len(frames)), key=lambda at: (len(frames[at]), -at))
    animals = [list(box) for box in frames[fullest]]
    for at in sorted(range(len(frames)), key=lambda at: (abs(at - fullest), at)):
        if at == fullest:
            continue
        gains = np.asarray([[_likeness(photos, box, animal, species) for animal in animals] for box in frames[at]])
        for box, column in zip(frames[at], paired(gains), strict=True):
            animals[column] += box
    return [sorted(animal) for animal in animals]


def _likeness(photos: Sequence[SearchedPhoto], box: Rows, animal: Rows, species: str) -> float:
    """Mean cosine; 0 where nothing was embedded."""
    ours, theirs = (
        [photos[row].vectors[species] for row in rows if species in photos[row].vectors] for rows in (box, animal)
    )
    cosines = [float((a @ b.T)[0, 0]) for a in ours for b in theirs]
    return sum(cosines) / len(cosines) if cosines else 0.0
