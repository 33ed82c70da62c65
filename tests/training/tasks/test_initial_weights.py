"""What a net starts from: as asked for, or a clear refusal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from reid.errors import UsageError
from reid.nets import net_files
from reid.nets.net_files import NetCard
from reid.training.tasks import initial_weights
from tests.training.stock import CPU, SETTINGS, embedding_net, herd, species_net

CARD = NetCard("embedding", SETTINGS.backbone, (32, 32), "average", 8)
DECODED = herd(range(6))[0]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    state = embedding_net(seed=3).state_dict()
    net_files.save(CARD, state, tmp_path, name="base")
    monkeypatch.setattr(net_files, "BASE", tmp_path / "base.safetensors")
    return state


def test_the_base_net_is_taken_whole_where_it_fits_but_its_neck_is_settled_on_the_photos(base: dict[str, torch.Tensor]) -> None:
    net = initial_weights.embedding_net(SETTINGS, DECODED, CPU)
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, base[name])}
    assert changed == {"neck.running_mean", "neck.running_var"}
    assert initial_weights.fingerprint(SETTINGS, "embedding") == net_files.fingerprint(CARD, base)


def test_a_head_of_another_dimension_starts_from_the_photos(base: dict[str, torch.Tensor]) -> None:
    net = initial_weights.embedding_net(replace(SETTINGS, dimension=16), DECODED, CPU)
    for name, value in net.state_dict().items():
        assert not name.startswith("features.") or torch.equal(value, base[name]), name
    assert float(net.neck.running_var[0]) != 1.0  # type: ignore[index]
    assert int((net.linear.weight.norm(dim=1) > 0).sum()) == 16


def test_a_species_net_takes_the_backbone_of_the_net_for_stage_1_only_and_a_seeded_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = species_net(5).state_dict()
    card = NetCard("species", SETTINGS.backbone, (32, 32), classes=tuple("abcde"))
    saved = net_files.save(card, base, tmp_path, name="species")
    monkeypatch.setattr(net_files, "SPECIES_BASE", tmp_path / "species.safetensors")
    assert initial_weights.fingerprint(SETTINGS, "species") == saved.fingerprint
    one, two, other = (initial_weights.species_net(replace(SETTINGS, seed=seed), 3) for seed in (1, 1, 2))
    assert torch.equal(one.state_dict()["features.0.0.weight"], base["features.0.0.weight"])
    assert torch.equal(one.linear.weight, two.linear.weight)
    assert not torch.equal(one.linear.weight, other.linear.weight)
    assert tuple(one.linear.weight.shape) == (3, 576)


def test_without_weights_the_seed_decides(tmp_path: Path) -> None:
    none = replace(SETTINGS, weights="none")
    one, two = (initial_weights.embedding_net(none, DECODED, CPU) for _ in "12")
    assert all(torch.equal(value, two.state_dict()[name]) for name, value in one.state_dict().items())
    assert initial_weights.fingerprint(none, "species") == "none"


def test_weights_of_another_backbone_are_refused(base: dict[str, torch.Tensor]) -> None:
    with pytest.raises(UsageError, match="are not of backbone mobilenet_v2; choose --backbone to fit"):
        initial_weights.embedding_net(replace(SETTINGS, backbone="mobilenet_v2"), DECODED, CPU)


def test_weights_that_are_not_there_or_no_net_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file; choose base, imagenet, none or a safetensors file"):
        initial_weights.species_net(replace(SETTINGS, weights="best"), 3)
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"no net")
    with pytest.raises(UsageError, match=r"start weights: .* is no safetensors file"):
        initial_weights.species_net(replace(SETTINGS, weights=str(path)), 3)


def test_a_plain_safetensors_file_is_told_by_its_name(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    net = species_net(2)
    save_file({name: value.contiguous() for name, value in net.state_dict().items()}, tmp_path / "mine.safetensors")
    settings = replace(SETTINGS, weights=str(tmp_path / "mine.safetensors"))
    assert initial_weights.fingerprint(settings, "embedding") == "mine.safetensors"
    found = initial_weights.embedding_net(settings, DECODED, CPU)
    assert torch.equal(found.state_dict()["features.0.0.weight"], net.state_dict()["features.0.0.weight"])
    assert float(found.neck.running_var[0]) != 1.0  # type: ignore[index]


def test_weights_written_by_older_torch_without_counts_of_batches_fit(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    state = {name: value for name, value in species_net(2).state_dict().items() if not name.endswith("num_batches_tracked")}
    save_file({name: value.contiguous() for name, value in state.items()}, tmp_path / "old.safetensors")
    found = initial_weights.species_net(replace(SETTINGS, weights=str(tmp_path / "old.safetensors")), 3)
    assert torch.equal(found.state_dict()["features.0.0.weight"], state["features.0.0.weight"])
