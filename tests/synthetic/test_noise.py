"""Noise is the same on every machine, smooth, about zero; streams of different purposes have nothing to do with each other."""

import numpy as np
import pytest

from reid.synthetic.noise import _weights, cloudy_noise, name_word, smooth_noise, step, stream


def test_the_same_words_give_the_same_numbers_for_ever() -> None:
    assert stream("coat", 1, 2).integers(0, 1000, 4).tolist() == stream("coat", 1, 2).integers(0, 1000, 4).tolist()
    assert stream("coat", 1, 2).integers(0, 1000, 4).tolist() == [157, 172, 151, 708]


@pytest.mark.parametrize("other", [("pose", 1, 2), ("coat", 2, 1), ("coat", 1, 2, 0), ("coat", 1), ("coat", 12)])
def test_another_purpose_or_other_words_give_other_numbers(other: tuple[str, int]) -> None:
    purpose, *words = other
    assert stream(purpose, *words).random(4).tolist() != stream("coat", 1, 2).random(4).tolist()


def test_a_name_is_the_number_of_its_bytes() -> None:
    assert (name_word(""), name_word("a"), name_word("ab")) == (0, 97, 97 * 256 + 98)
    assert name_word("left") != name_word("right")


def test_weights_spread_a_lattice_without_adding_to_it() -> None:
    spread = _weights(13, 3)
    assert spread.shape == (13, 6) and spread.dtype == np.float32
    np.testing.assert_allclose(spread.sum(axis=1), 1, atol=1e-6)
    assert spread.min() >= 0 and (spread > 0).sum(axis=1).max() <= 4
    np.testing.assert_allclose(spread[0, :3], (1 / 6, 4 / 6, 1 / 6), atol=1e-6)
    with pytest.raises(ValueError, match="read-only"):
        spread[0, 0] = 1


def test_noise_is_about_zero_mostly_within_one_and_smooth() -> None:
    noise = smooth_noise(stream("noise", 1), (90, 120), (9, 12))
    assert noise.shape == (90, 120) and noise.dtype == np.float32
    assert abs(float(noise.mean())) < 0.15 and float((np.abs(noise) <= 1).mean()) > 0.9 and float(noise.std()) > 0.2
    assert np.abs(np.diff(noise, axis=1)).max() < 0.3
    np.testing.assert_array_equal(noise, smooth_noise(stream("noise", 1), (90, 120), (9, 12)))


def test_more_cells_make_finer_noise_and_clouds_are_finer_than_their_first_octave() -> None:
    def rough(field: np.ndarray) -> float:
        return float(np.abs(np.diff(field, axis=1)).mean() / field.std())

    coarse, fine = (smooth_noise(stream("noise", 2), (60, 80), (n, n)) for n in (3, 12))
    assert rough(fine) > 2 * rough(coarse)
    cloudy = cloudy_noise(stream("noise", 2), (60, 80), (3, 3), octaves=4)
    assert rough(cloudy) > rough(coarse)
    np.testing.assert_array_equal(cloudy_noise(stream("noise", 2), (60, 80), (3, 3), octaves=1), coarse)


def test_a_step_rises_smoothly_from_low_to_high_and_falls_where_they_are_swapped() -> None:
    at = np.array([-1, 0, 1, 2, 3, 4, 9], np.float32)
    np.testing.assert_allclose(step(0, 4, at), [0, 0, 0.15625, 0.5, 0.84375, 1, 1], atol=1e-6)
    np.testing.assert_allclose(step(4, 0, at), 1 - step(0, 4, at), atol=1e-6)
    assert step(0, 4, at).dtype == np.float32
