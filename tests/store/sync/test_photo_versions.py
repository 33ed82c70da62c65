from __future__ import annotations

from typing import Any

from reid.store.sync.photo_versions import KnownPhoto, PhotoRow, PhotoVersions, attribute_of, speaks, without_net
from reid.store.sync.replica import PLACE, LocalChange
from tests.store.stock import digest
from tests.store.sync.replicas import Pair, enroll, merging
from tests.store.sync.replicas import replicas as replicas


def row(number: int, seq: int, removed: int | None, **values: Any) -> PhotoRow:
    return PhotoRow(number, 2, seq, {"individual_id": 1, "removed_seq": removed} | values)


def test_the_row_that_stands_speaks_for_a_photo_else_the_one_changed_last() -> None:
    assert speaks([row(1, 9, 9), row(2, 3, None)]).id == 2
    assert speaks([row(1, 9, 9), row(2, 3, 3)]).id == 1
    assert speaks([row(1, 9, 9), row(2, 9, 9)]).id == 2
    assert (row(1, 9, 9).stands_with, row(1, 9, None).stands_with) == (None, 1)


def test_a_side_is_compared_with_what_the_notes_say_of_its_net() -> None:
    photo = row(1, 2, None, side="left", camera="C1", notes='{"side_net":"f0","side_probability":0.9,"weather":"rain"}')
    assert attribute_of(photo, ("camera",)) == ("C1",)
    assert attribute_of(photo, ("side", "notes")) == ("left", ("side_net", "f0"), ("side_probability", 0.9))
    assert without_net(photo) == {"weather": "rain"}


def test_a_photo_enrolled_again_has_two_rows_of_ours_and_one_of_theirs(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.corrections.remove([1])
    enroll(ours, b=[0])  # photo 7
    theirs.corrections.move([1], "c")
    key = (digest(0), "", 1)
    with merging(ours, theirs) as both:
        versions = PhotoVersions(both)
        photo = KnownPhoto("zebra", versions.theirs(key), versions.ours(key))
        assert [version.id for version in photo.our_rows] == [7, 1] and [version.id for version in photo.their_rows] == [1]
        assert (photo.ours.id, photo.ours.stands_with, photo.theirs.stands_with) == (7, 2, 3)
        assert versions.their_change(photo, PLACE, 2) == LocalChange(3, [{"individual_id": 1}])
        assert versions.our_change(photo, PLACE, 2) == LocalChange(4, None)
        assert versions.their_change(photo, PLACE, 3) is None
        assert [version.id for version in versions.standing_theirs(key)] == [1]


def test_a_place_that_was_left_and_taken_again_is_no_change(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.corrections.move([1], "b")
    ours.corrections.move([1], "a")
    theirs.corrections.correct([1], side="left")
    key = (digest(0), "", 1)
    with merging(ours, theirs) as both:
        versions = PhotoVersions(both)
        photo = KnownPhoto("zebra", versions.theirs(key), versions.ours(key))
        assert versions.our_change(photo, PLACE, 2) is None
        assert versions.their_change(photo, ("side",), 2) == LocalChange(3, [{"side": ""}])
        then = versions.our_version(photo, PLACE, 3)
        assert then is not None and then.stands_with == 2
        assert versions.our_version(photo, PLACE, both.past.start) is None
