r"""Train the net in reid/weights that species nets start from: a softmax over real species and drawn ones together.

    .venv/bin/python scripts/train_species_base.py --data ../shared/data \
        --start ../shared/weights/mobilenet_v2_imagenet.safetensors

Never sees a photo that any split column calls `test`. Seals and camera_trap are left out whole, so that they stay a fair
check on species the net has never met.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from train_base import SETS, SPLITS, drawn_photos

from reid.formats.readers.photo_lists import read_photos
from reid.nets import net_files
from reid.nets.net_files import NetCard
from reid.nets.networks import SpeciesNet
from reid.records import Photo
from reid.settings import TrainSettings, parse_image_size
from reid.steps.encounters import encounters
from reid.training import dataset, splits
from reid.training.tasks.species_task import SpeciesTask
from reid.training.trainer import Epoch, Plan, fit

PER_SET = 250
"""Photos of one of the sets of individuals, about: here they are one species each."""


def photos_of(data: Path) -> list[Photo]:
    found: list[Photo] = []
    for name in ("species", *SETS):
        photos = read_photos([data / name / "manifest.csv"]).photos
        kept = [photo for photo in photos if all(photo.column(split) != "test" for split in SPLITS)]
        found += kept if name == "species" else kept[:: max(1, len(kept) // PER_SET)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--image-size", type=parse_image_size, default=(224, 224))
    parser.add_argument("--individuals", type=int, default=8, help="drawn individuals per species")
    parser.add_argument("--out", type=Path, default=net_files.SHIPPED)
    args = parser.parse_args()
    settings = TrainSettings(species_image_size=args.image_size)
    with tempfile.TemporaryDirectory() as folder:
        photos = photos_of(args.data) + drawn_photos(Path(folder), args.individuals)
        decoded = dataset.decode(photos, args.image_size)
    names = [photo.species for photo in decoded.photos]
    groups = encounters(decoded.photos, minutes=30.0)
    taught, held = splits.hold_out_groups(names, groups, share=0.12, seed=0)
    classes = sorted(set(names))
    torch.manual_seed(0)
    net = SpeciesNet(settings.backbone, len(classes))
    features = {name: value for name, value in net_files.read_state(args.start).items() if name.startswith("features.")}
    net.load_state_dict(features, strict=False)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    task = SpeciesTask(net, classes, decoded.subset(taught), decoded.subset(held), settings, device)
    print(f"{len(taught)} photos to learn from, {len(held)} to validate on; head alone {task.validate(net)}", flush=True)

    def told(epoch: Epoch) -> None:
        print(epoch.number, round(epoch.loss, 4), epoch.figures, f"{epoch.photos_per_second:.0f}/s", flush=True)

    plan = Plan(args.epochs, settings.learning_rate, settings.weight_decay, 99, 0, args.minutes)
    fitted = fit(task, plan, on_epoch=told)
    card = NetCard(
        kind="species",
        backbone=settings.backbone,
        image_size=args.image_size,
        classes=tuple(classes),
        figures=fitted.figures,
        training={
            "data": {
                "photos per species": {name: names.count(name) for name in classes},
                "sources": "MLWIC_examples (mikeyEcology, no licence stated), NyalaData and LionData "
                "(tvanzyl/wildlife_reidentification, no licence stated), StripeSpotter subset (CC BY-SA 3.0), "
                "drawn animals (reid.synthetic)",
                "split": "no photo whose split_published or split_unseen is test; blocks held out for the figures",
            },
            "start": "MobileNetV2 1.0 224 trained on ImageNet-1k (Apache-2.0 release)",
            "licence": "Apache-2.0",
            "seed": 0,
            "epochs": fitted.best_epoch,
            "minutes": round(fitted.history[-1].seconds / 60, 1),
        },
    )
    state = {**fitted.state, "prototypes": torch.zeros(0, net.linear.in_features)}
    saved = net_files.save(replace(card, prototypes=0), state, args.out, name="species")
    print("saved", args.out / "species.safetensors", saved.fingerprint, saved.figures)


if __name__ == "__main__":
    main()
