"""Heads made from photos without training: what a linear layer and its neck start from, or end with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from reid.nets.networks import EmbeddingNet
from reid.records import Photo
from reid.training import augmentation, sampler
from reid.training.dataset import Decoded
from reid.training.frozen_backbone import few_at_once

SAMPLE = 1000
"""Photos looked at to start a head."""
DAMPING = 0.3
"""Of `whiten_head`: what is added to every variance, as a share of their mean. 0.1 to 0.3 did best on held-out nyalas and zebras,
0.01 much worse, 5 as no whitening (`scripts/benchmarks/README.md`)."""


def start_head(net: EmbeddingNet, decoded: Decoded, size: tuple[int, int], device: torch.device, seed: int) -> None:
    """Start the linear layer of a net without a trained head from the whitened principal components of its features.

    The first embedding is then as good as the backbone's own features, instead of a random projection of them.
    """
    features = _features(net, decoded, size, device, _sample(decoded, seed))
    _, scale, axes = torch.linalg.svd(features - features.mean(dim=0), full_matrices=False)
    kept = min(net.linear.out_features, len(scale))
    weight = torch.zeros_like(net.linear.weight, device="cpu")
    weight[:kept] = axes[:kept] / (scale[:kept, None] + 0.05 * scale[0]).clamp(min=1e-6) * len(features) ** 0.5
    with torch.no_grad():
        net.linear.weight.copy_(weight)
        _settle(net, features @ weight.T, alike=True)


def settle_neck(net: EmbeddingNet, decoded: Decoded, size: tuple[int, int], device: torch.device, seed: int) -> None:
    """Give the neck of a net trained on many species the statistics of these photos of one.

    Under the statistics of all species, the animals of one lie close together in one corner of the sphere.
    """
    features = _features(net, decoded, size, device, _sample(decoded, seed))
    with torch.no_grad():
        _settle(net, features @ net.linear.weight.cpu().T, alike=False)


def several_of_one(photos: Sequence[Photo]) -> bool:
    """Whether any side of an individual has two photos, which `whiten_head` needs."""
    return len({(photo.species, photo.individual, photo.side) for photo in photos}) < len(photos)


def whiten_head(net: EmbeddingNet, decoded: Decoded, size: tuple[int, int], device: torch.device, seed: int) -> None:
    """Give a trained net a head in closed form, which weighs down what varies between photos of one animal.

    Within-class covariance normalisation (Hatch, Kajarekar and Stolcke, Interspeech 2006) of the pooled features, a class being
    one side of an individual, then the principal components of what is left, turned at random, so that no number of an
    embedding counts for more than another and a neck that learns on finds them alike.

    Args:
        net: trained; linear layer and neck are overwritten, nothing else.
        decoded: photos that name individuals, of some side two at least.
        size, device, seed: as in training.
    """
    features = _features(net, decoded, size, device, range(len(decoded.photos))).double()
    examples = sampler.examples(decoded.photos, [""] * len(decoded.photos))
    labels = torch.tensor([item.label for item in examples if not item.mirrored])
    whiten = whitening(features, labels)
    middle = features.mean(dim=0)
    _, _, axes = torch.linalg.svd((features - middle) @ whiten, full_matrices=False)
    kept = min(net.linear.out_features, len(axes))
    turn, _ = torch.linalg.qr(torch.randn(kept, kept, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)))
    weight = torch.zeros(net.linear.weight.shape, dtype=torch.float64)
    weight[:kept] = turn @ axes[:kept] @ whiten.T
    with torch.no_grad():
        net.linear.weight.copy_(weight)
        net.neck.weight.fill_(1.0)
        net.neck.bias.zero_()
        _settle(net, (features @ weight.T).float(), alike=True)


def whitening(features: Tensor, labels: Tensor) -> Tensor:
    """What makes the spread within a class alike in every direction, but for the damping.

    Args:
        features: (N, C) float64.
        labels: (N,) class of each row, from 0; one of them at least comes up twice.

    Returns:
        (C, C): `features @ it` have a within-class variance of v / (v + d) where the features had v; d = `DAMPING` x its mean.
    """
    within = within_class(features, labels)
    mean_variance = within.diagonal().mean().clamp(min=1e-12)
    values, vectors = torch.linalg.eigh(within + DAMPING * mean_variance * torch.eye(len(within), dtype=within.dtype))
    out: Tensor = vectors / values.sqrt()
    return out


def within_class(features: Tensor, labels: Tensor) -> Tensor:
    """The covariance (C, C) of features (N, C) float64 about the mean of their class (N,), where one has two rows at least."""
    count = torch.bincount(labels).to(features.dtype)
    means = torch.zeros(len(count), features.shape[1], dtype=features.dtype).index_add_(0, labels, features)
    means = means / count[:, None].clamp(min=1)
    several = count[labels] > 1
    assert bool(several.any()), "see several_of_one"
    unbiased = (count / (count - 1).clamp(min=1)).sqrt()[labels][several]
    away = (features - means[labels])[several] * unbiased[:, None]
    out: Tensor = away.T @ away / len(away)
    return out


def _features(
    net: EmbeddingNet, decoded: Decoded, size: tuple[int, int], device: torch.device, rows: Sequence[int]
) -> Tensor:
    """Pooled features (N, C) of some photos, on the CPU."""
    net.to(device).eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(rows), 32):
            pixels = torch.from_numpy(decoded.take(rows[start : start + 32])).to(device)
            maps = torch.cat([net.maps(some) for some in few_at_once(augmentation.plain(pixels, size))])
            parts.append(net.pool(maps).float().cpu())
    return torch.cat(parts)


def _sample(decoded: Decoded, seed: int) -> list[int]:
    """Rows of up to `SAMPLE` photos."""
    return sorted(np.random.default_rng(seed).permutation(len(decoded.photos))[:SAMPLE].tolist())


def _settle(net: EmbeddingNet, projected: Tensor, *, alike: bool) -> None:
    mean, spread = net.neck.running_mean, net.neck.running_var
    assert mean is not None and spread is not None
    mean.copy_(projected.mean(dim=0))
    if len(projected) > 1:
        variance = projected.var(dim=0)
        spread.copy_((variance.mean().expand_as(variance) if alike else variance).clamp(min=1e-6))
