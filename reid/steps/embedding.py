"""Stage 2: photos to embeddings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reid import images
from reid.nets.runtime import Runtime, SpeciesAnswer
from reid.records import Picture, Vectors


def embed(net: Runtime, pictures: Sequence[Picture]) -> Vectors:
    """Embed pictures, resized to the net's input: (B, D) float32, unit length."""
    return net.embed([images.resize(picture.pixels, *net.card.image_size) for picture in pictures])


def embed_and_map(net: Runtime, pictures: Sequence[Picture]) -> tuple[Vectors, NDArray[np.float32]]:
    """Embed at least one picture, with the feature maps for a closer look: (B, D) and (B, h, w, C) float32."""
    return net.embed_and_map([images.resize(picture.pixels, *net.card.image_size) for picture in pictures])


def classify(net: Runtime, pictures: Sequence[Picture]) -> SpeciesAnswer:
    """What the species net says of pictures, resized to its input."""
    return net.classify([images.resize(picture.pixels, *net.card.image_size) for picture in pictures])


def shortest_side(*nets: Runtime | None) -> int:
    """The shorter side in pixels that a photo must be decoded to so that no net's input is scaled up."""
    return max(max(net.card.image_size) for net in nets if net is not None)
