"""How well do nets recognise animals they may never have seen? Our nets beside the frozen ImageNet net, in one run.

    python scripts/benchmarks/accuracy.py --data ../shared/data --imagenet ../shared/weights/mobilenet_v2_imagenet.safetensors
        [--net nyala=FOLDER/FINGERPRINT.safetensors] [--only nyala]

The frozen net is MobileNetV2 as trained on ImageNet, globally averaged, photos squashed to 224 x 224. Ours is the base net that
ships, or for a set the one given with --net. A closer look (`reid query --rerank 20`) is measured beside it. Every figure has its
95 % interval by bootstrap over individuals. The open set enrolls half of the individuals in turn, same side and other encounters
only; the geometric mean is that of BAKS and BAUS by the best score.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from reid.evaluation import open_set
from reid.evaluation.bootstrap import Estimate, Herd
from reid.evaluation.closed_set import ANY_PHOTO, STRICT, Protocol, ranked, ranked_closer
from reid.evaluation.metrics import Places, Pool, best_scores
from reid.formats.readers.photo_lists import read_photos
from reid.nets import net_files
from reid.nets.networks import EmbeddingNet, SpeciesNet
from reid.records import Photo, Vectors
from reid.settings import QuerySettings
from reid.steps.encounters import encounters, season
from reid.steps.local_matching import WEIGHT
from reid.steps.photos import dated
from reid.training import augmentation, dataset
from reid.training.dataset import Decoded
from reid.training.tasks.embedding_task import embed, maps_of, pool_of

CPU = torch.device("cpu")
FROZEN_SIZE = (224, 224)


@dataclass(frozen=True)
class Case:
    """A set with who is enrolled and who is asked. open_set: measure unknown animals too."""

    name: str
    what: str
    known: Callable[[Photo], bool]
    asked: Callable[[Photo], bool]
    protocol: Protocol
    open_set: bool = False


def column(name: str, value: str) -> Callable[[Photo], bool]:
    return lambda photo: photo.column(name) == value


def in_seasons(*years: str) -> Callable[[Photo], bool]:
    return lambda photo: season(photo) in years


PUBLISHED = (column("split_published", "train"), column("split_published", "test"))
UNSEEN = column("split_unseen", "test")
CASES = (
    Case("nyala", "published split", *PUBLISHED, ANY_PHOTO),
    Case("nyala", "unseen individuals", UNSEEN, UNSEEN, STRICT, open_set=True),
    Case("lion", "published split", *PUBLISHED, ANY_PHOTO),
    Case("zebra", "published split", *PUBLISHED, ANY_PHOTO),
    Case("seal", "2015, asked 2016 to 2019", in_seasons("2015"), in_seasons("2016", "2017", "2018", "2019"), ANY_PHOTO),
)


def frozen(state: dict[str, torch.Tensor], decoded: Decoded) -> Vectors:
    net = SpeciesNet("mobilenet_v2", 2)
    net.load_state_dict({name: value for name, value in state.items() if name.startswith("features.")}, strict=False)
    net.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(decoded.photos), 32):
            images = augmentation.plain(torch.from_numpy(np.ascontiguousarray(decoded.pixels[start : start + 32])), FROZEN_SIZE)
            parts.append(functional.normalize(net.pool(net.maps(images)), dim=1).numpy())
    return np.concatenate(parts)


def rank_1(found: Places, pool: Pool) -> tuple[Estimate, Estimate, float]:
    """rank-1 and mAP with intervals, and rank-5."""
    herd = Herd([pool.individuals[row] for row in found.rows])
    return herd.mean(found.first < 1), herd.mean(found.precision), float((found.first < 5).mean())


def geometric_mean(asked: Pool, known: Pool) -> Estimate:
    near = best_scores(asked, known, same_side=True, other_encounter=True)
    half = open_set.halves([*known.individuals, *asked.individuals], 0)
    return open_set.separation(open_set.trials(near, asked.individuals, half)).geometric_mean


def text(figure: Estimate) -> str:
    return f"{figure.value:.3f} ({figure.low:.2f}-{figure.high:.2f})"


def measure(case: Case, photos: Sequence[Photo], path: Path, imagenet: dict[str, torch.Tensor]) -> Iterator[tuple[str, ...]]:
    card, net = net_files.load(path)
    assert isinstance(net, EmbeddingNet)
    groups = encounters(photos, minutes=QuerySettings().encounter_minutes)
    ours = dataset.decode(photos, card.image_size)
    theirs = dataset.decode(photos, FROZEN_SIZE)
    known = [row for row, photo in enumerate(photos) if case.known(photo)]
    asked = [row for row, photo in enumerate(photos) if case.asked(photo)]
    pools = {
        "frozen ImageNet": pool_of(frozen(imagenet, theirs), theirs, groups),
        f"ours {card.fingerprint}": pool_of(embed(net, ours, card.image_size, CPU), ours, groups),
    }
    base = 0.0
    for name, pool in pools.items():
        asked_pool, known_pool = pool.subset(asked), pool.subset(known)
        found, precision, five = rank_1(ranked(asked_pool, known_pool, case.protocol), asked_pool)
        base = base or found.value
        mean = text(geometric_mean(asked_pool, known_pool)) if case.open_set else ""
        yield name, text(found), f"{five:.3f}", text(precision), f"{found.value / base:.1f} x", mean
    maps = maps_of(net, ours, card.image_size, CPU)
    learned = card.calibration.closer if card.calibration else None
    weight = learned.more_slopes[0] / learned.slope if learned else WEIGHT
    places = ranked_closer(
        asked_pool, known_pool, maps[np.asarray(asked)], maps[np.asarray(known)], case.protocol,
        individuals=QuerySettings().rerank, weight=weight,
    )
    found, precision, five = rank_1(places, asked_pool)
    yield "ours, with a closer look", text(found), f"{five:.3f}", text(precision), f"{found.value / base:.1f} x", ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--imagenet", type=Path, required=True)
    parser.add_argument("--net", action="append", default=[], help="SET=FILE; the base net that ships where none is given")
    parser.add_argument("--only", default="", help="sets, comma-separated")
    given = parser.parse_args()
    nets = {name: Path(path) for name, path in (one.split("=", 1) for one in given.net)}
    imagenet = net_files.read_state(given.imagenet)
    print("| set | net | rank-1 | rank-5 | mAP | to frozen | open set, geometric mean |\n|---|---|---|---|---|---|---|")
    for case in CASES:
        if given.only and case.name not in given.only.split(","):
            continue
        photos = [one for one in dated(read_photos([given.data / case.name / "manifest.csv"]).photos) if one.individual]
        photos = [one for one in photos if case.known(one) or case.asked(one)]
        for row in measure(case, photos, nets.get(case.name, net_files.BASE), imagenet):
            print(f"| {case.name}, {case.what} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
