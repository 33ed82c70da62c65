"""The nets that ship: whole, small enough to install, and their cards say where they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reid import images, synthetic
from reid.nets import inference, net_files

NETS = {net_files.BASE: "embedding", net_files.SPECIES_BASE: "species"}
MOST_BYTES, MOST_BYTES_TOGETHER = 12_000_000, 25_000_000


@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_a_net_that_ships_is_whole_and_its_card_names_data_licence_and_split(path: Path) -> None:
    card, _ = net_files.load(path)  # refuses weights that are not those of the card
    assert card.kind == NETS[path]
    assert path.stat().st_size <= MOST_BYTES
    data = card.training["data"]
    assert "no photo whose split_published or split_unseen is test" in data["split"]
    assert "licence" in data["sources"] and card.training["licence"] == "Apache-2.0"
    assert {"seal", "leopard_cat"}.isdisjoint(data["photos per species"])
    assert 0.5 < card.figures["rank_1" if card.kind == "embedding" else "top_1"] <= 1.0


def test_all_nets_together_are_small_enough_to_install() -> None:
    assert sum(path.stat().st_size for path in net_files.SHIPPED.iterdir()) <= MOST_BYTES_TOGETHER


def test_the_base_net_tells_a_frame_from_its_mirror_image() -> None:
    net = inference.load(net_files.BASE, "cpu")
    _, pixels = next(iter(synthetic.draw_season(["zebra"], [0], season=0, encounters=1, photos_per_encounter=1)))
    frame = images.resize(pixels, *net.card.image_size)
    one, again, mirrored = net.embed([frame, frame, np.ascontiguousarray(frame[:, ::-1])])
    assert one @ again == pytest.approx(1.0, abs=1e-5)
    assert one @ mirrored < 0.9
