"""Small nets for the tests of actions: random weights, 64 x 64."""

from __future__ import annotations

from pathlib import Path

import torch

from reid.nets import net_files
from reid.nets.net_files import NetCard

CARD = NetCard("embedding", "mobilenet_v2", (64, 64), pooling="gem", dimension=16)


def made(folder: Path, seed: int, card: NetCard = CARD) -> Path:
    torch.manual_seed(seed)
    saved = net_files.save(card, net_files.build(card).state_dict(), folder, name=f"net {seed}")
    assert saved.fingerprint
    return folder / f"net {seed}.safetensors"
