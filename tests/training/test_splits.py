"""Who teaches and who judges: individuals whole, encounters on one side, no class robbed of its photos."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reid.records import Photo
from reid.training.splits import hold_out_groups, hold_out_individuals

SHARES = st.floats(0.05, 0.9)


def photos_of(names: list[str]) -> list[Photo]:
    return [Photo(Path(f"{row}.jpg"), individual=name) for row, name in enumerate(names)]


def halves(count: int, parts: tuple[list[int], list[int]]) -> None:
    taught, held = parts
    assert sorted(taught + held) == list(range(count))
    assert taught == sorted(taught)
    assert held == sorted(held)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=60), SHARES, st.integers(0, 9))
def test_no_individual_stands_on_both_sides_and_two_thirds_stay(rows: list[tuple[int, int]], share: float, seed: int) -> None:
    names = [f"n{name}" for name, _ in rows]
    groups = [f"n{name}/{group}" for name, group in rows]
    taught, held = hold_out_individuals(photos_of(names), groups, share=share, seed=seed)
    halves(len(rows), (taught, held))
    judges, pupils = {names[row] for row in held}, {names[row] for row in taught}
    assert not judges & pupils
    assert len(judges) <= len(judges | pupils) / 3
    assert not {groups[row] for row in held} & {groups[row] for row in taught}
    encounters = defaultdict(set)
    for name, group in zip(names, groups, strict=True):
        encounters[name].add(group)
    assert all(len(encounters[name]) > 1 for name in judges)


def test_three_individuals_are_held_out_where_the_rest_allows_it() -> None:
    def count(individuals: int, share: float) -> int:
        names = [f"n{number // 2}" for number in range(2 * individuals)]
        held = hold_out_individuals(photos_of(names), list(map(str, range(len(names)))), share=share, seed=0)[1]
        return len({names[row] for row in held})

    assert [count(individuals, 0.1) for individuals in (2, 3, 6, 9, 12, 40)] == [0, 1, 2, 3, 3, 4]
    assert count(40, 0.9) == 13


def test_the_seed_chooses_who_is_held_out() -> None:
    names = [f"n{number // 2}" for number in range(60)]
    groups = list(map(str, range(60)))
    parts = [hold_out_individuals(photos_of(names), groups, share=0.2, seed=seed) for seed in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]


CLASSES = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 6)), max_size=60)


@settings(deadline=None, max_examples=300)
@given(CLASSES, SHARES, st.integers(0, 9))
@example([("a", 0)] * 10 + [("b", 0), ("b", 1), ("b", 2)] * 6, 0.9, 1)
@example([("a", 0), ("a", 0)] + [("b", 0), ("b", 1), ("b", 2), ("b", 3)] * 6, 0.9, 1)
def test_groups_stand_on_one_side_and_every_class_keeps_half_of_its_photos(
    rows: list[tuple[str, int]], share: float, seed: int
) -> None:
    labels, groups = [label for label, _ in rows], [f"g{group}" for _, group in rows]
    taught, held = hold_out_groups(labels, groups, share=share, seed=seed)
    halves(len(rows), (taught, held))
    total, judging = Counter(labels), Counter(labels[row] for row in held)
    groups_of = defaultdict(set)
    for label, group in rows:
        groups_of[label].add(f"g{group}")
    within = {groups[row] for row in held} & {groups[row] for row in taught}
    alone = {next(iter(found)) for label, found in groups_of.items() if len(found) == 1 and total[label] >= 8}
    assert within <= alone
    for label, count in total.items():
        if count < 8 and len(groups_of[label]) == 1:
            assert judging[label] == 0, label
        if not (len(groups_of[label]) == 1 and count >= 8):
            assert judging[label] <= count / 2, label


def test_about_the_share_asked_for_is_held_out_of_each_class() -> None:
    labels = ["lion"] * 40 + ["zebra"] * 200
    groups = [f"{label}{row % 20}" for row, label in enumerate(labels)]
    held = hold_out_groups(labels, groups, share=0.15, seed=3)[1]
    assert Counter(labels[row] for row in held) == {"lion": 6, "zebra": 30}


def test_a_class_of_one_long_encounter_is_split_within_it_and_keeps_its_first_photos() -> None:
    taught, held = hold_out_groups(["a"] * 20, ["g"] * 20, share=0.15, seed=0)
    assert (taught, held) == (list(range(17)), [17, 18, 19])


def test_a_class_of_one_short_encounter_stays_in_training() -> None:
    assert hold_out_groups(["a"] * 7, ["g"] * 7, share=0.3, seed=0) == (list(range(7)), [])
