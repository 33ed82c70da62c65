"""Fast inference behind one small interface: photos in, embeddings or species probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reid import threads
from reid.errors import NetError, ShapeError, UsageError
from reid.nets import bundle
from reid.nets.bundle import NetCard
from reid.records import Pixels, Vectors

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class SpeciesAnswer:
    """What a species net says of B photos.

    probabilities: (B, classes), calibrated, each row sums to 1. familiarity: (B,) cosine in [-1, 1] of the photo's
    features to the nearest training prototype; below the card's `familiar_at` the photo shows something else.
    """

    probabilities: NDArray[np.float32]
    familiarity: NDArray[np.float32]


def device(name: str) -> torch.device:
    """The device for `auto`, `cpu` or `cuda`.

    Raises:
        UsageError: cuda was asked for and there is none, or no such device.
    """
    threads.prepare()
    import torch

    if name not in ("auto", "cpu", "cuda"):
        raise UsageError(f"device {name!r} does not exist; choose auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("no CUDA device on this machine; use --device cpu or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


class Runtime:
    """One net ready to answer; load it with `load`."""

    def __init__(self, card: NetCard, net: Any, where: torch.device) -> None:
        """Put a net on a device, in evaluation mode."""
        import torch

        self.card = card
        self._device = where
        self._net = net.to(where, memory_format=torch.channels_last).eval()
        if card.kind == "species":
            self._prototypes = torch.nn.functional.normalize(self._net.prototypes, dim=1)

    def embed(self, pixels: Sequence[Pixels]) -> Vectors:
        """Embed photos already resized to the card's image_size.

        Args:
            pixels: B photos, each (height, width, 3) uint8 RGB.

        Returns:
            (B, D) float32, unit length.

        Raises:
            ShapeError: a photo has another size.
            NetError: this is a species net.
        """
        if self.card.kind != "embedding":
            raise NetError(f"net {self.card.fingerprint} is a species net; it makes no embeddings")
        if not pixels:
            return np.zeros((0, self.card.dimension), np.float32)
        vectors: Vectors = self._forward(pixels).float().cpu().numpy()
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def classify(self, pixels: Sequence[Pixels]) -> SpeciesAnswer:
        """Species probabilities of photos already resized to the card's image_size.

        Raises:
            ShapeError: a photo has another size.
            NetError: this is an embedding net.
        """
        import torch

        if self.card.kind != "species":
            raise NetError(f"net {self.card.fingerprint} is an embedding net; it knows no species")
        if not pixels:
            return SpeciesAnswer(np.zeros((0, len(self.card.classes)), np.float32), np.zeros(0, np.float32))
        with torch.inference_mode():
            logits, features = self._forward(pixels)
            probabilities = torch.softmax(logits.float() / self.card.temperature, dim=1)
            if len(self._prototypes):
                near = torch.nn.functional.normalize(features.float(), dim=1) @ self._prototypes.T
                familiarity = near.max(dim=1).values
            else:
                familiarity = torch.ones(len(features))
        return SpeciesAnswer(probabilities.cpu().numpy(), familiarity.cpu().numpy())

    def maps(self, pixels: Sequence[Pixels]) -> NDArray[np.float32]:
        """Feature maps of photos already resized to the card's image_size, to match them place by place.

        Args:
            pixels: B photos, at least one, each (height, width, 3) uint8 RGB.

        Returns:
            (B, h, w, C) float32: one cell for every 16 x 16 pixels, see `EmbeddingNet.early_maps`.

        Raises:
            ShapeError: a photo has another size.
        """
        import torch

        with torch.inference_mode():
            found: NDArray[np.float32] = self._net.early_maps(self._images(pixels)).permute(0, 2, 3, 1).float().cpu().numpy()
        return np.ascontiguousarray(found)

    def _forward(self, pixels: Sequence[Pixels]) -> Any:
        import torch

        with torch.inference_mode():
            return self._net(self._images(pixels))

    def _images(self, pixels: Sequence[Pixels]) -> torch.Tensor:
        import torch

        wanted = (*self.card.image_size, 3)
        if any(photo.shape != wanted or photo.dtype != np.uint8 for photo in pixels):
            raise ShapeError(f"net {self.card.fingerprint} takes photos of shape {wanted}, uint8")
        with torch.inference_mode():
            batch = torch.from_numpy(np.stack(pixels)).to(self._device)
            images = batch.permute(0, 3, 1, 2).float().div_(255.0)
            return images.contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=8)
def _loaded(path: Path, stamp: int, where: str) -> Runtime:
    import torch

    card, net = bundle.load(path)
    return Runtime(card, net, torch.device(where))


def load(path: Path, device_name: str = "auto") -> Runtime:
    """The net of a weights file, ready to answer; kept in memory for the next call.

    Raises:
        NetError: missing or damaged.
        UsageError: no such device.
    """
    where = device(device_name)
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise NetError(f"the net {path} is missing; take it from a backup or train again") from error
    return _loaded(path.resolve(), stamp, str(where))
