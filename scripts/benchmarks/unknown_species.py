"""Does the species net know what it does not know? Classes are left out of training in turn, then their photos are asked.

    python scripts/benchmarks/unknown_species.py --data ../shared/data/species/manifest.csv --start WEIGHTS [--epochs 6]
        [--image-size 224] [--folds 3]

The species (not `empty`) are dealt into folds; for each fold a species net is trained on the `train` rows of all other classes,
started from WEIGHTS (that must not have seen the classes left out: the ImageNet weights, not the start that ships). Asked are the
`test` rows of the known classes and all photos of those left out. AUROC: the chance that a photo of a known class scores above
one of an unknown class, by the best probability and by its familiarity. Then what a query says of them, and what other bounds
would.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from reid.formats.readers.photo_lists import read_photos
from reid.nets import inference, net_files
from reid.records import EMPTY, UNKNOWN_SPECIES
from reid.settings import QuerySettings, TrainSettings, parse_image_size
from reid.steps.encounters import encounters
from reid.steps.species import route
from reid.training import dataset, splits
from reid.training.dataset import Decoded
from reid.training.tasks import initial_weights, species_task
from reid.training.tasks.species_task import SpeciesTask
from reid.training.trainer import Plan, fit

SHARES = (0.01, 0.02, 0.03, 0.05, 0.1)
CPU = torch.device("cpu")
Scores = NDArray[np.float64]


def auroc(known: Scores, unknown: Scores) -> float:
    """The chance that a known photo scores above an unknown one; a tie counts half."""
    ordered = np.sort(unknown)
    below, upto = np.searchsorted(ordered, known, "left"), np.searchsorted(ordered, known, "right")
    return float((below + upto).mean() / (2 * len(unknown)))


def trained(
    taught: Decoded, held: Decoded, seen: Decoded, settings: TrainSettings, classes: list[str]
) -> inference.Runtime:
    task = SpeciesTask(initial_weights.species_net(settings, len(classes)), classes, taught, held, settings, CPU)
    plan = Plan(settings.species_epochs, settings.learning_rate, settings.weight_decay, 99, settings.seed)
    fitted = fit(task, plan, on_epoch=lambda epoch: print("  ", epoch.number, epoch.figures, flush=True))
    task.net.load_state_dict(fitted.state)
    card, state = species_task.finished(task, seen)
    net = net_files.build(card)
    net.load_state_dict(state)
    return inference.of_torch(card, net, CPU)


def asked(net: inference.Runtime, photos: Decoded) -> tuple[Scores, Scores, list[str]]:
    """Best probability, familiarity and what a query would say, of each photo."""
    answers = [net.classify(list(photos.pixels[row : row + 32])) for row in range(0, len(photos.pixels), 32)]
    said = [guess.name for answer in answers for guess in route(net.card, answer, QuerySettings())]
    best = np.concatenate([answer.probabilities.max(axis=1) for answer in answers]).astype(np.float64)
    return best, np.concatenate([answer.familiarity for answer in answers]).astype(np.float64), said


def by_bounds(net: inference.Runtime, held: Decoded, known: Decoded, unknown: Decoded) -> str:
    """What the familiarity alone would call unknown, of photos of animals, with bounds that so many held-out ones miss."""
    scores = []
    for photos in (held, known, unknown):
        animals = np.asarray([photo.species != EMPTY for photo in photos.photos])
        scores.append(asked(net, photos)[1][animals])
    rows = []
    for share in SHARES:
        bound = np.quantile(scores[0], share)
        rows.append(f"{share:.2f}: {np.mean(scores[2] < bound):.3f} and {np.mean(scores[1] < bound):.3f}")
    return f"  by the familiarity alone, bounds that so many held-out animals miss: unknown and known {'; '.join(rows)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", required=True)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--image-size", type=parse_image_size, default=(224, 224))
    given = parser.parse_args()
    settings = replace(
        TrainSettings(), weights=given.start, species_image_size=given.image_size, species_epochs=given.epochs
    )
    whole = dataset.decode(read_photos([given.data]).photos, given.image_size)
    seen = dataset.decode(whole.photos, given.image_size, margin=1.0)  # as a query sees them
    species = sorted({photo.species for photo in whole.photos} - {EMPTY})
    found = []
    for fold in range(given.folds):
        out = set(species[fold :: given.folds])
        rows = {name: [] for name in ("train", "test")}
        for row, photo in enumerate(whole.photos):
            if photo.species not in out:
                rows[photo.column("split_unseen")].append(row)
        learn, test = whole.subset(rows["train"]), seen.subset(rows["test"])
        strange = seen.subset([row for row, photo in enumerate(whole.photos) if photo.species in out])
        groups = encounters(learn.photos, minutes=QuerySettings().encounter_minutes)
        a, b = splits.hold_out_groups([photo.species for photo in learn.photos], groups, share=0.15, seed=0)
        taught, held = learn.subset(a), learn.subset(b)
        exact = seen.subset([rows["train"][row] for row in b])
        net = trained(taught, held, exact, settings, sorted({photo.species for photo in learn.photos}))
        (p, f, said), (q, g, told) = asked(net, test), asked(net, strange)
        found.append((auroc(p, q), auroc(f, g)))
        print(
            f"left out {sorted(out)}: {len(p)} known, {len(q)} unknown photos; AUROC by probability {found[-1][0]:.3f}, by "
            f"familiarity {found[-1][1]:.3f}; called unknown species: "
            f"{np.mean([name == UNKNOWN_SPECIES for name in told]):.3f} of the unknown, "
            f"{np.mean([name == UNKNOWN_SPECIES for name in said]):.3f} of the known; "
            f"unknown called empty: {np.mean([name == EMPTY for name in told]):.3f}; known told their right species: "
            f"{np.mean([name == photo.species for name, photo in zip(said, test.photos, strict=True)]):.3f}",
            flush=True,
        )
        print(by_bounds(net, exact, test, strange), flush=True)
    mean = np.mean(found, axis=0)
    print(f"mean AUROC by probability {mean[0]:.3f}, by familiarity {mean[1]:.3f}; wanted 0.90")


if __name__ == "__main__":
    main()
