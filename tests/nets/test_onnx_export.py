"""An exported net answers as the torch net does, without torch; a damaged, stale or missing graph is made again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid.errors import NetError
from reid.nets import backbones, inference, net_files, onnx_export, onnx_layers
from reid.nets.net_files import NetCard
from reid.nets.networks import POOLINGS, FromPixels
from reid.store.layout.net_folder import NetFolder
from tests.nets.test_inference import CPU, EMBEDDING, SPECIES, built, photos


def saved(card: NetCard, folder: Path) -> Path:
    card = net_files.save(card, built(card).state_dict(), folder)
    return folder / f"{card.fingerprint}.safetensors"


def graphs(path: Path) -> list[Path]:
    return onnx_export.names(path.parent, path.stem)


def by_onnx(net: inference.Runtime) -> bool:
    return "_of_graph" in net._engine.__qualname__  # type: ignore[attr-defined]


@pytest.mark.parametrize("card", [
    EMBEDDING,
    replace(EMBEDDING, backbone="mobilenet_v2", image_size=(96, 64), pooling="average", dimension=16),
    replace(EMBEDDING, backbone="resnet18", image_size=(64, 64)),
    replace(EMBEDDING, backbone="efficientnet_b0", image_size=(64, 96)),
    replace(EMBEDDING, backbone="convnext_tiny", image_size=(64, 64)),
], ids=lambda card: card.backbone)  # fmt: skip
@pytest.mark.parametrize("count", [1, 17])
def test_embeddings_and_maps_are_those_of_torch(card: NetCard, count: int, tmp_path: Path) -> None:
    path = saved(card, tmp_path)
    net = inference.load(path, "cpu")
    assert by_onnx(net) and len(graphs(path)) == 1
    pixels = photos(count, card)
    wanted, wanted_maps = inference.of_torch(*net_files.load(path), CPU).embed_and_map(pixels)
    vectors, maps = net.embed_and_map(pixels)
    assert float((vectors * wanted).sum(axis=1).min()) > onnx_export.LEAST_COSINE
    assert (vectors.dtype, maps.dtype, maps.shape) == (np.float32, np.float32, wanted_maps.shape)
    assert np.abs(maps - wanted_maps).max() < 1e-3 * max(1.0, float(np.abs(wanted_maps).max()))


@pytest.mark.parametrize(("prototypes", "axes"), [(4, 0), (0, 0), (0, 6)])
@pytest.mark.parametrize("count", [1, 17])
def test_species_and_familiarity_are_those_of_torch(prototypes: int, axes: int, count: int, tmp_path: Path) -> None:
    path = saved(replace(SPECIES, prototypes=prototypes, axes=axes), tmp_path)
    net = inference.load(path, "cpu")
    assert by_onnx(net)
    pixels = photos(count, SPECIES)
    wanted, found = inference.of_torch(*net_files.load(path), CPU).classify(pixels), net.classify(pixels)
    assert found.probabilities == pytest.approx(wanted.probabilities, abs=1e-5)
    assert found.familiarity == pytest.approx(wanted.familiarity, abs=1e-5, rel=1e-4)


@pytest.mark.parametrize("size", [(64, 96), (97, 131)], ids=str)
@pytest.mark.parametrize("backbone", backbones.BACKBONES)
def test_the_graph_of_every_backbone_is_the_torch_net(backbone: str, size: tuple[int, int]) -> None:
    for card in (replace(EMBEDDING, backbone=backbone, image_size=size),
                 replace(SPECIES, backbone=backbone, image_size=size, prototypes=5),
                 replace(SPECIES, backbone=backbone, image_size=size, prototypes=0, axes=7)):  # fmt: skip
        net, pixels = built(card), np.stack(photos(3, card))  # far from these, random deep nets amplify rounding, torch's too
        with torch.inference_mode():
            wanted = [answer.numpy() for answer in FromPixels(net)(torch.from_numpy(pixels))]
        ready = onnx_export.session(onnx_layers.model(card, {name: value.numpy() for name, value in net.state_dict().items()}))
        found = ready.run(list(onnx_layers.ANSWERS[card.kind]), {"pixels": pixels})  # type: ignore[union-attr]
        assert [one.shape for one in found] == [one.shape for one in wanted]
        for one, two in zip(found, wanted, strict=True):
            assert onnx_export._cosine(one, two) >= onnx_export.LEAST_COSINE


def test_a_net_that_ships_answers_in_a_gallery_without_torch_from_the_first_time_on(tmp_path: Path) -> None:
    card = net_files.read_card(NetFolder(tmp_path).put(net_files.BASE))
    path = tmp_path / f"{card.fingerprint}.safetensors"
    code = (
        "import sys\nfrom pathlib import Path\nfrom reid.nets import inference\n"
        f"inference.load(Path({str(path)!r}), 'cpu')\nprint('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
    [kept] = graphs(path)
    assert (
        onnx_export.read(tmp_path, card.fingerprint)
        == kept.read_bytes()
        == onnx_export.write(card, net_files.load(path)[1], tmp_path)
    )


def test_a_damaged_net_that_ships_is_told_and_no_graph_made_of_it(tmp_path: Path) -> None:
    card = net_files.read_card(NetFolder(tmp_path).put(net_files.BASE))
    path = tmp_path / f"{card.fingerprint}.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 0x40
    path.write_bytes(content)
    assert net_files.read_arrays(path) is None
    with pytest.raises(NetError, match="is damaged: its fingerprint is"):
        inference.load(path, "cpu")
    assert graphs(path) == []


@pytest.mark.parametrize("shipped", [net_files.BASE, net_files.SPECIES_BASE], ids=["base", "species"])
def test_the_nets_that_ship_can_be_exported(shipped: Path, tmp_path: Path) -> None:
    card, net = net_files.load(shipped)
    assert onnx_export.write(card, net, tmp_path) is not None  # it checks the answers itself
    assert onnx_export.names(shipped.parent, card.fingerprint) == []


def test_a_net_in_the_package_is_not_exported_into_the_package() -> None:
    before = sorted(net_files.SHIPPED.iterdir())
    inference.load(net_files.SPECIES_BASE, "cpu")
    assert sorted(net_files.SHIPPED.iterdir()) == before


def test_a_damaged_graph_is_not_used_and_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = saved(EMBEDDING, tmp_path)
    before = inference.load(path, "cpu").embed(photos(2, EMBEDDING))
    [graph] = graphs(path)
    content = bytearray(graph.read_bytes())
    content[len(content) // 2] ^= 0xFF
    graph.write_bytes(content)
    inference._loaded.cache_clear()
    net = inference.load(path, "cpu")
    assert "is damaged and not used" in caplog.text
    assert by_onnx(net) and np.array_equal(net.embed(photos(2, EMBEDDING)), before)
    assert [one.name for one in graphs(path)] == [graph.name]


def test_the_graph_of_another_net_is_never_taken(tmp_path: Path) -> None:
    path = saved(EMBEDDING, tmp_path)
    inference.load(path, "cpu")
    state = built(EMBEDDING).state_dict()
    other = net_files.save(EMBEDDING, {**state, "linear.weight": -state["linear.weight"]}, tmp_path)
    wrong = graphs(path)[0].name.replace(path.stem, other.fingerprint)
    (tmp_path / wrong).write_bytes(graphs(path)[0].read_bytes())  # its name belongs to its content, not to this net
    net = inference.load(tmp_path / f"{other.fingerprint}.safetensors", "cpu")
    assert float((net.embed(photos(1, EMBEDDING)) * inference.load(path, "cpu").embed(photos(1, EMBEDDING))).sum()) < 0.99


def test_where_the_graph_answers_otherwise_torch_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(onnx_export, "_least_cosine", lambda *_: 0.999)
    path = saved(EMBEDDING, tmp_path)
    net = inference.load(path, "cpu")
    assert "answers otherwise (cosine 0.99900); torch is used" in caplog.text
    assert not by_onnx(net) and graphs(path) == []


def test_without_onnxruntime_torch_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(EMBEDDING, tmp_path)
    with_it = inference.load(path, "cpu").embed(photos(2, EMBEDDING))
    inference._loaded.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    net = inference.load(path, "cpu")
    assert not by_onnx(net)
    assert float((net.embed(photos(2, EMBEDDING)) * with_it).sum(axis=1).min()) > onnx_export.LEAST_COSINE
    inference._loaded.cache_clear()


def test_a_net_without_a_graph_leaves_torch_to_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise ValueError("no graph for this net")

    monkeypatch.setattr(onnx_layers, "model", gone)
    path = saved(EMBEDDING, tmp_path)
    assert not by_onnx(inference.load(path, "cpu"))
    assert "cannot be exported, torch is used: no graph for this net" in caplog.text
    inference._loaded.cache_clear()


def test_an_exported_net_answers_without_torch(tmp_path: Path) -> None:
    path = saved(EMBEDDING, tmp_path)
    inference.load(path, "cpu")
    code = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from reid.nets import inference\n"
        f"net = inference.load(Path({str(path)!r}), 'cpu')\n"
        "loaded = [name for name in ('torch', 'torchvision') if name in sys.modules]\n"
        "print(net.embed([np.zeros((32, 64, 3), np.uint8)]).shape, loaded)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "(1, 8) []"


def test_the_names_of_poolings_are_known_without_torch() -> None:
    assert set(net_files.POOLING_NAMES) == set(POOLINGS)
