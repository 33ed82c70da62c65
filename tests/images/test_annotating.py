"""Two photos side by side: lines start and end where they should, and only what plays a part is bright."""

import numpy as np
import pytest

from reid.errors import ShapeError
from reid.images.annotating import DIM, DOT_RADIUS, FULL, GAP, STRIP, STRONG, WEAK, Stroke, connected
from reid.records import Pixels

GREY: Pixels = np.full((200, 300, 3), 120, np.uint8)


def test_both_photos_stand_at_one_height_with_their_own_shapes() -> None:
    drawn = connected(GREY, GREY[:, :100], [], height=100)
    assert drawn.shape == (100 + STRIP, 150 + GAP + 50, 3)


def test_without_strokes_both_photos_are_dim() -> None:
    drawn = connected(GREY, GREY, [], height=100)
    assert np.unique(drawn[STRIP:, :150]).tolist() == [round(DIM * 120)]


def test_a_stroke_joins_its_two_places_and_makes_them_bright() -> None:
    stroke = Stroke((0.25, 0.5), (0.75, 0.5), 1.0)
    drawn = connected(GREY, GREY, [stroke], height=200)
    left, right, row = 75, 300 + GAP + 225, STRIP + 100
    for column in (left, right):
        dot = drawn[row - DOT_RADIUS + 4, column - 3].astype(int)  # above the number
        assert np.abs(dot - STRONG).max() < 40
        assert drawn[row + DOT_RADIUS + 4, column, 0] > round(DIM * 120) + 20
    assert np.abs(drawn[row, left + DOT_RADIUS + 20 : right - DOT_RADIUS - 20].astype(int) - STRONG).max() < 90
    assert drawn[STRIP + 190, 290].tolist() == [round(DIM * 120)] * 3


def test_a_weak_stroke_has_the_other_colour_and_little_light() -> None:
    weak = connected(GREY, GREY, [Stroke((0.25, 0.5), (0.75, 0.5), 0.01)], height=200)
    dot = weak[STRIP + 100 - DOT_RADIUS + 4, 72].astype(int)
    assert np.abs(dot - WEAK).max() < 40
    strong = connected(GREY, GREY, [Stroke((0.25, 0.5), (0.75, 0.5), FULL)], height=200)
    assert weak[STRIP + 100 + DOT_RADIUS + 4, 75, 0] < strong[STRIP + 100 + DOT_RADIUS + 4, 75, 0] - 20


def test_of_strokes_that_start_close_together_only_the_strongest_is_a_line() -> None:
    strokes = [Stroke((0.25, 0.5), (0.75, 0.3), 0.9), Stroke((0.26, 0.5), (0.75, 0.8), 0.8)]
    both, alone = (connected(GREY, GREY, some, height=200).astype(int) for some in (strokes, strokes[:1]))
    gap = slice(300, 300 + GAP)
    assert np.array_equal(both[:, gap], alone[:, gap])
    assert both[STRIP + 160, 300 + GAP + 225].max() > alone[STRIP + 160, 300 + GAP + 225].max()  # but its place is bright


def test_no_more_lines_are_drawn_than_asked_for() -> None:
    strokes = [Stroke((0.1 + 0.2 * row, 0.5), (0.5, 0.1 + 0.2 * row), 0.9) for row in range(4)]
    gap = slice(301, 300 + GAP - 1)
    three, four = (connected(GREY, GREY, strokes, height=200, lines=lines)[:, gap].astype(int) for lines in (3, 4))
    assert np.array_equal(three, connected(GREY, GREY, strokes[:3], height=200)[:, gap])
    assert not np.array_equal(three, four)


def test_the_titles_stand_above_the_photos() -> None:
    drawn = connected(GREY, GREY, [], titles=("zèbre 3", "zebra-003"), height=100)
    plain = connected(GREY, GREY, [], height=100)
    changed = (drawn != plain).any(axis=2)
    assert changed[:STRIP, :150].any() and changed[:STRIP, 150 + GAP :].any()
    assert not changed[STRIP:].any()


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"Pixels are float64 \(4, 4, 3\); wanted uint8"):
        connected(GREY, np.zeros((4, 4, 3)), [])  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="8 pixels high shows nothing; wanted at least 32"):
        connected(GREY, GREY, [], height=8)


def test_a_crop_that_is_a_mere_line_does_not_make_an_endless_picture() -> None:
    line = np.full((2, 400, 3), 120, np.uint8)
    assert connected(line, GREY, [], height=100).shape == (100 + STRIP, 400 + GAP + 150, 3)
