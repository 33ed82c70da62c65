"""Which way of training recognises animals best? One change at a time, from the same start, on individuals held out of training.

    python scripts/benchmarks/recipe.py --data ../shared/data/nyala/manifest.csv
        --start ../shared/weights/mobilenet_v2_imagenet.safetensors
        [--column split_unseen] [--epochs 4] [--share 0.33] [--only "margin 0.1,stride-16"] [--seeds 0]

Only rows whose column is `train` are used, part of their individuals held out; same side and other encounters only. Each change
is judged with the head as trained and with the one in closed form (`reid.training.tasks.closed_form_heads.whiten_head`); the
standard error is over the individuals held out. The last columns compare with the default of the same seed, individual by
individual.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_metric_learning import distances, miners
from torch import nn

from reid.evaluation.metrics import places
from reid.formats.readers.photo_lists import read_photos
from reid.settings import TrainSettings
from reid.steps.encounters import encounters
from reid.steps.photos import dated
from reid.training import augmentation, dataset, splits
from reid.training.dataset import Decoded
from reid.training.tasks import initial_weights
from reid.training.tasks.closed_form_heads import whiten_head
from reid.training.tasks.embedding_task import EmbeddingTask, embed, pool_of
from reid.training.trainer import Plan, fit

CPU = torch.device("cpu")
Change = Callable[[EmbeddingTask], None]


def nothing(task: EmbeddingTask) -> None:
    """The recipe as it is."""


def stride_16(task: EmbeddingTask) -> None:
    """Maps of twice the height and width: the last block that halves them does not."""
    for block in reversed(list(task.net.features.children())):
        halving = [layer for layer in block.modules() if isinstance(layer, nn.Conv2d) and layer.stride == (2, 2)]
        if halving:
            halving[-1].stride = (1, 1)
            return


def no_mirror_images(task: EmbeddingTask) -> None:
    task.examples = [item for item in task.examples if not item.mirrored]


def mirror_images_as_the_same(task: EmbeddingTask) -> None:
    """What photo classifiers do: a mirror image is the same animal."""
    own = {item.row: item.label for item in task.examples if not item.mirrored}
    task.examples = [replace(item, label=own[item.row]) for item in task.examples]


def encounters_ignored(task: EmbeddingTask) -> None:
    """The photos of an individual in a batch may all come from one encounter."""
    task.examples = [replace(item, group="") for item in task.examples]


def miner(kind: str) -> Change:
    def change(task: EmbeddingTask) -> None:
        cosine = distances.CosineSimilarity()
        if kind == "batch-hard":
            task.objective.miner = miners.BatchHardMiner(distance=cosine)
        else:
            task.objective.miner = miners.TripletMarginMiner(
                margin=task.settings.margin, type_of_triplets=kind, distance=cosine
            )

    return change


@contextmanager
def augmenting(strength: float, *, without: str = "") -> Iterator[None]:
    """Another strength of augmentation, or one part of it left out."""
    kept: dict[str, Any] = {name: getattr(augmentation, name) for name in ("augment", "_light", "_frame", "_cover")}
    given = kept["augment"]

    def changed(pixels: torch.Tensor, size: tuple[int, int], generator: torch.Generator) -> Any:
        return given(pixels, size, generator, strength=strength)

    augmentation.augment = changed  # type: ignore[assignment]
    if without == "_frame":
        augmentation._frame = lambda images, size, generator, strength: kept["_frame"](images, size, generator, 0.0)
    elif without:
        setattr(augmentation, without, lambda images, generator, strength: images)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(augmentation, name, value)


@dataclass(frozen=True)
class Variant:
    """One change: of the settings, of the task, of the augmentation, or of what is averaged."""

    settings: dict[str, Any]
    task: Change = nothing
    strength: float = 1.0
    without: str = ""


VARIANTS = {
    "default": Variant({}),
    "stride-16": Variant({}, stride_16),
    "256x384": Variant({"image_size": (256, 384)}),
    "square 240x240": Variant({"image_size": (240, 240)}),
    "no mirror images": Variant({}, no_mirror_images),
    "mirror images as the same animal": Variant({}, mirror_images_as_the_same),
    "encounters ignored": Variant({}, encounters_ignored),
    "margin 0.1": Variant({"margin": 0.1}),
    "margin 0.4": Variant({"margin": 0.4}),
    "all triplets": Variant({}, miner("all")),
    "hard triplets": Variant({}, miner("hard")),
    "batch-hard": Variant({}, miner("batch-hard")),
    "6 individuals x 8 photos": Variant({"individuals_per_batch": 6, "photos_per_individual": 8}),
    "24 individuals x 2 photos": Variant({"individuals_per_batch": 24, "photos_per_individual": 2}),
    "24 individuals x 4 photos": Variant({"individuals_per_batch": 24}),
    "augmentation x 0.5": Variant({}, strength=0.5),
    "augmentation x 1.5": Variant({}, strength=1.5),
    "no change of light": Variant({}, without="_light"),
    "no change of framing": Variant({}, without="_frame"),
    "nothing covered": Variant({}, without="_cover"),
    "learning rate x 2": Variant({"learning_rate": 8e-4}),
    "learning rate x 0.5": Variant({"learning_rate": 2e-4}),
    "all blocks learn": Variant({"frozen_blocks": 0}),
    "14 blocks frozen": Variant({"frozen_blocks": 14}),
    "average pooling": Variant({"pooling": "average"}),
    "512 numbers": Variant({"dimension": 512}),
    "with ArcFace": Variant({"loss": "triplet+arcface"}),
    "ArcFace": Variant({"loss": "arcface"}),
    "multi-similarity": Variant({"loss": "multi-similarity"}),
}


@dataclass(frozen=True)
class Split:
    """Photos as read, their encounters, and who teaches and who is held out."""

    decoded: Decoded
    groups: tuple[str, ...]
    taught: list[int]
    held: list[int]


def split_of(given: argparse.Namespace, size: tuple[int, int]) -> Split:
    photos = [photo for photo in dated(read_photos([given.data]).photos) if photo.individual and not photo.box]
    decoded = dataset.decode([photo for photo in photos if photo.column(given.column) == "train"], size)
    groups = encounters(decoded.photos, minutes=30.0)
    taught, held = splits.hold_out_individuals(decoded.photos, groups, share=given.share, seed=0)
    return Split(decoded, tuple(groups), taught, held)


def known(net: nn.Module, split: Split, size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Of each question about a held-out animal: rank-1 (0 or 1), average precision, and who it is."""
    held = split.decoded.subset(split.held)
    pool = pool_of(embed(net, held, size, CPU), held, [split.groups[row] for row in split.held])
    found = places(pool, pool, same_side=True, other_encounter=True)
    who = [pool.individuals[row] for row in found.rows]
    return np.asarray(found.first == 0, dtype=float), np.asarray(found.precision, dtype=float), who


def clustered(values: NDArray[np.float64], who: list[str]) -> float:
    """Standard error of a mean over questions that come in individuals (linearised ratio)."""
    totals = {name: 0.0 for name in who}
    for value, name in zip(values - values.mean(), who, strict=True):
        totals[name] += value
    return float(np.sqrt(np.sum(np.square(list(totals.values()))) * len(totals) / (len(totals) - 1)) / len(values))


def trained(variant: Variant, split: Split, settings: TrainSettings) -> tuple[dict[str, Any], float]:
    taught = split.decoded.subset(split.taught)
    torch.manual_seed(settings.seed)
    net = initial_weights.embedding_net(settings, taught, CPU)
    nobody = split.decoded.subset([])
    groups = [split.groups[row] for row in split.taught]
    task = EmbeddingTask(net, taught, groups, nobody, [], settings, CPU)
    variant.task(task)
    begun = time.perf_counter()
    with augmenting(variant.strength, without=variant.without):
        plan = Plan(settings.epochs, settings.learning_rate, settings.weight_decay, 99, settings.seed)
        net.load_state_dict(fit(task, plan).state)
    seconds = time.perf_counter() - begun
    figures = {"as trained": known(net, split, settings.image_size)}
    whiten_head(net, taught, settings.image_size, CPU, settings.seed)
    figures["in closed form"] = known(net, split, settings.image_size)
    return figures, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--column", default="split_unseen")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--share", type=float, default=0.33)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--only", default="", help=f"of: {', '.join(VARIANTS)}")
    given = parser.parse_args()
    chosen = given.only.split(",") if given.only else list(VARIANTS)
    sizes: dict[tuple[int, int], Split] = {}
    base: dict[int, dict[str, Any]] = {}
    print("| change | seed | seconds | as trained: rank-1 / mAP | closed form: rank-1 / mAP | against the default, closed form |")
    print("|---|---|---|---|---|---|", flush=True)
    for seed in map(int, given.seeds.split(",")):
        for name in dict.fromkeys(["default", *chosen]):
            variant = VARIANTS[name]
            settings = replace(TrainSettings(weights=str(given.start), epochs=given.epochs, seed=seed), **variant.settings)
            split = sizes.setdefault(settings.image_size, split_of(given, settings.image_size))
            figures, seconds = trained(variant, split, settings)
            base.setdefault(seed, figures)
            cells = [f"{first.mean():.3f} / {precision.mean():.3f}" for first, precision, _ in figures.values()]
            (first, precision, who), (first_0, precision_0, _) = figures["in closed form"], base[seed]["in closed form"]
            more = [
                f"{(new - old).mean():+.3f} ({clustered(new - old, who):.3f})"
                for new, old in ((first, first_0), (precision, precision_0))
            ]
            print(f"| {name} | {seed} | {seconds:.0f} | {' | '.join(cells)} | {' / '.join(more)} |", flush=True)


if __name__ == "__main__":
    main()
