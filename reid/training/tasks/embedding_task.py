"""Training of one embedding net: what goes into a batch, what is held out, and when a net has collapsed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reid.evaluation import metrics
from reid.evaluation.reranked_pools import Maps
from reid.nets.networks import EmbeddingNet
from reid.records import Vectors
from reid.settings import TrainSettings
from reid.training import augmentation, sampler
from reid.training.dataset import Decoded
from reid.training.frozen_backbone import Body, few_at_once
from reid.training.objective import Objective
from reid.training.tasks.closed_form_heads import several_of_one, whiten_head
from reid.training.trainer import Batch, half

COLLAPSED_AT = 0.97
"""Mean cosine between photos of different individuals above which a net tells nobody from anybody."""
SETTLING = 3
"""Steps of `settle_head`."""

SPECIES_PER_BATCH = 3
"""Of training on several species: enough animals of one species for hard triplets, enough species for fair statistics."""


class EmbeddingTask:
    """A `trainer.Task` for stage 2."""

    def __init__(
        self, net: EmbeddingNet, taught: Decoded, taught_groups: Sequence[str], held: Decoded,
        held_groups: Sequence[str], settings: TrainSettings, device: torch.device,
    ) -> None:
        """Prepare.

        Args:
            net: with its start weights.
            taught, held: photos to learn from and photos of other individuals to validate on, decoded.
            taught_groups, held_groups: their encounters.
            settings: image size, batch make-up, loss, seed.
            device: where to compute.
        """
        self.settings, self.device = settings, device
        self.net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.taught, self.held, self.held_groups = taught, held, held_groups
        self.examples = sampler.examples(taught.photos, taught_groups)
        self.species = sorted({photo.species for photo in taught.photos})
        classes = 1 + max(item.label for item in self.examples)
        self.objective = Objective(
            settings.loss, classes=classes, dimension=settings.dimension, margin=settings.margin
        ).to(device)
        self.extra: nn.Module | None = self.objective
        self.frozen = list(net.features.children())[: settings.frozen_blocks]
        for block in self.frozen:
            block.requires_grad_(False)
        self.body = Body(self.net, len(self.frozen))

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The backbone at the plan's rate, the head at twice that, the loss's own centres at ten times; no decay on vectors."""
        wide: dict[str, list[nn.Parameter]] = {"backbone": [], "backbone_1d": [], "head": []}
        for name, parameter in self.net.named_parameters():
            if parameter.requires_grad:
                key = "head" if not name.startswith("features") else "backbone" if parameter.ndim > 1 else "backbone_1d"
                wide[key].append(parameter)
        groups: list[dict[str, Any]] = [
            {"params": wide["backbone"], "share": 1.0},
            {"params": wide["backbone_1d"], "share": 1.0, "weight_decay": 0.0},
            {"params": wide["head"], "share": 2.0},
        ]
        own = list(self.objective.parameters())
        return groups + ([{"params": own, "share": 10.0, "weight_decay": 0.0}] if own else [])

    def start_epoch(self) -> None:
        """Training mode, but frozen blocks keep their running statistics."""
        self.net.train()
        for block in self.frozen:
            block.eval()
        self.body = Body(self.net, len(self.frozen))  # again: a checkpoint may have been loaded

    def batches(self, epoch: int) -> Iterator[Batch]:
        """One epoch of individuals x photos, augmented; a batch is of one species, or of a few with several animals of each."""
        rng = np.random.default_rng((self.settings.seed, epoch))
        generator = torch.Generator().manual_seed(self.settings.seed * 7919 + epoch)
        for items in self._plan(rng):
            pixels = torch.from_numpy(self.taught.take([item.row for item in items]))
            mirrored = torch.tensor([item.mirrored for item in items])
            pixels[mirrored] = pixels[mirrored].flip(2)
            images = augmentation.augment(pixels.to(self.device), self.settings.image_size, generator)
            yield (
                images.contiguous(memory_format=torch.channels_last),
                torch.tensor([item.label for item in items], device=self.device),
            )

    def _plan(self, rng: np.random.Generator) -> list[list[sampler.Example]]:
        people, photos = self.settings.individuals_per_batch, self.settings.photos_per_individual
        if len(self.species) == 1:
            return list(sampler.batches(self.examples, people, photos, rng))
        parts: list[list[sampler.Example]] = []
        for name in self.species:
            own = [item for item in self.examples if self.taught.photos[item.row].species == name]
            parts += sampler.batches(own, max(2, people // SPECIES_PER_BATCH), photos, rng)
        parts = [parts[index] for index in rng.permutation(len(parts))]
        return [
            [item for part in parts[start : start + SPECIES_PER_BATCH] for item in part]
            for start in range(0, len(parts), SPECIES_PER_BATCH)
        ]

    def loss(self, batch: Batch) -> Tensor:
        """The objective of a batch."""
        images, labels = batch
        with half(self.device, self.settings.precision):
            maps = self.body(images)
        out: Tensor = self.objective(self.net.head(maps.float()), labels)
        return out

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Rank-1 and mAP on held-out individuals (same side, other encounter); `spread` tells a collapse.

        `figure`, which decides, is their mean: rank-1 alone is too coarse on few photos.
        """
        if not self.held.photos:
            sample = self.taught.subset(range(0, len(self.taught.photos), max(1, len(self.taught.photos) // 64)))
            vectors = embed(net, sample, self.settings.image_size, self.device)
            return {"mean_cosine": mean_cosine(pool_of(vectors, sample, [""] * len(sample.photos)))}
        vectors = embed(net, self.held, self.settings.image_size, self.device)
        pool = pool_of(vectors, self.held, self.held_groups)
        ranking = metrics.rank(pool, pool, same_side=True, other_encounter=True)
        return {
            "rank_1": ranking.rank_1, "mean_ap": ranking.mean_ap, "mean_cosine": mean_cosine(pool),
            "figure": 0.5 * (ranking.rank_1 + ranking.mean_ap),
        }

    def known_of(self, net: nn.Module) -> dict[str, float]:
        """Of each held-out individual with anything to match (rank-1 + average precision) / 2, as `validate` ranks them."""
        if not self.held.photos:
            return {}
        pool = pool_of(embed(net, self.held, self.settings.image_size, self.device), self.held, self.held_groups)
        found = metrics.places(pool, pool, same_side=True, other_encounter=True)
        known: dict[str, list[float]] = {}
        for row, first, precision in zip(found.rows, found.first, found.precision, strict=True):
            known.setdefault(pool.individuals[row], []).append(0.5 * (float(first == 0) + float(precision)))
        return {name: fmean(values) for name, values in known.items()}


def settle_head(
    task: EmbeddingTask, figures: Mapping[str, float], on_step: Callable[[int], None] = lambda done: None
) -> tuple[dict[str, float], str]:
    """Give a trained net the head in closed form, unless held-out individuals show that they are known worse by it.

    Worse by more than one standard error over the individuals of (rank-1 + average precision) / 2: on few of them, a head that
    was hardly trained may look as good by chance. Neither is always better (`scripts/benchmarks/README.md`).

    Args:
        task: after training; its net is left with the head that is kept.
        figures: of the net as trained, by `EmbeddingTask.validate`.
        on_step: called with every step that is done, 1 to SETTLING.

    Returns:
        The figures of the net as it is left, and in words which head that is.
    """
    if not several_of_one(task.taught.photos):
        on_step(SETTLING)
        return dict(figures), "as trained"
    trained = {name: value.clone() for name, value in task.net.state_dict().items()}
    before = task.known_of(task.net)
    on_step(1)
    whiten_head(task.net, task.taught, task.settings.image_size, task.device, task.settings.seed)
    on_step(2)
    after = task.known_of(task.net)
    on_step(SETTLING)
    lost = np.asarray([before[name] - after[name] for name in before])
    error = lost.std(ddof=1) / len(lost) ** 0.5 if len(lost) > 1 else 0.0
    if len(lost) and lost.mean() > error:
        task.net.load_state_dict(trained)
        return {**figures, "closed_head": figures["figure"] - float(lost.mean())}, "as trained"
    trained_head = {"trained_head": figures["figure"]} if "figure" in figures else {}
    return {**figures, **task.validate(task.net), **trained_head}, "in closed form"


def pool_of(vectors: Vectors, decoded: Decoded, groups: Sequence[str]) -> metrics.Pool:
    """Embeddings of decoded photos with who, which side and which encounter they are."""
    photos = decoded.photos
    return metrics.Pool(
        vectors, [photo.individual for photo in photos], [photo.side for photo in photos], list(groups),
        [f"{photo.path}|{photo.box.key() if photo.box else ''}" for photo in photos],
    )


def mean_cosine(pool: metrics.Pool) -> float:
    """Mean cosine between photos of different individuals; near 1 = the net has collapsed to a point."""
    other = np.asarray(pool.individuals)[:, None] != np.asarray(pool.individuals)[None, :]
    return float((pool.vectors @ pool.vectors.T)[other].mean()) if other.any() else 0.0


def embed(net: nn.Module, decoded: Decoded, size: tuple[int, int], device: torch.device, batch: int = 32) -> Vectors:
    """Embeddings (N, D) of decoded photos, without augmentation."""
    assert isinstance(net, EmbeddingNet)
    net.eval()
    parts = [np.zeros((0, 1), np.float32)]
    with torch.inference_mode():
        for start in range(0, len(decoded.photos), batch):
            pixels = torch.from_numpy(decoded.take(slice(start, start + batch))).to(device)
            images = augmentation.plain(pixels, size).contiguous(memory_format=torch.channels_last)
            maps = torch.cat([net.maps(some) for some in few_at_once(images)])
            parts.append(net.head(maps).float().cpu().numpy())
    return np.concatenate(parts[1:]) if len(parts) > 1 else parts[0]


def maps_of(net: EmbeddingNet, decoded: Decoded, size: tuple[int, int], device: torch.device, batch: int = 32) -> Maps:
    """Feature maps (N, h, w, C) of decoded photos, to match them place by place."""
    net.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(decoded.photos), batch):
            pixels = torch.from_numpy(decoded.take(slice(start, start + batch))).to(device)
            images = augmentation.plain(pixels, size).contiguous(memory_format=torch.channels_last)
            parts.append(net.early_maps(images).permute(0, 2, 3, 1).half().cpu().numpy())
    return np.concatenate(parts) if parts else np.zeros((0, 1, 1, 1), np.float16)
