"""What a drawn frame promises."""

import numpy as np
import pytest

from reid.errors import UsageError
from reid.synthetic import SPECIES, UNTRAINED_SPECIES, Scene, draw_animal, draw_empty, draw_frame
from reid.synthetic.animal import Placed
from reid.synthetic.backgrounds import station
from reid.synthetic.builds import Pose
from reid.synthetic.coats import coat_of

SMALL = {"width": 240, "height": 160}


@pytest.mark.parametrize("species", [*SPECIES, UNTRAINED_SPECIES])
def test_the_same_call_gives_the_same_pixels_without_any_cache(species: str) -> None:
    one = draw_animal(species, 3, side="left", scene=2, camera=1, seed=4, **SMALL)
    coat_of.cache_clear()
    station.cache_clear()
    two = draw_animal(species, 3, side="left", scene=2, camera=1, seed=4, **SMALL)
    assert one.shape == (160, 240, 3)
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, two)


def test_another_scene_gives_another_picture() -> None:
    pictures = {draw_animal("zebra", 0, side="left", scene=n, **SMALL).tobytes() for n in range(4)}
    assert len(pictures) == 4


@pytest.mark.parametrize(("side", "low", "high"), [("left", 0.0, 0.4), ("right", 0.6, 1.0)])
def test_a_left_flank_looks_left_and_a_right_flank_right(side: str, low: float, high: float) -> None:
    """A zebra's highest point, its ears, lies on the side it looks to."""
    scene = Scene(camera=3, light="day", seed=0, number=1, hour=1)
    placed = Placed(coat_of("zebra", 0, side, 0, 0), side, Pose())
    empty = draw_frame([], scene, **SMALL).astype(int)
    changed = np.abs(draw_frame([placed], scene, **SMALL) - empty).sum(axis=2) > 150
    rows, columns = np.nonzero(changed)
    highest = columns[rows <= rows.min() + 3].mean() / 240
    assert low < highest < high


def test_the_animal_fills_about_half_the_frame_and_stays_inside_its_middle() -> None:
    scene = Scene(camera=0, light="day", seed=0, number=1, hour=1)
    placed = Placed(coat_of("zebra", 0, "left", 0, 0), "left", Pose(), width=0.6, across=0.5, ground=0.9)
    changed = np.abs(draw_frame([placed], scene).astype(int) - draw_frame([], scene)).max(axis=2) > 60
    columns = np.flatnonzero(changed.any(axis=0))
    assert 0.55 * 480 < columns.max() - columns.min() < 0.70 * 480
    assert abs((columns.max() + columns.min()) / 2 - 240) < 25


def likest_place(pixels: np.ndarray, camera: int) -> float:
    """The best correlation of a frame's middle with its camera's view, over every nudge of the camera."""
    view = station(camera, 0, 173, 260)[0][..., 1]
    middle = pixels[30:120, 60:180, 1].astype(float)
    windows = (view[top : top + 90, left : left + 120] for top in range(30, 44) for left in range(60, 81))
    return max(float(np.corrcoef(middle.ravel(), window.ravel())[0, 1]) for window in windows)


@pytest.mark.parametrize("camera", [0, 1, 2, 3, 4])
def test_an_empty_frame_is_the_camera_s_place_and_nothing_else(camera: int) -> None:
    empty = draw_empty(scene=camera, camera=camera, light="day", **SMALL)
    assert likest_place(empty, camera) > 0.9
    scene = Scene(camera=camera, light="day", seed=0, number=3, hour=5)
    placed = Placed(coat_of("zebra", 0, "left", 0, 0), "left", Pose(), width=0.75)
    assert likest_place(draw_frame([placed], scene, **SMALL), camera) < 0.8


def test_draw_empty_repeats_and_varies_by_scene() -> None:
    one, two = draw_empty(scene=1, camera=1, **SMALL), draw_empty(scene=1, camera=1, **SMALL)
    np.testing.assert_array_equal(one, two)
    assert (draw_empty(scene=2, camera=1, **SMALL) != one).any()


def test_night_is_grey_and_day_is_not() -> None:
    night = draw_animal("tiger", 0, side="left", light="night", **SMALL).astype(int)
    day = draw_animal("tiger", 0, side="left", light="day", **SMALL).astype(int)
    assert np.ptp(night, axis=2).max() == 0
    assert np.ptp(day, axis=2).mean() > 20


def test_two_animals_share_one_frame() -> None:
    scene = Scene(camera=4, light="day", seed=0, number=1, hour=1)
    pair = [
        Placed(coat_of("deer", n, "left", 0, 0), "left", Pose(), width=0.35, across=0.25 + 0.5 * n) for n in (0, 1)
    ]
    empty = draw_frame([], scene, **SMALL).astype(int)
    alone = np.abs(draw_frame(pair[:1], scene, **SMALL) - empty).max(axis=2) > 40
    both = np.abs(draw_frame(pair, scene, **SMALL) - empty).max(axis=2) > 40
    assert alone[:, 120:].sum() < 20
    assert both[:, 120:].sum() > 800


@pytest.mark.parametrize(
    ("wrong", "text"),
    [({"species": "dodo"}, "species is 'dodo'"), ({"side": "top"}, "side is 'top'"), ({"light": "noon"}, "light is")],
)
def test_an_unknown_word_is_refused_by_name(wrong: dict[str, str], text: str) -> None:
    words = {"species": "zebra", "side": "left", "light": "day"} | wrong
    with pytest.raises(UsageError, match=text):
        draw_animal(words["species"], 0, side=words["side"], light=words["light"])
