"""Options of training that make no sense together are refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from reid.errors import UsageError
from reid.settings import TrainSettings, check_train, resolve


def test_the_defaults_make_sense_together() -> None:
    settings = TrainSettings()
    assert check_train(settings) is settings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stages": ("species", "breed")}, "stage 'breed' does not exist; choose from species, embedding"),
        ({"loss": "contrastive"}, "loss 'contrastive' does not exist"),
        ({"device": "tpu"}, "device 'tpu' does not exist; choose from auto, cpu, cuda"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"species_epochs": -1}, "epochs must be at least 1"),
        ({"minutes": 0.0}, "minutes above 0"),
        ({"minutes": float("nan")}, "minutes above 0"),
        ({"max_false_match": 0.0}, "max_false_match"),
        ({"max_false_match": float("nan")}, "max_false_match"),
        ({"validation_share": 1.0}, "validation_share"),
        ({"individuals_per_batch": 1}, "individuals_per_batch and photos_per_individual must be at least 2"),
        ({"photos_per_individual": 0}, "individuals_per_batch and photos_per_individual must be at least 2"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"patience": 0}, "patience"),
        ({"dimension": 0}, "dimension"),
        ({"frozen_blocks": -1}, "frozen_blocks"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_train(resolve(TrainSettings(), change, {}))
