"""A net as an ONNX model, written byte by byte: neither torch nor the onnx package is needed to make one.

Only what our nets use is here: one graph of nodes, float32 and int64 constants, one uint8 input with a free batch size. The
wire format is Protocol Buffers (protobuf.dev/programming-guides/encoding), the field numbers are those of onnx.proto3.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = 17
"""ONNX operators of this version (2022) are used; it has LayerNormalization."""
IR_VERSION = 8
_FLOAT, _UINT8, _INT64 = 1, 2, 7
_VARINT, _BYTES, _FIXED32 = 0, 2, 5
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_INTS = 1, 2, 7


@dataclass(frozen=True, slots=True)
class Value:
    """What a node gives: its name in the graph, its channels and its height; both 0 where they no longer matter."""

    name: str
    channels: int = 0
    height: int = 0


class Graph:
    """An ONNX graph in the making: constants and nodes are added in the order of the computation."""

    def __init__(self) -> None:
        """Empty."""
        self._nodes: list[bytes] = []
        self._constants: list[tuple[bytes, bytes]] = []
        self._count = 0

    def constant(self, values: NDArray[Any] | Sequence[float] | float) -> str:
        """Add float32 numbers (int64 where the array's type is an integer); the name of the constant."""
        array: NDArray[Any] = np.asarray(values)
        kind = _INT64 if np.issubdtype(array.dtype, np.integer) else _FLOAT
        array = np.ascontiguousarray(array, "<i8" if kind == _INT64 else "<f4").reshape(array.shape)
        name = self._new("c")
        shape: tuple[int, ...] = array.shape
        dims = b"".join(_number(1, edge) for edge in shape)
        raw = array.tobytes()
        self._constants.append((dims + _number(2, kind) + _text(8, name) + _head(9, len(raw)), raw))
        return name

    def node(self, operator: str, *inputs: str, **attributes: float | int | Sequence[int]) -> str:
        """Add a node with one output; the output's name."""
        name = self._new("n")
        body = b"".join(_text(1, one) for one in inputs) + _text(2, name) + _text(4, operator)
        self._nodes.append(body + b"".join(_field(5, _attribute(key, value)) for key, value in attributes.items()))
        return name

    def model(self, given: tuple[str, Sequence[int]], outputs: Mapping[str, str]) -> bytes:
        """The whole model.

        Args:
            given: name of the uint8 input and the sizes behind its free batch size.
            outputs: the name of each answer and the node that gives it; all float32.
        """
        name, sizes = given
        for answer, node in outputs.items():
            self._nodes.append(_text(1, node) + _text(2, answer) + _text(4, "Identity"))
        parts = [_text(2, "reid"), *(_field(1, node) for node in self._nodes)]
        parts += [part for constant in self._constants for part in (_head(5, sum(map(len, constant))), *constant)]
        parts.append(_field(11, _text(1, name) + _field(2, _field(1, _tensor_type(_UINT8, sizes)))))
        parts += [_field(12, _text(1, one) + _field(2, _field(1, _number(1, _FLOAT)))) for one in outputs]
        start = [_number(1, IR_VERSION), _text(2, "reid"), _field(8, _text(1, "") + _number(2, OPSET))]
        return b"".join([*start, _head(7, sum(map(len, parts))), *parts])

    def _new(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"


def _tensor_type(kind: int, sizes: Sequence[int]) -> bytes:
    dims = _field(1, _text(2, "batch")) + b"".join(_field(1, _number(1, size)) for size in sizes)
    return _number(1, kind) + _field(2, dims)


def _attribute(name: str, value: float | int | Sequence[int]) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _key(2, _FIXED32) + struct.pack("<f", value) + _number(20, _ATTRIBUTE_FLOAT)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _ATTRIBUTE_INT)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _ATTRIBUTE_INTS)


def _number(field: int, value: int) -> bytes:
    return _key(field, _VARINT) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _field(field, value.encode())


def _field(field: int, content: bytes) -> bytes:
    return _head(field, len(content)) + content


def _head(field: int, length: int) -> bytes:
    """What stands before a field's bytes; apart from them, so that megabytes of weights are copied once."""
    return _key(field, _BYTES) + _varint(length)


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _varint(value: int) -> bytes:
    value &= 2**64 - 1  # negative numbers are written as their two's complement in 64 bits
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
