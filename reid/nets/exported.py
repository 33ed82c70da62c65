"""A net as an ONNX graph that answers without torch: derived from the weights, may be deleted, made again when it is missing.

The file's name holds the net's fingerprint and the hash of its own content, so that a stale or damaged one is never used.
Every graph is held against the torch net before it is kept.
"""

from __future__ import annotations

import hashlib
import logging
import os
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reid import threads
from reid.nets.bundle import NetCard

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger("reid")

VERSION = 1
"""Of what goes into a graph; graphs of another one are not read."""
OPSET = 17
LEAST_COSINE = 0.9999
"""Between each answer of the graph and of the torch net."""
OUTPUTS = {"embedding": ("vectors", "maps"), "species": ("logits", "familiarity")}


def names(folder: Path, fingerprint: str) -> list[Path]:
    """The graphs of a net in a folder."""
    return sorted(folder.glob(f"{fingerprint}.{VERSION}-*.onnx"))


def read(folder: Path, fingerprint: str) -> bytes | None:
    """The graph of a net, whole and unchanged; None where there is none."""
    for path in names(folder, fingerprint):
        try:
            content = path.read_bytes()
        except OSError as error:
            log.debug("%s cannot be read: %s", path, error)
            continue
        if path.name == _name(fingerprint, content):
            return content
        log.warning("%s is damaged and not used; it is made again from the net", path)
        path.unlink(missing_ok=True)
    return None


def session(graph: bytes) -> Any | None:
    """An ONNX Runtime session of a graph, on all cores of this process; None where ONNX Runtime is missing or refuses."""
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as state
    except ImportError as error:
        log.debug("onnxruntime is not there, torch answers: %s", error)
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads.cores(), 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # decoding needs the cores, too
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except (state.Fail, state.InvalidGraph, state.InvalidProtobuf, state.InvalidArgument, state.NotImplemented,
            state.RuntimeException, RuntimeError, ValueError) as error:  # fmt: skip
        log.warning("onnxruntime refuses a net, torch answers: %s", error)
        return None


def write(card: NetCard, net: nn.Module, folder: Path) -> bytes | None:
    """Export a net, check the graph against it, and keep it in the folder.

    Args:
        card: of the net.
        net: on the CPU, in evaluation mode.
        folder: of the weights.

    Returns:
        The graph; None where it cannot be made or written, or answers otherwise than the net: torch is used then.
    """
    try:
        content = _export(card, net)
        cosine = _least_cosine(card, net, content)
        if not cosine >= LEAST_COSINE:
            log.warning("the exported net %s answers otherwise (cosine %.5f); torch is used", card.fingerprint, cosine)
            return None
        path = folder / _name(card.fingerprint, content)
        beside = folder / f".{card.fingerprint}.{os.getpid()}.onnx.tmp"
        beside.write_bytes(content)
        beside.replace(path)
    except (ImportError, AttributeError, RuntimeError, TypeError, ValueError) as error:  # of whichever exporter torch has
        log.warning("net %s cannot be exported, torch is used: %s", card.fingerprint, " ".join(str(error).split())[:200])
        return None
    except OSError as error:
        log.debug("the exported net is not kept in %s: %s", folder, error)
        return None
    return content


def _name(fingerprint: str, content: bytes) -> str:
    digest = hashlib.sha256(fingerprint.encode() + content).hexdigest()[:16]  # a graph renamed for another net fits neither
    return f"{fingerprint}.{VERSION}-{digest}.onnx"


def _export(card: NetCard, net: nn.Module) -> bytes:
    import torch

    from reid.nets.networks import FromPixels

    outputs = OUTPUTS[card.kind]
    example = torch.zeros((2, *card.image_size, 3), dtype=torch.uint8)
    with warnings.catch_warnings(), TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # sizes become constants of the graph, as they should; the exporter is the old one
        path = Path(folder) / "net.onnx"
        torch.onnx.export(
            FromPixels(net).eval(), (example,), path, input_names=["pixels"], output_names=list(outputs),
            dynamic_axes={name: {0: "photos"} for name in ("pixels", *outputs)}, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        return path.read_bytes()


def _least_cosine(card: NetCard, net: nn.Module, graph: bytes) -> float:
    """The least cosine between an answer of the graph and the same of the net, over a few photos; nan without a session."""
    import torch

    from reid.nets.networks import FromPixels

    ready = session(graph)
    if ready is None:
        return float("nan")
    pixels = _photos(card.image_size)
    with torch.inference_mode():
        wanted = [answer.numpy() for answer in FromPixels(net).eval()(torch.from_numpy(pixels))]
    found = ready.run(list(OUTPUTS[card.kind]), {"pixels": pixels})
    return min(_cosine(one, two) for one, two in zip(found, wanted, strict=True))


def _photos(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Three pictures: noise, a slope of grey, black."""
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3))
    slope = np.linspace(0, 255, size[1])[None, :, None].repeat(size[0], 0).repeat(3, 2)
    return np.stack([noise, slope, np.zeros((*size, 3))]).astype(np.uint8)


def _cosine(one: NDArray[np.float32], two: NDArray[np.float32]) -> float:
    a, b = one.reshape(len(one), -1).astype(np.float64), two.reshape(len(two), -1).astype(np.float64)
    length = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return float((((a * b).sum(axis=1) + 1e-12) / (length + 1e-12)).min())
