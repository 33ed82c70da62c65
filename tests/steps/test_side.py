"""The side by a net: only where nobody knows it, only where it is sure enough, only of species it knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reid.nets.inference import Runtime
from reid.nets.net_files import NetCard
from reid.records import Photo, Picture
from reid.steps.photos import Opened
from reid.steps.side import sided

CARD = NetCard("side", "mobilenet_v2", (32, 32), classes=("left", "right"), among=("zebra",), sure_at=0.9, fingerprint="ab" * 8)


def opened(level: int, **facts: str) -> Opened:
    pixels = np.full((32, 32, 3), level, np.uint8)
    pixels[:, 16:] = 255 - level
    return Opened(Photo(Path("a.jpg"), notes={"sex": "f"}, **facts), Picture(pixels, "", 32, 32))


def brightness(card: NetCard = CARD) -> Runtime:
    """A net by hand: as sure of left as the left half is brighter than the right one."""

    def run(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        halves = pixels.astype(np.float32).mean(axis=(1, 3)).reshape(len(pixels), 2, 16).mean(axis=2) / 50
        return halves, np.ones(len(pixels), np.float32)

    return Runtime(card, run)


def test_an_unknown_side_is_told_where_the_net_is_sure_and_the_notes_say_who_told_it():
    left, unsure, right = sided(brightness(), [opened(255), opened(130), opened(0)], ["zebra"] * 3)
    assert [one.photo.side for one in (left, unsure, right)] == ["left", "", "right"]
    assert dict(left.photo.notes) == {"sex": "f", "side_net": "ab" * 8, "side_probability": "0.994"}
    assert (left.photo.side_predicted, unsure.photo.side_predicted) == (True, False)
    assert dict(unsure.photo.notes) == {"sex": "f"}


def test_a_known_side_is_never_touched_and_other_species_are_not_asked_about():
    known, other = sided(brightness(), [opened(255, side="right"), opened(255)], ["zebra", "lion"])
    assert (known.photo.side, known.photo.side_predicted, other.photo.side) == ("right", False, "")


def test_without_a_net_or_with_one_that_may_say_nothing_all_stays_as_it_is():
    photos = [opened(255), opened(0)]
    assert sided(None, photos, ["zebra"] * 2) == photos
    never = NetCard("side", "mobilenet_v2", (32, 32), classes=("left", "right"), among=("zebra",), sure_at=2.0)
    assert [one.photo.side for one in sided(brightness(never), photos, ["zebra"] * 2)] == ["", ""]


def test_a_side_net_knows_neither_species_nor_individuals():
    net = brightness()
    pixels = [opened(1).picture.pixels]
    with pytest.raises(Exception, match="is a side net; it knows no species"):
        net.classify(pixels)
    with pytest.raises(Exception, match="is a side net; it makes no embeddings"):
        net.embed(pixels)
    with pytest.raises(Exception, match="is a species net; it knows no sides"):
        Runtime(NetCard("species", "mobilenet_v2", (32, 32), classes=("a", "b")), net._engine).sides(pixels)
