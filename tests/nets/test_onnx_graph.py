"""ONNX written byte by byte: what the runtime computes of it is what was drawn, and numbers are coded as the format says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from reid.nets.onnx_graph import Graph, Value, _attribute, _number, _text, _varint


def answered(graph: Graph, outputs: dict[str, str], pixels: np.ndarray) -> list[np.ndarray]:
    import onnxruntime

    model = graph.model(("pixels", pixels.shape[1:]), outputs)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_outputs()] == list(outputs)
    return session.run(list(outputs), {"pixels": pixels})


@pytest.mark.parametrize(("value", "coded"), [
    (0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (-1, "ffffffffffffffffff01"), (1 << 32, "8080808010"),
])  # fmt: skip
def test_numbers_are_coded_seven_bits_at_a_time(value: int, coded: str) -> None:
    assert _varint(value).hex() == coded


def test_fields_are_those_of_the_examples_of_the_format() -> None:
    assert _number(1, 150).hex() == "089601" and _text(2, "testing").hex() == "120774657374696e67"


def test_attributes_say_of_what_kind_they_are() -> None:
    assert _attribute("a", 1.0).hex() == "0a0161" + "150000803f" + "a00101"
    assert _attribute("a", 3).hex() == "0a0161" + "1803" + "a00102"
    assert _attribute("a", (1, 2)).hex() == "0a0161" + "4001" + "4002" + "a00107"


def test_names_of_a_graph_are_each_given_once() -> None:
    graph = Graph()
    assert [graph.constant(1.0), graph.node("Relu", "c1"), graph.constant((1, 2))] == ["c1", "n2", "c3"]
    assert Value("n2") == Value("n2", 0, 0)


def test_a_graph_answers_what_was_drawn_for_any_size_of_the_batch() -> None:
    for count in (1, 3):
        graph = Graph()
        numbers = graph.node("Cast", "pixels", to=1)
        weight = np.array([[1, -1], [0, 2], [3, 0.5]], np.float64)
        product = graph.node("MatMul", numbers, graph.constant(weight))
        clipped = graph.node("Clip", product, graph.constant(0.0), graph.constant(100.0))
        total = graph.node("ReduceSumSquare", product, axes=(1,), keepdims=0)
        pixels = np.arange(3 * count, dtype=np.uint8).reshape(count, 3)
        one, two = answered(graph, {"clipped": clipped, "total": total}, pixels)
        np.testing.assert_allclose(one, np.clip(pixels @ weight, 0, 100), rtol=1e-6)
        np.testing.assert_allclose(two, ((pixels @ weight) ** 2).sum(axis=1), rtol=1e-6)
        assert one.dtype == np.float32 and one.shape == (count, 2)


def test_integers_stay_integers_and_attributes_arrive() -> None:
    graph = Graph()
    numbers = graph.node("Cast", "pixels", to=1)
    turned = graph.node("Transpose", graph.node("Reshape", numbers, graph.constant(np.array([0, 2, 2]))), perm=(0, 2, 1))
    steep = graph.node("HardSigmoid", numbers, alpha=0.125, beta=0.25)
    pixels = np.array([[0, 1, 2, 9]], np.uint8)
    one, two = answered(graph, {"turned": turned, "steep": steep}, pixels)
    assert one.tolist() == [[[0, 2], [1, 9]]] and two.tolist() == [[0.25, 0.375, 0.5, 1.0]]


def test_a_graph_is_made_without_torch_and_without_onnx() -> None:
    code = (
        "import sys\nfrom reid.nets.onnx_graph import Graph\ngraph = Graph()\n"
        "model = graph.model(('pixels', (3,)), {'answer': graph.node('Cast', 'pixels', to=1)})\n"
        "print(len(model) > 50, [one for one in ('torch', 'onnx', 'onnxruntime') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True []\n"
