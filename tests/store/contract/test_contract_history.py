"""The journal, undo, days of the past and the purge, alike in every store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reid.errors import GalleryError, UndoConflict, UsageError
from tests.store.contract.test_contract_contents import ROWS, enroll, herd
from tests.store.contract.test_contract_corrections import owners
from tests.store.stock import item


def test_every_change_is_one_entry_that_names_whoever_made_it(store):
    north, south = store.open(who="north"), store.open(who="south")
    north.set_embedding_net("zebra", "f0e1d2c3" * 8, 32, calibration=None)
    herd(north)
    south.identities.rename("Zuri", "Zawadi", why="typing error")
    north.identities.remove("Zawadi")
    entries = south.log()
    assert [(entry.what, entry.who) for entry in entries] == [
        ("remove", "north"), ("rename", "south"), ("enroll", "north"), ("set_embedding_net", "north")
    ]
    assert entries[1].why == "typing error" and [entry.seq for entry in entries] == [4, 3, 2, 1]
    assert north.log(1)[0].seq == north.head() == 4
    assert all(entry.at.tzinfo is not None for entry in entries)


def test_the_journal_of_one_individual(gallery):
    herd(gallery)
    gallery.identities.rename("Amara", "Amina")
    gallery.identities.remove("Zuri")
    amina = gallery.identities.find("Amina").id
    assert [entry.what for entry in gallery.history.log(individual_id=amina)] == ["rename", "enroll"]
    assert gallery.history.detail(3).entry.what == "rename"
    with pytest.raises(UsageError):
        gallery.history.detail(99)


def test_undo_takes_back_the_last_change_that_stands(gallery):
    ids = herd(gallery)
    gallery.identities.rename("Amara", "Amina")
    gallery.corrections.move([ids[2]], "Amina")
    entry = gallery.history.undo()
    assert (entry.what, entry.undoes) == ("undo", 4)
    assert owners(gallery)[ids[2]] == "Zuri"
    assert gallery.history.undo().undoes == 3 and owners(gallery)[ids[0]] == "Amara"
    assert {entry.seq: entry.undone_by for entry in gallery.log() if entry.undone_by} == {4: 5, 3: 6}
    assert gallery.history.undo().undoes == 2 and gallery.photos() == ()
    assert [photo.id for photo in gallery.photos(removed=True)] == ids, "ids are permanent"


def test_what_was_undone_can_be_enrolled_again(gallery):
    herd(gallery)
    gallery.history.undo()
    assert enroll(gallery, item("Amara", "a", ROWS[0])) == [("added", "Amara")]


def test_an_entry_that_a_later_one_builds_on_is_not_undone_and_the_later_one_is_named(gallery):
    herd(gallery)
    gallery.identities.rename("Amara", "Amina")
    gallery.identities.rename("Amina", "Asha")
    head = gallery.head()
    with pytest.raises(UndoConflict) as conflict:
        gallery.history.undo(3)
    assert conflict.value.entry == 4 and gallery.head() == head
    gallery.history.undo(4)
    assert gallery.history.undo(3).undoes == 3
    assert {one.name for one in gallery.individuals()} == {"Amara", "Zuri"}
    with pytest.raises(UsageError):
        gallery.history.undo(3)


def test_entries_that_touch_other_things_are_undone_out_of_order(gallery):
    ids = herd(gallery)
    gallery.identities.rename("Amara", "Amina")
    gallery.corrections.correct([ids[2]], side="left")
    gallery.history.undo(3)
    assert {one.name for one in gallery.individuals()} == {"Amara", "Zuri"}
    assert gallery.photos_by_id([ids[2]])[0].side == "left"


def test_nothing_is_left_to_undo(store):
    with pytest.raises(UsageError):
        store.open().history.undo()


def test_a_day_of_the_past_is_as_it_was_and_for_reading_only(store, gallery):
    ids = herd(gallery)
    moment = max(entry.at for entry in gallery.log()) + timedelta(milliseconds=2)
    while datetime.now(UTC) <= moment + timedelta(milliseconds=2):
        pass
    gallery.identities.rename("Amara", "Amina")
    gallery.corrections.remove([ids[2]])
    past = store.open(as_of=moment)
    assert owners(past) == {ids[0]: "Amara", ids[1]: "Amara", ids[2]: "Zuri"}
    assert past.search("zebra", ROWS[2:3], 1).photo_ids.tolist() == [[ids[2]]]
    with pytest.raises(GalleryError):
        past.identities.rename("Amara", "X")
    with pytest.raises(UsageError):
        store.open(as_of=datetime(1999, 1, 1, tzinfo=UTC))
    assert owners(store.open(as_of=datetime.now(UTC) + timedelta(days=1))) == {ids[0]: "Amina", ids[1]: "Amina"}


def test_a_purge_deletes_what_was_removed_and_nothing_else(gallery):
    ids = herd(gallery)
    assert gallery.history.purge(only_plan=True).empty
    gallery.corrections.remove([ids[0]])
    gallery.identities.remove("Zuri")
    plan = gallery.history.purge(only_plan=True)
    assert (plan.photos, plan.individuals, plan.embeddings, plan.seq) == (2, 1, 2, 0)
    done = gallery.history.purge(until=plan.until)
    assert (done.photos, done.individuals) == (2, 1) and done.seq == gallery.head()
    assert owners(gallery) == {ids[1]: "Amara"} and gallery.photos(removed=True) == ()
    with pytest.raises(UsageError):
        gallery.photos_by_id([ids[0]])
    assert enroll(gallery, item("Zuri", "c", ROWS[2])) == [("added", "Zuri")]
    assert gallery.photos()[-1].id not in ids, "an id is never used again"


def test_what_is_written_together_is_kept_together_or_not_at_all(gallery):
    ids = herd(gallery)
    head = gallery.head()
    with pytest.raises(RuntimeError, match="half-way"), gallery.together():
        gallery.identities.rename("Amara", "Amina")
        gallery.corrections.remove([ids[2]])
        raise RuntimeError("half-way")
    assert gallery.head() == head and owners(gallery) == {ids[0]: "Amara", ids[1]: "Amara", ids[2]: "Zuri"}
    with gallery.together():
        gallery.identities.rename("Amara", "Amina")
        gallery.corrections.remove([ids[2]])
    assert owners(gallery) == {ids[0]: "Amina", ids[1]: "Amina"}


def test_a_day_of_which_something_was_purged_since_is_refused(store, gallery):
    ids = herd(gallery)
    moment = max(entry.at for entry in gallery.log()) + timedelta(milliseconds=2)
    while datetime.now(UTC) <= moment + timedelta(milliseconds=2):
        pass
    gallery.corrections.remove([ids[2]])
    gallery.history.purge()
    with pytest.raises(GalleryError, match="purged"):
        store.open(as_of=moment)
    assert owners(store.open(as_of=datetime.now(UTC) + timedelta(days=1))) == {ids[0]: "Amara", ids[1]: "Amara"}


def test_all_that_was_changed_after_an_entry_is_undone_together(gallery):
    ids = herd(gallery)
    gallery.identities.rename("Amara", "Amina")
    gallery.corrections.move([ids[2]], "Amina")
    undos = gallery.history.undo_to(2)
    assert [entry.undoes for entry in undos] == [4, 3]
    assert owners(gallery) == {ids[0]: "Amara", ids[1]: "Amara", ids[2]: "Zuri"}
    with pytest.raises(UsageError):
        gallery.history.undo_to(2)
