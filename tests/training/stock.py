"""What the tests of training learn from: animals as patches of colour, decoded already, and nets that see them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from reid.nets.networks import EmbeddingNet, SpeciesNet
from reid.records import Photo
from reid.settings import TrainSettings
from reid.training.dataset import Decoded

CPU = torch.device("cpu")
SIZE = (32, 32)
SETTINGS = TrainSettings(
    backbone="mobilenet_v3_small",
    image_size=SIZE,
    species_image_size=SIZE,
    dimension=8,
    individuals_per_batch=4,
    photos_per_individual=2,
    frozen_blocks=2,
    loss="triplet+arcface",
    pooling="average",
)


def herd(individuals: range, encounters: int = 2, photos: int = 2, seed: int = 0) -> tuple[Decoded, list[str]]:
    """Each individual a coarse pattern of its own; each encounter another light; each photo some noise."""
    pixels, records, groups = [], [], []
    for number in individuals:
        pattern = np.kron(np.random.default_rng(number).integers(0, 256, (4, 4, 3)), np.ones((10, 10, 1)))[:37, :37]
        for encounter in range(encounters):
            rng = np.random.default_rng((seed, number, encounter))
            light = rng.uniform(0.8, 1.2)
            for photo in range(photos):
                pixels.append(np.clip(pattern * light + rng.normal(0, 8, pattern.shape), 0, 255).astype(np.uint8))
                records.append(Photo(Path(f"{number}-{encounter}-{photo}.jpg"), "zebra", f"n{number}"))
                groups.append(f"{number}/{encounter}")
    return Decoded(tuple(records), np.stack(pixels), ()), groups


def species_photos(colours: Mapping[str, tuple[int, int, int]], count: int, seed: int = 0) -> Decoded:
    """Photos of one colour with noise for each species."""
    rng = np.random.default_rng(seed)
    records = [Photo(Path(f"{name}-{seed}-{row}.jpg"), name) for name in colours for row in range(count)]
    pixels = np.stack([rng.normal(colours[one.species], 15, (37, 37, 3)) for one in records])
    return Decoded(tuple(records), np.clip(pixels, 0, 255).astype(np.uint8), ())


def awake(net: Any) -> Any:
    """The net with running statistics of random photos: with random weights alone all photos look the same to it."""
    norms = [one for one in net.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    decoded = herd(range(100, 116), 1, 1)[0]
    with torch.no_grad():
        net.train()(torch.from_numpy(decoded.pixels[:, :32, :32]).permute(0, 3, 1, 2) / 255.0)
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
    return net.eval()


def embedding_net(seed: int = 0) -> EmbeddingNet:
    torch.manual_seed(seed)
    net: EmbeddingNet = awake(EmbeddingNet(SETTINGS.backbone, dimension=8, pooling="average"))
    return net


def species_net(classes: int, seed: int = 0) -> SpeciesNet:
    torch.manual_seed(seed)
    net: SpeciesNet = awake(SpeciesNet(SETTINGS.backbone, classes))
    return net
