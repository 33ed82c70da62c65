"""A net is known to be whole without torch, and of one that is not the same is said as where it is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from reid.errors import NetError
from reid.nets import backbones, net_check, net_files
from reid.nets.net_files import NetCard

EMBEDDING = NetCard("embedding", "mobilenet_v3_small", (32, 64), "gem", 8, species="zebra")
SPECIES = NetCard("species", "mobilenet_v3_small", (32, 32), classes=("lion", "zebra", "empty"), axes=4)
CARDS = {
    "embedding, gem": EMBEDDING,
    "embedding, average": replace(EMBEDDING, pooling="average"),
    "species": SPECIES,
    "species of before": replace(SPECIES, axes=0, prototypes=3),
    "side": replace(SPECIES, kind="side", classes=("left", "right"), axes=0, sure_at=0.9),
}


def shapes_of(card: NetCard) -> net_files.Shapes:
    with torch.device("meta"):
        return {name: tuple(value.shape) for name, value in net_files.build(card).state_dict().items()}


def saved(card: NetCard, folder: Path) -> Path:
    torch.manual_seed(0)
    card = net_files.save(card, net_files.build(card).state_dict(), folder)
    return folder / f"{card.fingerprint}.safetensors"


@pytest.mark.parametrize("name", backbones.BACKBONES)
def test_the_tensors_of_a_backbone_are_those_of_torchvision(name: str) -> None:
    for card in CARDS.values():
        assert net_check.fits(replace(card, backbone=name), shapes_of(replace(card, backbone=name)))


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_whole_net_is_known_without_being_loaded(card: NetCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(card, tmp_path)
    monkeypatch.setattr(net_files, "load", None)
    assert net_check.check(path) == net_files.read_card(path)


def test_checking_a_whole_net_takes_no_torch(tmp_path: Path) -> None:
    code = "import sys, pathlib; from reid.nets import net_check; print(net_check.check(pathlib.Path(sys.argv[1])).fingerprint)"
    path = saved(EMBEDDING, tmp_path)
    command = [sys.executable, "-c", f"{code}; assert 'torch' not in sys.modules", str(path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == path.stem


@pytest.mark.parametrize("name", ["linear.weight", "neck.num_batches_tracked", "pool.exponent", "features.0.0.weight"])
def test_a_tensor_too_few_or_of_another_shape_does_not_fit(name: str) -> None:
    shapes = shapes_of(EMBEDDING)
    assert not net_check.fits(EMBEDDING, {key: shape for key, shape in shapes.items() if key != name})
    assert not net_check.fits(EMBEDDING, {**shapes, name: (*shapes[name], 2)})
    assert not net_check.fits(EMBEDDING, {**shapes, f"{name}.more": ()})


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def of_another_pooling(path: Path) -> None:
    values = json.loads(path.with_suffix(".json").read_text("utf-8"))
    path.with_suffix(".json").write_text(json.dumps({**values, "pooling": "average"}), "utf-8")


def without_card(path: Path) -> None:
    path.with_suffix(".json").unlink()


@pytest.mark.parametrize("damage", [cut, flipped, emptied, of_another_pooling, without_card, Path.unlink])
def test_of_a_damaged_net_the_same_is_said_as_where_it_is_loaded(damage: Callable[[Path], None], tmp_path: Path) -> None:
    path = saved(EMBEDDING, tmp_path)
    damage(path)
    with pytest.raises(NetError) as loaded:
        net_files.load(path)
    with pytest.raises(NetError) as checked:
        net_check.check(path)
    assert str(checked.value) == str(loaded.value)


def test_a_net_of_another_structure_under_a_right_fingerprint_is_not_whole(tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = net_files.build(EMBEDDING).state_dict()
    del state["pool.exponent"]
    card = net_files.save(EMBEDDING, state, tmp_path)
    with pytest.raises(NetError, match="does not hold the net that its card describes"):
        net_check.check(tmp_path / f"{card.fingerprint}.safetensors")
