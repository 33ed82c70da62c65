"""Fast inference behind one small interface: photos in, embeddings or species probabilities out.

On a CPU the exported graph of a net answers (`exported`), by ONNX Runtime and without torch; on a GPU, and wherever there is no
good graph, torch does. Both give the same answers to a cosine of 0.9999 at least.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reid import threads
from reid.errors import NetError, ShapeError, UsageError
from reid.nets import net_files, onnx_export
from reid.nets.net_files import NetCard
from reid.records import Pixels, Vectors

if TYPE_CHECKING:
    import torch

Engine = Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""(B, H, W, 3) uint8 RGB -> the two answers of `networks.NetOutputs`."""
PHOTOS_OF_A_CALL = 2
"""Photos in one call of ONNX Runtime: with more, the maps of one layer no longer fit the cache until the next one needs them.
Measured at 192x288, ms a photo with 1, 2, 4, 8 at once: 4.8, 4.8, 5.5, 6.2 on one thread, and 3.6, 3.0, 3.1 on two. So a
batch of many species, cut into small parts for their nets, costs no more than a batch of one."""
GPU_FILES = ("/dev/nvidiactl", "/dev/nvidia0", "/proc/driver/nvidia", "/dev/kfd", "/dev/dxg")
"""Any of them says that there may be a GPU, so that torch is worth asking; nvcuda.dll does on Windows."""


@dataclass(frozen=True, slots=True)
class SpeciesAnswer:
    """What a species net says of B photos.

    probabilities: (B, classes), calibrated, each row sums to 1. familiarity: (B,) of `networks.Familiarity`, larger = more like
    what the net learned from, of a net of before the cosine to the nearest prototype; below the card's `familiar_at` the photo
    shows something else.
    """

    probabilities: NDArray[np.float32]
    familiarity: NDArray[np.float32]


def mirrored_classes(classes: Sequence[str]) -> list[int]:
    """For each class of a side net the class of its mirror image: left and right change places."""
    other = {"left": "right", "right": "left"}
    return [list(classes).index(other.get(name, name)) for name in classes]


def place(name: str) -> str:
    """`cpu` or `cuda`, of `auto`, `cpu` or `cuda`; torch is asked only where a GPU may be.

    Raises:
        UsageError: cuda was asked for and there is none, or no such device.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise UsageError(f"device {name!r} does not exist; choose auto, cpu or cuda")
    there = name != "cpu" and _gpu_in_sight() and _cuda()
    if name == "cuda" and not there:
        raise UsageError("no CUDA device on this machine; use --device cpu or auto")
    return "cuda" if there else "cpu"


def _gpu_in_sight() -> bool:
    windows = Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32" / "nvcuda.dll"
    return any(Path(path).exists() for path in GPU_FILES) or (os.name == "nt" and windows.exists())


def device(name: str) -> torch.device:
    """The torch device for `auto`, `cpu` or `cuda`, for training.

    Raises:
        UsageError: cuda was asked for and there is none, or no such device.
    """
    chosen = place(name)
    threads.prepare()
    import torch

    return torch.device(chosen)


def _cuda() -> bool:
    threads.prepare()
    import torch

    return bool(torch.cuda.is_available())


class Runtime:
    """One net ready to answer; load it with `load`."""

    def __init__(self, card: NetCard, engine: Engine) -> None:
        """A net's card, and what runs it."""
        self.card = card
        self._engine = engine

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
        return self.embed_and_map(pixels)[0] if len(pixels) else self._no_vectors()

    def embed_and_map(self, pixels: Sequence[Pixels]) -> tuple[Vectors, NDArray[np.float32]]:
        """The embeddings and the feature maps of at least one photo, in one pass; see `embed` and `maps`."""
        self._no_vectors()
        vectors, maps = self._engine(self._batch(pixels))
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit, maps

    def maps(self, pixels: Sequence[Pixels]) -> NDArray[np.float32]:
        """Feature maps of photos already resized to the card's image_size, to match them place by place.

        Args:
            pixels: B photos, at least one, each (height, width, 3) uint8 RGB.

        Returns:
            (B, h, w, C) float32: one cell for every 16 x 16 pixels, see `EmbeddingNet.early_maps`.

        Raises:
            ShapeError: a photo has another size.
            NetError: this is a species net.
        """
        return self.embed_and_map(pixels)[1]

    def classify(self, pixels: Sequence[Pixels]) -> SpeciesAnswer:
        """Species probabilities of photos already resized to the card's image_size.

        Raises:
            ShapeError: a photo has another size.
            NetError: this is an embedding net.
        """
        if self.card.kind != "species":
            raise self._another("it knows no species")
        if not pixels:
            return SpeciesAnswer(np.zeros((0, len(self.card.classes)), np.float32), np.zeros(0, np.float32))
        batch = self._batch(pixels)
        logits, familiarity = self._engine(batch)
        if self.card.mirrored:
            more, near = self._engine(np.ascontiguousarray(batch[:, :, ::-1]))
            logits, familiarity = (logits + more) / np.float32(2), (familiarity + near) / np.float32(2)
        return SpeciesAnswer(self._softmax(logits), familiarity)

    def sides(self, pixels: Sequence[Pixels]) -> NDArray[np.float32]:
        """Side probabilities (B, classes) of photos already resized to the card's image_size; each row sums to 1.

        Photo and mirror image are asked together: the mirror image of a left flank is a right one. So a photo and its mirror
        image get the same numbers, for the other side.

        Raises:
            ShapeError: a photo has another size.
            NetError: this is no side net.
        """
        if self.card.kind != "side":
            raise self._another("it knows no sides")
        if not pixels:
            return np.zeros((0, len(self.card.classes)), np.float32)
        batch = self._batch(pixels)
        logits, more = self._engine(batch)[0], self._engine(np.ascontiguousarray(batch[:, :, ::-1]))[0]
        return self._softmax((logits + more[:, mirrored_classes(self.card.classes)]) / np.float32(2))

    def _softmax(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = logits / np.float32(self.card.temperature)
        weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        answer: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
        return answer

    def _another(self, why: str) -> NetError:
        article = "an" if self.card.kind == "embedding" else "a"
        return NetError(f"net {self.card.fingerprint} is {article} {self.card.kind} net; {why}")

    def _no_vectors(self) -> Vectors:
        if self.card.kind != "embedding":
            raise self._another("it makes no embeddings")
        return np.zeros((0, self.card.dimension), np.float32)

    def _batch(self, pixels: Sequence[Pixels]) -> NDArray[np.uint8]:
        wanted = (*self.card.image_size, 3)
        if any(photo.shape != wanted or photo.dtype != np.uint8 for photo in pixels):
            raise ShapeError(f"net {self.card.fingerprint} takes photos of shape {wanted}, uint8")
        return np.stack(pixels)


def of_torch(card: NetCard, net: Any, where: torch.device) -> Runtime:
    """A net that torch runs on a device."""
    import torch

    from reid.nets.networks import NetOutputs

    answers = NetOutputs(net.to(where, memory_format=torch.channels_last)).eval()

    def run(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with torch.inference_mode():
            images = torch.from_numpy(pixels).to(where).permute(0, 3, 1, 2).float().div_(255.0)
            first, second = answers(images.contiguous(memory_format=torch.channels_last))
        return first.float().cpu().numpy(), np.ascontiguousarray(second.float().cpu().numpy())

    return Runtime(card, run)


def _of_graph(card: NetCard, graph: bytes | None) -> Runtime | None:
    """A net that ONNX Runtime runs; None without a graph, or where it refuses."""
    session = onnx_export.session(graph) if graph is not None else None
    if session is None:
        return None
    outputs = list(onnx_export.OUTPUTS[card.kind])

    def run(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        starts = range(0, len(pixels), PHOTOS_OF_A_CALL)
        parts = [session.run(outputs, {"pixels": pixels[row : row + PHOTOS_OF_A_CALL]}) for row in starts]
        first, second = (np.concatenate(column) for column in zip(*parts, strict=True))
        return first, second

    return Runtime(card, run)


@lru_cache(maxsize=8)
def _loaded(path: Path, stamp: int, where: str) -> Runtime:
    if where == "cpu":
        card = net_files.read_card(path)
        if ready := _of_graph(card, onnx_export.read(path.parent, card.fingerprint) or onnx_export.write_shipped(path)):
            return ready
    threads.prepare()
    import torch

    card, net = net_files.load(path)
    if (
        where == "cpu"
        and path.parent != net_files.SHIPPED
        and (made := _of_graph(card, onnx_export.write(card, net, path.parent)))
    ):
        return made
    return of_torch(card, net, torch.device(where))


def load(path: Path, device_name: str = "auto") -> Runtime:
    """The net of a weights file, ready to answer; kept in memory for the next call.

    Where no exported graph lies beside it, one is made, so that the next process needs no torch.

    Raises:
        NetError: missing or damaged.
        UsageError: no such device.
    """
    where = place(device_name)
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise NetError(f"the net {path} is missing; take it from a backup or train again") from error
    return _loaded(path.resolve(), stamp, where)
