"""Positions in metres, against published ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reid.survey.utm import in_metres, utm
from tests.survey.captures import CAMERAS


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone", "x", "y"),
    [
        (0.0, 3.0, 31, 500000.0, 0.0),  # the middle of a zone on the equator, by definition
        (43.642567, -79.387139, 17, 630084, 4833438),  # CN Tower, Wikipedia "Universal Transverse Mercator"
    ],
)
def test_utm_agrees_with_published_positions(latitude, longitude, zone, x, y):
    found = utm(latitude, longitude, zone)
    assert found == (pytest.approx(x, abs=1), pytest.approx(y, abs=1))


def test_the_distance_of_two_cameras_on_the_grid_is_the_distance_on_the_ground():
    a, b = in_metres(
        (replace(CAMERAS[0], latitude=0.0, longitude=39.0), replace(CAMERAS[0], latitude=0.009, longitude=39.0))
    ).points
    assert b[1] - a[1] == pytest.approx(0.9996 * 0.009 * 110574.3, rel=1e-4)  # a degree of latitude at the equator is 110,574 m


def test_cameras_south_of_the_equator_count_from_ten_thousand_kilometres():
    (_, north), = in_metres((replace(CAMERAS[0], latitude=0.009, longitude=39.0),)).points
    (_, south), = in_metres((replace(CAMERAS[0], latitude=-0.009, longitude=39.0),)).points
    assert north == pytest.approx(994.8, abs=1) and south == pytest.approx(10_000_000 - 994.8, abs=1)
