"""A net's graph from its weights alone: layers of small numbers against numpy; whole backbones are held against torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reid.nets import backbones, onnx_layers
from reid.nets.net_files import NetCard
from reid.nets.onnx_graph import Value
from reid.nets.onnx_layers import _Drawing, _Shape

CARD = NetCard("embedding", "resnet18", (4, 6), pooling="gem", dimension=2)
SPECIES = NetCard("species", "resnet18", (4, 6), classes=("deer", "zebra"))
CHANCE = np.random.default_rng(5)
PIXELS = CHANCE.integers(0, 256, (3, 4, 6, 3), dtype=np.uint8)
PLANES = ((PIXELS / 255 - backbones.MEAN) / backbones.STD).transpose(0, 3, 1, 2)


def drawing(card: NetCard = CARD, **arrays: np.ndarray) -> _Drawing:
    return _Drawing(card, {name.replace("__", "."): np.asarray(value, np.float32) for name, value in arrays.items()})


def answered(drawn: _Drawing, *nodes: str) -> list[np.ndarray]:
    import onnxruntime

    model = drawn.graph.model(("pixels", PIXELS.shape[1:]), {f"answer{n}": node for n, node in enumerate(nodes)})
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"pixels": PIXELS})


def test_pixels_are_normalised_as_the_backbones_want_them() -> None:
    drawn = drawing()
    value = drawn.normalised()
    (planes,) = answered(drawn, value.name)
    assert (value.channels, value.height) == (3, 4)
    np.testing.assert_allclose(planes, PLANES, atol=1e-5)


def test_a_batch_norm_is_folded_into_the_convolution_before_it() -> None:
    weight, scale, shift = CHANCE.standard_normal((2, 3, 1, 1)), np.array([2.0, -1.0]), np.array([0.5, 0.25])
    mean, var = np.array([0.1, -0.2]), np.array([4.0, 0.25])
    drawn = drawing(c__weight=weight, n__weight=scale, n__bias=shift, n__running_mean=mean, n__running_var=var)
    value = drawn._conv(drawn.normalised(), "c", "n", stride=2, act="relu")
    (out,) = answered(drawn, value.name)
    plain = np.einsum("oc,bchw->bohw", weight[:, :, 0, 0], PLANES[:, :, ::2, ::2])
    at = (slice(None), None, None)
    wanted = np.maximum((plain - mean[at]) / np.sqrt(var[at] + 1e-5) * scale[at] + shift[at], 0)
    assert (value.channels, value.height) == (2, 2)
    np.testing.assert_allclose(out, wanted, atol=1e-4)


@pytest.mark.parametrize("act", ["", "relu", "relu6", "silu", "gelu", "sigmoid", "hardsigmoid", "hardswish"])
def test_activations_are_what_their_names_say(act: str) -> None:
    from math import erf

    drawn = drawing()
    x = drawn.normalised().name
    wide = drawn.graph.node("Mul", x, drawn.graph.constant(3.0))
    given, out = answered(drawn, wide, drawn._activated(wide, act))
    hard = np.clip(given / 6 + 0.5, 0, 1)
    wanted = {
        "": given, "relu": np.maximum(given, 0), "relu6": np.clip(given, 0, 6), "silu": given / (1 + np.exp(-given)),
        "gelu": given * (1 + np.vectorize(erf)(given / np.sqrt(2))) / 2, "sigmoid": 1 / (1 + np.exp(-given)),
        "hardsigmoid": hard, "hardswish": given * hard,
    }[act]  # fmt: skip
    np.testing.assert_allclose(out, wanted, atol=1e-5)


def test_pooling_is_a_mean_or_a_generalised_mean() -> None:
    drawn = drawing(pool__exponent=np.array(3.0))
    value = Value(drawn.graph.node("Abs", drawn.normalised().name), 3, 4)
    average, gem = answered(drawn, drawn._average(value), drawn._gem(value))
    np.testing.assert_allclose(average, np.abs(PLANES).mean(axis=(2, 3)), rtol=1e-4)
    np.testing.assert_allclose(gem, (np.abs(PLANES) ** 3).mean(axis=(2, 3)) ** (1 / 3), rtol=1e-3)


def test_embeddings_have_unit_length_and_maps_half_the_height() -> None:
    drawn = drawing(replace(CARD, pooling="average"), linear__weight=CHANCE.standard_normal((2, 3)), neck__weight=np.ones(2),
                    neck__bias=np.zeros(2), neck__running_mean=np.zeros(2), neck__running_var=np.ones(2))  # fmt: skip
    value = drawn.normalised()
    vectors, maps = answered(drawn, *drawn.embedding(value, value))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    wanted = PLANES.mean(axis=(2, 3)) @ drawn.arrays["linear.weight"].T
    np.testing.assert_allclose(vectors, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), atol=1e-4)
    np.testing.assert_allclose(maps, PLANES.reshape(3, 3, 2, 2, 3, 2).mean(axis=(3, 5)).transpose(0, 2, 3, 1), atol=1e-5)


@pytest.mark.parametrize("count", [0, 4])
def test_a_species_net_of_before_is_as_familiar_as_its_nearest_prototype(count: int) -> None:
    centres, weight, bias = CHANCE.standard_normal((count, 3)), CHANCE.standard_normal((2, 3)), np.array([0.5, -0.5])
    drawn = drawing(SPECIES, linear__weight=weight, linear__bias=bias, prototypes=centres)
    logits, familiarity = answered(drawn, *drawn.species(drawn.normalised()))
    features = PLANES.mean(axis=(2, 3))
    np.testing.assert_allclose(logits, features @ weight.T + bias, atol=1e-4)
    unit = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in (features, centres)]
    np.testing.assert_allclose(familiarity, (unit[0] @ unit[1].T).max(axis=1) if count else np.ones(3), atol=1e-4)


def test_every_backbone_has_its_shape_and_other_arrays_are_refused() -> None:
    assert set(onnx_layers._SHAPES) == set(backbones.BACKBONES)
    assert all(isinstance(one, _Shape) for one in onnx_layers._SHAPES.values())
    with pytest.raises(LookupError):
        onnx_layers.model(CARD, {"linear.weight": np.zeros((2, 3), np.float32)})
