"""The losses: the right values, the right direction, nothing where there is nothing to learn."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.nn import functional

from reid.errors import UsageError
from reid.training.objective import ARCFACE_WEIGHT, Objective


def batch(seed: int = 0, count: int = 12, spread: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    labels = torch.arange(count) % 3
    rows = torch.eye(3, 5)[labels] + spread * torch.randn(count, 5)
    return functional.normalize(rows, dim=1), labels


def objective(name: str, margin: float = 0.2) -> Objective:
    torch.manual_seed(0)
    return Objective(name, classes=3, dimension=5, margin=margin)


@pytest.mark.parametrize("seed", range(3))
def test_the_triplet_loss_is_the_mean_over_semi_hard_triplets(seed: int) -> None:
    vectors, labels = batch(seed)
    cosine = vectors @ vectors.T
    losses = []
    for anchor, positive, negative in itertools.permutations(range(12), 3):
        if labels[anchor] == labels[positive] != labels[negative]:
            gap = float(cosine[anchor, positive] - cosine[anchor, negative])
            if 0 < gap <= 0.2:
                losses.append(0.2 - gap)
    assert len(losses) > 20
    assert float(objective("triplet")(vectors, labels)) == pytest.approx(sum(losses) / len(losses), rel=1e-4)


def test_a_sum_of_two_losses_weighs_arcface_down() -> None:
    vectors, labels = batch()
    triplet, arcface, both = (objective(name)(vectors, labels).item() for name in ("triplet", "arcface", "triplet+arcface"))
    assert both == pytest.approx(triplet + ARCFACE_WEIGHT * arcface, rel=1e-5)


@pytest.mark.parametrize("name", ["triplet", "arcface", "multi-similarity", "triplet+arcface"])
def test_descending_the_loss_brings_photos_of_one_animal_together(name: str) -> None:
    rows, labels = batch(spread=0.5)
    rows.requires_grad_(True)
    loss = objective(name)
    optimizer = torch.optim.SGD([rows, *loss.parameters()], lr=0.2)
    same = (labels[:, None] == labels[None]) & ~torch.eye(12, dtype=torch.bool)
    other = labels[:, None] != labels[None]

    def gap() -> float:
        cosine = functional.normalize(rows.detach(), dim=1) @ functional.normalize(rows.detach(), dim=1).T
        return float(cosine[same].mean() - cosine[other].mean())

    before = gap()
    for _ in range(30):
        optimizer.zero_grad()
        loss(functional.normalize(rows, dim=1), labels).backward()
        optimizer.step()
    assert gap() > before + 0.05


def test_only_arcface_has_parameters_of_its_own() -> None:
    shapes = {name: [tuple(one.shape) for one in objective(name).parameters()] for name in ("triplet", "triplet+arcface")}
    assert shapes == {"triplet": [], "triplet+arcface": [(5, 3)]}


def test_with_nothing_to_compare_the_loss_is_zero_and_can_be_descended() -> None:
    vectors = functional.normalize(torch.randn(4, 5), dim=1).requires_grad_(True)
    for name in ("triplet", "multi-similarity"):
        loss = objective(name)(vectors, torch.zeros(4, dtype=torch.int64))
        loss.backward()
    assert vectors.grad is not None
    assert bool(vectors.grad.isfinite().all())
    assert objective("triplet")(vectors, torch.zeros(4, dtype=torch.int64)).item() == 0.0


@pytest.mark.parametrize("name", ["", "contrastive", "triplet+", "triplet,arcface"])
def test_a_loss_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="does not exist; choose triplet, arcface, multi-similarity"):
        objective(name)
