"""The parts of both stores that keep files have every member of the contract."""

from __future__ import annotations

import pytest

from reid.store import contract_files as contract
from reid.store.layout.net_folder import LocalWorkspace, NetFolder
from reid.store.search.feature_maps import MapCache
from tests.store import in_memory
from tests.store.shapes import lacks, vars_of


@pytest.mark.parametrize(
    ("local", "remembered", "protocol"),
    [(NetFolder, in_memory.Nets, contract.NetFiles), (MapCache, in_memory.Maps, contract.FeatureMaps)],
)
def test_both_parts_have_every_member(local, remembered, protocol):
    assert lacks(local, protocol) == [] and lacks(remembered, protocol) == []


def test_workspaces_have_their_folders(tmp_path):
    for workspace in (LocalWorkspace(tmp_path / "nets", tmp_path / "cache"), in_memory.Workspace(tmp_path / "a", tmp_path / "b")):
        assert all(getattr(workspace, name).parent == tmp_path or name == "checkpoints" for name in vars_of(contract.Workspace))
    assert LocalWorkspace(tmp_path / "nets", tmp_path / "cache").checkpoints == tmp_path / "nets" / "training"
