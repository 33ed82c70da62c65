from __future__ import annotations

from reid.store.sync.merge_photos import PhotoMerge
from tests.store.stock import digest
from tests.store.sync.replicas import Pair, enroll, merging
from tests.store.sync.replicas import replicas as replicas


def place(both, number: int):  # type: ignore[no-untyped-def]
    return both.change.ask("SELECT individual_id, removed_seq IS NOT NULL FROM photo WHERE id = ?", (number,))[0]


def test_a_photo_goes_where_it_went_over_there_only_when_it_is_written(replicas: Pair) -> None:
    ours, theirs = replicas
    theirs.corrections.move([1], "b")
    theirs.corrections.remove([6])
    with merging(ours, theirs) as both:
        photos = PhotoMerge(both)
        photos.plan()
        assert photos.moving() == {1, 6} and photos.photos == {1: 1, 6: 6}
        photos.settle()
        assert place(both, 1) == (1, 0)
        photos.write()
        assert (place(both, 1), place(both, 6), both.altered) == ((2, 0), (3, 1), 2)


def test_a_new_photo_comes_in_when_it_is_known_who_will_be_there(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(theirs, a=[20], b=[21])
    with merging(ours, theirs) as both:
        photos = PhotoMerge(both)
        photos.plan()
        both.leaving[2] = None
        photos.settle()
        assert photos.photos == {7: 7, 8: 8} and photos.new_photos == 1
        assert both.change.ask("SELECT sha256 FROM photo WHERE id = 7") == [(digest(20),)]
        assert (place(both, 7), place(both, 8)) == ((1, 0), (2, 1))  # "b" goes: its photo is removed with it, and reported
        photos.write()
        both.alter("individual", 2, removed_seq=both.change.seq)
        (conflict,) = both.conflicts(ours.exchange._catalog)
        assert conflict.what == "photo 8 of individual #2 'b'" and "the individual was removed" in conflict.ours


def test_what_both_did_to_a_photo_stays_as_it_is_here_and_is_reported(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.corrections.move([1], "b")
    ours.corrections.correct([4], side="left", camera="C1")
    theirs.corrections.move([1], "c")
    theirs.corrections.correct([4], side="right", season="dry")
    with merging(ours, theirs) as both:
        photos = PhotoMerge(both)
        photos.plan()
        photos.settle()
        photos.write()
        assert place(both, 1) == (2, 0)
        assert both.change.ask("SELECT side, camera, season FROM photo WHERE id = 4") == [("left", "C1", "dry")]
        conflicts = both.conflicts(ours.exchange._catalog)
        assert [(conflict.what, conflict.do) for conflict in conflicts] == [
            ("individual of photo 1", "reid photos move 1 --to '#3'"), ("side of photo 4", "reid photos correct 4 --side=right"),
        ]
        assert conflicts[0].ours.startswith("'b' (entry 3, ") and conflicts[0].theirs.startswith("'c' (entry 3, ")


def test_a_photo_of_ours_follows_a_merge_only_where_it_is_with_that_individual_over_there(replicas: Pair) -> None:
    ours, theirs = replicas
    theirs.exchange.merge_from(ours.exchange)
    theirs.identities.merge("b", "c")
    with merging(ours, theirs) as both:
        photos = PhotoMerge(both)
        photos.plan()
        assert photos.follow(1, 3) is False and photos.follow(4, 3) is True
        assert 4 in photos.moving() and 1 not in photos.moving()
