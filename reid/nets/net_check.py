"""Is a net on disk whole? Answered without torch, which takes ten times the memory of everything else that asks."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from reid.nets import backbones, net_files
from reid.nets.net_files import NetCard, Shapes

BACKBONE_STRUCTURES = {
    "mobilenet_v2": "9b88ec5c066afaec",
    "mobilenet_v3_small": "8e2f0b4c1b557fcb",
    "mobilenet_v3_large": "887914efbf990841",
    "efficientnet_b0": "fb9572d160a485a7",
    "efficientnet_v2_s": "ccd9e86999014b88",
    "convnext_tiny": "8425579f31b83350",
    "resnet18": "623846c1bf9a7add",
    "resnet50": "32310b8c22621039",
}
"""`structure` of the tensors of each backbone: those of torchvision's, to be known without it."""


def check(path: Path) -> NetCard:
    """Read a net's two files and compare them, tensor by tensor, with what its card says.

    A whole net is known by its tensors' names, shapes and fingerprint. Anything else is left to `net_files.load`, which needs
    torch and says in words what is wrong.

    Returns:
        The card of the net.

    Raises:
        NetError: as `net_files.load`.
    """
    card = net_files.read_card(path)
    if _is_whole(path, card):
        return card
    return net_files.load(path)[0]


def _is_whole(path: Path, card: NetCard) -> bool:
    """Whether the tensors are those of the card."""
    shapes = net_files.read_shapes(path)
    return shapes is not None and fits(card, shapes) and net_files.read_fingerprint(path, card) == card.fingerprint


def fits(card: NetCard, shapes: Shapes) -> bool:
    """Whether a net of this card has tensors of these names and shapes, and no others."""
    backbone = {name: shape for name, shape in shapes.items() if name.startswith("features.")}
    head = {name: shape for name, shape in shapes.items() if name not in backbone}
    return structure(backbone) == BACKBONE_STRUCTURES.get(card.backbone) and head == _head(card)


def structure(shapes: Shapes) -> str:
    """16 hex digits of SHA-256 over names and shapes."""
    text = json.dumps([[name, list(shape)] for name, shape in sorted(shapes.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _head(card: NetCard) -> Shapes:
    """The tensors of a net behind its backbone, as `networks.EmbeddingNet` and `networks.SpeciesNet` build them."""
    channels, classes = backbones.spec(card.backbone).channels, len(card.classes)
    if card.kind == "embedding":
        neck = {f"neck.{name}": (card.dimension,) for name in ("weight", "bias", "running_mean", "running_var")}
        pooling: dict[str, tuple[int, ...]] = {"pool.exponent": ()} if card.pooling == "gem" else {}
        return {"linear.weight": (card.dimension, channels), **neck, "neck.num_batches_tracked": (), **pooling}
    layer = {"weight": (classes, channels), "bias": (classes,)}
    head = {f"linear.{name}": shape for name, shape in layer.items()} | {"prototypes": (card.prototypes, channels)}
    if not card.axes:
        return head
    novelty = {"middle": (channels,), "axes": (card.axes, channels), "scales": (2,), **layer}
    return head | {f"familiarity.{name}": shape for name, shape in novelty.items()}
