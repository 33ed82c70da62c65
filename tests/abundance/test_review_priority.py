"""What the answer about one sighting is worth, by the answers counted one by one."""

from __future__ import annotations

import numpy as np
import pytest

from reid.abundance import uncertain_history
from reid.abundance.closed_population import METHODS
from reid.abundance.history_sampling import draw
from reid.abundance.review_priority import gains
from reid.abundance.uncertain_history import Uncertain, UncertainHistory
from tests.abundance.histories import matrix

KNOWN = matrix("1100 0110 0011 1001 1010")
ONE_EACH = ((0,), (1,), (2,), (3,))


@pytest.mark.parametrize("method", ["chapman", "m0", "chao"])
def test_the_worth_of_an_answer_is_the_variance_of_what_each_leaves_counted_anew_less_what_chance_adds(method):
    occasions = ((0, 1), (2, 3)) if method == "chapman" else ONE_EACH
    study = UncertainHistory(
        KNOWN,
        (
            Uncertain((0,), {2: 0.5}, 0.5), Uncertain((0, 2), {1: 0.2, 3: 0.3}, 0.5), Uncertain((3,), {0: 0.995}, 0.005),
            Uncertain((), {1: 0.5}, 0.5),
        ),
    )  # fmt: skip
    labels = draw(study, 200, np.random.default_rng(6))
    estimate = METHODS[method].estimate
    found = {one.doubt: one for one in gains(study, labels, occasions, estimate)}
    assert set(found) == {0, 1}, "a sure one and one outside of the occasions are worth nothing"
    at = next(iter(found))
    doubt, left = study.doubts[at], {}
    for row in (*doubt.chances, None):
        answered = labels.copy()
        answered[:, at] = 5 + at if row is None else row
        left[row] = estimate(uncertain_history.histories(study, answered, occasions)).number
    chances = np.array([*doubt.chances.values(), doubt.nobody])

    def worth(keep: np.ndarray) -> np.ndarray:
        means = np.array([numbers[keep].mean() for numbers in left.values()])
        return means - chances @ means

    every = np.arange(len(labels))
    without = np.array([worth(every != one) for one in every])
    noise = ((without - without.mean(0)) ** 2).sum(0)  # jackknife
    assert found[at].gain == pytest.approx(float(chances @ (worth(every >= 0) ** 2 - noise)), rel=0.01)
    assert {one.row: one.number for one in found[at].replies} == pytest.approx({row: one.mean() for row, one in left.items()})
    assert {one.row: one.probability for one in found[at].replies} == pytest.approx(dict(zip(left, chances, strict=True)))


def test_what_other_sightings_say_already_is_no_news():
    # The second looks like the first, which is surely individual 2: nobody need look at it, whatever its own chances are.
    evidence = np.array([[0.0, 12.0, 0.0], [12.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    doubts = (Uncertain((0,), {2: 1.0}, 0.0), Uncertain((1,), {2: 0.5}, 0.5), Uncertain((1,), {4: 0.5}, 0.5))
    study = UncertainHistory(KNOWN, doubts, evidence, enrolled=5)
    labels = draw(study, 200, np.random.default_rng(1))
    assert [one.doubt for one in gains(study, labels, ONE_EACH, METHODS["m0"].estimate)] == [2]


def test_of_two_photos_of_one_animal_the_second_is_looked_at_last():
    evidence = np.zeros((3, 3))
    evidence[0, 1] = evidence[1, 0] = 12.0
    doubts = (Uncertain((0,), {2: 0.5}, 0.5), Uncertain((1,), {2: 0.5}, 0.5), Uncertain((3,), {0: 0.85}, 0.15))
    study = UncertainHistory(KNOWN, doubts, evidence, enrolled=5)
    labels = draw(study, 400, np.random.default_rng(2))
    first, *others = gains(study, labels, ONE_EACH, METHODS["m0"].estimate)
    assert first.doubt in (0, 1)
    assert others[0].doubt == 2 and all(one.gain < 0.03 * first.gain for one in others[1:]), others
    assert len(gains(study, labels, ONE_EACH, METHODS["m0"].estimate, 1)) == 1
