"""What a coat promises: individual, lasting, its own on each flank."""

import numpy as np
import pytest

from reid.synthetic import SPECIES, coat_of
from reid.synthetic.coats import Coat


def grey(coat: Coat) -> np.ndarray:
    """The coat's flank in grey, within the trunk, without its mean and slow tone: what is left is pattern."""
    row, column = round(-coat.top * 150), round(-coat.left * 150)
    flank = coat.pixels[row - 27 : row + 28, column - 60 : column + 61].astype(np.float64) @ (0.3, 0.5, 0.2)
    blocks = flank[:54, :120].reshape(18, 3, 40, 3).mean(axis=(1, 3))
    return blocks - blocks.mean()


def likeness(one: Coat, two: Coat) -> float:
    """Correlation of two flanks, place by place: 1 is the same pattern."""
    a, b = grey(one).ravel(), grey(two).ravel()
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize("species", SPECIES)
def test_an_individual_is_more_like_itself_two_seasons_later_than_like_any_other(species: str) -> None:
    first = [coat_of(species, n, "right", 0, 5) for n in range(4)]
    later = [coat_of(species, n, "right", 2, 5) for n in range(4)]
    table = np.array([[likeness(a, b) for b in later] for a in first])
    assert table.argmax(axis=1).tolist() == [0, 1, 2, 3]
    others = table[~np.eye(4, dtype=bool)]
    assert table.diagonal().min() > 0.75
    assert others.max() < 0.6


@pytest.mark.parametrize("species", SPECIES)
def test_the_left_flank_is_neither_the_right_one_nor_its_mirror(species: str) -> None:
    left, right = coat_of(species, 1, "left", 0, 5), coat_of(species, 1, "right", 0, 5)
    assert likeness(left, right) < 0.6
    a, b = grey(left)[:, ::-1].ravel(), grey(right).ravel()
    assert a @ b / np.sqrt((a @ a) * (b @ b)) < 0.6


@pytest.mark.parametrize("species", SPECIES)
def test_the_make_of_an_individual_is_the_same_on_both_flanks_and_in_every_season(species: str) -> None:
    def dark(individual: int, side: str, season: int) -> float:
        coat = coat_of(species, individual, side, season, 5)
        pixels = coat.pixels[coat.mask].mean(axis=1)
        return float((pixels < pixels.mean()).mean())

    between = np.std([dark(one, "left", 0) for one in range(8)])
    within = np.mean([abs(dark(one, "left", 0) - dark(one, "right", 1)) for one in range(8)])
    assert within < 1.6 * between


def test_a_scar_stays_in_every_later_season() -> None:
    pink = []
    for season in (0, 1, 2, 3):
        pixels = coat_of("boar", 1, "left", season, 0).pixels.astype(int)
        mask = coat_of("boar", 1, "left", season, 0).mask
        pink.append(mask & (pixels[..., 0] - pixels[..., 2] > 50))
    counts = [int(p.sum()) for p in pink]
    assert counts[0] == 0
    assert counts[1] > 20
    assert (pink[1] & pink[2] & pink[3]).sum() > 0.9 * counts[1]


def test_the_same_words_give_the_same_coat_and_another_seed_another() -> None:
    one = coat_of("leopard", 2, "left", 1, 9)
    coat_of.cache_clear()
    two = coat_of("leopard", 2, "left", 1, 9)
    np.testing.assert_array_equal(one.pixels, two.pixels)
    assert likeness(one, coat_of("leopard", 2, "left", 1, 10)) < 0.6


def test_a_shared_coat_cannot_be_written_into() -> None:
    with pytest.raises(ValueError, match="read-only"):
        coat_of("deer", 0, "left", 0, 0).pixels[0, 0] = 0
