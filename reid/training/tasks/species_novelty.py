"""What a species net should have seen before: its familiarity is learned from the photos that taught it, in closed form.

Mahalanobis distance to the nearest class (Lee et al., 2018) and energy of the logits (Liu et al., 2020), in equal parts: a photo
of weak features lies near every class but has no high logit, and one of strong features has a high logit far from all.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reid.nets.networks import Familiarity
from reid.training.tasks.closed_form_heads import DAMPING, within_class

AXES = 128
"""Directions of within-class spread that are kept. On species left out of training 64, 128, 256 and all did about as well."""
UNFAMILIAR_SHARE = 0.05
"""Share of held-out photos of known species that may be called unfamiliar."""
ALWAYS = -1e9
"""A bound that every photo reaches: what a net says for whose calibration nothing was held out."""


def learned(features: Tensor, labels: Tensor, classes: int) -> Familiarity:
    """The familiarity that photos teach, not yet scaled.

    Args:
        features: (N, C) pooled features of the photos and their mirror images.
        labels: (N,) class of each row, in [0, classes); a class without photos is one that no photo can be near.
        classes: their number.
    """
    points = features.double()
    count = torch.bincount(labels, minlength=classes)
    means = torch.zeros(classes, points.shape[1], dtype=torch.float64).index_add_(0, labels, points)
    means /= count[:, None].clamp(min=1)
    means[count == 0] = means[count > 0][0]
    within = within_class(points, labels)
    damping = DAMPING * within.diagonal().mean().clamp(min=1e-12)
    values, vectors = torch.linalg.eigh(within)
    kept = min(AXES, len(values))
    values = values[-kept:].clamp(min=0.0)
    axes = vectors[:, -kept:] * (values / (values + damping)).sqrt()
    middle = points.mean(dim=0)
    away = means - middle
    weight = away - away @ axes @ axes.T
    out = Familiarity(points.shape[1], classes, kept)
    for buffer, value in (
        (out.middle, middle), (out.axes, axes.T), (out.weight, weight), (out.bias, (away * weight).sum(dim=1)),
    ):  # fmt: skip
        buffer.copy_(value)
    return out


def scale(judge: Familiarity, features: Tensor, logits: Tensor) -> None:
    """Make distance and energy count alike: one standard deviation each, over known photos (N, C) and (N, classes)."""
    parts = torch.stack([judge.distance(features), logits.logsumexp(dim=1)])
    judge.scales.copy_(1.0 / parts.std(dim=1).clamp(min=1e-6) if len(features) > 1 else torch.ones(2))


def bound(familiarity: Tensor) -> float:
    """The familiarity that all but `UNFAMILIAR_SHARE` of known photos (N,) reach; `ALWAYS` without photos."""
    if len(familiarity) == 0:
        return ALWAYS
    return round(float(np.quantile(familiarity.numpy(), UNFAMILIAR_SHARE)), 6)
