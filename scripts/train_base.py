"""Train the base net that ships in reid/weights: metric learning over real species and drawn animals together.

    .venv/bin/python scripts/train_base.py --data ../shared/data --start ../shared/weights/mobilenet_v2_imagenet.safetensors

Never sees a photo that any split column calls `test`. Seals and camera_trap are left out whole, so that they stay a fair
check on species the base net has never met. Of the trained head and the one in closed form
(`training.tasks.closed_form_heads.whiten_head`) the net keeps the one that knows the held-out individuals better.
"""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import torch

from reid import synthetic, threads
from reid.formats.readers.photo_lists import read_photos
from reid.nets import net_files
from reid.nets.net_files import NetCard
from reid.nets.networks import EmbeddingNet
from reid.records import Photo
from reid.settings import TrainSettings, parse_image_size
from reid.steps.encounters import encounters
from reid.training import dataset, splits
from reid.training.tasks.closed_form_heads import start_head, whiten_head
from reid.training.tasks.embedding_task import EmbeddingTask
from reid.training.trainer import Epoch, Plan, fit

SETS = ("nyala", "zebra", "lion")
SPLITS = ("split_published", "split_unseen")
DRAWN_SEED = 4242
"""Another world than the demo's and the tests': no drawn animal of theirs was ever seen in training."""


JUDGED = 28
"""Drawn individuals per species among whom those to validate on are chosen, the same ones in every step: who was held out of
the first step is held out of the last."""


def real_photos(data: Path) -> list[Photo]:
    photos = [photo for name in SETS for photo in read_photos([data / name / "manifest.csv"]).photos]
    return [photo for photo in photos if photo.individual and all(photo.column(name) != "test" for name in SPLITS)]


def draw(folder: Path, species: str, individuals: range, season: int) -> Path:
    """One species, one season: every individual in three encounters, with the boxes that a good detector would tell."""
    synthetic.write_photos(
        folder,
        synthetic.draw_season(
            [species], individuals, season=season, encounters=3, photos_per_encounter=1, seed=DRAWN_SEED
        ),
    )
    return folder / "manifest.csv"


def drawn_photos(folder: Path, individuals: range) -> list[Photo]:
    with ProcessPoolExecutor(threads.cores(), mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(draw, folder / f"{species}-{season}-{individuals.start}", species, individuals, season)
            for species in synthetic.SPECIES
            for season in (0, 1)
        ]
        photos = read_photos([job.result() for job in jobs]).photos
    return [replace(photo, species=f"drawn {photo.species}") for photo in photos if photo.individual]


def start_of(weights: Path) -> str:
    """What the training starts from, for the card: an earlier net of ours with all its steps, or the ImageNet weights."""
    if not weights.with_suffix(".json").exists():
        return "MobileNetV2 1.0 224 trained on ImageNet-1k (Apache-2.0 release)"
    card = net_files.read_card(weights)
    steps = card.training.get("steps", [])
    return f"{card.fingerprint} ({'; '.join(steps)}), which started from {card.training['start']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--image-size", type=parse_image_size, default=TrainSettings().image_size)
    parser.add_argument("--loss", default="triplet+arcface")
    parser.add_argument("--individuals", type=int, default=28, help="drawn individuals per species")
    parser.add_argument("--out", type=Path, default=net_files.SHIPPED)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frozen", type=int, default=7)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--head-only", action="store_true", help="train nothing: give the net of --start its head in closed form")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        photos = real_photos(args.data) + drawn_photos(Path(folder), range(JUDGED))
        judged = len(photos)
        if args.individuals > JUDGED:
            photos += drawn_photos(Path(folder), range(JUDGED, args.individuals))
        decoded = dataset.decode(photos, args.image_size)
    if decoded.problems:
        first = decoded.problems[0]
        raise SystemExit(f"{len(decoded.problems)} photos cannot be read, which would change who is held out; the first: {first}")
    groups = encounters(decoded.photos, minutes=30.0)
    taught, held = splits.hold_out_individuals(decoded.photos[:judged], groups[:judged], share=0.12, seed=0)
    fewer = decoded.subset(taught)
    taught += range(judged, len(photos))
    print(f"{len(taught)} photos to learn from, {len(held)} of other individuals to validate on", flush=True)
    settings = TrainSettings(
        image_size=args.image_size, loss=args.loss, frozen_blocks=args.frozen, individuals_per_batch=18
    )
    net = EmbeddingNet(settings.backbone, dimension=settings.dimension, pooling=settings.pooling)
    state = net_files.read_state(args.start)
    net.load_state_dict(state, strict=False)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if "linear.weight" not in state:
        start_head(net, decoded.subset(taught), args.image_size, device, 0)
    task = EmbeddingTask(
        net,
        decoded.subset(taught),
        [groups[row] for row in taught],
        decoded.subset(held),
        [groups[row] for row in held],
        settings,
        device,
    )
    before = task.validate(net)
    print("start", before, flush=True)

    def told(epoch: Epoch) -> None:
        figures = {name: round(value, 4) for name, value in epoch.figures.items()}
        print(
            f"{epoch.number} loss {epoch.loss:.4f} {figures} {epoch.seconds:.0f} s {epoch.photos_per_second:.0f}/s",
            flush=True,
        )

    figures, epochs, minutes = before, 0, 0.0
    if not args.head_only:
        fitted = fit(
            task,
            Plan(args.epochs, args.rate, 1e-4, 99, 0, args.minutes),
            on_epoch=told,
            checkpoint=Path(tempfile.gettempdir()) / "reid-base.ckpt",
        )
        task.net.load_state_dict(fitted.state)
        figures, epochs, minutes = fitted.figures, fitted.best_epoch, fitted.history[-1].seconds / 60
    trained = {name: value.clone() for name, value in task.net.state_dict().items()}
    whiten_head(task.net, fewer, args.image_size, device, 0)
    whitened = task.validate(task.net)
    print("head in closed form", whitened, "as trained", figures, flush=True)
    better = whitened["figure"] > figures["figure"]
    final = {**task.net.state_dict()} if better else trained
    counts = {
        name: sum(photo.species == name for photo in decoded.photos)
        for name in sorted({p.species for p in decoded.photos})
    }
    card = NetCard(
        kind="embedding",
        backbone=settings.backbone,
        image_size=args.image_size,
        pooling=settings.pooling,
        dimension=settings.dimension,
        figures={**(whitened if better else figures), "start_rank_1": before["rank_1"]},
        training={
            "data": {
                "photos per species": counts,
                "sources": "NyalaData and LionData (tvanzyl/wildlife_reidentification, no licence stated), "
                "StripeSpotter subset (CC BY-SA 3.0), drawn animals (reid.synthetic)",
                "split": "no photo whose split_published or split_unseen is test; 12 % of the individuals held out "
                "for the figures",
            },
            "start": start_of(args.start),
            "licence": "Apache-2.0",
            "loss": args.loss,
            "seed": 0,
            "epochs": epochs,
            "minutes": round(minutes, 1),
            "head": "in closed form (training/tasks/closed_form_heads.py)" if better else "as trained",
        },
    )
    saved = net_files.save(card, final, args.out, name="base")
    print("saved", args.out / "base.safetensors", saved.fingerprint, saved.figures)


if __name__ == "__main__":
    main()
