"""Drawn answers have the chances of their sightings, and those that support each other go together."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats

from reid.abundance.history_sampling import answers_given, draw, newcomers, pick
from reid.abundance.uncertain_history import Uncertain, UncertainHistory
from tests.abundance.histories import matrix

KNOWN = matrix("1100 0110 0011 1001 1010")


def shares(labels: np.ndarray) -> dict[int, float]:
    values, counts = np.unique(labels, return_counts=True)
    return dict(zip(values.tolist(), (counts / len(labels)).tolist(), strict=True))


def test_answers_are_drawn_by_their_chances_and_the_rest_goes_to_those_not_on_the_list():
    study = UncertainHistory(KNOWN, (Uncertain((0,), {1: 0.5, 3: 0.1}, 0.3),))
    drawn = shares(draw(study, 40_000, np.random.default_rng(1))[:, 0])
    wanted = {1: 0.5, 3: 0.1, 5: 0.3, 0: 0.1 / 3, 2: 0.1 / 3, 4: 0.1 / 3}
    assert drawn == pytest.approx(wanted, abs=0.01)


def test_a_new_animal_is_joined_by_bayes_and_by_what_two_photos_say_of_each_other():
    alone = Uncertain((0,), {}, 1.0)
    plain = UncertainHistory(KNOWN, (alone, Uncertain((1,), {}, 1.0)), enrolled=4)
    drawn = shares(draw(plain, 40_000, np.random.default_rng(2))[:, 1])
    assert drawn == pytest.approx({5: 0.25 / 1.25, 6: 1 / 1.25}, abs=0.01)
    join, fresh = newcomers(4, 0.5, 2)
    evidence = np.array([[0.0, math.log(8)], [math.log(8), 0.0]])
    alike = UncertainHistory(KNOWN, (alone, Uncertain((1,), {}, 1.0)), evidence, enrolled=4)
    drawn = shares(draw(alike, 4000, np.random.default_rng(3))[:, 1])
    assert drawn == pytest.approx({5: 8 * join / (8 * join + fresh[1]), 6: fresh[1] / (8 * join + fresh[1])}, abs=0.03)


def test_the_weight_of_new_animals_is_that_of_an_unknown_number_of_them():
    # V by numeric integration over the share of enrolled animals, whose prior is uniform for a half.
    def weight(met: int, sightings: int, enrolled: int, prior: float) -> float:
        def inside(share: float) -> float:
            unknown = enrolled * (1 - share) / share
            if unknown <= met - 1:
                return 0.0
            ways = math.exp(math.lgamma(unknown + 1) - math.lgamma(unknown - met + 1))
            return float(scipy.stats.beta.pdf(share, 2 * prior, 2 - 2 * prior)) * ways * (share / enrolled) ** sightings

        return float(scipy.integrate.quad(inside, 0, 1, limit=200)[0])

    for enrolled, prior, sightings in ((6, 0.5, 5), (20, 0.5, 9), (9, 0.7, 4)):
        join, fresh = newcomers(enrolled, prior, sightings)
        assert join == pytest.approx(prior / ((1 - prior) * enrolled))
        for met in range(sightings - 1):
            ratio = weight(met + 1, sightings, enrolled, prior) / weight(met, sightings, enrolled, prior)
            assert fresh[met] == pytest.approx(join * ratio, rel=0.02)
    for enrolled, prior in ((7, 0.5), (70, 0.7), (10, 0.2)):
        assert newcomers(enrolled, prior, 1)[1][0] == pytest.approx(1.0, abs=0.005), "alone, as it was told"
    assert newcomers(0, 0.5, 3) == (0.0, pytest.approx(np.ones(4)))


def test_sightings_that_say_nothing_do_not_make_ever_more_new_animals():
    # Ten are enrolled, and as many more are thought to be about. With one weight for each other one 150 sightings made 59 new.
    known = np.ones((10, 2), dtype=bool)
    doubts = tuple(Uncertain((at % 2,), dict.fromkeys(range(10), 0.05), 0.5) for at in range(150))
    labels = draw(UncertainHistory(known, doubts, np.zeros((150, 150)), enrolled=10), 200, np.random.default_rng(7))
    new = [len(set(row[row >= 10].tolist())) for row in labels]
    assert 4 <= np.median(new) <= 20


def probability(study: UncertainHistory, answers: tuple[int, ...]) -> float:
    """Of a set of answers, not normalised, as `history_sampling` defines it. answers: new animals bear their first's name."""
    rows = len(study.known)
    assert study.alike is not None
    join, fresh = newcomers(study.enrolled, study.prior, len(study.doubts))
    value = float(np.prod(fresh[: len({answer for answer in answers if answer >= rows})] / join))
    for at, (doubt, answer) in enumerate(zip(study.doubts, answers, strict=True)):
        if answer < rows:
            left = 1 - doubt.nobody - sum(doubt.chances.values())
            value *= doubt.chances.get(answer, left / (rows - len(doubt.chances)))
        else:
            value *= doubt.nobody * join
        value *= math.exp(sum(study.alike[at, other] for other in range(at) if answers[other] == answer))
        value *= not any(answers[other] == answer for other in doubt.apart)
    return value


def test_answers_that_support_each_other_are_drawn_together_by_their_joint_probability():
    evidence = np.array([[0, 1.5, -1, 0.5], [1.5, 0, 2, -0.5], [-1, 2, 0, 1], [0.5, -0.5, 1, 0.0]])
    doubts = (
        Uncertain((0,), {0: 0.3, 1: 0.2}, 0.4), Uncertain((1,), {0: 0.1}, 0.8), Uncertain((2,), {2: 0.5}, 0.5),
        Uncertain((3,), {1: 0.3}, 0.6, apart=frozenset({2})),
    )  # fmt: skip
    study = UncertainHistory(KNOWN[:3], doubts, evidence, enrolled=3, prior=0.6)
    exact: dict[tuple[int, ...], float] = {}
    for answers in itertools.product(*(range(3 + at + 1) for at in range(4))):
        if all(answer < 3 or answers[answer - 3] == answer for answer in answers):
            exact[answers] = probability(study, answers)
    total = sum(exact.values())
    drawn = [tuple(row) for row in draw(study, 12_000, np.random.default_rng(8)).tolist()]
    assert set(drawn) <= {answers for answers, value in exact.items() if value > 0}
    for answers, value in sorted(exact.items(), key=lambda pair: -pair[1])[:12]:
        assert drawn.count(answers) / len(drawn) == pytest.approx(value / total, abs=0.012), answers


def test_two_animals_of_one_frame_are_never_the_same():
    pair = (Uncertain((0,), {0: 0.6, 1: 0.4}, 0.0), Uncertain((0,), {0: 0.6}, 0.4, apart=frozenset({0})))
    labels = draw(UncertainHistory(KNOWN, pair, enrolled=1), 2000, np.random.default_rng(4))
    assert (labels[:, 0] != labels[:, 1]).all()
    assert {0, 6} <= set(labels[:, 1].tolist())


def test_the_same_seed_draws_the_same_histories():
    study = UncertainHistory(KNOWN, (Uncertain((0,), {1: 0.5}, 0.5), Uncertain((2,), {1: 0.3, 2: 0.3}, 0.4)), enrolled=10)
    first, second = (draw(study, 50, np.random.default_rng(7)) for _ in range(2))
    assert (first == second).all()


def test_the_chances_of_an_answer_all_others_given_are_those_it_is_drawn_by():
    study = UncertainHistory(KNOWN, (Uncertain((0,), {1: 0.5}, 0.5), Uncertain((1,), {1: 0.2}, 0.8)), enrolled=4)
    labels = draw(study, 3, np.random.default_rng(1))
    chances = answers_given(study, labels, 1)
    assert chances.shape == (3, 5 + 2 + 1) and chances.sum(1) == pytest.approx(np.ones(3))
    for other, row in zip(labels[:, 0].tolist(), chances, strict=True):  # a new animal seen already weighs a quarter of another
        wanted = {1: 1 / 6, 5: 1 / 6, 6: 4 / 6} if other == 5 else {1: 0.2, 5: 0.8}
        assert {at: value for at, value in enumerate(row.tolist()) if value > 1e-9} == pytest.approx(wanted)
    again = labels.copy()
    again[:, 1] = 0
    assert answers_given(study, again, 1) == pytest.approx(chances), "its own answer is not looked at"


def test_a_column_is_picked_by_its_weight_and_one_of_no_weight_never():
    picked = pick(np.tile([0.0, 3.0, 1.0, 0.0], (20_000, 1)), np.random.default_rng(3))
    assert shares(picked) == pytest.approx({1: 0.75, 2: 0.25}, abs=0.01)
