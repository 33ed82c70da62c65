from __future__ import annotations

from reid.store.sync.merge_individuals import IndividualMerge
from tests.store.sync.replicas import Pair, enroll, merging
from tests.store.sync.replicas import replicas as replicas


def test_the_plan_writes_nothing_but_who_is_new(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(theirs, there=[20])
    theirs.identities.rename("a", "Amara")
    theirs.identities.merge("b", "c")
    with merging(ours, theirs) as both:
        individuals = IndividualMerge(both)
        individuals.plan()
        assert (both.arrived, both.entering, both.leaving, both.names) == ({4}, set(), {2: 3}, {1: "Amara"})
        assert both.called(1) == "'a'" and both.individual(2)["removed_seq"] is None
        individuals.settle(moving={4, 5}, follows=lambda number, target: False)
        individuals.write()
        assert both.called(1) == "'Amara'" and both.individual(2)["merged_into"] == 3 and both.altered == 2


def test_who_would_leave_a_photo_behind_stays_and_that_is_reported(replicas: Pair) -> None:
    ours, theirs = replicas
    theirs.identities.remove("b")
    with merging(ours, theirs) as both:
        individuals = IndividualMerge(both)
        individuals.plan()
        assert both.leaving == {2: None}
        individuals.settle(moving={4}, follows=lambda number, target: False)  # photo 5 stays
        assert both.leaving == {} and both.refused == {2: None}
        individuals.write()
        (conflict,) = both.conflicts(ours.exchange._catalog)
        assert (conflict.what, conflict.do) == ("individual #2 'b'", "reid individuals remove '#2'")
        assert conflict.theirs.startswith("removed (entry 3, ")


def test_a_photo_that_follows_lets_its_individual_go(replicas: Pair) -> None:
    ours, theirs = replicas
    theirs.identities.merge("b", "c")
    asked: list[tuple[int, int]] = []
    with merging(ours, theirs) as both:
        individuals = IndividualMerge(both)
        individuals.plan()
        individuals.settle(moving={4}, follows=lambda *pair: not asked.append(pair))
        assert asked == [(5, 3)] and both.leaving == {2: 3}


def test_two_that_changed_names_with_each_other_are_both_named(replicas: Pair) -> None:
    ours, theirs = replicas
    for name, other in (("a", "x"), ("b", "a"), ("x", "b")):
        theirs.identities.rename(name, other)
    with merging(ours, theirs) as both:
        individuals = IndividualMerge(both)
        individuals.plan()
        assert both.names == {1: "b", 2: "a"}
        individuals.write()
        assert [both.called(number) for number in (1, 2)] == ["'b'", "'a'"]
        assert both.individual(1)["removed_seq"] is None and both.conflicts(ours.exchange._catalog) == ()


def test_a_new_one_whose_name_is_in_use_waits_and_gets_another(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(ours, Zuri=[10])
    enroll(theirs, Zuri=[20])
    with merging(ours, theirs) as both:
        individuals = IndividualMerge(both)
        individuals.plan()
        assert (both.arrived, both.entering, both.names) == ({5}, {5}, {5: "Zuri"})
        individuals.write()
        assert both.called(5) == "'Zuri (2)'" and both.individual(5)["removed_seq"] is None
        (conflict,) = both.conflicts(ours.exchange._catalog)
        assert (conflict.what, conflict.do) == ("both galleries have a 'Zuri'", "reid individuals merge '#5' '#4'")
