"""The side net of a gallery, and sides that a net told: journalled, undone, as of a day, and never over what a person knows."""

from __future__ import annotations

import json

import pytest

from reid.errors import ModelMismatch, UndoConflict, UsageError
from reid.store import Gallery
from reid.store.history import as_of
from tests.store.stock import NET, item, unit


def enroll(gallery: Gallery, individual: str, count: int) -> list[int]:
    told = gallery.enroll("zebra", NET, [item(individual, f"{individual}{n}", vector) for n, vector in enumerate(unit(1, count))])
    return [one.photo_id for one in told]


def test_the_side_net_is_set_undone_and_told_as_of_a_day(gallery: Gallery):
    assert gallery.sides.net() is None
    gallery.set_species_net("router")
    gallery.sides.use_net("sides 1", why="trained")
    gallery.sides.use_net("sides 2")
    assert (gallery.sides.net(), gallery.species_net()) == ("sides 2", "router")
    assert [(one.what, one.summary, one.why) for one in gallery.log(2)] == [
        ("set_side_net", "net sides 2", ""), ("set_side_net", "net sides 1", "trained"),
    ]  # fmt: skip
    seq = gallery.head()
    gallery.sides.use_net("sides 2")
    assert gallery.head() == seq  # nothing changes: no entry
    manifest = json.loads((gallery.folder / "gallery.json").read_text("utf-8"))
    assert (manifest["side_net"], manifest["species_net"]) == ({"fingerprint": "sides 2"}, {"fingerprint": "router"})
    with pytest.raises(UndoConflict, match=f"`reid undo {seq}` first"):
        gallery.history.undo(seq - 1)
    gallery.history.undo(seq)
    assert gallery.sides.net() == "sides 1"
    gallery.history.undo(seq - 1)
    assert (gallery.sides.net(), gallery.species_net()) == (None, "router")
    gallery.history.undo(gallery.head())
    assert gallery.sides.net() == "sides 1"


def test_an_embedding_net_cannot_be_the_side_net(gallery: Gallery):
    with pytest.raises(ModelMismatch, match="not for species"):
        gallery.sides.use_net(NET)


def test_a_predicted_side_is_kept_with_its_net_and_taken_back_by_undo(gallery: Gallery):
    one, two = enroll(gallery, "A", 2)
    told = gallery.corrections.predict_sides({one: ("left", 0.987654)}, "sides 1", why="looked")
    photo = gallery.photo(one)
    assert (photo.side, photo.side_predicted, dict(photo.notes)) == (
        "left", True, {"side_net": "sides 1", "side_probability": "0.988"},
    )  # fmt: skip
    assert (told.photo_ids, gallery.photo(two).side) == ((one,), "")
    assert "net sides 1" in gallery.log(1)[0].summary
    gallery.history.undo(told.seq)
    assert (gallery.photo(one).side, dict(gallery.photo(one).notes)) == ("", {})


def test_a_known_side_is_never_overwritten_by_a_prediction(gallery: Gallery):
    one, two = enroll(gallery, "A", 2)
    gallery.corrections.correct([one], side="right")
    told = gallery.corrections.predict_sides({one: ("left", 1.0), two: ("left", 1.0)}, "sides 1")
    assert told.photo_ids == (two,) and gallery.photo(one).side == "right"
    seq = gallery.head()
    assert gallery.corrections.predict_sides({one: ("left", 1.0)}, "sides 1").seq == 0
    assert gallery.head() == seq
    with pytest.raises(UsageError, match="side '' is neither left nor right"):
        gallery.corrections.predict_sides({one: ("", 1.0)}, "sides 1")


def test_a_side_that_a_person_corrects_or_confirms_is_predicted_no_longer(gallery: Gallery):
    one, two = enroll(gallery, "A", 2)
    gallery.corrections.predict_sides({one: ("left", 0.9), two: ("left", 0.9)}, "sides 1")
    gallery.corrections.correct([one], side="right")
    confirmed = gallery.corrections.correct([two], side="left")
    for number, side in ((one, "right"), (two, "left")):
        photo = gallery.photo(number)
        assert (photo.side, photo.side_predicted, dict(photo.notes)) == (side, False, {})
    gallery.history.undo(confirmed.seq)
    assert gallery.photo(two).side_predicted


def test_an_older_day_shows_the_older_side_net(gallery: Gallery):
    gallery.sides.use_net("sides 1")
    seq = gallery.head()
    gallery.sides.use_net("sides 2")
    folder = gallery.folder
    with Gallery.open(folder) as then:
        as_of.show_as_of(then._catalog, seq)
        assert then.sides.net() == "sides 1"
    with Gallery.open(folder) as then:
        as_of.show_as_of(then._catalog, seq - 1)
        assert then.sides.net() is None
