from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from reid.errors import GalleryError
from reid.store.sync.conflict_commands import Command
from reid.store.sync.three_way import uid_of
from tests.store.sync.replicas import Pair, enroll, merging
from tests.store.sync.replicas import replicas as replicas


def test_an_individual_is_the_same_one_in_both_by_the_entry_that_added_it(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(ours, here=[10])
    enroll(theirs, there=[20], later=[21])
    with merging(ours, theirs) as both:
        assert [both.individual_of(number) for number in (1, 2, 3, 4, 5)] == [1, 2, 3, None, None]
        assert [both.theirs_of(number) for number in (1, 2, 3, 4)] == [1, 2, 3, None]
        assert uid_of(both.change, 4) != uid_of(both.other, 4)
        with pytest.raises(GalleryError, match="individual #4 of north is in no entry since the common past"):
            both.ours_of(4)


def test_one_of_theirs_is_followed_to_the_individual_it_was_merged_into_here(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.identities.merge("a", "b")
    ours.identities.merge("b", "c")
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        assert (both.ours_of(1), both.final(2), both.way(1), both.next(3)) == (3, 3, [1, 2, 3], 0)
        both.entering.add(2)  # it will be there again after this merge
        assert (both.final(1), both.planned(1), both.way(1), both.next(2)) == (2, 2, [1, 2], 0)


def test_what_is_planned_says_who_will_be_there(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.identities.remove("c")
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        assert [both.stands(number) for number in (1, 2, 3)] == [True, True, False]
        both.leaving[1], both.leaving[2] = 2, None
        both.entering.add(3)
        assert [both.stands(number) for number in (1, 2, 3)] == [False, False, True]
        assert both.way(1) == [1, 2]


def test_a_name_like_one_in_use_is_unused_and_not_waited_for(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(ours, **{"a (2)": [10]})
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        assert (both.holder(1, "a"), both.holder(1, "nameless"), both.called(4)) == (1, 0, "'a (2)'")
        assert both.unused(1, "a") == "a (3)"
        both.names[2] = "a (3)"
        assert both.unused(1, "a") == "a (4)"


def test_conflicts_are_in_the_order_of_their_rank_and_one_without_a_command_is_dropped(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        both.entering.add(1)
        for rank, what in ((5, "last"), (2, "settled"), (0, "first")):
            both.report(rank, "zebra", what, "x", "y", partial(commands, what))
        conflicts = both.conflicts(ours.exchange._catalog)
        texts = [(conflict.what, conflict.do) for conflict in conflicts]
        assert texts == [("first", "reid first && reid more"), ("last", "reid last")]
        assert not both.entering


def commands(what: str) -> Iterator[Command]:
    texts = {"first": ["reid first", "reid more"], "settled": [], "last": ["reid last"]}[what]
    return (Command(text) for text in texts)


def test_values_of_an_individual_that_has_just_arrived_are_not_counted_as_altered(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        both.arrived.add(2)
        both.alter("individual", 1, name="Amara")
        both.alter("individual", 2, name="Bela")
        assert (both.altered, both.called(1), both.called(2)) == (1, "'Amara'", "'Bela'")
    assert [individual.name for individual in ours.individuals()] == ["a", "b", "c"]
