"""Merges of both camps that go round in a ring: they are told, not taken, and who is one animal there can be made one here."""

from __future__ import annotations

from reid.store import Gallery
from tests.store.stock import owners
from tests.store.sync.test_merge import camps as camps
from tests.store.sync.test_merge import enroll, run


def test_three_who_are_merged_in_a_ring_by_the_two_camps(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    here.identities.merge("c", "a")
    there.identities.merge("a", "b")
    there.identities.merge("b", "c")
    before = owners(here)
    told = here.exchange.merge_from(there.exchange)
    assert [one.what for one in told.conflicts] == ["individual #2 'b'", "individual #1 'a'"]
    assert owners(here) == before and here.checkup.damage() == []
    run(here, told)
    assert list(owners(here).values()) == list(owners(there).values()) == [[1, 2, 3, 4, 5, 6]]
    assert here.checkup.damage() == []


def test_a_ring_by_way_of_one_who_is_new(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    here.identities.merge("c", "a")
    enroll(there, x=[10])
    there.identities.merge("a", "x")
    there.identities.merge("x", "c")
    told = here.exchange.merge_from(there.exchange)
    assert [one.what for one in told.conflicts] == ["individual #1 'a'"]
    assert owners(here) == {"a": [1, 2, 3, 6, 7], "b": [4, 5]} and here.checkup.damage() == []
    run(here, told)
    assert sorted(owners(here).values()) == [[1, 2, 3, 6, 7], [4, 5]] and here.checkup.damage() == []


def test_a_photo_that_was_moved_to_one_of_a_ring_is_not_followed_round_for_ever(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    here.corrections.move([4], "a")
    here.identities.merge("c", "a")
    enroll(there, x=[10])
    there.corrections.move([4], "x")
    there.identities.merge("a", "b")
    there.identities.merge("b", "c")
    told = here.exchange.merge_from(there.exchange)
    assert [one.what for one in told.conflicts] == ["individual #2 'b'", "individual #1 'a'", "individual of photo 4"]
    assert owners(here) == {"a": [1, 2, 3, 4, 6], "b": [5], "x": [7]} and here.checkup.damage() == []
    run(here, told)
    assert sorted(owners(here).values()) == sorted(owners(there).values()) and here.checkup.damage() == []


def test_a_merge_turned_round_by_the_camp_that_knew_of_it_is_taken(camps: tuple[Gallery, Gallery]) -> None:
    """The one with the lower id is looked at first, while the other one is still merged into it here."""
    here, there = camps
    there.identities.merge("c", "a")
    here.exchange.merge_from(there.exchange)
    here.identities.split("a", "c")
    here.identities.merge("a", "c")
    assert there.exchange.merge_from(here.exchange).conflicts == ()
    assert owners(there) == owners(here) == {"c": [1, 2, 3, 6], "b": [4, 5]} and there.checkup.damage() == []
