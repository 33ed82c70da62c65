"""Cones on a frame: where they lie, how they join, and what of the coat each pixel shows."""

from dataclasses import replace

import numpy as np
import pytest

from reid.synthetic.shapes import Cone, View, skin

PLAIN = View((10.0, 0.0, 0.0, 10.0), (20.0, 15.0), 10.0)
LOOKING_LEFT = View((-10.0, 0.0, 2.0, 10.0), (20.0, 15.0), 10.0)
BALL = Cone(-0.001, 0, 0.001, 0, 1.0, 1.0)


def test_the_box_of_a_cone_holds_its_wider_end_all_round() -> None:
    assert Cone(1, 2, -1, 3, 0.5, 0.25).box(0.25) == (-1.75, 1.25, 1.75, 3.75)


@pytest.mark.parametrize("view", [PLAIN, LOOKING_LEFT])
def test_body_coordinates_of_a_pixel_are_those_that_fall_on_it(view: View) -> None:
    assert PLAIN.pixel(0.5, -0.5) == (25.0, 10.0) and LOOKING_LEFT.pixel(0.5, -0.5) == (15.0, 11.0)
    x, y = view.body(slice(3, 9), slice(11, 15))
    assert x.shape == y.shape == (6, 4)
    for row, column in ((0, 0), (5, 3), (2, 1)):
        assert view.pixel(float(x[row, column]), float(y[row, column])) == pytest.approx((11 + column, 3 + row), abs=1e-4)


def test_the_window_of_cones_is_cut_at_the_frame_and_empty_outside_of_it() -> None:
    assert PLAIN.box([BALL], 0, (30, 40)) == (slice(4, 27), slice(8, 32))
    assert PLAIN.box([BALL], 0, (20, 25)) == (slice(4, 20), slice(8, 25))
    rows, columns = PLAIN.box([Cone(50, 50, 51, 51, 1, 1)], 0, (30, 40))
    assert rows.start == rows.stop and columns.start == columns.stop
    assert skin([Cone(50, 50, 51, 51, 1, 1)], [BALL], PLAIN, (30, 40)).cover.size == 0


def test_a_ball_covers_a_disc_and_its_normals_point_outwards() -> None:
    surface = skin([BALL], [BALL], PLAIN, (30, 40))
    assert float(surface.cover.sum()) == pytest.approx(np.pi * 100, rel=0.02)
    middle = (15 - surface.rows.start, 20 - surface.columns.start)
    assert surface.cover[middle] == 1 and surface.cover[0, 0] == 0
    assert (surface.nx[middle], surface.ny[middle]) == pytest.approx((0, 0), abs=1e-6)
    assert surface.nx[middle[0], middle[1] + 9] == pytest.approx(0.9, abs=2e-3)
    assert surface.ny[middle[0] - 5, middle[1]] == pytest.approx(-0.5, abs=2e-3)


def test_a_limb_that_moved_carries_its_coat_along() -> None:
    rest, posed = Cone(0, 0, 1, 0, 0.3, 0.2), Cone(0, 0, 0, 1, 0.3, 0.2)
    surface = skin([posed], [rest], PLAIN, (40, 40))
    row, column = 15 + 5 - surface.rows.start, 20 - surface.columns.start
    assert (surface.x[row, column], surface.y[row, column]) == pytest.approx((0.5, 0), abs=1e-4)
    assert surface.y[row, column + 2] == pytest.approx(-0.2, abs=1e-4), "right of a limb that hangs was above it"


def test_joined_cones_melt_into_more_than_both() -> None:
    apart = [Cone(-0.501, 0, -0.5, 0, 0.45, 0.45), Cone(0.5, 0, 0.501, 0, 0.45, 0.45)]
    melted = [apart[0], replace(apart[1], melt=0.4)]
    size = (30, 40)
    plain, soft = (float(skin(cones, cones, PLAIN, size).cover.sum()) for cones in (apart, melted))
    assert plain == pytest.approx(2 * np.pi * 4.5**2, rel=0.03) and soft > plain * 1.03
