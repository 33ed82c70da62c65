"""The closed set with intervals: the same figures as a plain ranking, in whole and in parts."""

from __future__ import annotations

import numpy as np
import pytest

from reid.evaluation.bootstrap import Herd
from reid.evaluation.closed_set import ANY_PHOTO, DEPTH, OTHER_ENCOUNTER, PROTOCOLS, STRICT, closed_set, groups, ranked
from reid.evaluation.metrics import Pool, rank
from tests.evaluation.pools import at_angles, crowd, pool

PLAIN = crowd(0, 12, 6)
ROWS = range(72)
FIELD = Pool(PLAIN.vectors, PLAIN.individuals, ["left" if row % 3 else "right" for row in ROWS],
             [f"{name}/{row % 6 // 2}" for row, name in enumerate(PLAIN.individuals)], PLAIN.hashes)
NONE = np.zeros(72, np.bool_)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_figures_are_those_of_the_ranking(protocol):
    found = closed_set(ranked(FIELD, FIELD, protocol), FIELD.individuals, protocol.name, gallery=72, duplicated=NONE)
    wanted = rank(FIELD, FIELD, same_side=protocol.same_side, other_encounter=protocol.other_encounter)
    ours = (found.queries, found.skipped, found.rank_1.value, found.rank_5.value, found.rank_10.value, found.mean_ap.value,
            found.map_at_r.value)
    assert ours == pytest.approx((wanted.queries, wanted.skipped, wanted.rank_1, wanted.rank_5, wanted.rank_10, wanted.mean_ap,
                                  wanted.map_at_r), abs=1e-12)
    assert found.without_near_duplicates == found.rank_1
    assert len(found.cmc) == DEPTH
    assert [found.cmc[0], found.cmc[4], found.cmc[9]] == pytest.approx([wanted.rank_1, wanted.rank_5, wanted.rank_10])
    assert found.rank_1.low < found.rank_1.value < found.rank_1.high


def test_what_may_be_matched_differs_by_protocol():
    gallery = pool(at_angles(1, 2, 3, 4, 5, 6), list("axaxxa"), groups=list("effggh"),
                   sides=["left", "left", "right", "left", "left", "left"])
    query = pool(at_angles(0), ["a"], groups=["e"], sides=["left"], hashes=["q"])
    # right are the first, of the same encounter, the third, of the other side, and the last
    best = [ranked(query, gallery, protocol).first.tolist() for protocol in (ANY_PHOTO, OTHER_ENCOUNTER, STRICT)]
    assert best == [[0], [1], [3]]


def test_the_figure_without_near_duplicates_is_that_of_the_other_queries():
    places = ranked(FIELD, FIELD, ANY_PHOTO)
    duplicated = places.first == 0
    duplicated[::7] = False
    found = closed_set(places, FIELD.individuals, "any photo", gallery=72, duplicated=duplicated)
    rest = [name for name, use in zip(FIELD.individuals, ~duplicated, strict=True) if use]
    assert found.without_near_duplicates == Herd(rest).mean(places.first[~duplicated] == 0)
    assert found.without_near_duplicates.value < found.rank_1.value


def test_the_parts_are_measured_each_for_itself_and_a_missing_label_has_a_name():
    places = ranked(FIELD, FIELD, STRICT)
    labels = ["2023", "2024", ""] * 24
    parts = groups(places, FIELD.individuals, labels)
    assert [part.name for part in parts] == ["2023", "2024", "not known"]
    assert sum(part.queries for part in parts) == len(places.rows)
    for part in parts:
        rows = [row for row in ROWS if (labels[row] or "not known") == part.name]
        assert part.rank_1.value == pytest.approx(rank(FIELD.subset(rows), FIELD, same_side=True, other_encounter=True).rank_1)


def test_nothing_to_judge_gives_no_figure():
    queries = pool(at_angles(0), ["nobody"], hashes=["q"])
    gallery = pool(at_angles(1), ["a"])
    places = ranked(queries, gallery, STRICT)
    found = closed_set(places, ["nobody"], STRICT.name, gallery=1, duplicated=np.zeros(1, np.bool_))
    assert (found.queries, found.skipped, found.cmc) == (0, 1, ())
    assert np.isnan([found.rank_1.value, found.mean_ap.value, found.chance]).all()
    assert groups(places, ["nobody"], [""]) == ()
