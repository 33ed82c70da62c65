"""A checkpoint is resumed by the training that wrote it, and by no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from reid.actions.train_net import Job, _signature
from reid.records import Box, Photo
from reid.settings import TrainSettings

PHOTO = Photo(Path("a.jpg"), "zebra", "n1", side="left")
OTHER = Photo(Path("b.jpg"), "zebra", "n2", side="right")


def signature(*photos: Photo, **changed: object) -> str:
    return _signature(Job("side", "", photos), replace(TrainSettings(), **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("changed", [
    {"side": "right"}, {"individual": "n3"}, {"species": "lion"}, {"box": Box(0.0, 0.0, 0.5, 0.5)}, {"encounter": "e2"},
    {"captured_at": datetime(2024, 1, 2)}, {"camera": "C2"},
])  # fmt: skip
def test_a_photo_of_which_anything_else_is_known_makes_another_training(changed: dict[str, object]) -> None:
    assert signature(PHOTO, OTHER) != signature(replace(PHOTO, **changed), OTHER)  # type: ignore[arg-type]


def test_the_order_of_photos_and_the_time_given_make_no_other_training() -> None:
    assert signature(PHOTO, OTHER) == signature(OTHER, PHOTO, minutes=3.0, resume=True)
    assert signature(PHOTO, OTHER) != signature(PHOTO, OTHER, seed=5)
