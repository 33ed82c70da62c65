"""Stage 2: photos to embeddings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reid import images
from reid.nets.inference import Runtime, SpeciesAnswer
from reid.nets.net_files import NetCard
from reid.records import Picture, Pixels, Size, Vectors


def embed(net: Runtime, pictures: Sequence[Picture]) -> Vectors:
    """Embed pictures, resized to the net's input: (B, D) float32, unit length."""
    return net.embed(inputs(net, pictures))


def embed_and_map(net: Runtime, pictures: Sequence[Picture]) -> tuple[Vectors, NDArray[np.float32]]:
    """Embed at least one picture, with the feature maps for a closer look: (B, D) and (B, h, w, C) float32."""
    return net.embed_and_map(inputs(net, pictures))


def classify(net: Runtime, pictures: Sequence[Picture]) -> SpeciesAnswer:
    """What the species net says of pictures, resized to its input."""
    return net.classify(inputs(net, pictures))


def inputs(net: Runtime, pictures: Sequence[Picture]) -> list[Pixels]:
    """The pictures at the net's input size: as they were decoded for it, else resized now."""
    size = net.card.image_size
    return [picture.inputs[size] if size in picture.inputs else images.resize(picture.pixels, *size) for picture in pictures]


def sizes_of(*nets: Runtime | NetCard | None) -> tuple[Size, ...]:
    """The input sizes of nets or of their cards, each once, in their order."""
    cards = [net if isinstance(net, NetCard) else net.card for net in nets if net is not None]
    return tuple(dict.fromkeys(card.image_size for card in cards))


def shortest_side(*nets: Runtime | None) -> int:
    """The shorter side in pixels that a photo must be decoded to so that no net's input is scaled up."""
    return max(max(net.card.image_size) for net in nets if net is not None)
