"""The species net on photos of known species: what it says is counted by species."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.actions.evaluation import species_routing
from reid.actions.evaluation.embedded_photos import Opener
from reid.actions.evaluation.species_routing import routing
from reid.nets import net_files
from reid.nets.inference import SpeciesAnswer
from reid.nets.net_files import NetCard
from reid.progress import SILENT
from reid.records import Photo
from reid.store import Gallery
from tests.actions.small import made

CARD = NetCard("species", "mobilenet_v2", (64, 64), classes=("zebra", "deer", "lion"))


def give(gallery: Gallery, place: Path) -> None:
    """A species net of random weights; what it answers is said by the test."""
    card = net_files.read_card(gallery.nets.put(made(place / "nets", 9, CARD)))
    gallery.set_species_net(card.fingerprint)


def test_without_a_species_net_or_photos_of_its_species_there_is_nothing_to_measure(place: Path) -> None:
    opener = Opener(SILENT, {})
    with Gallery.open(place / "gallery") as gallery:
        (photo, *_) = (Photo(path, "zebra") for path in (place / "photos").glob("**/*.jpg"))
        assert routing(gallery, [photo], "cpu", opener) is None
        give(gallery, place)
        assert routing(gallery, [replace(photo, species="giraffe")], "cpu", opener) is None


def test_shares_are_counted_by_species_and_unknown_ones_by_their_likeliest(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted((place / "photos").glob("**/*.jpg"))[:5]
    photos = [Photo(path, species) for path, species in zip(paths, ["zebra", "zebra", "zebra", "deer", "lion"], strict=True)]
    paths[2].unlink()
    said = np.array([[0.9, 0.1, 0.0], [0.4, 0.35, 0.25], [0.9, 0.1, 0.0], [0.0, 0.1, 0.9]], np.float32)

    def answer(net: Any, pictures: Any) -> SpeciesAnswer:
        assert len(pictures) == 4
        return SpeciesAnswer(said, np.ones(4, np.float32))

    monkeypatch.setattr(species_routing, "classify", answer)
    opener = Opener(SILENT, {})
    with Gallery.open(place / "gallery") as gallery:
        give(gallery, place)
        measured = routing(gallery, [*photos, Photo(paths[0], "giraffe")], "cpu", opener)
    assert measured is not None and measured.photos == 4 and len(opener.problems) == 1
    assert measured.recalls == {"deer": 0.0, "lion": 1.0, "zebra": 1.0}
    assert (measured.top_1, measured.macro_recall, measured.called_unknown) == (0.75, pytest.approx(2 / 3), 0.25)
