"""The familiarity of a species net: a distance and an energy, held against their definitions."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.training.tasks import species_novelty
from reid.training.tasks.closed_form_heads import DAMPING, within_class

CLASSES = 3


def clusters(seed: int = 0, count: int = 60, size: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    labels = torch.arange(count) % CLASSES
    return 5 * torch.eye(CLASSES, size)[labels] + torch.linspace(0.1, 1.0, size) * torch.randn(count, size), labels


def mahalanobis(points: torch.Tensor, features: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """By the definition, times the damping, so that directions without spread count as they are."""
    known = features.double()
    within = within_class(known, labels)
    damping = DAMPING * within.diagonal().mean()
    inverse = torch.linalg.inv(within + damping * torch.eye(len(within), dtype=torch.float64)) * damping
    away = [points.double() - known[labels == label].mean(dim=0) for label in labels.unique().tolist()]
    return torch.stack([((one @ inverse) * one).sum(dim=1) for one in away]).min(dim=0).values


def test_the_distance_is_the_damped_mahalanobis_distance_to_the_nearest_class() -> None:
    features, labels = clusters()
    points, _ = clusters(seed=1)
    found = species_novelty.learned(features, labels, CLASSES).distance(points)
    torch.testing.assert_close(found.double(), mahalanobis(points, features, labels), rtol=1e-4, atol=1e-4)


def test_of_many_directions_those_of_widest_spread_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(species_novelty, "AXES", 4)
    features, labels = clusters(count=6000)
    judge = species_novelty.learned(features, labels, CLASSES)
    assert tuple(judge.axes.shape) == (4, 12)
    assert judge.axes.abs().argmax(dim=1).sort().values.tolist() == [8, 9, 10, 11]


def test_distance_and_energy_count_alike_over_known_photos() -> None:
    features, labels = clusters()
    judge = species_novelty.learned(features, labels, CLASSES)
    held, _ = clusters(seed=2, count=90)
    logits = 30.0 * torch.randn(90, CLASSES)
    species_novelty.scale(judge, held, logits)
    assert float((judge.scales[0] * judge.distance(held)).std()) == pytest.approx(1.0, rel=1e-4)
    assert float((judge.scales[1] * logits.logsumexp(dim=1)).std()) == pytest.approx(1.0, rel=1e-4)
    wanted = judge.scales[1] * logits.logsumexp(dim=1) - judge.scales[0] * judge.distance(held)
    torch.testing.assert_close(judge(held, logits), wanted)


def test_what_lies_far_from_every_class_is_less_familiar_however_sure_the_softmax() -> None:
    features, labels = clusters()
    judge = species_novelty.learned(features, labels, CLASSES)
    logits = 4.0 * torch.nn.functional.one_hot(labels, CLASSES).float()
    species_novelty.scale(judge, features, logits + 0.1 * torch.randn(logits.shape))
    strange = torch.zeros(1, 12)
    strange[0, 3] = 30.0
    assert float(judge(strange, logits[:1])) < float(judge(features, logits).min())


def test_a_class_without_photos_draws_no_photo_near() -> None:
    features, labels = clusters()
    points, _ = clusters(seed=1)
    alone = species_novelty.learned(features, labels, CLASSES).distance(points)
    torch.testing.assert_close(species_novelty.learned(features, labels + 1, CLASSES + 2).distance(points), alone)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.floats(-50, 50, allow_nan=False))
def test_no_known_photo_is_nearer_than_nothing_and_a_shift_of_all_features_changes_nothing(seed: int, shift: float) -> None:
    features, labels = clusters(seed)
    points, _ = clusters(seed + 1)
    found = species_novelty.learned(features, labels, CLASSES).distance(points)
    assert float(found.min()) > -1e-3
    moved = species_novelty.learned(features + shift, labels, CLASSES).distance(points + shift)
    torch.testing.assert_close(moved, found, rtol=1e-2, atol=1e-2)


def test_photos_that_are_all_alike_have_finite_numbers() -> None:
    judge = species_novelty.learned(torch.ones(6, 4), torch.tensor([0, 0, 0, 1, 1, 1]), 2)
    species_novelty.scale(judge, torch.ones(3, 4), torch.zeros(3, 2))
    assert all(bool(value.isfinite().all()) for value in judge.state_dict().values())
    assert judge(torch.ones(1, 4), torch.zeros(1, 2)).isfinite().all()


def test_the_bound_leaves_one_known_photo_in_twenty_below_and_without_photos_none() -> None:
    assert species_novelty.bound(torch.arange(101.0)) == 5.0
    assert species_novelty.bound(torch.zeros(0)) == species_novelty.ALWAYS
