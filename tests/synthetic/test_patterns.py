"""Markings: individual, the same for the same numbers, masks in [0, 1], and as bold as the make says."""

from dataclasses import replace

import numpy as np
import pytest

from reid.synthetic import SPECIES
from reid.synthetic.builds import BUILDS
from reid.synthetic.noise import stream
from reid.synthetic.patterns import PATTERNS, Cloth, Make, make_of


def cloth(species: str, make: Make | None = None) -> Cloth:
    x = np.linspace(-0.8, 1.0, 108, dtype=np.float32)[None, :]
    y = np.linspace(-0.5, 0.9, 84, dtype=np.float32)[:, None]
    return Cloth(x, y, 60.0, BUILDS[species], make or Make())


def test_every_drawn_species_has_a_pattern() -> None:
    assert set(PATTERNS) == {*SPECIES, "boar"}


def test_makes_differ_within_their_ranges() -> None:
    makes = [make_of(stream("make", seed)) for seed in range(200)]
    assert makes[5] == make_of(stream("make", 5)) and len(set(makes)) == 200
    assert all(0.66 <= one.size <= 1.55 and -1 <= one.bold <= 1 and -1 <= one.slant <= 1 and 0 <= one.rough <= 1 for one in makes)
    assert np.median([one.size for one in makes]) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("species", PATTERNS)
def test_markings_are_masks_of_the_cloth_the_same_for_the_same_seed_alone(species: str) -> None:
    one, again, other = (PATTERNS[species](stream("marks", seed), cloth(species)) for seed in (1, 1, 2))
    for mask in (one.mark, one.fill):
        assert mask.shape == (84, 108) and float(mask.min()) >= 0 and float(mask.max()) <= 1
    np.testing.assert_array_equal(one.mark, again.mark)
    np.testing.assert_array_equal(one.fill, again.fill)
    assert float(np.abs(one.mark - other.mark).mean()) > 0.01
    assert 0.01 < float(one.mark.mean()) < 0.9


@pytest.mark.parametrize("species", ["zebra", "tiger", "leopard", "hyena", "giraffe", "nyala"])
def test_a_bold_make_covers_more_of_the_coat(species: str) -> None:
    covered = []
    for bold in (-1.0, 1.0):
        pattern = PATTERNS[species]
        covered.append(np.mean([pattern(stream("bold", n), cloth(species, Make(bold=bold))).mark.mean() for n in range(3)]))
    assert covered[1] > 1.05 * covered[0]


def test_few_broad_stripes_or_many_narrow_ones() -> None:
    def edges(make: Make) -> int:
        mark = PATTERNS["zebra"](stream("size", 3), cloth("zebra", make)).mark[20:40]
        return int((np.diff((mark > 0.5).astype(int), axis=1) != 0).sum())

    assert edges(Make(size=0.66)) > 1.4 * edges(Make(size=1.5))


def test_a_cloth_knows_its_legs_and_bumps_of_its_noise_have_a_size() -> None:
    plane = cloth("zebra")
    assert plane.shape == (84, 108) and plane.lower().shape == (84, 1)
    assert float(plane.lower()[0, 0]) == 0 and float(plane.lower()[-1, 0]) == 1
    coarse, fine = (plane.noise(stream("noise", 1), size) for size in (0.5, 0.1))
    assert np.abs(np.diff(fine)).mean() > 2 * np.abs(np.diff(coarse)).mean()
    assert replace(plane, fine=30.0).shape == plane.shape
