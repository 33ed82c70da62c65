"""The best score of every individual."""

import numpy as np

from reid.evaluation.shortlist import shortlist
from tests.evaluation.pools import at_angles, pool

GALLERY = pool(at_angles(30, 10, 60, 20), ["b", "a", "b", "c"], sides=["left", "right", "right", ""])


def test_each_individual_counts_by_its_most_alike_photo() -> None:
    found = shortlist(pool(at_angles(0, 50), ["b", "nobody"], hashes=["q1", "q2"]), GALLERY)
    assert found.names == ("a", "b", "c")
    assert found.own.tolist() == [1, -1]
    np.testing.assert_allclose(found.scores, np.cos(np.radians([[10, 30, 20], [40, 10, 30]])), atol=1e-6)
    np.testing.assert_allclose(found.own_scores(), [np.cos(np.radians(30)), -np.inf], atol=1e-6)


def test_an_individual_without_an_allowed_photo_is_minus_infinity() -> None:
    found = shortlist(pool(at_angles(0), ["a"], hashes=["q"], sides=["left"]), GALLERY, same_side=True)
    np.testing.assert_allclose(found.scores, [[-np.inf, np.cos(np.radians(30)), np.cos(np.radians(20))]], atol=1e-6)
    assert found.own_scores().tolist() == [-np.inf]
