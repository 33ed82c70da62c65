"""The parts of both stores that keep files have every member of the contract."""

from __future__ import annotations

import pytest

from reid.store import contract_files as contract
from reid.store.layout.net_folder import LocalWorkspace, NetFolder
from reid.store.search.feature_maps import MapCache
from tests.store import in_memory
from tests.store.shapes import lacks, vars_of


@pytest.mark.parametrize(
    ("kind", "protocol"),
    [(NetFolder, contract.NetFiles), (MapCache, contract.FeatureMaps), (in_memory.Maps, contract.FeatureMaps)],
)
def test_a_part_has_every_member(kind, protocol):
    assert lacks(kind, protocol) == []


def test_workspaces_have_their_folders(tmp_path):
    workspace = LocalWorkspace(tmp_path / "nets", tmp_path / "cache")
    assert {name: getattr(workspace, name) for name in vars_of(contract.Workspace)} == {
        "checkpoints": tmp_path / "nets" / "training", "cache": tmp_path / "cache"
    }
