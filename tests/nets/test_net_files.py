"""A net on disk: round trip, fingerprint, and everything that can be wrong with the two files."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from reid.errors import NetError
from reid.nets import net_files
from reid.nets.net_files import NetCard
from reid.records import Calibration

CARD = NetCard(
    "embedding",
    "mobilenet_v3_small",
    (32, 64),
    "gem",
    8,
    species="zebra",
    figures={"rank_1": 0.75, "void": float("nan")},
    training={"seed": 3, "by": "Zoë"},
    calibration=Calibration(18.123456789, -9.5, 5.25, 0.9, 0.5, 0.5, 0.01, 0.004, 0.03, 12, 48, 528),
)
SPECIES = NetCard(
    "species",
    "mobilenet_v3_small",
    (32, 32),
    classes=("lion", "zebra", "empty"),
    temperature=1.3195,
    prototypes=2,
    familiar_at=0.41,
    empty_familiar_at=0.3,
    mirrored=True,
)


def fresh(card: NetCard = CARD, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return net_files.build(card)


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return fresh().state_dict()


@pytest.fixture
def saved(tmp_path: Path, state: dict[str, torch.Tensor]) -> Path:
    card = net_files.save(CARD, state, tmp_path / "Été nets")
    return tmp_path / "Été nets" / f"{card.fingerprint}.safetensors"


def change_card(path: Path, **changes: Any) -> None:
    text = path.with_suffix(".json")
    text.write_text(json.dumps({**json.loads(text.read_text("utf-8")), **changes}), "utf-8")


@pytest.mark.parametrize("card", [CARD, SPECIES, replace(SPECIES, prototypes=0, axes=5)])
def test_a_net_comes_back_as_it_was_saved(tmp_path: Path, card: NetCard) -> None:
    net = fresh(card)
    written = net_files.save(card, net.state_dict(), tmp_path)
    read, loaded = net_files.load(tmp_path / f"{written.fingerprint}.safetensors")
    finite = {name: value for name, value in card.figures.items() if value == value}
    assert read == replace(written, figures=finite) == replace(card, fingerprint=written.fingerprint, figures=finite)
    for name, value in net.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    assert not loaded.training


def test_a_species_net_of_before_keeps_its_fingerprint_and_its_tensors() -> None:
    old = fresh(SPECIES)
    assert not any(name.startswith("familiarity") for name in old.state_dict())
    assert "axes" not in SPECIES.architecture()


def test_only_the_two_files_are_left_and_their_name_is_the_fingerprint_or_the_one_given(
    tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    card = net_files.save(CARD, state, tmp_path / "a")
    assert {path.name for path in (tmp_path / "a").iterdir()} == {
        f"{card.fingerprint}.json",
        f"{card.fingerprint}.safetensors",
    }
    net_files.save(CARD, state, tmp_path / "b", name="base")
    assert {path.name for path in (tmp_path / "b").iterdir()} == {"base.json", "base.safetensors"}
    assert net_files.load(tmp_path / "b" / "base.safetensors")[0].fingerprint == card.fingerprint


def test_the_fingerprint_is_the_same_on_every_machine_and_for_every_memory_layout(
    state: dict[str, torch.Tensor],
) -> None:
    fixed = {"b": torch.arange(6, dtype=torch.float32).view(2, 3), "a": torch.tensor([7], dtype=torch.int64)}
    assert net_files.fingerprint(NetCard("embedding", "mobilenet_v2", (32, 64)), fixed) == "e331e0f34d4c3694"
    wide = fresh().to(memory_format=torch.channels_last).state_dict()
    assert net_files.fingerprint(CARD, dict(reversed(wide.items()))) == net_files.fingerprint(CARD, state)


def test_the_fingerprint_changes_with_any_weight_and_with_the_architecture(state: dict[str, torch.Tensor]) -> None:
    before = net_files.fingerprint(CARD, state)
    for name in ("features.0.0.weight", "neck.running_var", "neck.num_batches_tracked"):
        other = {key: value.clone() for key, value in state.items()}
        other[name].view(-1)[-1] += 1
        assert net_files.fingerprint(CARD, other) != before, name
    changes: list[dict[str, Any]] = [
        {"image_size": (64, 32)},
        {"pooling": "average"},
        {"backbone": "resnet18"},
        {"temperature": 1.5},
        {"familiar_at": 0.1},
        {"classes": ("a",)},
        {"prototypes": 1},
        {"axes": 1},
        {"kind": "species"},
        {"dimension": 9},
    ]
    for change in changes:
        assert net_files.fingerprint(replace(CARD, **change), state) != before, change


def test_the_fingerprint_does_not_change_with_what_was_measured(state: dict[str, torch.Tensor]) -> None:
    other = replace(CARD, figures={}, training={}, calibration=None, species="lion")
    assert net_files.fingerprint(other, state) == net_files.fingerprint(CARD, state)


def test_weights_that_are_no_numbers_are_not_saved(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    for value in (float("nan"), float("inf")):
        bad = {**state, "linear.weight": state["linear.weight"].clone()}
        bad["linear.weight"][3, 5] = value
        with pytest.raises(NetError, match=r"not saved: linear\.weight holds values that are no numbers"):
            net_files.save(CARD, bad, tmp_path / "nets")
    assert not (tmp_path / "nets").exists()


@pytest.mark.parametrize("where", [0.3, 0.6, 0.99])
def test_one_flipped_bit_in_the_weights_is_found(saved: Path, where: float) -> None:
    data = bytearray(saved.read_bytes())
    data[int(where * len(data))] ^= 1
    saved.write_bytes(data)
    with pytest.raises(NetError, match="is damaged: its fingerprint is"):
        net_files.load(saved)


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.5, 0.9999])
def test_a_truncated_file_is_refused(saved: Path, kept: float) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(NetError, match="is no safetensors file"):
        net_files.load(saved)


def test_a_pickle_is_refused_and_never_run(saved: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "sprung",)

    saved.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(NetError, match="reid opens no other format"):
        net_files.load(saved)
    torch.save({"linear.weight": Trap()}, saved)
    with pytest.raises(NetError, match="reid opens no other format"):
        net_files.load(saved)
    assert not (tmp_path / "sprung").exists()


def test_a_missing_card_or_net_is_told(saved: Path) -> None:
    text = saved.with_suffix(".json").read_bytes()
    saved.with_suffix(".json").unlink()
    with pytest.raises(NetError, match=r"\.json is missing; a net is a \.safetensors file with its \.json card"):
        net_files.load(saved)
    saved.with_suffix(".json").write_bytes(text)
    saved.unlink()
    with pytest.raises(NetError, match="take it from a backup or train again"):
        net_files.load(saved)


def test_a_card_of_a_newer_format_asks_for_an_update(saved: Path) -> None:
    change_card(saved, format=net_files.NET_FORMAT + 1)
    with pytest.raises(NetError, match=r"newer reid \(card format 2\); update reid"):
        net_files.read_card(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"image_size": [1_000_000, 64]},
        {"image_size": [0, 64]},
        {"dimension": 10**9},
        {"dimension": -1},
        {"dimension": 0},
        {"prototypes": -1},
        {"axes": -1},
        {"axes": 10**6},
        {"prototypes": 10**9},
        {"kind": "species", "classes": ["x"] * 10_001},
        {"pooling": "sum"},
        {"temperature": 0.0},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"kind": "species"},
    ],
)
def test_a_card_with_absurd_sizes_is_refused_before_anything_is_built(saved: Path, change: dict[str, Any]) -> None:
    change_card(saved, **change)
    with pytest.raises(NetError, match="the card's sizes are absurd"):
        net_files.load(saved)


@pytest.mark.parametrize("change", [{"kind": "detector"}, {"backbone": "vgg"}, {"backbone": "../x"}])
def test_a_net_that_this_reid_cannot_build_asks_for_an_update(saved: Path, change: dict[str, Any]) -> None:
    change_card(saved, **change)
    with pytest.raises(NetError, match="cannot be built by this reid; update it"):
        net_files.load(saved)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"\xff\xfe",
        b'{"format": 1}',
        b'{"format": "1"}',
        b"[" * 200_000,
    ],
)
def test_a_file_that_is_no_card_is_refused(saved: Path, content: bytes) -> None:
    saved.with_suffix(".json").write_bytes(content)
    with pytest.raises(NetError, match="is no card of a net"):
        net_files.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"image_size": [32]},
        {"image_size": "32x64"},
        {"dimension": "many"},
        {"dimension": float("inf")},
        {"figures": [1]},
        {"figures": {"rank_1": "good"}},
        {"training": 7},
        {"classes": 7},
        {"calibration": {"slope": 1}},
        {"calibration": [1]},
        {"calibration": "yes"},
        {"fingerprint": "../../evil"},
        {"fingerprint": ""},
        {"fingerprint": "g" * 16},
    ],
)
def test_a_card_with_a_wrong_value_is_refused(saved: Path, change: dict[str, Any]) -> None:
    change_card(saved, **change)
    with pytest.raises(NetError, match="is no card of a net"):
        net_files.load(saved)


def test_a_card_of_many_megabytes_is_not_read(saved: Path) -> None:
    change_card(saved, notes="x" * net_files.MAX_CARD_BYTES)
    with pytest.raises(NetError, match=r"the card has 4[0-9]{6} bytes; wanted at most 4000000"):
        net_files.load(saved)


def test_a_card_changed_by_hand_no_longer_fits_its_weights(saved: Path) -> None:
    change_card(saved, image_size=[64, 64])
    with pytest.raises(NetError, match="is damaged: its fingerprint is"):
        net_files.load(saved)
    change_card(saved, image_size=[32, 64], dimension=9)
    with pytest.raises(NetError, match="does not hold the net that its card describes"):
        net_files.load(saved)
