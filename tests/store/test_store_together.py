"""Several changes in one transaction."""

from __future__ import annotations

import json

import pytest

from reid.errors import GalleryError, ModelMismatch, UndoConflict
from reid.store import Gallery
from tests.store.stock import DIMENSION, NET, item, unit


def test_changes_made_together_are_entries_of_their_own(gallery: Gallery) -> None:
    with gallery.together():
        gallery.set_embedding_net("leopard", NET, DIMENSION, calibration=None)
        gallery.enroll("leopard", NET, [item("x", "x", unit(3, 1)[0])])
        gallery.set_embedding_net("leopard", NET, DIMENSION, calibration=None)  # changes nothing: no entry
        gallery.enroll("zebra", NET, [item("a", "a", unit(4, 1)[0])])
    assert [(one.seq, one.what) for one in gallery.log(3)] == [(4, "enroll"), (3, "enroll"), (2, "set_embedding_net")]
    summary = json.loads((gallery.folder / "gallery.json").read_text("utf-8"))
    assert {name: one["photos"] for name, one in summary["species"].items()} == {"leopard": 1, "zebra": 1}
    gallery.history.undo(3)
    assert [(one.species, one.name) for one in gallery.individuals()] == [("zebra", "a")]


def test_where_one_of_them_fails_none_is_made(gallery: Gallery) -> None:
    before = (gallery.head(), (gallery.folder / "gallery.json").read_bytes())
    with pytest.raises(ModelMismatch, match="no embedding net for 'deer' yet"), gallery.together():
        gallery.enroll("zebra", NET, [item("a", "a", unit(4, 1)[0])])
        gallery.enroll("deer", NET, [item("d", "d", unit(5, 1)[0])])
    assert (gallery.head(), (gallery.folder / "gallery.json").read_bytes()) == before and gallery.individuals() == ()
    gallery.enroll("zebra", NET, [item("a", "a", unit(4, 1)[0])])  # and the gallery goes on
    assert (gallery.head(), len(gallery.individuals())) == (before[0] + 1, 1)


def test_one_that_fails_may_be_caught_and_the_others_stand(gallery: Gallery) -> None:
    with gallery.together():
        gallery.enroll("zebra", NET, [item("a", "a", unit(4, 1)[0])])
        with pytest.raises(UndoConflict, match="the later entry 2"):
            gallery.history.undo(1)  # the entry above builds on it
        gallery.enroll("zebra", NET, [item("b", "b", unit(5, 1)[0])])
    assert [one.name for one in gallery.individuals()] == ["a", "b"]


def test_together_inside_together_is_a_part_of_it(gallery: Gallery) -> None:
    before = (gallery.folder / "gallery.json").read_bytes()
    with gallery.together():
        gallery.enroll("zebra", NET, [item("a", "a", unit(4, 1)[0])])
        with pytest.raises(ModelMismatch, match="'deer'"), gallery.together():
            gallery.enroll("zebra", NET, [item("b", "b", unit(5, 1)[0])])
            with pytest.raises(UndoConflict, match="the later entry 2"):
                gallery.history.undo(1)
            gallery.enroll("deer", NET, [item("d", "d", unit(5, 1)[0])])
        with gallery.together():
            gallery.enroll("zebra", NET, [item("c", "c", unit(6, 1)[0])])
        assert (gallery.folder / "gallery.json").read_bytes() == before
        gallery.enroll("zebra", NET, [item("e", "e", unit(7, 1)[0])])
    assert [one.name for one in gallery.individuals()] == ["a", "c", "e"]


def test_where_sqlite_ended_the_transaction_nothing_of_it_is_written_alone(gallery: Gallery) -> None:
    """As it does by itself where a disk is full in the midst of some statements."""
    head, message = gallery.head(), "a change failed and took back all those that belong together with it"
    with pytest.raises(GalleryError, match=message), gallery.together():
        gallery.enroll("zebra", NET, [item("a", "a", unit(4, 1)[0])])
        gallery._catalog._connection.execute("ROLLBACK")
        with pytest.raises(GalleryError, match=message):
            gallery.enroll("zebra", NET, [item("b", "b", unit(5, 1)[0])])
    assert (gallery.head(), gallery.individuals()) == (head, ())
    gallery.enroll("zebra", NET, [item("b", "b", unit(5, 1)[0])])  # and the gallery goes on
    assert gallery.head() == head + 1
