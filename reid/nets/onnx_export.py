"""A net as an ONNX graph that answers without torch: derived from the weights, may be deleted, made again when it is missing.

The file's name holds the net's fingerprint and the hash of its own content, so that a stale or damaged one is never used.
Every graph is held against the torch net before it is kept; those of the nets that ship are so by our tests, and need no torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reid import threads
from reid.files import atomic_replace
from reid.nets import net_files, onnx_layers
from reid.nets.net_files import NetCard

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger("reid")

GRAPH_VERSION = 1
"""Of what goes into a graph; graphs of another one are not read."""
LEAST_COSINE = 0.9999
"""Between each answer of the graph and of the torch net."""
OUTPUTS = onnx_layers.ANSWERS


def names(folder: Path, fingerprint: str) -> list[Path]:
    """The graphs of a net in a folder."""
    return sorted(folder.glob(f"{fingerprint}.{GRAPH_VERSION}-*.onnx"))


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
        with contextlib.suppress(OSError):  # of a gallery that may only be read
            path.unlink()
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
        The graph, also where it could not be kept; None where it cannot be made, or answers otherwise than the net: torch is
        used then.
    """
    try:
        content = onnx_layers.model(card, {name: value.numpy() for name, value in net.state_dict().items()})
        cosine = _least_cosine(card, net, content)
        if not cosine >= LEAST_COSINE:
            log.warning("the exported net %s answers otherwise (cosine %.5f); torch is used", card.fingerprint, cosine)
            return None
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        log.warning("net %s cannot be exported, torch is used: %s", card.fingerprint, " ".join(str(error).split())[:200])
        return None
    _keep(card.fingerprint, content, folder)
    return content


def write_shipped(path: Path) -> bytes | None:
    """The graph of a net that ships, made without torch, and kept beside its weights unless these are the package's own.

    Returns:
        None where this net is another one or damaged, or onnxruntime is missing.
    """
    card = net_files.read_card(path)
    arrays = net_files.read_arrays(path) if net_files.shipped(card.fingerprint) else None
    if arrays is None:
        return None
    content = onnx_layers.model(card, arrays)
    if path.parent != net_files.SHIPPED:
        _keep(card.fingerprint, content, path.parent)
    return content


def _keep(fingerprint: str, content: bytes, folder: Path) -> None:
    try:
        with atomic_replace(folder / _name(fingerprint, content)) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        log.debug("the exported net is not kept in %s: %s", folder, error)


def _name(fingerprint: str, content: bytes) -> str:
    digest = hashlib.sha256(fingerprint.encode() + content).hexdigest()[:16]  # a graph renamed for another net fits neither
    return f"{fingerprint}.{GRAPH_VERSION}-{digest}.onnx"


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
