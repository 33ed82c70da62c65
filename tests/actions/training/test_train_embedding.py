"""A checkpoint is resumed by the training that wrote it, and by no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

import reid
from reid.actions.training.jobs import TrainingJob, _signature
from reid.actions.training.train_embedding import put_to_use
from reid.errors import TrainingError
from reid.formats.readers.photo_lists import read_photos
from reid.nets import inference, net_files
from reid.progress import SILENT
from reid.records import EMPTY, Box, Photo
from reid.settings import ENCOUNTER_MINUTES, TrainSettings
from reid.steps.embedded_photos import classify, embed, sizes_of
from reid.steps.encounters import encounters
from reid.steps.photos import Opened, open_photos
from reid.training import dataset, splits
from reid.training.tasks.species_novelty import UNFAMILIAR_SHARE
from tests.commands import World

PHOTO = Photo(Path("a.jpg"), "zebra", "n1", side="left")
OTHER = Photo(Path("b.jpg"), "zebra", "n2", side="right")


def signature(*photos: Photo, **changed: object) -> str:
    return _signature(TrainingJob("side", "", photos), replace(TrainSettings(), **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("changed", [
    {"side": "right"}, {"individual": "n3"}, {"species": "lion"}, {"box": Box(0.0, 0.0, 0.5, 0.5)}, {"encounter": "e2"},
    {"captured_at": datetime(2024, 1, 2)}, {"camera": "C2"},
])  # fmt: skip
def test_a_photo_of_which_anything_else_is_known_makes_another_training(changed: dict[str, object]) -> None:
    assert signature(PHOTO, OTHER) != signature(replace(PHOTO, **changed), OTHER)  # type: ignore[arg-type]


def test_the_order_of_photos_and_the_time_given_make_no_other_training() -> None:
    assert signature(PHOTO, OTHER) == signature(OTHER, PHOTO, minutes=3.0, resume=True)
    assert signature(PHOTO, OTHER) != signature(PHOTO, OTHER, seed=5)


@pytest.mark.parametrize(("change", "reason"), [
    ("gone", r"cannot be embedded again, so the net in use stays: its file is gone \(.*\)"),
    ("damaged", "cannot be embedded again, so the net in use stays: "),
    ("replaced", "is no longer the photo that was enrolled, so the net in use stays; bring it back"),
])  # fmt: skip
def test_an_enrolled_photo_that_is_gone_damaged_or_another_now_keeps_the_net_in_use(
    place: Path, change: str, reason: str
) -> None:
    with reid.Gallery.open(place / "gallery") as gallery:
        card = net_files.read_card(gallery.nets.put(place / "nets" / "net 2.safetensors"))
        before, photos = gallery.embedding_net("zebra"), gallery.photos("zebra")
        file, other = (Path(str(gallery.locate(photos[at]))) for at in (3, 8))
        kept = file.read_bytes()
        file.unlink()
        if change != "gone":
            file.write_bytes(b"no photo" if change == "damaged" else other.read_bytes())
        with pytest.raises(TrainingError, match=reason):
            put_to_use(gallery, "zebra", card, None, "cpu", SILENT)
        assert gallery.embedding_net("zebra") == before != card.fingerprint
        file.write_bytes(kept)
        put_to_use(gallery, "zebra", card, None, "cpu", SILENT)
        assert gallery.embedding_net("zebra") == card.fingerprint
        ids, vectors = gallery.vectors("zebra")
        net = inference.load(gallery.nets.path(card.fingerprint), "cpu")
        located = [Photo(Path(str(gallery.locate(photo)))) for photo in gallery.photos_by_id(ids)]
        opened = [item for item in open_photos(located, sizes=sizes_of(net)) if isinstance(item, Opened)]
        np.testing.assert_allclose(vectors, embed(net, [item.picture for item in opened]), atol=1e-5)


def test_the_bound_of_a_species_net_is_learned_on_photos_as_a_query_sees_them(trained: World) -> None:
    with reid.Gallery.open(trained.gallery) as gallery:
        fingerprint = gallery.species_net()
        assert fingerprint
        path = gallery.nets.path(fingerprint)
    net, card = inference.load(path, "cpu"), net_files.read_card(path)
    photos = dataset.decode(read_photos([trained.first]).photos, card.image_size, margin=1.0).photos
    groups = encounters(photos, minutes=ENCOUNTER_MINUTES)
    names = [photo.species for photo in photos]
    _, held = splits.hold_out_groups(names, groups, share=TrainSettings().validation_share, seed=0)
    animals = [photos[row] for row in held if photos[row].species != EMPTY]
    opened = [item for item in open_photos(animals, sizes=sizes_of(net)) if isinstance(item, Opened)]
    near = classify(net, [item.picture for item in opened]).familiarity
    assert len(near) == len(animals) > 5
    assert card.familiar_at == pytest.approx(float(np.quantile(near, UNFAMILIAR_SHARE)), abs=0.02)
