"""Doubts carried through: draws against their chances, drawn histories against plain counting, Rubin's rules, what to look at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.abundance import uncertain_history
from reid.abundance.closed_population import tally
from reid.abundance.history_sampling import draw
from reid.abundance.uncertain_history import NEW_ANIMAL as NEW
from reid.abundance.uncertain_history import Uncertain, UncertainHistory
from tests.abundance.histories import matrix

KNOWN = matrix("1100 0110 0011 1001 1010")
ONE_EACH = ((0,), (1,), (2,), (3,))


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
    for chosen in (labels, uncertain_history.as_decided(study), uncertain_history.as_decided(study, open_as="best")):
        found = uncertain_history.histories(study, chosen, occasions)
        for at, row in enumerate(chosen):
            whole = uncertain_history.matrix(study, row)
            plain = tally(np.stack([whole[:, list(columns)].any(1) for columns in occasions], axis=1))
            assert found.counts[at].tolist() == plain.counts.tolist()
            assert found.frequencies[at].tolist() == plain.frequencies.tolist()


def test_decisions_make_the_history_as_decided_and_open_ones_can_be_taken_both_ways():
    study = UncertainHistory(
        KNOWN,
        (Uncertain((0,), {1: 0.9}, 0.1, decided=1), Uncertain((1,), {2: 0.2}, 0.8, decided=NEW), Uncertain((3,), {0: 0.6}, 0.4)),
    )
    assert uncertain_history.as_decided(study).tolist() == [[1, 6, -1]]
    assert uncertain_history.as_decided(study, open_as="new").tolist() == [[1, 6, 7]]
    assert uncertain_history.as_decided(study, open_as="best").tolist() == [[1, 6, 0]]


def test_errors_expected_are_what_the_chances_say():
    study = UncertainHistory(
        KNOWN,
        (Uncertain((0,), {1: 0.9}, 0.1, decided=1), Uncertain((1,), {2: 0.3}, 0.7, decided=NEW), Uncertain((3,), {0: 0.6}, 0.4)),
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
    closed = tuple(replace(doubt, decided=NEW if doubt.decided is None else doubt.decided) for doubt in doubts)
    study = UncertainHistory(KNOWN, closed, enrolled=4)
    labels = draw(study, 4, np.random.default_rng(seed))
    told = uncertain_history.expected_errors(study, labels, occasions)
    decided = uncertain_history.histories(study, uncertain_history.as_decided(study), occasions).seen[0]
    truly = uncertain_history.histories(study, labels, occasions).seen.mean()
    assert told.splits - told.merges == pytest.approx(decided - truly)
    assert told.merges >= told.hidden >= 0 and told.splits >= 0
