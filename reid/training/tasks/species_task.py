"""Training of the species net: transfer learning in two steps, class weights, calibrated probabilities, familiarity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from reid.nets.net_files import NetCard
from reid.nets.networks import SpeciesNet
from reid.records import EMPTY, Photo
from reid.settings import TrainSettings
from reid.training import augmentation
from reid.training.dataset import Decoded
from reid.training.frozen_backbone import Body
from reid.training.tasks import species_novelty
from reid.training.trainer import Batch, half

PHOTOS_PER_BATCH = 32
HEAD_STEPS = 300
MAX_CLASS_WEIGHT = 8.0


class SpeciesTask:
    """A `trainer.Task` for stage 1. Step one, the head on frozen features, is done when the task is made."""

    def __init__(
        self, net: SpeciesNet, classes: Sequence[str], taught: Decoded, held: Decoded, settings: TrainSettings,
        device: torch.device, *, size: tuple[int, int] | None = None,
    ) -> None:
        """Prepare, and train the head on features of the frozen backbone.

        Args:
            net: with its start weights.
            classes: index -> species name.
            taught, held: photos to learn from and to validate on; no encounter on both sides.
            settings: image size, seed.
            device: where to compute.
            size: (height, width) of the input; None = the settings' for the species net.
        """
        self.settings, self.device, self.classes = settings, device, tuple(classes)
        self.size = size or settings.species_image_size
        self.net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.extra: nn.Module | None = None
        self.taught, self.held = taught, held
        index = {name: number for number, name in enumerate(classes)}
        self.labels = torch.tensor([index[self.class_of(photo)] for photo in taught.photos])
        self.held_labels = torch.tensor([index[self.class_of(photo)] for photo in held.photos], dtype=torch.int64)
        self.weights = class_weights(self.labels, len(classes)).to(device)
        self.frozen = list(net.features.children())[: settings.frozen_blocks]
        for block in self.frozen:
            block.requires_grad_(False)
        self.body = Body(self.net, len(self.frozen))
        self._train_head()

    def class_of(self, photo: Photo) -> str:
        """The class that a photo teaches."""
        return photo.species

    def mirrored_labels(self, labels: Tensor) -> Tensor:
        """The labels of the mirror images of photos with these labels: of a species the same."""
        return labels

    def _train_head(self) -> None:
        """Step one: the linear layer alone, on features of the photos and their mirror images."""
        features = torch.cat([self.features(self.net, self.taught), self.features(self.net, self.taught, mirrored=True)])
        features, labels = features.to(self.device), torch.cat([self.labels, self.mirrored_labels(self.labels)]).to(self.device)
        optimizer = torch.optim.AdamW(self.net.linear.parameters(), lr=3e-3, weight_decay=1e-3)
        for _ in range(HEAD_STEPS):
            optimizer.zero_grad()
            functional.cross_entropy(self.net.linear(features), labels, weight=self.weights).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Step two: the backbone at the plan's rate, the head a little faster."""
        body = [p for name, p in self.net.named_parameters() if p.requires_grad and name.startswith("features")]
        return [{"params": body, "share": 1.0}, {"params": list(self.net.linear.parameters()), "share": 2.0}]

    def start_epoch(self) -> None:
        """Training mode for the head and dropout; the backbone keeps its batch statistics, which few photos would spoil."""
        self.net.train()
        self.net.features.eval()
        self.body = Body(self.net, len(self.frozen))  # again: a checkpoint may have been loaded

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Every photo once, mirrored half of the time, augmented."""
        rng = np.random.default_rng((self.settings.seed, epoch, 1))
        generator = torch.Generator().manual_seed(self.settings.seed * 7919 + epoch)
        order = rng.permutation(len(self.labels))
        for start in range(0, len(order), PHOTOS_PER_BATCH):
            rows = order[start : start + PHOTOS_PER_BATCH]
            pixels = torch.from_numpy(self.taught.take(rows))
            mirrored = torch.from_numpy(rng.random(len(rows)) < 0.5)
            pixels[mirrored] = pixels[mirrored].flip(2)
            labels = torch.where(mirrored, self.mirrored_labels(self.labels[rows]), self.labels[rows])
            images = augmentation.augment(pixels.to(self.device), self.size, generator)
            yield images.contiguous(memory_format=torch.channels_last), labels.to(self.device)

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy with class weights and a little label smoothing."""
        images, labels = batch
        with half(self.device, self.settings.precision):
            maps = self.body(images)
        return functional.cross_entropy(self.net.head(maps.float())[0], labels, weight=self.weights, label_smoothing=0.05)

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Top-1 and macro recall on what was held out; `figure`, which decides, is their mean less a little log-loss.

        figure_error: the standard error of top-1.
        """
        if not self.held.photos:
            return {}
        logits = self.logits(net, self.held)
        right = (logits.argmax(dim=1) == self.held_labels).numpy()
        recalls = [float(right[(self.held_labels == label).numpy()].mean()) for label in sorted(set(self.held_labels.tolist()))]
        top_1, macro = float(right.mean()), float(np.mean(recalls))
        loss = float(functional.cross_entropy(logits, self.held_labels))
        return {
            "top_1": top_1, "macro_recall": macro, "log_loss": loss, "figure": 0.5 * (top_1 + macro) - 0.05 * loss,
            "figure_error": float(np.sqrt(top_1 * (1.0 - top_1) / len(right))),
        }

    def features(self, net: nn.Module, decoded: Decoded, *, mirrored: bool = False) -> Tensor:
        """Pooled features (N, C) of decoded photos, on the CPU."""
        return self.answers(net, decoded, mirrored=mirrored)[1]

    def logits(self, net: nn.Module, decoded: Decoded) -> Tensor:
        """Logits (N, classes) of decoded photos, on the CPU."""
        return self.answers(net, decoded)[0]

    def answers(self, net: nn.Module, decoded: Decoded, *, mirrored: bool = False) -> tuple[Tensor, Tensor]:
        """Logits (N, classes) and pooled features (N, C) of decoded photos or of their mirror images, on the CPU."""
        net.eval()
        head = self.net.linear
        logits, features = [torch.zeros(0, head.out_features)], [torch.zeros(0, head.in_features)]
        with torch.inference_mode():
            for start in range(0, len(decoded.photos), PHOTOS_PER_BATCH):
                pixels = torch.from_numpy(decoded.take(slice(start, start + PHOTOS_PER_BATCH))).to(self.device)
                images = augmentation.plain(pixels.flip(2) if mirrored else pixels, self.size)
                one, two = net(images.contiguous(memory_format=torch.channels_last))
                logits.append(one.float().cpu())
                features.append(two.float().cpu())
        return torch.cat(logits).clone(), torch.cat(features).clone()


def class_weights(labels: Tensor, classes: int) -> Tensor:
    """Weight of each class against uneven numbers: one over the root of its frequency, 1 on average over the photos.

    The whole inverse would make a species of ten photos pull as hard as `empty` with thousands; at most
    `MAX_CLASS_WEIGHT` times the commonest.
    """
    counts = torch.bincount(labels, minlength=classes).clamp(min=1).float()
    weights = (counts.max() / counts).sqrt().clamp(max=MAX_CLASS_WEIGHT)
    return weights / (weights * counts).sum() * counts.sum()


def temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature that makes held-out probabilities honest (Guo et al., 2017), in [0.25, 8]; 1 without photos.

    The targets are smoothed by one error in n + 2 (Laplace), so that a net without an error among n photos does not claim
    to make none at all.
    """
    if len(labels) == 0:
        return 1.0
    smoothing = logits.shape[1] / (logits.shape[1] - 1) / (len(labels) + 2)
    grid = torch.logspace(-2, 3, 101, base=2.0)
    losses = [float(functional.cross_entropy(logits / value, labels, label_smoothing=smoothing)) for value in grid]
    return round(float(grid[int(np.argmin(losses))]), 4)


def finished(task: SpeciesTask, asked: Decoded | None = None) -> tuple[NetCard, dict[str, Tensor]]:
    """The card of a trained species net, with all that held-out photos teach about its answers, and its state.

    Photo and mirror image are asked together (`NetCard.mirrored`): on blocks of frames held out that was worth 0.8 points of
    top-1 and 1.1 of the mean of the species.

    Args:
        task: trained.
        asked: photos held out, as a query sees them: shrunk once, not by way of `dataset.MARGIN`. On the latter, a little softer,
            familiarity is larger than it will be, and its bound calls too many known photos unknown. None = `task.held`.
    """
    settings, net, held = task.settings, task.net, asked or task.held
    index = {name: number for number, name in enumerate(task.classes)}
    labels = torch.tensor([index[task.class_of(photo)] for photo in held.photos], dtype=torch.int64)
    taught = torch.cat([task.features(net, task.taught, mirrored=mirrored) for mirrored in (False, True)])
    judge = species_novelty.learned(taught, task.labels.repeat(2), len(task.classes))
    both = [task.answers(net, held, mirrored=mirrored) for mirrored in (False, True)]
    species_novelty.scale(judge, torch.cat([features for _, features in both]), torch.cat([logits for logits, _ in both]))
    logits = (both[0][0] + both[1][0]) / 2
    near = sum(judge(features, logits) for logits, features in both) / 2
    empty = torch.tensor([photo.species == EMPTY for photo in held.photos], dtype=torch.bool)
    card = NetCard(
        kind="species",
        backbone=settings.backbone,
        image_size=settings.species_image_size,
        classes=task.classes,
        temperature=temperature(logits, labels),
        axes=len(judge.axes),
        familiar_at=species_novelty.bound(near[~empty]),
        empty_familiar_at=species_novelty.bound(near[empty]) if bool(empty.any()) else None,
        mirrored=True,
    )
    state = {f"familiarity.{name}": value for name, value in judge.state_dict().items()}
    return card, {**net.state_dict(), **state}
