"""One undo: exactly what its entry changed, and nothing where a later entry builds on that."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from reid.errors import UndoConflict, UsageError
from reid.store import Gallery
from tests.store.stock import LEARNT, NET, VECTORS, item, nearest, owners, seen, unit


def test_every_kind_of_entry_can_be_undone_back_to_the_start(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    states = [seen(gallery)]

    def did(_: object) -> None:
        states.append(seen(gallery))

    did(gallery.set_species_net("router"))
    did(gallery.enroll("zebra", NET, [item("a", 1, VECTORS[0]), item("b", 2, VECTORS[1]), item("c", 3, VECTORS[2])]))
    did(gallery.set_calibrations({"zebra": (NET, LEARNT)}))
    newer = dict(zip((1, 2, 3), unit(5, 3, 8), strict=True))
    did(gallery.set_embedding_net("zebra", "newer", 8, calibration=None, vectors=newer))
    did(gallery.set_species_net("router 2"))
    did(gallery.identities.rename("a", "Amara"))
    did(gallery.identities.merge("b", "Amara"))
    did(gallery.corrections.move([3], "Amara"))
    did(gallery.identities.split("Amara", "b"))
    did(gallery.identities.split("Amara", "Neo", photos=[1]))
    did(gallery.corrections.correct([1], side="right"))
    did(gallery.corrections.remove([1]))
    did(gallery.corrections.restore([1]))
    did(gallery.identities.remove("b"))
    did(gallery.identities.restore("b"))
    while len(states) > 1:
        assert states.pop() == seen(gallery)
        gallery.history.undo()
    assert states.pop() == seen(gallery)
    gallery.history.undo()  # the net that the fixture set: the species itself goes
    assert seen(gallery) == ([], (), (), None, [])
    with pytest.raises(UsageError, match="there is nothing to undo"):
        gallery.history.undo()
    for entry in gallery.log(1000)[:16]:  # and all of it undone again
        gallery.history.undo(entry.seq)
    assert owners(gallery) == {"Amara": [3], "Neo": [1], "b": [2], "c": []}
    assert (gallery.species_net(), gallery.embedding_net("zebra")) == ("router 2", "newer")


def test_an_undo_is_an_entry_that_can_be_undone(herd: Gallery) -> None:
    herd.identities.merge("Zoë", "Max")
    undo = herd.history.undo(3, why="they are two")
    assert (undo.seq, undo.what, undo.undoes, undo.why) == (4, "undo", 3, "they are two")
    assert undo.summary == "entry 3 undone (merge: zebra: #1 'Zoë' into #2 'Max', 3 photos)"
    assert owners(herd) == {"Ida": [6], "Max": [4, 5], "Zoë": [1, 2, 3]}
    assert [entry.undone_by for entry in herd.log(4)] == [0, 4, 0, 0]
    with pytest.raises(UsageError, match="entry 3 was undone by entry 4 already: `reid undo 4` brings it back"):
        herd.history.undo(3)
    herd.history.undo(4)
    assert owners(herd) == {"Ida": [6], "Max": [1, 2, 3, 4, 5]}
    assert [entry.undone_by for entry in herd.log(5)] == [0, 5, 0, 0, 0]
    assert herd.identities.split("Max", "Zoë").photo_ids == (1, 2, 3)


def test_an_undo_that_conflicts_names_the_later_entry_and_changes_nothing(herd: Gallery) -> None:
    herd.identities.rename("Zoë", "Zoé")  # 3
    herd.identities.rename("Zoé", "Zo")  # 4
    before = seen(herd)
    with pytest.raises(UndoConflict, match=r"entry 3 \(rename\) cannot be undone: the later entry 4 \(rename by .*changed name "
                       r"of individual 1. `reid undo 4` first") as told:
        herd.history.undo(3)
    assert told.value.entry == 4
    assert (seen(herd), herd.head()) == (before, 4)
    herd.history.undo(4)
    herd.history.undo(3)
    assert owners(herd)["Zoë"] == [1, 2, 3]


@pytest.mark.parametrize(("later", "text"), [
    (lambda g: g.corrections.move([1], "Max"), "changed individual_id of photo 1"),
    (lambda g: g.corrections.remove([6]), "changed removed_seq of photo 6"),
    (lambda g: g.identities.rename("Ida", "Jo"), "changed name of individual 3"),
    (lambda g: g.enroll("zebra", NET, [item("Ida", 7, unit(9, 1)[0])]), "would be left with photo 7 under 'Ida'"),
])
def test_an_enrollment_that_was_built_on_is_not_undone(herd: Gallery, later: object, text: str) -> None:
    later(herd)  # type: ignore[operator]
    with pytest.raises(UndoConflict, match=f"the later entry 3 .*{text}"):
        herd.history.undo(2)
    assert herd.head() == 3
    herd.history.undo(3)
    herd.history.undo(2)
    assert herd.photos() == ()


def test_entries_that_do_not_touch_are_undone_in_any_order(herd: Gallery) -> None:
    herd.corrections.correct([1], side="right")  # 3
    herd.corrections.move([1], "Max")  # 4
    herd.identities.rename("Ida", "Jo")  # 5
    herd.history.undo(3)
    assert (herd.photo(1).side, herd.photo(1).individual) == ("left", "Max")
    herd.history.undo(4)
    assert owners(herd) == {"Jo": [6], "Max": [4, 5], "Zoë": [1, 2, 3]}


def test_an_undo_does_not_give_a_name_or_a_photo_twice(herd: Gallery) -> None:
    herd.identities.remove("Ida")  # 3
    herd.enroll("zebra", NET, [item("Ida", 7, unit(9, 1)[0])])  # 4
    with pytest.raises(UndoConflict, match=r"later entry 4 .*gave the name 'Ida' to another individual"):
        herd.history.undo(3)
    herd.history.undo(4)
    herd.enroll("zebra", NET, [item("Max", 6, VECTORS[5], again=True)])  # 6
    with pytest.raises(UndoConflict, match=r"later entry 6 .*enrolled the same photo again"):
        herd.history.undo(3)
    assert owners(herd) == {"Max": [4, 5, 8], "Zoë": [1, 2, 3]}


def test_a_net_is_not_taken_back_from_under_photos_enrolled_since(herd: Gallery) -> None:
    newer = dict(zip(range(1, 7), unit(5, 6, 8), strict=True))
    herd.set_embedding_net("zebra", "newer", 8, calibration=LEARNT, vectors=newer)  # 3
    herd.enroll("zebra", "newer", [item("Max", 7, unit(9, 1, 8)[0])])  # 4
    with pytest.raises(UndoConflict, match=r"later entry 4 \(enroll.*photos \(1\) that have no embedding of the net before"):
        herd.history.undo(3)
    herd.history.undo(4)
    herd.history.undo(3)
    assert (herd.embedding_net("zebra"), herd.calibration("zebra")) == (NET, None)
    assert nearest(herd) == [1, 2, 3, 4, 5, 6]


def test_what_was_recorded_of_a_query_can_be_taken_back(herd: Gallery) -> None:
    from reid.records import Decision, Outcome, Sighting, SpeciesGuess

    decision = Decision(Outcome.NEW, None, 0.9, "")
    one = Sighting("q.jpg", "s", SpeciesGuess("zebra", 1.0), decision, (), "", None, "", "", "", NET)
    herd.add_sightings([one, replace(one, photo="r.jpg")])
    assert herd.history.detail(3).added == {"sighting": 2}
    herd.history.undo(3)
    connection = sqlite3.connect(herd.folder / "catalog.sqlite")
    assert connection.execute("SELECT removed_seq FROM sighting").fetchall() == [(4,), (4,)]
    connection.close()
