"""Names for all animals at once."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from reid.steps.season.assignment import Name, exclusive, paired, together

ADA, BO, CY = ("zebra", "Ada"), ("zebra", "Bo"), ("zebra", "Cy")


def test_two_animals_of_one_frame_share_their_chances_as_bayes_says() -> None:
    one, other = {ADA: 0.6, BO: 0.3}, {ADA: 0.5, BO: 0.2}
    free = exclusive([one, other], [(0, 1)])
    assert free == [{ADA: pytest.approx(0.5), BO: pytest.approx(0.2)}, {ADA: pytest.approx(0.6), BO: pytest.approx(0.3)}]
    mine = {name: chance * (1 - free[0][name]) for name, chance in one.items()}
    total = sum(mine.values()) + 0.1
    # by hand, over every pair of names that is allowed
    nobody = {"one": 0.1, "other": 0.3}
    pairs = {
        (a, b): (one[a] if a else nobody["one"]) * (other[b] if b else nobody["other"])
        for a, b in product([ADA, BO, None], repeat=2) if a is None or a != b
    }
    wanted = sum(chance for (a, _), chance in pairs.items() if a == ADA) / sum(pairs.values())
    assert mine[ADA] / total == pytest.approx(wanted)


def _marginals(chances: list[dict[Name, float]], apart: list[tuple[int, int]]) -> list[dict[Name, float]]:
    """Of each animal its chances, over every assignment of names that is allowed."""
    found: list[dict[Name, float]] = [dict.fromkeys(one, 0.0) for one in chances]
    total = 0.0
    for names in product(*([*one, None] for one in chances)):
        if any(names[a] is not None and names[a] == names[b] for a, b in apart):
            continue
        worth = float(np.prod([one[name] if name else 1 - sum(one.values()) for one, name in zip(chances, names, strict=True)]))
        total += worth
        for one, name in zip(found, names, strict=True):
            if name:
                one[name] += worth
    return [{name: worth / total for name, worth in one.items()} for one in found]


def _told(chances: list[dict[Name, float]], apart: list[tuple[int, int]]) -> list[dict[Name, float]]:
    """The same as `exclusive` leaves it."""
    found = []
    for one, taken in zip(chances, exclusive(chances, apart), strict=True):
        left = {name: chance * (1 - taken.get(name, 0.0)) for name, chance in one.items()}
        total = sum(left.values()) + 1 - sum(one.values())
        found.append({name: chance / total for name, chance in left.items()})
    return found


@pytest.mark.parametrize("seed", range(6))
def test_chances_are_exact_where_the_pairs_make_no_ring(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chances = [dict(zip((ADA, BO, CY), (rng.dirichlet([0.3] * 4)[:3]).tolist(), strict=True)) for _ in range(5)]
    apart = [(0, 1), (1, 2), (2, 3)] if seed % 2 else [(0, 1), (0, 2), (0, 3), (3, 4)]
    for told, wanted in zip(_told(chances, apart), _marginals(chances, apart), strict=True):
        assert told == {name: pytest.approx(chance, abs=1e-6) for name, chance in wanted.items()}


def _plainly(chances: list[dict[Name, float]], apart: list[tuple[int, int]]) -> list[dict[Name, float]]:
    """The same messages, one number after the other: what `a` takes of a name, were `b` not there."""
    near = {row: [b if a == row else a for a, b in apart if row in (a, b)] for row in range(len(chances))}
    taken = {(a, b): dict(chances[a]) for row, others in near.items() for a, b in ((row, other) for other in others)}
    share = 1.0 / max(map(len, near.values()))
    for _ in range(200):
        fresh = {}
        for a, b in taken:
            worth = {
                name: chance * math.prod(1.0 - taken[c, a].get(name, 0.0) for c in near[a] if c != b)
                for name, chance in chances[a].items()
            }
            total = sum(worth.values()) + 1.0 - sum(chances[a].values())
            fresh[a, b] = {name: one / total for name, one in worth.items()}
        moved = max(abs(fresh[pair][name] - taken[pair][name]) for pair in taken for name in taken[pair])
        taken = {pair: {name: one + share * (fresh[pair][name] - one) for name, one in taken[pair].items()} for pair in taken}
        if share * moved < 1e-7:
            break
    return [
        {name: 1.0 - math.prod(1.0 - taken[c, a].get(name, 0.0) for c in near[a])
         for name in {name for c in near[a] for name in chances[c]}}
        for a in range(len(chances))
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_in_rings_the_answer_is_that_of_the_messages_worked_out_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [("zebra", f"n{at}") for at in range(8)]
    chances = []
    for _ in range(12):
        who = rng.choice(8, rng.integers(1, 6), replace=False)
        chances.append(dict(zip((names[at] for at in who), rng.dirichlet(np.full(len(who) + 1, 0.4)).tolist(), strict=False)))
    apart = [(a, b) for a in range(12) for b in range(a + 1, 12) if rng.random() < 0.5]
    for told, wanted in zip(exclusive(chances, apart), _plainly(chances, apart), strict=True):
        assert told == pytest.approx(wanted, abs=1e-9)


def test_of_three_of_a_frame_who_all_look_like_one_each_may_be_it() -> None:
    chances: list[dict[Name, float]] = [{ADA: 0.999}, {ADA: 0.999}, {ADA: 0.999}]
    apart = [(0, 1), (0, 2), (1, 2)]
    assert _marginals(chances, apart)[0][ADA] == pytest.approx(1 / 3, abs=0.001)
    assert [one[ADA] for one in _told(chances, apart)] == [pytest.approx(0.49, abs=0.005)] * 3  # 0.001 if each takes it whole


def test_who_has_no_chances_takes_nothing() -> None:
    assert exclusive([{}, {ADA: 0.5}], [(0, 1)]) == [{ADA: pytest.approx(0.5)}, {}]
    assert exclusive([{}, {}], [(0, 1)]) == [{}, {}]


def test_what_is_certain_stays_so() -> None:
    found = exclusive([{ADA: 1.0}, {ADA: 0.9, BO: 0.05}], [(0, 1)])
    assert found == [{ADA: pytest.approx(0.9), BO: pytest.approx(0.05)}, {ADA: 1.0}]


def test_animals_that_may_be_one_do_not_disturb_each_other() -> None:
    assert exclusive([{ADA: 0.6}, {ADA: 0.5}], []) == [{}, {}]
    assert together([{ADA: 0.6}, {ADA: 0.7}], []) == [ADA, ADA]


def test_the_best_as_a_whole_goes_before_the_best_of_one() -> None:
    first, second = {ADA: 0.55, BO: 0.40}, {ADA: 0.70, BO: 0.02}
    assert together([first, second], [(0, 1)]) == [BO, ADA]


def test_three_animals_and_two_names_leave_one_without() -> None:
    chances: list[dict[Name, float]] = [{ADA: 0.9}, {ADA: 0.5, BO: 0.15}, {BO: 0.9, CY: 0.05}]
    apart = [(0, 1), (0, 2), (1, 2)]
    assert together(chances, apart) == _by_trying(chances, apart) == [ADA, None, BO]


@pytest.mark.parametrize("seed", range(8))
def test_the_solver_finds_what_trying_everything_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chances = [dict(zip((ADA, BO, CY), (rng.dirichlet([1, 1, 1, 1])[:3]).tolist(), strict=True)) for _ in range(4)]
    apart = [(0, 1), (1, 2), (2, 3)] if seed % 2 else [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert together(chances, apart) == _by_trying(chances, apart)


def _by_trying(chances: list[dict[Name, float]], apart: list[tuple[int, int]]) -> list[Name | None]:
    options = [[*one, None] for one in chances]

    def worth(names: tuple[Name | None, ...]) -> float:
        if any(names[a] is not None and names[a] == names[b] for a, b in apart):
            return 0.0
        shares = [one[name] if name else 1 - sum(one.values()) for one, name in zip(chances, names, strict=True)]
        return float(np.prod(shares))

    return list(max(product(*options), key=worth))


def test_boxes_are_paired_for_the_largest_sum() -> None:
    assert paired(np.asarray([[0.9, 0.8, 0.1], [0.85, 0.2, 0.1]])) == [1, 0]
