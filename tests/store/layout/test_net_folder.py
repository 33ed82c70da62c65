"""Files of nets in a gallery's folder: a good copy takes the place of a damaged one, and no path hides in a fingerprint."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from reid.errors import NetError
from reid.store.layout.net_folder import LocalWorkspace, NetFolder, same_content

NAME = "0123456789abcdef"


def net(folder: Path, content: bytes = b"weights", fingerprint: object = NAME) -> Path:
    weights = folder / "given.safetensors"
    weights.write_bytes(content)
    weights.with_suffix(".json").write_text(json.dumps({"fingerprint": fingerprint}), encoding="utf-8")
    return weights


@pytest.mark.parametrize("damaged", [b"", b"weight", b"Weights", b"weights and more"])
def test_a_copy_that_is_not_these_weights_is_replaced(tmp_path, damaged):
    folder = NetFolder(tmp_path / "nets")
    path = folder.put(net(tmp_path))
    path.write_bytes(damaged)
    path.with_suffix(".json").write_text("", encoding="utf-8")
    assert folder.put(net(tmp_path)).read_bytes() == b"weights"
    assert json.loads(path.with_suffix(".json").read_text("utf-8")) == {"fingerprint": NAME}


def test_the_same_net_again_writes_nothing_but_a_card_that_is_missing(tmp_path):
    folder = NetFolder(tmp_path / "nets")
    path = folder.put(net(tmp_path))
    os.utime(path, (1, 1))
    path.with_suffix(".json").unlink()
    folder.put(net(tmp_path))
    assert path.stat().st_mtime == 1 and path.with_suffix(".json").exists()
    assert sorted(one.name for one in (tmp_path / "nets").iterdir()) == [f"{NAME}.json", f"{NAME}.safetensors"]


@pytest.mark.parametrize("fingerprint", ["../../outside", "", 7, "0123456789ABCDEF", "0123456789abcdef0"])
def test_a_fingerprint_that_is_none_names_no_file(tmp_path, fingerprint):
    with pytest.raises(NetError, match="16 hex digits"):
        NetFolder(tmp_path / "nets").put(net(tmp_path, fingerprint=fingerprint))
    assert not (tmp_path / "nets").exists()


def test_only_files_of_the_same_bytes_are_the_same(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"x")
    assert not same_content(first, second)
    second.write_bytes(b"y")
    assert not same_content(first, second)
    second.write_bytes(b"x")
    assert same_content(first, second)


def test_checkpoints_lie_beside_the_nets_and_all_else_in_the_cache(tmp_path):
    workspace = LocalWorkspace(tmp_path / "nets", tmp_path / "cache")
    assert (workspace.checkpoints, workspace.cache) == (tmp_path / "nets" / "training", tmp_path / "cache")
