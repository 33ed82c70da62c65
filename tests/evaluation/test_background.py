"""The probe without the animal: what is filled, and that it measures the place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reid.evaluation.background import ELLIPSE, probe, without_animal
from reid.evaluation.metrics import rank
from reid.records import Box
from tests.evaluation.pools import crowd

FRAME = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)
MEAN = np.rint(FRAME.reshape(-1, 3).mean(axis=0)).astype(np.uint8)


def test_boxes_are_filled_with_the_mean_colour_of_the_frame_and_nothing_else_changes():
    before = FRAME.copy()
    filled = without_animal(FRAME, [Box(0.1, 0.25, 0.5, 0.5), Box(0.9, 0.9, 0.1, 0.1)])
    inside = np.zeros((40, 60), np.bool_)
    inside[10:30, 6:36] = inside[36:, 54:] = True
    assert (filled[inside] == MEAN).all()
    assert (filled[~inside] == FRAME[~inside]).all()
    assert (before == FRAME).all()


def test_a_box_that_falls_between_pixels_is_filled_whole():
    filled = without_animal(FRAME, [Box(0.51 / 60, 0.49 / 40, 1 / 60, 1 / 40)])
    assert (filled[:2, :2] == MEAN).all() and (filled[2:] == FRAME[2:]).all()


def test_without_a_box_an_ellipse_in_the_middle_is_filled():
    filled = (without_animal(FRAME, []) == MEAN).all(axis=2)
    assert filled[20, 30] and filled[20, 4] and filled[3, 30]
    assert not filled[20, 1] and not filled[0, 30] and not filled[3, 3]
    assert filled.mean() == pytest.approx(np.pi / 4 * ELLIPSE**2, abs=0.02)


def test_the_probe_is_the_rank_1_of_the_frames_beside_chance():
    queries, gallery = crowd(0, 10, 3), crowd(1, 10, 4)
    found = probe(queries, gallery, boxes=60, ellipses=10)
    assert (found.boxes, found.ellipses) == (60, 10)
    assert [one.protocol for one in found.by_protocol] == ["any photo", "other encounter", "other encounter, same side"]
    assert found.by_protocol[0].rank_1.value == rank(queries, gallery).rank_1
    assert found.by_protocol[0].chance == pytest.approx(0.1)


def test_two_animals_of_one_frame_are_not_found_by_the_frame():
    queries, gallery = crowd(0, 10, 3), crowd(1, 10, 3)
    frames = [f"frame {row}" for row in range(30)]
    same = probe(replace(queries, hashes=frames), replace(gallery, vectors=queries.vectors, hashes=frames), boxes=60, ellipses=0)
    assert same.by_protocol[0].rank_1.value < 1.0 and same.by_protocol[0].chance < 0.1
