from __future__ import annotations

from reid.store.sync.replica import PLACE, LocalChange, carried, known_by_way
from tests.store.sync.replicas import Pair, enroll, merging
from tests.store.sync.replicas import replicas as replicas


def test_a_change_made_here_is_local_and_what_came_by_a_merge_is_an_echo(replicas: Pair) -> None:
    ours, theirs = replicas
    theirs.identities.rename("b", "Bela")
    ours.exchange.merge_from(theirs.exchange)  # entry 3 here
    ours.identities.rename("a", "Amara")  # entry 4
    theirs.identities.rename("c", "Cleo")
    with merging(ours, theirs) as both:
        assert both.ours.echoes == frozenset({3})
        assert both.ours.local_change("individual", [(1, 2)], ("name",), 2) == LocalChange(4, [{"name": "a"}])
        assert both.ours.local_change("individual", [(2, 2)], ("name",), 2) is None
        with_echoes = both.ours.local_change("individual", [(2, 2)], ("name",), 2, echoes=True)
        assert with_echoes == LocalChange(3, [{"name": "b"}])
        assert both.ours.local_change("individual", [(1, 2)], ("name",), 4) is None
        assert both.ours.merged_change("individual", [(2, 2)], ("name",), 2) == 3
        assert both.ours.merged_change("individual", [(1, 2)], ("name",), 2) == 0


def test_what_was_last_seen_of_the_other_one_grows_with_each_merge(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(ours, here=[10])  # entry 3
    theirs.identities.rename("b", "Bela")  # their entry 3
    theirs.identities.rename("c", "Cleo")  # their entry 4
    ours.exchange.merge_from(theirs.exchange)  # entry 4, without a conflict
    theirs.identities.rename("Cleo", "Cloe")
    with merging(ours, theirs) as both:
        assert [both.ours.last_seen(seq) for seq in (3, 4, 5)] == [2, 2, 4]
        assert [both.ours.last_synchronised(seq) for seq in (3, 5)] == [4, 4]  # it agreed with all that was made here before
        assert both.ours.last_agreed(4) == 4
        assert both.theirs.seen_by_other == (2, 4)


def test_a_merge_with_a_conflict_agrees_with_nothing_that_was_made_before_it(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.identities.rename("a", "Amara")  # entry 3
    theirs.identities.rename("a", "Asha")  # their entry 3
    assert len(ours.exchange.merge_from(theirs.exchange).conflicts) == 1  # entry 4
    theirs.identities.rename("c", "Cleo")
    with merging(ours, theirs) as both:
        assert [both.ours.last_synchronised(seq) for seq in (3, 4, 5)] == [2, 2, 3]


def test_a_new_row_was_nothing_before_and_a_removal_is_one_whenever_it_was_made(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        new = both.theirs.local_change("individual", [(4, 3)], ("name",), 2)
        assert new == LocalChange(3, None) and new.altered({"name": "there"}) and new.start({"name": "there"}) is None
    removed = LocalChange(5, [{"removed_seq": 4}])
    assert not removed.altered({"removed_seq": 7}) and removed.altered({"removed_seq": None})
    assert removed.start({"individual_id": 1, "removed_seq": 7}) == {"individual_id": 1, "removed_seq": 4}


def test_a_photo_moved_and_moved_back_was_elsewhere_at_the_start(replicas: Pair) -> None:
    ours, theirs = replicas
    theirs.corrections.move([1], "b")
    theirs.corrections.move([1], "c")
    with merging(ours, theirs) as both:
        local = both.theirs.local_change("photo", [(1, 2)], PLACE, 2)
        assert local == LocalChange(4, [{"individual_id": 1}])


def test_people_read_who_made_a_change(replicas: Pair) -> None:
    ours, theirs = replicas
    theirs.identities.rename("b", "Bela")
    with merging(ours, theirs) as both:
        entry = theirs.log(1)[0]
        assert both.theirs.author(3) == f"entry 3, {entry.who}, {entry.at:%Y-%m-%d}"
        assert both.ours.author(both.change.seq + 1) == "this merge"


def test_marks_of_a_merge_that_was_undone_are_carried_no_longer(replicas: Pair) -> None:
    ours, theirs = replicas
    theirs.identities.rename("b", "Bela")
    ours.exchange.merge_from(theirs.exchange)
    catalog, other = ours.exchange._catalog, theirs.exchange._catalog
    (mark,) = other.ask("SELECT mark FROM journal WHERE seq = 3")[0]
    assert carried(catalog) == {mark} and known_by_way(catalog, 2) == [mark] and known_by_way(catalog, 3) == []
    ours.history.undo()
    assert carried(catalog) == frozenset() and known_by_way(catalog, 2) == []
