"""One answer out of several parts: exact scores, ties to the lower id, the dead left out, damage noticed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reid.settings import SearchSettings
from reid.store import Where
from reid.store.search import knn
from reid.store.search.faiss_files import Codes
from reid.store.search.filter_columns import FilterColumns, NameCodes
from reid.store.search.knn import Damaged, Part, Passing, by_codes, everyone, nearest, row_sums
from tests.store.search.stock import assert_same
from tests.store.stock import Vectors, brute_force, unit

SETTINGS = SearchSettings(candidates=16, probes=64)


def part(ids: list[int], rows: Vectors) -> Part:
    books = NameCodes()
    facts: FilterColumns = books.facts([(n % 3, ("left", "right", "")[n % 3], f"{2020 + n % 2}", "c", None) for n in ids])
    return Part(np.array(ids), rows, everyone(len(ids)), lambda: (facts, books))


def parts(*some: Part) -> list[tuple[Part, Passing]]:
    return [(one, one.live) for one in some]


@pytest.mark.parametrize("queries", [1, 7])
@pytest.mark.parametrize("k", [1, 4, 70])
def test_parts_are_searched_as_one_and_the_dead_are_not_found(k: int, queries: int) -> None:
    rows = unit(1, 60)
    rows[40:50] = rows[3]  # ties within a part and between both
    base, late = part(list(range(1, 41)), rows[:40]), part(list(range(41, 61)), rows[40:])
    dead = [4, 20, 41, 99]
    left = {n + 1: row for n, row in enumerate(rows) if n + 1 not in dead}
    asked = np.concatenate([rows[3:4], unit(2, 6)])[:queries]
    some = [base.without(np.array(dead)), late.without(np.array(dead))]
    assert [one.live.count for one in some] == [38, 19]
    assert_same(nearest(parts(*some), asked, k, SETTINGS), brute_force(left, asked, k))


def test_of_no_photo_at_all_the_answer_is_empty() -> None:
    found = nearest(parts(part([], np.empty((0, 32), np.float32))), unit(1, 2), 3, SETTINGS)
    assert (found.photo_ids.tolist(), found.scores.tolist()) == ([[-1] * 3] * 2, [[-np.inf] * 3] * 2)


def test_more_ties_than_a_look_holds_are_settled_by_a_wider_one() -> None:
    rows = np.repeat(unit(1, 1), 50, axis=0)
    base = replace(part(list(range(50, 0, -1)), rows), rising=False)  # the lowest ids come last
    for count in (1, 2):
        assert nearest(parts(base), rows[:count], 3, SETTINGS).photo_ids.tolist() == [[1, 2, 3]] * count


def test_a_vector_that_is_not_as_it_was_written_is_noticed_when_it_is_looked_at() -> None:
    rows = unit(1, 20)
    base = replace(part(list(range(1, 21)), rows), sums=row_sums(rows))
    assert nearest(parts(base), rows[5:6], 1, SETTINGS).photo_ids.tolist() == [[6]]
    damaged = rows.copy()
    damaged.view(np.uint32)[5, 17] ^= 1
    base = replace(base, rows=damaged)
    np.testing.assert_array_equal(base.checked(np.array([4, 6])), rows[[4, 6]])
    with pytest.raises(Damaged, match="a vector in it is damaged"):
        nearest(parts(base), rows[5:6], 1, SETTINGS)


def test_two_numbers_that_changed_places_change_the_sum_of_their_row() -> None:
    rows = unit(1, 3)
    swapped = rows.copy()
    swapped[1, [2, 9]] = rows[1, [9, 2]]
    assert (row_sums(rows) != row_sums(swapped)).tolist() == [False, True, False]


def test_what_passes_a_filter_is_worked_out_once_and_anew_when_a_photo_died() -> None:
    base, where = part(list(range(1, 10)), unit(1, 9)), Where(side="left")
    first = base.passing(where, None)
    assert (base.ids[first.numbers].tolist(), first.count) == ([2, 3, 5, 6, 8, 9], 6)
    assert base.passing(where, None) is first and base.passing(Where(), None) is base.live
    assert base.ids[base.passing(where, np.array([2])).numbers].tolist() == [2, 5, 8]
    fewer = base.without(np.array([5, 7]))
    assert fewer.ids[fewer.passing(where, None).numbers].tolist() == [2, 3, 6, 8, 9]


def test_codes_propose_only_where_many_pass_and_the_scores_are_exact() -> None:
    rows, ids = unit(1, 600, 64), np.arange(11, 1211, 2)  # ids with gaps
    codes = Codes.trained(rows, len(rows))
    codes.add(ids, rows)
    base = replace(part(ids.tolist(), rows), codes=codes, sums=row_sums(rows))
    few = Passing(np.arange(600) < 100, 100)
    assert (by_codes(base, base.live, 3, SETTINGS), by_codes(base, few, 3, SETTINGS)) == (True, False)
    assert not by_codes(base, base.live, 20, SETTINGS) and not by_codes(replace(base, codes=None), base.live, 3, SETTINGS)
    found = nearest(parts(base), rows[::100], 1, SETTINGS)
    assert_same(found, brute_force(dict(zip(ids.tolist(), rows, strict=True)), rows[::100], 1))
    odd = Passing(np.arange(600) % 2 == 1, 300)
    proposed = knn._by_codes(base, odd, rows[301:302], 3, SETTINGS)
    assert 301 in proposed and (proposed % 2 == 1).all()
