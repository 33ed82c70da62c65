"""A camera looks at one place for ever: the same picture for the same camera, another for another, as its biome is."""

import numpy as np
import pytest

from reid.synthetic.backgrounds import BIOMES, LANDS, blade_rows, land_of, station
from reid.synthetic.noise import stream


def test_biomes_go_round_with_the_number_of_the_camera() -> None:
    assert set(LANDS) == set(BIOMES)
    assert [land_of(n) for n in range(7)] == [LANDS[BIOMES[n % 5]] for n in range(7)]
    for land in LANDS.values():
        assert 0.3 < land.horizon < 0.6 and 0 < land.grassy < 1
        assert all(0 <= part <= 1 for colour in (land.sky, land.haze, land.far, land.near, land.grass) for part in colour)


@pytest.mark.parametrize("camera", range(5))
def test_a_station_is_the_same_whenever_it_is_looked_at(camera: int) -> None:
    picture, horizon = station(camera, 3, 32, 48)
    station.cache_clear()
    again, same = station(camera, 3, 32, 48)
    np.testing.assert_array_equal(picture, again)
    assert horizon == same and abs(horizon - land_of(camera).horizon) <= 0.05
    assert picture.shape == (32, 48, 3) and picture.dtype == np.float32
    assert float(picture.min()) >= 0 and float(picture.max()) <= 1 and float(picture.std()) > 0.03
    with pytest.raises(ValueError, match="read-only"):
        picture[0, 0] = 0


def test_another_camera_of_the_same_biome_and_another_world_are_other_places() -> None:
    here = station(0, 3, 32, 48)[0]
    for other in (station(5, 3, 32, 48)[0], station(0, 4, 32, 48)[0]):
        assert float(np.abs(here - other).mean()) > 0.02


def test_a_forest_is_greener_and_darker_than_snow() -> None:
    forest, snow = (station(n, 1, 32, 48)[0].mean(axis=(0, 1)) for n in (1, 3))
    assert forest[1] > forest[2] and snow.mean() > 1.5 * forest.mean()


def test_grass_grows_where_it_is_rooted_in_its_colour_and_as_dense_as_asked() -> None:
    def grown(dense: float, foot: float = 0.8) -> np.ndarray:
        picture = np.zeros((60, 80, 3), np.float32)
        blade_rows(picture, stream("grass", 1), (0.2, 0.8, 0.1), foot, 0.2, dense)
        return picture

    thick, thin = grown(0.9), grown(0.2)
    assert not thick[: int((0.8 - 0.32) * 60)].any(), "above the longest blade"
    assert (thick[..., 1] > 0).mean() > 1.5 * (thin[..., 1] > 0).mean() > 0
    drawn = thick[thick[..., 1] > 0.3]
    assert (drawn[:, 1] > drawn[:, 0]).all() and (drawn[:, 0] > drawn[:, 2]).all()
    np.testing.assert_array_equal(thick, grown(0.9))
    assert not grown(0.9, foot=-2.0).any(), "out of the picture"
