"""What a link is worth, as counted."""

from __future__ import annotations

import numpy as np
import pytest

from reid.calibration.link_calibration import MIN_JOINS, worth
from reid.evaluation.metrics import Pool


def pool(individuals: int, encounters: int, *, noise: float, seed: int = 1) -> Pool:
    """Photos of individuals in a plane of their own each; `noise` blurs them."""
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((individuals, 64))
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    rows = [own[at] + noise * rng.standard_normal(64) / 8 for at in range(individuals) for _ in range(encounters)]
    vectors = np.asarray([row / np.linalg.norm(row) for row in rows], np.float32)
    names = [f"i{at}" for at in range(individuals) for _ in range(encounters)]
    numbers = [str(at) for at in range(len(names))]
    return Pool(vectors, names, ["left"] * len(names), numbers, numbers)


def test_few_joins_prove_little_however_clean_they_are() -> None:
    few, many = worth(pool(5, 2, noise=0.2), drawn=True), worth(pool(50, 2, noise=0.2))
    assert few is not None and many is not None and few.drawn and not many.drawn
    assert (few.joins, few.units, few.individuals) == (9, 10, 5)
    assert 0.6 < few.probability(0.96, 10) < 6 / 7 + 0.02  # five right ones: (5 + 1) / (5 + 2)
    assert many.probability(0.96, 100) > 0.95
    assert few.probability(0.1, 10) < 0.3 and many.probability(0.1, 100) < 0.05


def test_a_probability_is_the_share_that_is_right() -> None:
    learned = worth(pool(150, 3, noise=1.4))
    assert learned is not None
    asked = worth(pool(150, 3, noise=1.4, seed=2))
    assert asked is not None
    for score in (0.2, 0.3, 0.4):
        assert learned.probability(score, 450) == pytest.approx(asked.probability(score, 450), abs=0.1)


def test_more_encounters_ask_for_a_higher_score() -> None:
    learned = worth(pool(50, 2, noise=0.6))
    assert learned is not None
    assert learned.probability(0.6, 1000) < learned.probability(0.6, 100) == learned.probability(0.6, 10)


@pytest.mark.parametrize("individuals", [1, 4])
def test_too_little_teaches_nothing(individuals: int) -> None:
    assert individuals * 2 - 1 < MIN_JOINS and worth(pool(individuals, 2, noise=0.2)) is None


def test_photos_that_do_not_tell_animals_apart_teach_nothing() -> None:
    assert worth(pool(20, 2, noise=30.0, seed=3)) is None
