"""Doubts carried through: draws against their chances, drawn histories against plain counting, Rubin's rules, what to look at."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.abundance import uncertain_history
from reid.abundance.closed_population import METHODS, tally
from reid.abundance.history_sampling import draw, newcomers
from reid.abundance.review_priority import gains
from reid.abundance.uncertain_history import NEW_ANIMAL as NEW
from reid.abundance.uncertain_history import Uncertain, UncertainHistory
from tests.abundance.histories import matrix

KNOWN = matrix("1100 0110 0011 1001 1010")
ONE_EACH = ((0,), (1,), (2,), (3,))


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


chances = st.dictionaries(st.integers(0, 4), st.floats(0.05, 0.2), max_size=4)
doubts = st.lists(
    st.builds(
        Uncertain, st.sets(st.integers(0, 3), max_size=2).map(lambda one: tuple(sorted(one))), chances, st.floats(0.0, 0.2),
        st.sampled_from([None, NEW, 0, 3]),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True)
@given(doubts=doubts, seed=st.integers(0, 9), occasions=st.sampled_from([ONE_EACH, ((0, 1), (2, 3)), ((0, 2), (1,), (3,))]))
def test_drawn_histories_are_counted_as_a_plain_matrix_would_be(doubts, seed, occasions):
    study = UncertainHistory(KNOWN, tuple(doubts), enrolled=2)
    labels = draw(study, 5, np.random.default_rng(seed))
    for chosen in (labels, uncertain_history.as_told(study), uncertain_history.as_told(study, open_as="best")):
        found = uncertain_history.histories(study, chosen, occasions)
        for at, row in enumerate(chosen):
            whole = uncertain_history.matrix(study, row)
            plain = tally(np.stack([whole[:, list(columns)].any(1) for columns in occasions], axis=1))
            assert found.counts[at].tolist() == plain.counts.tolist()
            assert found.frequencies[at].tolist() == plain.frequencies.tolist()


def test_decisions_make_the_history_as_told_and_open_ones_can_be_taken_both_ways():
    study = UncertainHistory(
        KNOWN, (Uncertain((0,), {1: 0.9}, 0.1, told=1), Uncertain((1,), {2: 0.2}, 0.8, told=NEW), Uncertain((3,), {0: 0.6}, 0.4))
    )
    assert uncertain_history.as_told(study).tolist() == [[1, 6, -1]]
    assert uncertain_history.as_told(study, open_as="new").tolist() == [[1, 6, 7]]
    assert uncertain_history.as_told(study, open_as="best").tolist() == [[1, 6, 0]]


def test_errors_expected_are_what_the_chances_say():
    study = UncertainHistory(
        KNOWN, (Uncertain((0,), {1: 0.9}, 0.1, told=1), Uncertain((1,), {2: 0.3}, 0.7, told=NEW), Uncertain((3,), {0: 0.6}, 0.4))
    )
    labels = draw(study, 40_000, np.random.default_rng(5))
    told = uncertain_history.expected_errors(study, labels, ONE_EACH)
    assert (told.splits, told.merges, told.hidden) == pytest.approx((0.3, 0.1, 0.1), abs=0.01)
    nobody_yet = UncertainHistory(np.zeros_like(KNOWN), study.doubts[1:2])
    told = uncertain_history.expected_errors(nobody_yet, labels[:, 1:2], ONE_EACH)
    assert told.splits == 0.0, "whether new or known, and seen at no other time: it is one animal"


@settings(max_examples=60, deadline=None, derandomize=True)
@given(doubts=doubts, seed=st.integers(0, 9), occasions=st.sampled_from([ONE_EACH, ((0, 1),), ((0, 2), (1,))]))
def test_animals_as_decided_are_splits_less_merges_more_than_there_were(doubts, seed, occasions):
    study = UncertainHistory(KNOWN, tuple(replace(one, told=NEW if one.told is None else one.told) for one in doubts), enrolled=4)
    labels = draw(study, 4, np.random.default_rng(seed))
    told = uncertain_history.expected_errors(study, labels, occasions)
    decided = uncertain_history.histories(study, uncertain_history.as_told(study), occasions).seen[0]
    truly = uncertain_history.histories(study, labels, occasions).seen.mean()
    assert told.splits - told.merges == pytest.approx(decided - truly)
    assert told.merges >= told.hidden >= 0 and told.splits >= 0


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
