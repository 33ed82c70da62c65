"""Corrections that meet each other: what a review of the journal found, each case once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta

import pytest

from reid.errors import GalleryError, ModelMismatch, UndoConflict, UsageError
from reid.records import Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.store import Gallery
from reid.store.catalog import catalog
from tests.store.history.test_as_of import START, Days
from tests.store.stock import LEARNT, NET, digest, item, unit

VECTORS = unit(1, 12)


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gallery is made the day before: a day of the past ends at the first later entry."""
    monkeypatch.setattr(catalog, "now", lambda: (START - timedelta(days=1)).isoformat(timespec="milliseconds"))


@pytest.fixture
def trio(before: None, monkeypatch: pytest.MonkeyPatch, gallery: Gallery) -> Gallery:
    """a #1, b #2, c #3 with one photo each. Entry n is made on day n - 1 from START."""
    monkeypatch.setattr(catalog, "now", Days())
    gallery.enroll("zebra", NET, [item(name, n, VECTORS[n], side="left") for n, name in enumerate("abc")])  # 2
    return gallery


def owners(gallery: Gallery) -> dict[str, list[int]]:
    return {one.name: [photo.id for photo in gallery.photos("zebra", one.name)] for one in gallery.individuals()}


@pytest.mark.parametrize("chain", ["ax ba", "ax ba xb", "cx bc ab", "ax ba cb xc"])
def test_the_past_is_shown_behind_names_that_went_round(trio: Gallery, chain: str) -> None:
    told = [owners(trio)]
    for name, other in chain.split():
        trio.identities.rename(name, other)
        told.append(owners(trio))
    trio.corrections.remove([1])
    trio.enroll("zebra", NET, [item("c", 9, VECTORS[9])])
    for day, expected in enumerate(told):
        with Gallery.open(trio.folder, as_of=START + timedelta(days=day, hours=1)) as past:
            assert owners(past) == expected


def test_a_merge_is_not_undone_from_under_a_later_removal(trio: Gallery) -> None:
    trio.identities.merge("a", "b")  # 3
    trio.identities.remove("b")  # 4
    with pytest.raises(UndoConflict, match=r"later entry 4 \(remove.*removed photo 1 together with 'b'") as told:
        trio.history.undo(3)
    assert (told.value.entry, trio.head()) == (4, 4)
    trio.history.undo(4)
    trio.history.undo(3)
    assert owners(trio) == {"a": [1], "b": [2], "c": [3]}


def test_a_move_is_not_undone_from_under_a_later_removal(trio: Gallery) -> None:
    trio.corrections.move([1], "b")  # 3
    trio.identities.remove("b")  # 4
    with pytest.raises(UndoConflict, match=r"later entry 4 \(remove.*removed photo 1 together with 'b'"):
        trio.history.undo(3)
    trio.history.undo(4)
    trio.corrections.remove([1])  # 6: by itself, not together with its individual
    trio.history.undo(3)
    assert owners(trio) == {"a": [], "b": [2], "c": [3]}


def undone_by_what_is_told(gallery: Gallery, seq: int) -> list[int]:
    """Undo an entry by undoing first what is told to be in the way; the entries that were."""
    told: list[int] = []
    while True:
        try:
            gallery.history.undo(seq)
            return told
        except UndoConflict as conflict:
            told.append(conflict.entry)
            assert len(told) < 5
            gallery.history.undo(conflict.entry)


def test_what_is_told_to_be_in_the_way_leads_to_the_end(trio: Gallery) -> None:
    for name, other in (("a", "d"), ("d", "e"), ("e", "f")):  # 3, 4, 5
        trio.identities.rename(name, other)
    trio.history.undo(5)  # 6: 5 and 6 are not in the way of 3
    assert undone_by_what_is_told(trio, 3) == [4]
    assert owners(trio) == {"a": [1], "b": [2], "c": [3]}


def test_who_took_the_name_is_told_and_not_who_was_touched_last(trio: Gallery) -> None:
    trio.identities.merge("a", "b")  # 3
    trio.identities.rename("c", "a")  # 4: took the name
    trio.identities.remove("a")  # 5
    trio.history.undo(5)  # 6
    trio.corrections.correct([3], side="right")  # 7
    trio.corrections.move([1], "a")  # 8: touched its photos
    trio.history.undo(8)  # 9
    assert undone_by_what_is_told(trio, 3) == [4]
    assert owners(trio) == {"a": [1], "b": [2], "c": [3]}


def test_nothing_is_undone_into_an_individual_that_was_purged(trio: Gallery) -> None:
    trio.corrections.move([1], "b")  # 3
    trio.identities.remove("a")  # 4
    assert trio.history.purge().individuals == 1  # 5
    with pytest.raises(UsageError, match=r"entry 3 \(move_photos\) cannot be undone: individual #1 has been purged since"):
        trio.history.undo(3)
    assert owners(trio) == {"b": [1, 2], "c": [3]}


def test_a_sighting_of_whom_was_purged_cannot_be_taken_back(trio: Gallery) -> None:
    trio.add_sightings([seen_as("a", 1)])  # 3
    trio.identities.remove("a")  # 4
    trio.history.purge()  # 5
    with pytest.raises(UsageError, match=r"entry 3 \(add_sightings\) cannot be undone any more: the later entry 5 \(purge"):
        trio.history.undo(3)


def test_a_plain_undo_skips_what_altered_nothing(trio: Gallery) -> None:
    trio.identities.merge("a", "b")  # 3
    trio.set_embedding_net("zebra", NET, 32, calibration=None)
    assert trio.head() == 3
    trio.set_calibrations({"zebra": (NET, LEARNT)})  # 4
    trio.set_calibrations({"zebra": (NET, LEARNT)})
    assert trio.head() == 4
    trio.corrections.remove([3])  # 5
    trio.history.purge()  # 6: now nothing is left of 5
    assert [trio.history.undo().undoes for _ in range(3)] == [4, 3, 2]
    with pytest.raises(UsageError, match="`reid log` lists them"):
        for _ in range(2):
            trio.history.undo()


def seen_as(name: str, photo: int) -> Sighting:
    match = Match("zebra", name, 1, 0.9, 0.97, f"/photos/{photo - 1}.jpg", sha256=digest(photo - 1))
    decision = Decision(Outcome.KNOWN, name, 0.97, "")
    return Sighting("q.jpg", "s", SpeciesGuess("zebra", 1.0), decision, (match,), "", None, "", "", "", NET)


def test_a_purge_deletes_no_more_than_its_plan(trio: Gallery) -> None:
    trio.corrections.remove([1])
    plan = trio.history.purge(only_plan=True)
    trio.identities.remove("b")
    done = trio.history.purge(until=plan.until)
    assert (done.photos, done.individuals, done.embeddings) == (plan.photos, plan.individuals, plan.embeddings) == (1, 0, 1)
    assert trio.identities.restore("b").photo_ids == (2,)


def test_a_purge_deletes_the_whole_of_a_tree_of_merges_or_nothing(trio: Gallery) -> None:
    trio.corrections.move([3], "a")  # 3
    trio.identities.merge("b", "a")  # 4
    trio.identities.remove("a")  # 5
    connection = sqlite3.connect(trio.folder / "catalog.sqlite")
    with connection:  # a photo that is still there with one who was merged: no verb leaves it so, other programs may
        connection.execute("UPDATE photo SET individual_id = 2, removed_seq = 99 WHERE id = 2")
    connection.close()
    assert trio.history.purge(before=START + timedelta(days=5)).individuals == 0
    assert {one.name for one in trio.individuals(removed=True)} == {"a", "b"}
    connection = sqlite3.connect(trio.folder / "catalog.sqlite")
    with connection:
        connection.execute("UPDATE photo SET removed_seq = 5 WHERE id = 2")
    connection.close()
    assert trio.history.purge().individuals == 2


def test_a_purge_leaves_the_embeddings_of_a_net_in_preparation(trio: Gallery) -> None:
    newer = unit(5, 3, 8)
    trio.embeddings.add("zebra", "newer", 8, dict(zip((1, 2, 3), newer, strict=True)))
    assert trio.history.purge(old_vectors=True).embeddings == 0
    assert trio.embeddings.missing("zebra", "newer") == ()
    trio.set_embedding_net("zebra", "newer", 8, calibration=None)
    assert trio.history.purge(old_vectors=True).embeddings == 3
    assert trio.search("zebra", newer, 1).photo_ids[:, 0].tolist() == [1, 2, 3]


def test_a_past_in_which_nothing_purged_was_in_use_is_shown(trio: Gallery) -> None:
    trio.enroll("zebra", NET, [item("d", 8, VECTORS[8])])  # 3
    trio.corrections.remove([4])  # 4
    trio.identities.merge("a", "b")  # 5
    trio.history.purge()  # 6
    for day, refused in enumerate((False, True, False, False)):
        if refused:
            with pytest.raises(GalleryError, match="purged photos or embeddings that were in use then"):
                Gallery.open(trio.folder, as_of=START + timedelta(days=day, hours=1))
        else:
            Gallery.open(trio.folder, as_of=START + timedelta(days=day, hours=1)).close()


def test_a_day_on_which_a_photo_was_there_again_is_refused_after_its_purge(trio: Gallery) -> None:
    """An undo of a restore gives it its older removal back: by that alone it seems never to have been there again."""
    trio.enroll("zebra", NET, [item("d", 8, VECTORS[8])])  # 3
    trio.corrections.remove([4])  # 4
    trio.corrections.restore([4])  # 5
    trio.history.undo(5)  # 6
    assert trio.history.purge().seq == 7
    for day, refused in enumerate((False, True, True, True, False, False)):
        when = START + timedelta(days=day, hours=1)
        if refused:
            with pytest.raises(GalleryError, match="purged photos or embeddings that were in use then"):
                Gallery.open(trio.folder, as_of=when)
        else:
            with Gallery.open(trio.folder, as_of=when) as past:
                assert [one.id for one in past.photos()] == [1, 2, 3]
    with pytest.raises(UsageError, match=r"entry 6 \(undo\) cannot be undone: something that it removed has been purged"):
        trio.history.undo(6)


def test_a_purge_tells_where_what_it_deleted_may_still_be(trio: Gallery) -> None:
    (trio.folder / "catalog.sqlite.format-1").write_bytes(b"old")
    trio.corrections.remove([1])
    with Gallery.open(trio.folder) as reader, Gallery.open(trio.folder, wait=0.1) as other, reader._catalog.reading():
        assert reader._catalog.ask("SELECT count(*) FROM photo") == [(3,)]
        log, copy = other.history.purge().warnings
    assert "another program is reading the gallery, so catalog.sqlite-wal may hold what was deleted" in log
    assert copy.startswith("catalog.sqlite.format-1, the copy of an older format")


def test_a_purge_that_was_killed_is_finished_by_the_next_one(trio: Gallery) -> None:
    trio.corrections.remove([1])
    trio.history.purge()
    (trio.cache_folder / "left.maps").write_bytes(VECTORS[0].tobytes())  # as after a kill between commit and cache
    assert (trio.history.purge().seq, sorted(trio.cache_folder.iterdir())) == (0, [])
    trio.cache_folder.rmdir()
    trio.corrections.remove([2])
    assert trio.history.purge().photos == 1


def test_a_sighting_is_of_whom_the_matched_photo_shows_whatever_the_names_are_by_now(trio: Gallery) -> None:
    asked = seen_as("a", 1)
    trio.identities.rename("a", "x")
    trio.identities.rename("b", "a")
    trio.add_sightings([asked])
    connection = sqlite3.connect(trio.folder / "catalog.sqlite")
    assert connection.execute("SELECT individual, individual_id FROM sighting").fetchall() == [("a", 1)]
    connection.close()


@pytest.mark.parametrize("give", [
    lambda g: g.identities.rename("a", "#2"),
    lambda g: g.identities.split("a", " #2", photos=[1]),
    lambda g: g.enroll("zebra", NET, [item("#2", 9, VECTORS[9])]),
])
def test_a_name_that_would_be_read_as_an_id_is_refused(trio: Gallery, give: Callable[[Gallery], object]) -> None:
    with pytest.raises(UsageError, match="# and a number mean the individual of that id"):
        give(trio)
    assert trio.head() == 2
    assert trio.identities.rename("a", "#2 of the north").seq == 3


def test_a_net_that_was_put_to_use_meanwhile_is_not_replaced(trio: Gallery) -> None:
    vectors = dict(zip((1, 2, 3), unit(5, 3, 8), strict=True))
    trio.set_embedding_net("zebra", "other", 8, calibration=None, vectors=vectors)
    with pytest.raises(ModelMismatch, match=r"'zebra' was given net other meanwhile, in place of f0e1.*nothing was changed"):
        trio.set_embedding_net("zebra", "newer", 8, calibration=None, vectors=vectors, expected=NET)
    assert (trio.embedding_net("zebra"), trio.head()) == ("other", 3)
    trio.set_embedding_net("zebra", "newer", 8, calibration=None, vectors=vectors, expected="other")
    assert trio.embedding_net("zebra") == "newer"


def test_who_comes_back_without_an_embedding_of_the_net_in_use_is_told(trio: Gallery) -> None:
    vectors = unit(5, 3, 8)
    trio.corrections.remove([1])  # 3
    trio.identities.remove("b")  # 4
    trio.set_embedding_net("zebra", "newer", 8, calibration=None, vectors={3: vectors[2]})  # 5
    wanted = ("1 photos of zebra have no embedding of the net in use, so no search finds them: `reid upgrade --net newer` "
              "embeds them",)
    assert trio.corrections.restore([1]).warnings == wanted
    assert trio.identities.restore("b").warnings == wanted
    trio.history.undo(7)
    assert trio.history.undo(8).warnings == wanted
    trio.identities.rename("b", "B")
    assert trio.history.undo().warnings == ()
    assert trio.search("zebra", vectors, 3).photo_ids[:, 0].tolist() == [3, 3, 3]
    (told,) = trio.enroll("zebra", "newer", [item("a", 0, vectors[0])])
    assert (told.photo_id, told.status) == (1, "already")
    assert trio.search("zebra", vectors[:1], 1).photo_ids.tolist() == [[1]]
    assert [one.id for one in trio.embeddings.missing("zebra")] == [2]
    head = trio.head()
    trio.enroll("zebra", "newer", [item("a", 0, vectors[0])])
    assert trio.head() == head


def test_a_name_that_was_merged_away_is_not_made_anew_by_an_enrollment(trio: Gallery) -> None:
    trio.identities.merge("a", "b")  # 3
    trio.identities.merge("b", "c")  # 4
    told = trio.enroll("zebra", NET, [item("a", 7, VECTORS[7]), item("c", 8, VECTORS[8]), item("b", 9, VECTORS[9])])
    assert [(one.photo_id, one.individual, one.status) for one in told] == [
        (0, "c", "merged"), (4, "c", "added"), (0, "c", "merged"),
    ]
    assert owners(trio) == {"c": [1, 2, 3, 4]}
    trio.identities.split("c", "b")
    trio.identities.split("b", "a")
    assert trio.enroll("zebra", NET, [item("a", 7, VECTORS[7])])[0].status == "added"
    trio.identities.remove("a")  # removed is not merged: another animal may have the name
    assert trio.enroll("zebra", NET, [item("a", 9, VECTORS[9])])[0].status == "added"
