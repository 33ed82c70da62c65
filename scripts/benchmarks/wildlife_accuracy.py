"""Do our choices recognise animals better? The same net, start, photos and epochs, trained by reid and by wildlife-tools.

    python scripts/benchmarks/wildlife_accuracy.py --peer PYTHON-WITH-WILDLIFE-TOOLS --data ../shared/data/nyala/manifest.csv
        --start ../shared/weights/mobilenet_v2_imagenet.safetensors [--column split_published] [--epochs 4]

Rows whose column is `train` teach, those that are `test` are asked, any photo may match. Both train every block that we do, with
our batch size, rate and weight decay. Ours: mirrored flanks as animals of their own, batches of individuals x photos, triplet
with a little ArcFace, our augmentation, averaged weights; judged with the head as trained and with the one in closed form.
Theirs: `BasicTrainer`, `ArcFaceLoss`, shuffled batches, `RandAugment` as their documentation has it, a cosine schedule; judged
as trained. An epoch of ours shows every photo and its mirror image, so theirs gets twice as many epochs. See speed.py for how to
make the peer's interpreter.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accuracy import rank_1, text
from speed import HERE

from reid.evaluation.closed_set import ANY_PHOTO, STRICT, ranked
from reid.formats.readers.photo_lists import read_photos
from reid.records import Vectors
from reid.settings import TrainSettings
from reid.steps.encounters import encounters
from reid.steps.photos import dated
from reid.training import dataset
from reid.training.dataset import Decoded
from reid.training.tasks import initial_weights
from reid.training.tasks.closed_form_heads import whiten_head
from reid.training.tasks.embedding_task import EmbeddingTask, embed, pool_of
from reid.training.trainer import Epoch, Plan, fit

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Split:
    """Photos, their encounters, and which rows teach and which are asked."""

    decoded: Decoded
    groups: tuple[str, ...]
    taught: list[int]
    asked: list[int]


def split_of(manifest: Path, column: str, size: tuple[int, int]) -> Split:
    photos = [photo for photo in dated(read_photos([manifest]).photos) if photo.individual and not photo.box]
    photos = [photo for photo in photos if photo.column(column) in ("train", "test")]
    decoded = dataset.decode(photos, size)
    if decoded.problems:
        raise SystemExit(f"{len(decoded.problems)} photos cannot be read, the first: {decoded.problems[0]}")
    rows = {name: [row for row, photo in enumerate(photos) if photo.column(column) == name] for name in ("train", "test")}
    return Split(decoded, tuple(encounters(photos, minutes=30.0)), rows["train"], rows["test"])


def ours(split: Split, settings: TrainSettings) -> Iterator[tuple[str, float, Vectors]]:
    """Embeddings of all photos with the head as trained, and with the one in closed form; seconds of training."""
    taught = split.decoded.subset(split.taught)
    net = initial_weights.embedding_net(settings, taught, CPU)
    nobody = split.decoded.subset([])
    task = EmbeddingTask(net, taught, [split.groups[row] for row in split.taught], nobody, [], settings, CPU)

    def told(epoch: Epoch) -> None:
        print(f"  ours {epoch.number}: loss {epoch.loss:.3f}, {epoch.photos_per_second:.0f} photos/s", flush=True)

    begun = time.perf_counter()
    fitted = fit(task, Plan(settings.epochs, settings.learning_rate, settings.weight_decay, 99, 0), on_epoch=told)
    seconds = time.perf_counter() - begun
    net.load_state_dict(fitted.state)
    yield "reid, head as trained", seconds, embed(net, split.decoded, settings.image_size, CPU)
    whiten_head(net, taught, settings.image_size, CPU, 0)
    yield "reid, head in closed form", seconds, embed(net, split.decoded, settings.image_size, CPU)


def theirs(peer: str, split: Split, settings: TrainSettings, weights: Path) -> tuple[str, float, Vectors]:
    photos = split.decoded.photos
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "task.json"
        taught = set(split.taught)
        asked.write_text(json.dumps({
            "paths": [str(photo.path.resolve()) for photo in photos],
            "identities": [f"{photo.individual}|{photo.side}" for photo in photos],
            "taught": [row in taught for row in range(len(photos))],
            "weights": str(weights.resolve()), "epochs": 2 * settings.epochs, "frozen": settings.frozen_blocks,
            "size": list(settings.image_size), "out": str(Path(folder) / "vectors.npy"),
        }))  # fmt: skip
        command = [peer, str(HERE / "wildlife_peer.py"), "known", str(asked)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"the peer failed:\n{done.stderr[-2000:]}")
        told = json.loads(done.stdout.splitlines()[-1])
        return "wildlife-tools", told["wall"], np.load(Path(folder) / "vectors.npy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--column", default="split_published")
    parser.add_argument("--epochs", type=int, default=4)
    given = parser.parse_args()
    settings = TrainSettings(weights=str(given.start), loss="triplet+arcface", epochs=given.epochs)
    split = split_of(given.data, given.column, settings.image_size)
    print(f"{len(split.taught)} photos to learn from, {len(split.asked)} asked", flush=True)
    print("| trained by | seconds | rank-1 | rank-5 | mAP | same side, other encounter: rank-1, mAP |\n|---|---|---|---|---|---|")
    results = [*ours(split, settings), theirs(given.peer, split, settings, given.start)]
    for name, seconds, vectors in results:
        pool = pool_of(vectors, split.decoded, split.groups)
        asked, known = pool.subset(split.asked), pool.subset(split.taught)
        first, precision, five = rank_1(ranked(asked, known, ANY_PHOTO), asked)
        strict, strict_precision, _ = rank_1(ranked(asked, known, STRICT), asked)
        figures = f"{text(first)} | {five:.3f} | {text(precision)} | {text(strict)}, {text(strict_precision)}"
        print(f"| {name} | {seconds:.0f} | {figures} |")


if __name__ == "__main__":
    main()
