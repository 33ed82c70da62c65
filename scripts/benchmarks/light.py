"""How far do light and texture alone recognise animals, without any shape?

    python scripts/benchmarks/light.py --data ../shared/data --imagenet ../shared/weights/mobilenet_v2_imagenet.safetensors

Light: mean and spread of red, green and blue over the picture, six numbers. Texture: the same of the channels of blocks 0, 4
and 7 of an ImageNet net (frozen, 224 x 224). Both are made alike within an individual by what is enrolled
(`reid.training.tasks.closed_form_heads.whitening`). Where light alone comes near a net that was trained, photos of one animal
were taken in one light (one sighting, one sheet), and rank-1 says little about knowing animals.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from accuracy import CASES, CPU, FROZEN_SIZE, rank_1, text
from torch import Tensor

from reid.evaluation.closed_set import ANY_PHOTO, STRICT, ranked
from reid.formats.readers.photo_lists import read_photos
from reid.nets import net_files
from reid.nets.networks import SpeciesNet
from reid.records import Vectors
from reid.settings import ENCOUNTER_MINUTES
from reid.steps.encounters import encounters
from reid.steps.photos import dated
from reid.training import augmentation, dataset
from reid.training.dataset import Decoded
from reid.training.tasks.closed_form_heads import whitening
from reid.training.tasks.embedding_task import pool_of

BLOCKS = (0, 4, 7)


def statistics(state: dict[str, Tensor], decoded: Decoded) -> dict[str, Tensor]:
    """(N, C) float64 each: mean and standard deviation over the picture of the colours, and of the channels of `BLOCKS`."""
    net = SpeciesNet("mobilenet_v2", 2)
    net.load_state_dict({name: value for name, value in state.items() if name.startswith("features.")}, strict=False)
    net.eval()
    rows: dict[str, list[Tensor]] = {"light": [], "texture": []}
    with torch.inference_mode():
        for start in range(0, len(decoded.photos), 32):
            pixels = torch.from_numpy(np.ascontiguousarray(decoded.pixels[start : start + 32])).to(CPU)
            maps = (augmentation.plain(pixels, FROZEN_SIZE) - net.mean) / net.std
            rows["light"].append(both(maps))
            parts = []
            for number, block in enumerate(net.features[: max(BLOCKS) + 1]):
                maps = block(maps)
                if number in BLOCKS:
                    parts.append(both(maps))
            rows["texture"].append(torch.cat(parts, dim=1))
    return {name: torch.cat(found).double() for name, found in rows.items()}


def both(maps: Tensor) -> Tensor:
    return torch.cat([maps.mean(dim=(2, 3)), maps.flatten(2).std(dim=2)], dim=1)


def vectors(features: Tensor, known: list[int], who: list[str]) -> Vectors:
    """Unit vectors, whitened within the individuals enrolled."""
    enrolled = features[known]
    features = (features - enrolled.mean(dim=0)) / enrolled.std(dim=0).clamp(min=1e-6)
    names = sorted({who[row] for row in known})
    labels = torch.tensor([names.index(who[row]) for row in known])
    out = features @ whitening(features[known], labels)
    return torch.nn.functional.normalize(out, dim=1).float().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--imagenet", type=Path, required=True)
    given = parser.parse_args()
    imagenet = net_files.read_state(given.imagenet)
    print("| set | by | any photo: rank-1, mAP | same side and other encounter: rank-1, mAP |\n|---|---|---|---|")
    for case in (one for one in CASES if one.known is not one.asked):  # else it would learn from those it is asked about
        photos = [one for one in dated(read_photos([given.data / case.name / "manifest.csv"]).photos) if one.individual]
        photos = [one for one in photos if case.known(one) or case.asked(one)]
        decoded = dataset.decode(photos, FROZEN_SIZE)
        known = [row for row, photo in enumerate(decoded.photos) if case.known(photo)]
        asked = [row for row, photo in enumerate(decoded.photos) if case.asked(photo)]
        who = [photo.individual for photo in decoded.photos]
        groups = encounters(decoded.photos, minutes=ENCOUNTER_MINUTES)
        for name, found in statistics(imagenet, decoded).items():
            pool = pool_of(vectors(found, known, who), decoded, groups)
            asked_pool, known_pool = pool.subset(asked), pool.subset(known)
            cells = []
            for protocol in (ANY_PHOTO, STRICT):
                first, precision, _ = rank_1(ranked(asked_pool, known_pool, protocol), asked_pool)
                cells.append(f"{text(first)}, {precision.value:.3f}")
            print(f"| {case.name}, {case.what} | {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
