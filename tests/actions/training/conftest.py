"""A gallery of drawn vectors."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from reid.nets import net_files
from reid.store import Gallery
from tests.actions.training.vector_gallery import HELD, OLD, TAUGHT, card, items


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A gallery of 20 zebras, 8 of them held out, and of 2 lions; both calibrated for another stated error."""
    place = tmp_path / "indexes" / "Été"
    with Gallery.open(place, create=True) as gallery:
        state = {"weight": torch.zeros(1)}
        zebra = net_files.save(card({"held_out_individuals": HELD, "trained_individuals": TAUGHT}), state, gallery.nets_folder)
        lion = net_files.save(
            card({"held_out_individuals": ["l0", "l1"]}, "lion"), {"weight": torch.ones(1)}, gallery.nets_folder
        )
        for name, net in (("zebra", zebra), ("lion", lion)):
            gallery.set_embedding_net(name, net.fingerprint, 16, calibration=OLD)
        gallery.enroll("zebra", zebra.fingerprint, items([*HELD, *TAUGHT], 1))
        gallery.enroll("lion", lion.fingerprint, items(["l0", "l1"], 2))
    return place
