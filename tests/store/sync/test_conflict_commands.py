"""What conflicts tell to do: each case that random histories found, and that no command is ever refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.errors import UsageError
from reid.store import Gallery
from reid.store.sync import conflict_commands
from tests.store.stock import owners
from tests.store.sync.test_merge import both_ways, contents, enroll, known, run
from tests.store.sync.test_merge import camps as camps
from tests.store.sync.test_sync_two_replicas import STEP, apart, tried

Pair = tuple[Gallery, Gallery]


def settled(here: Gallery, there: Gallery) -> list[tuple[str, str]]:
    """Take their side in all that is told, word by word; then both camps see the same, and nothing is told any more."""
    told = here.exchange.merge_from(there.exchange)
    run(here, told)
    both_ways(there, here)
    assert contents(here) == contents(there) and here.checkup.damage() == []
    return known(told)


def test_a_photo_goes_to_the_new_one_of_a_name_before_the_two_of_that_name_are_made_one(camps: Pair) -> None:
    here, there = camps
    enroll(here, Zuri=[10])
    enroll(there, Zuri=[20])
    here.corrections.move([1], "b")
    there.corrections.move([1], "Zuri")
    assert settled(here, there) == [
        ("individual of photo 1", "reid photos move 1 --to '#5'"),
        ("both galleries have a 'Zuri'", "reid individuals merge '#5' '#4'"),
    ]


def test_who_is_restored_where_one_of_its_photos_was_enrolled_again_leaves_that_one_where_it_is(camps: Pair) -> None:
    here, there = camps
    here.identities.remove("a")
    enroll(here, b=[0])
    enroll(there, a=[20])
    assert settled(here, there) == [(
        "photo 8 of individual #1 'a'",
        "reid photos remove 7 && reid individuals restore '#1' && reid photos remove 1 && reid photos restore 7 && "
        "reid photos restore 8",
    )]
    assert contents(here) == {"a": [1, 2, 20], "b": [0, 3, 4], "c": [5]}


def test_two_merged_into_each_other_are_merged_the_other_way_round(camps: Pair) -> None:
    here, there = camps
    here.identities.merge("a", "b")
    there.identities.merge("b", "a")
    assert settled(here, there) == [
        ("individual #2 'b'", "reid individuals split '#2' '#1' && reid individuals merge '#2' '#1'"),
    ]
    assert contents(here) == {"a": [0, 1, 2, 3, 4], "c": [5]}


def test_three_merged_in_a_ring_become_theirs(camps: Pair) -> None:
    here, there = camps
    here.identities.merge("a", "b")
    here.identities.merge("b", "c")
    there.identities.merge("c", "a")
    assert settled(here, there) == [(
        "individual #3 'c'",
        "reid individuals split '#3' '#2' && reid individuals split '#2' '#1' && reid individuals merge '#2' '#3' && "
        "reid individuals merge '#3' '#1'",
    )]
    assert contents(here) == {"a": [0, 1, 2, 3, 4, 5]}


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(("ours", "theirs"), [("ab bc", "ac"), ("ac bc", "ab")])
def test_two_ways_to_the_same_individual_are_no_conflict_in_either_camp(
    camps: Pair, ours: str, theirs: str, swapped: bool
) -> None:
    here, there = reversed(camps) if swapped else camps
    for camp, merges in ((here, ours), (there, theirs)):
        for first, second in merges.split():
            camp.identities.merge(first, second)
    both_ways(camps[0], camps[1])
    assert contents(here) == contents(there) == {"c": [0, 1, 2, 3, 4, 5]}


def test_a_ring_that_the_other_camp_knew_of_and_settled_is_no_conflict(camps: Pair) -> None:
    here, there = camps
    here.identities.split("a", "d", photos=[3])
    both_ways(there, here)
    here.identities.merge("a", "b")
    here.identities.merge("b", "c")
    there.identities.merge("b", "d")
    there.identities.merge("d", "a")
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    both_ways(there, here)
    assert contents(there) == {"c": [0, 1, 2, 3, 4, 5]}


def test_who_is_removed_there_goes_without_those_who_were_merged_into_it_here_and_are_there_over_there(camps: Pair) -> None:
    here, there = camps
    here.identities.merge("a", "b")
    there.identities.remove("b")
    assert settled(here, there) == [
        ("individual #2 'b'", "reid individuals split '#2' '#1' && reid individuals remove '#2'"),
    ]
    assert contents(here) == {"a": [0, 1, 2], "c": [5]}


def test_the_name_of_who_comes_back_by_another_command_is_told_too(camps: Pair) -> None:
    here, there = camps
    here.identities.rename("a", "Amara")
    here.identities.remove("Amara")
    there.identities.rename("a", "Asha")
    enroll(there, Asha=[20])
    assert settled(here, there) == [
        ("photo 7 of individual #1 'Amara'", "reid individuals restore '#1' && reid photos restore 7"),
        ("name of individual #1", "reid individuals rename '#1' Asha"),
    ]
    assert contents(here)["Asha"] == [0, 1, 2, 20]


def test_a_photo_that_they_moved_and_removed_with_another_one_does_not_come_back_with_whom_it_was_here(camps: Pair) -> None:
    here, there = camps
    here.identities.remove("a")
    there.corrections.move([1], "b")
    there.identities.remove("b")
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    here.identities.restore("a")
    assert contents(here) == {"a": [1, 2], "c": [5]}
    both_ways(there, here)


def test_a_removal_that_was_taken_back_after_the_two_met_is_news(camps: Pair) -> None:
    here, there = camps
    here.identities.remove("c")
    there.identities.remove("c")
    here.exchange.merge_from(there.exchange)
    here.identities.restore("c")
    both_ways(there, here)
    assert contents(there)["c"] == [5]


def test_both_are_asked_about_what_both_changed(camps: Pair) -> None:
    here, there = camps
    here.identities.rename("a", "Amara")
    there.identities.rename("a", "Asha")
    assert known(here.exchange.merge_from(there.exchange)) == [("name of individual #1", "reid individuals rename '#1' Asha")]
    assert known(there.exchange.merge_from(here.exchange)) == [("name of individual #1", "reid individuals rename '#1' Amara")]
    assert ("Amara" in owners(here), "Asha" in owners(there)) == (True, True)


def test_what_the_other_camp_agreed_with_is_no_conflict_when_it_is_changed_afterwards(camps: Pair) -> None:
    here, there = camps
    for camp in camps:
        camp.corrections.correct([5], side="left")
    there.exchange.merge_from(here.exchange)
    here.corrections.correct([5], side="right")
    assert here.exchange.merge_from(there.exchange).conflicts == () and here.photo(5).side == "right"
    both_ways(there, here)
    assert there.photo(5).side == "right"


def test_who_came_under_another_name_gets_its_own_when_that_is_free_unless_it_was_renamed_here(camps: Pair) -> None:
    here, there = camps
    enroll(here, Zuri=[10], Zola=[11])
    enroll(there, Zuri=[20], Zola=[21])
    here.exchange.merge_from(there.exchange)
    here.identities.rename("Zola (2)", "Zita")
    here.identities.rename("Zola", "Zara")
    for name in ("Zuri", "Zola"):
        there.identities.split(name, f"{name} young", photos=[one.id for one in there.photos("zebra", name)])
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert {"Zuri", "Zuri (2)", "Zita", "Zara"} <= set(owners(here))  # Zuri is not free
    here.identities.rename("Zuri", "Zahra")
    for name in ("Zuri", "Zola"):
        there.identities.merge(f"{name} young", name)
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert {"Zuri", "Zahra", "Zita", "Zara"} <= set(owners(here)) and not {"Zuri (2)", "Zola"} & set(owners(here))


def test_who_has_no_photo_is_not_merged_into_one_who_is_there_over_there_and_not_here(camps: Pair) -> None:
    here, there = camps
    for camp in camps:
        camp.corrections.move([6], "a")
    here.identities.remove("b")
    there.identities.merge("c", "b")
    assert known(here.exchange.merge_from(there.exchange, only_plan=True)) == [
        ("individual #3 'c'", "reid individuals restore '#2' && reid individuals merge '#3' '#2'"),
    ]
    settled(here, there)
    assert contents(here) == {"a": [0, 1, 2, 5], "b": [3, 4]}


def test_a_command_that_would_be_refused_is_told_all_the_same(camps: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = camps
    here.identities.merge("a", "b")
    there.identities.merge("b", "a")

    def refused(*_: object, **__: object) -> None:
        raise UsageError("no")

    with monkeypatch.context() as patched:
        patched.setattr(conflict_commands.Identities, "split", refused)
        told = here.exchange.merge_from(there.exchange)
    assert known(told) == [("individual #2 'b'", "reid individuals split '#2' '#1'")]
    assert contents(here) == {"b": [0, 1, 2, 3, 4], "c": [5]} and here.head() == told.seq  # a rehearsal leaves nothing behind


@given(steps=st.lists(STEP, min_size=4, max_size=12))
def not_refused(steps: list[tuple[bool, str, int, int]]) -> None:
    """Who brings the other in takes its side in all that is told."""
    with apart(steps) as camps:
        here, there = camps.galleries
        run(here, here.exchange.merge_from(there.exchange))
        assert here.checkup.damage() == []


def test_no_command_that_a_conflict_tells_is_refused(request: pytest.FixtureRequest) -> None:
    tried(not_refused, request.config.getoption("--campaign"))
