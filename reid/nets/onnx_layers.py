"""Our nets as ONNX graphs, from their weights alone: what `networks.py` and torchvision say in torch, said without torch.

Batch norms are folded into the convolutions before them. Kernel sizes, groups and expansions are read off the weights'
shapes; what shapes do not tell (strides, activations) stands in `_SHAPES`. That the answers are torch's is tested for
every backbone, and checked for each net before its graph is kept (`exported.write`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.nets import backbones
from reid.nets.net_files import NetCard
from reid.nets.onnx_graph import Graph, Value

Arrays = Mapping[str, NDArray[Any]]
"""The tensors of a net by name, as its safetensors file holds them."""

INPUT = "pixels"
"""Name of the one input: (B, H, W, 3) uint8 RGB."""
ANSWERS = {"embedding": ("vectors", "maps"), "species": ("logits", "familiarity"), "side": ("logits", "familiarity")}
"""Names of the two outputs."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the weights of a backbone do not tell.

    strides: of each block of inverted residuals (of each stage, where a stage holds several), and of each ResNet stage.
    """

    family: str
    strides: tuple[int, ...] = ()
    activation: str = "relu"
    epsilon: float = 1e-5
    relu_until: int = 0
    """Blocks up to this one use ReLU, whatever the activation."""
    squeeze: tuple[str, str] = field(default=("relu", "hardsigmoid"))
    """Activations inside squeeze-and-excitation."""


_SILU = ("silu", "sigmoid")
_SHAPES = {
    "mobilenet_v2": _Shape("inverted", (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1), "relu6"),
    "mobilenet_v3_small": _Shape("inverted", (2, 2, 1, 2, 1, 1, 1, 1, 2, 1, 1), "hardswish", 1e-3, relu_until=3),
    "mobilenet_v3_large": _Shape("inverted", (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1), "hardswish", 1e-3, relu_until=6),
    "efficientnet_b0": _Shape("stages", (1, 2, 2, 2, 1, 2, 1), "silu", squeeze=_SILU),
    "efficientnet_v2_s": _Shape("stages", (1, 2, 2, 2, 1, 2), "silu", 1e-3, squeeze=_SILU),
    "convnext_tiny": _Shape("convnext"),
    "resnet18": _Shape("resnet", (1, 2, 2, 2)),
    "resnet50": _Shape("resnet", (1, 2, 2, 2)),
}


def model(card: NetCard, arrays: Arrays) -> bytes:
    """The ONNX model of a net: what `networks.FromPixels` answers, under the names `ANSWERS`.

    Raises:
        LookupError, ValueError: the arrays are not those of the card's net.
    """
    drawing = _Drawing(card, arrays)
    pixels = maps = early = drawing.normalised()
    for maps in drawing.blocks(pixels):
        if maps.height * 8 >= card.image_size[0]:
            early = maps
    found = drawing.embedding(maps, early) if card.kind == "embedding" else drawing.species(maps)
    return drawing.graph.model((INPUT, (*card.image_size, 3)), dict(zip(ANSWERS[card.kind], found, strict=True)))


class _Drawing:
    """One net being put into a graph."""

    def __init__(self, card: NetCard, arrays: Arrays) -> None:
        self.card, self.arrays, self.graph = card, arrays, Graph()
        self.shape = _SHAPES[card.backbone]

    def blocks(self, x: Value) -> Iterator[Value]:
        """Each block of the backbone in turn, with the height of its maps."""
        if self.shape.family == "resnet":
            yield from self._resnet(x)
        elif self.shape.family == "convnext":
            yield from self._convnext(x)
        else:
            yield from self._inverted(x)

    def embedding(self, maps: Value, early: Value) -> tuple[str, str]:
        """Embeddings (B, D) of unit length, and the early maps averaged to (B, h, w, C)."""
        graph, arrays = self.graph, self.arrays
        pooled = self._gem(maps) if self.card.pooling == "gem" else self._average(maps)
        scale = arrays["neck.weight"] / np.sqrt(arrays["neck.running_var"].astype(np.float64) + 1e-5)
        weight = arrays["linear.weight"] * scale.astype(np.float32)[:, None]
        bias = arrays["neck.bias"] - arrays["neck.running_mean"] * scale
        vectors = graph.node("Gemm", pooled, graph.constant(weight), graph.constant(bias), transB=1)
        half = graph.node("AveragePool", early.name, kernel_shape=(2, 2), strides=(2, 2))
        return self._unit(vectors), graph.node("Transpose", half, perm=(0, 2, 3, 1))

    def species(self, maps: Value) -> tuple[str, str]:
        """Logits (B, classes), and familiarity (B,): in nets of before the largest cosine to a prototype, 1 without any."""
        graph, arrays = self.graph, self.arrays
        features = self._average(maps)
        weight, bias = graph.constant(arrays["linear.weight"]), graph.constant(arrays["linear.bias"])
        logits = graph.node("Gemm", features, weight, bias, transB=1)
        if self.card.axes:
            return logits, self._familiarity(features, logits)
        centres = arrays["prototypes"]
        if not len(centres):
            nothing = graph.node("ReduceMax", graph.node("Sub", logits, logits), axes=(1,), keepdims=0)
            return logits, graph.node("Add", nothing, graph.constant(1.0))
        lengths = np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
        cosines = graph.node("MatMul", self._unit(features), graph.constant(np.ascontiguousarray((centres / lengths).T)))
        return logits, graph.node("ReduceMax", cosines, axes=(1,), keepdims=0)

    def _familiarity(self, features: str, logits: str) -> str:
        """As `networks.Familiarity`."""
        graph = self.graph
        middle, axes, weight, bias, (far, high) = (
            self.arrays[f"familiarity.{name}"] for name in ("middle", "axes", "weight", "bias", "scales")
        )
        away = graph.node("Sub", features, graph.constant(middle))
        whole = graph.node("ReduceSumSquare", away, axes=(1,), keepdims=0)
        spread = graph.node("MatMul", away, graph.constant(np.ascontiguousarray(axes.T)))
        usual = graph.node("ReduceSumSquare", spread, axes=(1,), keepdims=0)
        classes = graph.node("Gemm", away, graph.constant(-2.0 * weight), graph.constant(bias), transB=1)
        nearest = graph.node("ReduceMin", classes, axes=(1,), keepdims=0)
        distance = graph.node("Add", graph.node("Sub", whole, usual), nearest)
        energy = graph.node("ReduceLogSumExp", logits, axes=(1,), keepdims=0)
        scaled = graph.node("Mul", energy, graph.constant(float(high)))
        return graph.node("Sub", scaled, graph.node("Mul", distance, graph.constant(float(far))))

    def _unit(self, vectors: str) -> str:
        length = self.graph.node("ReduceL2", vectors, axes=(1,), keepdims=1)
        return self.graph.node("Div", vectors, self.graph.node("Max", length, self.graph.constant(1e-12)))

    def normalised(self) -> Value:
        """The input as the backbone takes it."""
        graph = self.graph
        mean, std = (np.array(one)[:, None, None] for one in (backbones.MEAN, backbones.STD))
        planes = graph.node("Cast", graph.node("Transpose", INPUT, perm=(0, 3, 1, 2)), to=1)
        scaled = graph.node("Mul", planes, graph.constant(1.0 / (255.0 * std)))
        return Value(graph.node("Sub", scaled, graph.constant(mean / std)), 3, self.card.image_size[0])

    def _average(self, maps: Value) -> str:
        return self.graph.node("Flatten", self.graph.node("GlobalAveragePool", maps.name), axis=1)

    def _gem(self, maps: Value) -> str:
        """Generalised mean; x^p as exp(p ln x), whose parts are vectorised where the power is not."""
        graph = self.graph
        exponent = float(np.clip(self.arrays["pool.exponent"], 1.0, 8.0))
        logarithm = graph.node("Log", graph.node("Max", maps.name, graph.constant(1e-5)))
        mean = graph.node("GlobalAveragePool", graph.node("Exp", graph.node("Mul", logarithm, graph.constant(exponent))))
        root = graph.node("Exp", graph.node("Mul", graph.node("Log", mean), graph.constant(1.0 / exponent)))
        return graph.node("Flatten", root, axis=1)

    def _conv(self, x: Value, conv: str, norm: str = "", *, stride: int = 1, act: str = "", padded: bool = True) -> Value:
        """A convolution with the batch norm behind it folded in, and its activation."""
        graph, arrays = self.graph, self.arrays
        weight = arrays[f"{conv}.weight"]
        bias = arrays[f"{conv}.bias"] if f"{conv}.bias" in arrays else np.zeros(len(weight))
        if norm:
            scale = arrays[f"{norm}.weight"] / np.sqrt(arrays[f"{norm}.running_var"].astype(np.float64) + self.shape.epsilon)
            weight = weight * scale.astype(np.float32)[:, None, None, None]
            bias = arrays[f"{norm}.bias"] + (bias - arrays[f"{norm}.running_mean"]) * scale
        size = weight.shape[2]
        edge = (size - 1) // 2 if padded else 0
        out = graph.node(
            "Conv", x.name, graph.constant(weight), graph.constant(bias), kernel_shape=weight.shape[2:],
            strides=(stride, stride), pads=(edge,) * 4, group=x.channels // weight.shape[1],
        )
        height = (x.height + 2 * edge - size) // stride + 1
        return Value(self._activated(out, act), len(weight), height)

    def _activated(self, x: str, act: str) -> str:
        graph = self.graph
        if act == "relu6":
            return graph.node("Clip", x, graph.constant(0.0), graph.constant(6.0))
        if act == "silu":
            return graph.node("Mul", x, graph.node("Sigmoid", x))
        if act == "gelu":
            half = graph.node("Mul", x, graph.constant(0.5))
            erf = graph.node("Erf", graph.node("Mul", x, graph.constant(np.sqrt(0.5))))
            return graph.node("Mul", half, graph.node("Add", erf, graph.constant(1.0)))
        if act == "hardsigmoid":
            return graph.node("HardSigmoid", x, alpha=1 / 6, beta=0.5)
        return graph.node({"relu": "Relu", "sigmoid": "Sigmoid", "hardswish": "HardSwish"}[act], x) if act else x

    def _inverted(self, x: Value) -> Iterator[Value]:
        """MobileNet V2 and V3, EfficientNet: a stem, inverted residuals (in stages or not), a last convolution."""
        act, last = self.shape.activation, len(self.shape.strides) + 1
        x = self._conv(x, "features.0.0", "features.0.1", stride=2, act=act)
        yield x
        for number, stride in enumerate(self.shape.strides, start=1):
            prefixes = [f"features.{number}"]
            if self.shape.family == "stages":
                prefixes = [f"features.{number}.{row}" for row in range(self._length(f"features.{number}"))]
            for row, prefix in enumerate(prefixes):
                inside = "relu" if number <= self.shape.relu_until else act
                x = self._residual(x, prefix, 1 if row else stride, inside)
            yield x
        yield self._conv(x, f"features.{last}.0", f"features.{last}.1", act=act)

    def _residual(self, x: Value, prefix: str, stride: int, act: str) -> Value:
        """An inverted residual: its convolutions in order, the stride at the first wider than a pixel, none active at the end."""
        inner = f"{prefix}.conv" if self._length(f"{prefix}.conv") else f"{prefix}.block"
        length = self._length(inner)
        out, waiting = x, stride
        for row in range(length):
            layer = f"{inner}.{row}"
            if f"{layer}.fc1.weight" in self.arrays:
                out = self._squeezed(out, layer)
            elif f"{layer}.0.weight" in self.arrays:
                wide = self.arrays[f"{layer}.0.weight"].shape[2] > 1
                silent = row == length - 1 and length > 1
                step = waiting if wide else 1
                out = self._conv(out, f"{layer}.0", f"{layer}.1", stride=step, act="" if silent else act)
                waiting = 1 if wide else waiting
            elif self.arrays[f"{layer}.weight"].ndim == 4:  # MobileNet V2 ends in a bare convolution and its norm
                out = self._conv(out, layer, f"{inner}.{row + 1}")
        if stride == 1 and out.channels == x.channels:
            return replace(out, name=self.graph.node("Add", out.name, x.name))
        return out

    def _squeezed(self, x: Value, layer: str) -> Value:
        inside, gate = self.shape.squeeze
        pooled = replace(x, name=self.graph.node("GlobalAveragePool", x.name))
        scale = self._conv(self._conv(pooled, f"{layer}.fc1", act=inside), f"{layer}.fc2", act=gate)
        return replace(x, name=self.graph.node("Mul", x.name, scale.name))

    def _resnet(self, x: Value) -> Iterator[Value]:
        x = self._conv(x, "features.0.0", "features.0.1", stride=2, act="relu")
        pooled = self.graph.node("MaxPool", x.name, kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1))
        x = Value(pooled, x.channels, (x.height - 1) // 2 + 1)
        yield x
        for number, stride in enumerate(self.shape.strides, start=1):
            for row in range(self._length(f"features.{number}")):
                x = self._bottleneck(x, f"features.{number}.{row}", 1 if row else stride)
            yield x

    def _bottleneck(self, x: Value, prefix: str, stride: int) -> Value:
        """Two or three convolutions and the way around them; of three, the second has the stride."""
        count = 3 if f"{prefix}.conv3.weight" in self.arrays else 2
        out = x
        for row in range(1, count + 1):
            step = stride if row == count - 1 else 1
            out = self._conv(out, f"{prefix}.conv{row}", f"{prefix}.bn{row}", stride=step, act="relu" if row < count else "")
        if f"{prefix}.downsample.0.weight" in self.arrays:
            x = self._conv(x, f"{prefix}.downsample.0", f"{prefix}.downsample.1", stride=stride)
        return replace(out, name=self.graph.node("Relu", self.graph.node("Add", out.name, x.name)))

    def _convnext(self, x: Value) -> Iterator[Value]:
        x = self._layer_norm(self._conv(x, "features.0.0", stride=4, padded=False), "features.0.1")
        yield x
        for stage in range(1, 8):
            if stage % 2:
                for row in range(self._length(f"features.{stage}")):
                    x = self._convnext_block(x, f"features.{stage}.{row}")
            else:
                x = self._conv(self._layer_norm(x, f"features.{stage}.0"), f"features.{stage}.1", stride=2, padded=False)
            yield x

    def _convnext_block(self, x: Value, prefix: str) -> Value:
        graph, arrays = self.graph, self.arrays
        out = self._layer_norm(self._conv(x, f"{prefix}.block.0"), f"{prefix}.block.2", back=False).name
        for layer, act in (("3", "gelu"), ("5", "")):
            weight = graph.constant(np.ascontiguousarray(arrays[f"{prefix}.block.{layer}.weight"].T))
            bias = graph.constant(arrays[f"{prefix}.block.{layer}.bias"])
            out = self._activated(graph.node("Add", graph.node("MatMul", out, weight), bias), act)
        scaled = graph.node("Mul", out, graph.constant(arrays[f"{prefix}.layer_scale"].reshape(-1)))
        return replace(x, name=graph.node("Add", x.name, graph.node("Transpose", scaled, perm=(0, 3, 1, 2))))

    def _layer_norm(self, x: Value, prefix: str, *, back: bool = True) -> Value:
        """Over the channels; `back`: the channels come first again."""
        graph, arrays = self.graph, self.arrays
        weight, bias = graph.constant(arrays[f"{prefix}.weight"]), graph.constant(arrays[f"{prefix}.bias"])
        last = graph.node("Transpose", x.name, perm=(0, 2, 3, 1))
        normed = graph.node("LayerNormalization", last, weight, bias, axis=-1, epsilon=1e-6)
        return replace(x, name=graph.node("Transpose", normed, perm=(0, 3, 1, 2)) if back else normed)

    def _length(self, prefix: str) -> int:
        """How many numbered parts a part has."""
        start = f"{prefix}."
        numbers = {name[len(start) :].split(".")[0] for name in self.arrays if name.startswith(start)}
        return 1 + max((int(number) for number in numbers if number.isdigit()), default=-1)
