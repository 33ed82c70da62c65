"""One animal on a frame: where its box says, on its feet, looking the way its flank does, lit by the sun."""

from dataclasses import replace

import numpy as np
import pytest

from reid.records import Box
from reid.synthetic import coat_of
from reid.synthetic.animal import Placed, Sun, cast_shadow, outline, paint_animal, view_of
from reid.synthetic.builds import REST, head_points

SIZE = (64, 96)


def placed(side: str = "right", **more: float) -> Placed:
    return Placed(coat_of("zebra", 1, side, 0, 5), side, REST, **more)  # type: ignore[arg-type]


def painted(animal: Placed, sun: Sun | None = None) -> np.ndarray:
    frame = np.full((*SIZE, 3), 0.5, np.float32)
    paint_animal(frame, animal, sun or Sun())
    return frame


def bounds(frame: np.ndarray) -> Box:
    rows, columns = np.nonzero(np.abs(frame - 0.5).max(axis=2) > 0.02)
    height, width = frame.shape[:2]
    return Box(columns.min() / width, rows.min() / height, np.ptp(columns) / width, np.ptp(rows) / height)


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_animal_is_painted_within_its_outline_and_fills_it(side: str) -> None:
    animal = placed(side)
    told, seen = outline(animal, SIZE), bounds(painted(animal))
    for one, other in ((told.x, seen.x), (told.y, seen.y), (told.width, seen.width), (told.height, seen.height)):
        assert one == pytest.approx(other, abs=0.05)
    assert told.y + told.height == pytest.approx(animal.ground, abs=0.02)


def test_a_left_flank_looks_left_and_a_right_flank_right() -> None:
    for side, facing in (("left", -1), ("right", 1)):
        animal = placed(side)
        view = view_of(animal, SIZE)
        eye, _ = view.pixel(*head_points(animal.coat.build, REST)["eye"])
        assert facing * (eye - view.pixel(0, 0)[0]) > 5 and facing * view.matrix[0] > 0


def test_an_animal_is_as_wide_as_asked_but_never_taller_than_the_frame() -> None:
    assert outline(placed(width=0.4), SIZE).width == pytest.approx(0.4, abs=0.02)
    huge = outline(placed(width=3.0), SIZE)
    assert huge.y >= 0 and huge.height <= 1
    assert view_of(placed(width=0.4), SIZE).scale == pytest.approx(0.5 * view_of(placed(width=0.4), (128, 192)).scale)


def test_a_box_is_cut_at_the_edge_of_the_frame() -> None:
    cut = outline(placed(width=0.6, across=0.0), SIZE)
    assert cut.x == 0 and 0 < cut.width < 0.45


def test_what_is_painted_is_the_same_each_time_and_another_animal_is_another() -> None:
    np.testing.assert_array_equal(painted(placed()), painted(placed()))
    other = replace(placed(), coat=coat_of("zebra", 2, "right", 0, 5))
    assert float(np.abs(painted(placed()) - painted(other)).max()) > 0.1


def test_a_brighter_sun_makes_a_brighter_animal_and_eyes_shine_at_night() -> None:
    def mean(sun: Sun) -> float:
        return float(painted(placed(), sun).mean())

    assert mean(Sun(ambient=0.9)) > mean(Sun(ambient=0.5)) > mean(Sun(ambient=0.2))
    animal = placed()
    across, down = view_of(animal, SIZE).pixel(*head_points(animal.coat.build, REST)["eye"])
    day, night = (painted(animal, Sun(eyeshine=shine))[round(down), round(across)].mean() for shine in (0.0, 1.0))
    assert night > day + 0.05


def test_a_shadow_darkens_the_ground_at_the_feet_alone() -> None:
    frame = np.ones((*SIZE, 3), np.float32)
    cast_shadow(frame, placed(), 0.5)
    assert float(frame[int(0.86 * 64), 48, 0]) == pytest.approx(0.5, abs=0.05)
    assert float(frame[:20].min()) == 1 and float(frame.min()) >= 0.5 - 1e-6
    away = np.ones((*SIZE, 3), np.float32)
    cast_shadow(away, placed(ground=5.0), 0.5)
    assert float(away.min()) == 1
