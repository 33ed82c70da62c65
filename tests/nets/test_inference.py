"""The runtime answers as the torch net does, alone or in a batch, and refuses what it cannot do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid.errors import NetError, ShapeError, UsageError
from reid.nets import inference, net_files
from reid.nets.net_files import NetCard
from reid.records import Pixels

EMBEDDING = NetCard("embedding", "mobilenet_v3_small", (32, 64), "gem", 8)
SPECIES = NetCard("species", "mobilenet_v3_small", (64, 32), classes=("lion", "zebra", "empty"), temperature=2.0, prototypes=4)
CPU = torch.device("cpu")


def photos(count: int, card: NetCard, seed: int = 0) -> list[Pixels]:
    rng = np.random.default_rng(seed)
    return list(rng.integers(0, 256, (count, *card.image_size, 3), dtype=np.uint8))


def tensors(pixels: list[Pixels]) -> torch.Tensor:
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2) / 255.0


def built(card: NetCard) -> Any:
    torch.manual_seed(0)
    net: Any = net_files.build(card).train()
    for module in net.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = 1.0  # else a net with random weights answers the same to every photo
    with torch.no_grad():
        net(tensors(photos(16, card, seed=9)))
    net.eval()
    if card.kind == "species" and card.prototypes:
        net.prototypes.copy_(torch.randn(net.prototypes.shape))
    if card.kind == "species" and card.axes:
        judge = net.familiarity
        for buffer, spread in ((judge.middle, 0.1), (judge.axes, 0.03), (judge.weight, 0.1), (judge.bias, 1.0)):
            buffer.copy_(spread * torch.randn(buffer.shape))
        judge.scales.copy_(torch.tensor([0.3, 2.0]))
    return net


@pytest.fixture(scope="module")
def embedding() -> inference.Runtime:
    return inference.of_torch(EMBEDDING, built(EMBEDDING), CPU)


@pytest.fixture(scope="module")
def species() -> inference.Runtime:
    return inference.of_torch(SPECIES, built(SPECIES), CPU)


def test_embeddings_are_those_of_the_torch_net(embedding: inference.Runtime) -> None:
    pixels = photos(5, EMBEDDING)
    with torch.inference_mode():
        wanted = built(EMBEDDING)(tensors(pixels)).numpy()
    found = embedding.embed(pixels)
    assert found.dtype == np.float32
    assert (found * wanted).sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert np.abs(found[0] - found[1]).max() > 1e-3


def test_a_photo_has_the_same_embedding_alone_and_in_a_batch(embedding: inference.Runtime) -> None:
    pixels = photos(6, EMBEDDING)
    together = embedding.embed(pixels)
    alone = np.concatenate([embedding.embed([photo]) for photo in pixels])
    assert np.abs(together - alone).max() < 1e-5


def test_no_photos_have_no_embeddings_and_no_species(embedding: inference.Runtime, species: inference.Runtime) -> None:
    assert embedding.embed([]).shape == (0, 8)
    answer = species.classify([])
    assert (answer.probabilities.shape, answer.familiarity.shape) == ((0, 3), (0,))


def test_probabilities_are_the_softmax_at_the_cards_temperature(species: inference.Runtime) -> None:
    pixels = photos(4, SPECIES)
    with torch.inference_mode():
        logits, features = built(SPECIES)(tensors(pixels))
    answer = species.classify(pixels)
    assert answer.probabilities == pytest.approx(torch.softmax(logits / 2.0, dim=1).numpy(), abs=1e-5)
    assert answer.probabilities.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-6)
    centres = built(SPECIES).prototypes
    cosines = torch.nn.functional.cosine_similarity(features[:, None], centres[None], dim=2)
    assert answer.familiarity == pytest.approx(cosines.max(dim=1).values.numpy(), abs=1e-5)


def test_a_net_with_a_familiarity_tells_energy_less_distance() -> None:
    card = replace(SPECIES, prototypes=0, axes=6)
    net, pixels = built(card), photos(4, card)
    with torch.inference_mode():
        logits, features = net(tensors(pixels))
    judge = net.familiarity
    away = features - judge.middle
    nearest = [float((judge.bias - 2 * judge.weight @ one).min()) for one in away]
    distance = (away**2).sum(dim=1) - ((away @ judge.axes.T) ** 2).sum(dim=1) + torch.tensor(nearest)
    wanted = 2.0 * torch.log(logits.exp().sum(dim=1)) - 0.3 * distance
    assert inference.of_torch(card, net, CPU).classify(pixels).familiarity == pytest.approx(wanted.numpy(), abs=1e-4)


def test_without_prototypes_every_photo_is_familiar() -> None:
    card = replace(SPECIES, prototypes=0)
    answer = inference.of_torch(card, built(card), CPU).classify(photos(2, card))
    assert answer.familiarity.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "photo",
    [
        np.zeros((64, 32, 3), np.uint8),
        np.zeros((32, 64), np.uint8),
        np.zeros((32, 64, 4), np.uint8),
        np.zeros((32, 64, 3), np.float32),
    ],
)
def test_a_photo_of_another_shape_or_type_is_refused(embedding: inference.Runtime, photo: Any) -> None:
    with pytest.raises(ShapeError, match=r"takes photos of shape \(32, 64, 3\), uint8"):
        embedding.embed([*photos(1, EMBEDDING), photo])


def test_each_net_answers_its_own_question_only(embedding: inference.Runtime, species: inference.Runtime) -> None:
    with pytest.raises(NetError, match="is a species net; it makes no embeddings"):
        species.embed(photos(1, SPECIES))
    with pytest.raises(NetError, match="is an embedding net; it knows no species"):
        embedding.classify(photos(1, EMBEDDING))


def test_a_net_is_loaded_once_and_again_when_its_file_changes(tmp_path: Path) -> None:
    state = built(EMBEDDING).state_dict()
    path = tmp_path / "base.safetensors"
    net_files.save(EMBEDDING, state, tmp_path, name="base")
    first = inference.load(path, "cpu")
    assert inference.load(path, "cpu") is first
    net_files.save(EMBEDDING, {**state, "linear.weight": -state["linear.weight"]}, tmp_path, name="base")
    second = inference.load(path, "cpu")
    assert second.card.fingerprint != first.card.fingerprint
    pixels = photos(1, EMBEDDING)
    assert float((first.embed(pixels) * second.embed(pixels)).sum()) < 0.99


def test_a_missing_net_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetError, match=r"nothing\.safetensors is missing; take it from a backup or train again"):
        inference.load(tmp_path / "nothing.safetensors")


def test_devices_are_auto_cpu_or_cuda_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(inference, "GPU_FILES", (str(tmp_path),))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert inference.device("cpu") == inference.device("auto") == CPU
    with pytest.raises(UsageError, match="no CUDA device on this machine; use --device cpu or auto"):
        inference.device("cuda")
    with pytest.raises(UsageError, match="device 'tpu' does not exist; choose auto, cpu or cuda"):
        inference.device("tpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert inference.device("auto") == inference.device("cuda") == torch.device("cuda")
    assert inference.device("cpu") == CPU
    monkeypatch.setattr(inference, "GPU_FILES", (str(tmp_path / "no such file"),))
    assert inference.place("auto") == "cpu"  # torch is not even asked


@pytest.mark.parametrize(("backbone", "blocks"), [("mobilenet_v2", 7), ("mobilenet_v3_small", 4), ("resnet18", 3)])
def test_maps_are_those_of_the_last_block_at_an_eighth_averaged_to_a_sixteenth(backbone: str, blocks: int) -> None:
    card = replace(EMBEDDING, backbone=backbone, image_size=(64, 96))
    net, pixels = built(card), photos(2, card)
    with torch.inference_mode():
        deep = net.features[:blocks]((tensors(pixels) - net.mean) / net.std)
        wanted = torch.nn.functional.avg_pool2d(deep, 2).permute(0, 2, 3, 1).numpy()
    found = inference.of_torch(card, net, CPU).maps(pixels)
    assert (found.dtype, found.shape[:3]) == (np.float32, (2, 4, 6))
    assert found == pytest.approx(wanted, abs=1e-4)


def test_maps_of_photos_of_another_size_are_refused(embedding: inference.Runtime) -> None:
    with pytest.raises(ShapeError, match=r"takes photos of shape \(32, 64, 3\), uint8"):
        embedding.maps([np.zeros((64, 32, 3), np.uint8)])
