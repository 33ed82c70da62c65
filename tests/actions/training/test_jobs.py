"""Which nets photos can train, and how the minutes are shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from reid.actions.training.jobs import PACE, TrainingJob, encounter_groups, planned_jobs
from reid.errors import UsageError
from reid.records import EMPTY, Photo
from reid.settings import TrainSettings


def photos(species: str, individuals: int, each: int = 2, side: str = "") -> list[Photo]:
    return [
        Photo(Path(f"/{species}/{number}-{at}.jpg"), species, f"{species}-{number}", side=side)
        for number in range(individuals) for at in range(each)
    ]  # fmt: skip


def test_two_species_train_the_species_net_first_and_a_thin_species_uses_the_shared_net() -> None:
    found = [*photos("zebra", 8), *photos("deer", 2), Photo(Path("/empty.jpg"), EMPTY)]
    jobs = planned_jobs(found, TrainSettings(stages=("species", "embedding"), min_individuals=5))
    assert [(job.stage, job.species, len(job.photos), job.shared) for job in jobs] == [
        ("species", "", 21, False), ("embedding", "deer", 4, True), ("embedding", "zebra", 16, False),
    ]  # fmt: skip
    assert [job.name for job in jobs] == ["species net", "deer", "zebra"]


def test_an_individual_of_one_photo_teaches_nothing_about_being_the_same() -> None:
    (job,) = planned_jobs(photos("zebra", 8, each=1), TrainSettings(stages=("embedding",), min_individuals=2))
    assert job.shared


def test_the_minutes_are_shared_by_photos_and_pace_and_a_shared_net_takes_none() -> None:
    settings = TrainSettings(stages=("species", "embedding", "side"), min_individuals=5, minutes=10.0)
    jobs = planned_jobs([*photos("zebra", 8, side="left"), *photos("deer", 2)], settings)
    minutes = {job.name: job.minutes for job in jobs}
    weights = {"species net": 20 * PACE["species"], "deer": 0.0, "zebra": 16 * PACE["embedding"], "side net": 16 * PACE["side"]}
    assert minutes == pytest.approx({name: 10.0 * weight / sum(weights.values()) for name, weight in weights.items()})


def test_photos_that_can_train_nothing_are_refused_with_every_reason() -> None:
    with pytest.raises(UsageError, match=r"nothing to train from 1 photos: the species net needs .*; embedding nets need"):
        planned_jobs([Photo(Path("/p.jpg"), "zebra")], TrainSettings(stages=("species", "embedding")))
    with pytest.raises(UsageError, match="no photo of species 'lion' names an individual"):
        planned_jobs(photos("zebra", 3), TrainSettings(stages=("embedding",), species=("lion",)))


def test_a_job_is_named_by_its_species_else_by_its_stage() -> None:
    assert (TrainingJob("side", "", ()).name, TrainingJob("embedding", "zebra", ()).name) == ("side net", "zebra")
    assert encounter_groups([Photo(Path("a.jpg"), encounter="E1"), Photo(Path("b.jpg"), encounter="E1")]) == ("E1", "E1")
