"""How fast does reid train, beside the trainer of wildlife-tools? The same net, blocks trained, loss, input size and batch.

    python scripts/benchmarks/training.py --peer PYTHON-WITH-WILDLIFE-TOOLS [--photos DIR] [--clock cpu] [--repeats 3]

Photos seen a second, from the files to the end of the last epoch: ours decodes each photo once, augments it, and keeps a running
average of the weights; the peer decodes at every step and augments nothing. Neither validates. Ours and the peer take turns;
medians. --photos: a folder of JPEGs (default: drawn animals of 384 px). See speed.py for how to make the peer's interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from speed import HERE, copies, drawings, processors, small

from reid import threads

EPOCHS = 3
INDIVIDUALS, PHOTOS = 24, 8
"""Half of them mirror images for ours: 384 examples an epoch from 192 files."""


def ours(folder: Path, precision: str, frozen: int) -> dict[str, float]:
    """Train on the folder's photos; seconds of the clock and of the cores, photos seen, the last epoch's loss."""
    threads.prepare()
    import torch

    from reid.records import Photo
    from reid.settings import TrainSettings
    from reid.training import dataset
    from reid.training.tasks import initial_weights
    from reid.training.tasks.embedding_task import EmbeddingTask
    from reid.training.trainer import Batch, Plan, fit

    class Unvalidated(EmbeddingTask):
        """Counts the photos it learns from, and does not validate: the peer does not either."""

        seen = 0

        def loss(self, batch: Batch) -> torch.Tensor:
            self.seen += len(batch[0])
            return super().loss(batch)

        def validate(self, net: object) -> dict[str, float]:
            return {}

    torch.set_num_threads(threads.cores())
    settings = TrainSettings(precision=precision, frozen_blocks=frozen)
    device = torch.device("cpu")
    paths = sorted(folder.iterdir())
    photos = [Photo(path, "zebra", f"n{row // PHOTOS}") for row, path in enumerate(paths)]
    warm = dataset.decode(photos[:1], settings.image_size)
    net = initial_weights.embedding_net(settings, warm, device)  # what is loaded at first use is not counted
    clock, cores = time.perf_counter(), processors()
    decoded = dataset.decode(photos, settings.image_size)
    groups = [str(row // 2) for row in range(len(photos))]
    task = Unvalidated(net, decoded, groups, decoded.subset([]), [], settings, device)
    fitted = fit(task, Plan(EPOCHS, settings.learning_rate, settings.weight_decay, 99, 0))
    told = {"wall": time.perf_counter() - clock, "cpu": processors() - cores, "loss": fitted.history[-1].loss}
    return {**told, "seen": task.seen}


def run(command: list[str], clock: str) -> tuple[float, float]:
    """Photos a second of one training in a process of its own, and its last loss."""
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    return told["seen"] / told[clock], told["loss"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, help="an interpreter that has wildlife-tools")
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ours", nargs=3, metavar=("FOLDER", "PRECISION", "FROZEN"), help=argparse.SUPPRESS)
    given = parser.parse_args(["--peer", "", *sys.argv[1:]] if "--ours" in sys.argv else None)
    if given.ours:
        print(json.dumps(ours(Path(given.ours[0]), given.ours[1], int(given.ours[2]))))
        return
    found = sorted(given.photos.rglob("*.jpg"))[:24] if given.photos else []
    sources = [path.read_bytes() for path in found] or [small(one) for one in drawings(8)]
    print(f"{threads.cores()} cores, load {os.getloadavg()[0]:.1f}, clock: {given.clock}\n")
    print("| training | reid, photos/s | wildlife-tools | ratio | wanted |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "photos"
        copies(sources, INDIVIDUALS * PHOTOS, folder)
        mine = [sys.executable, __file__, "--ours", str(folder)]
        theirs = [given.peer, str(HERE / "wildlife_peer.py"), "train", str(folder)]
        for frozen in ("7", "0"):
            turns = [
                [run([*mine, "auto", frozen], given.clock), run([*mine, "float32", frozen], given.clock),
                 run([*theirs, frozen, str(EPOCHS), str(PHOTOS)], given.clock)]
                for _ in range(given.repeats)
            ]  # fmt: skip
            half, full, peer = (median(rate for rate, _ in column) for column in zip(*turns, strict=True))
            what = f"{frozen} of 19 blocks frozen" if frozen != "0" else "every block trained"
            kind = "bfloat16" if threads.fast_bfloat16() else "float32 too"
            print(f"| {what}, {kind} | {half:.1f} | {peer:.1f} | {half / peer:.2f} | >= 1.5 |", flush=True)
            print(f"| {what}, float32 | {full:.1f} | {peer:.1f} | {full / peer:.2f} | |", flush=True)


if __name__ == "__main__":
    main()
