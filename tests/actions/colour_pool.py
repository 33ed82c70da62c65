"""A herd of coloured patches, and eyes that see colours alone: fast photos for the tests of whole seasons."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from reid.images import write_jpeg
from reid.nets import net_files
from reid.nets.inference import Runtime
from reid.records import Calibration, Picture, Vectors
from reid.steps.embedded_photos import inputs
from reid.store import Gallery
from tests.actions.small import CARD, made


@dataclass(frozen=True)
class Taken:
    """One photo to draw: animals left and right in the frame ("" = none), when, where, which side."""

    left: str
    right: str = ""
    when: datetime = datetime(2024, 5, 1, 12)
    camera: str = "C1"
    side: str = "left"
    encounter: str = ""


def pattern(animal: str, side: str, seed: int) -> np.ndarray:
    """(64, 64, 3): coarse patches of the animal's own colours, a little noise of the photo's own."""
    own = np.random.default_rng(sum(map(ord, animal + side)))
    coat = np.kron(own.integers(0, 256, (4, 4, 3)), np.ones((16, 16, 1)))
    noise = np.random.default_rng(seed).normal(0, 12, (64, 64, 3))
    return np.clip(coat + noise, 0, 255).astype(np.uint8)


def write(folder: Path, photos: Sequence[Taken], *, named: bool = True) -> Path:
    """Draw photos with a manifest; one row, with its box, for each animal of a frame."""
    folder.mkdir(parents=True)
    rows = []
    for number, one in enumerate(photos):
        animals = [name for name in (one.left, one.right) if name]
        pixels = np.concatenate([pattern(name, one.side, 10 * number + at) for at, name in enumerate(animals)], axis=1)
        write_jpeg(folder / f"{number}.jpg", pixels, captured_at=one.when, camera=one.camera)
        share = 1 / len(animals)
        rows += [
            (f"{number}.jpg", "zebra", name if named else "", one.when.isoformat(), one.camera, one.side, one.encounter,
             at * share, 0, share, 1)
            for at, name in enumerate(animals)
        ]
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "species", "individual", "captured_at", "camera", "side", "encounter", *"xy", "width", "height"))
        writer.writerows(rows)
    return folder


def gallery(folder: Path, calibration: Calibration | None) -> Path:
    """An empty gallery with a net for zebras, of which nothing but its size matters: see `colours`."""
    with Gallery.open(folder, create=True) as opened:
        card = net_files.read_card(opened.nets.put(made(folder.parent / "nets", 1, replace(CARD, dimension=48))))
        opened.set_embedding_net("zebra", card.fingerprint, card.dimension, calibration=calibration)
    return folder


def colours(net: Runtime, pictures: Sequence[Picture]) -> tuple[Vectors, np.ndarray]:
    """In the place of `embed_and_map`: the colours of the sixteen patches; maps of nothing."""
    grid = np.stack(inputs(net, pictures)).reshape(len(pictures), 4, 16, 4, 16, 3).mean(axis=(2, 4)) - 127.5
    found = grid.reshape(len(pictures), 48)
    vectors = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
    return vectors, np.zeros((len(pictures), 2, 2, 4), np.float32)
