"""What is enrolled and set: once, of one net, with vectors that are vectors, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.errors import ModelMismatch, ShapeError, UsageError
from reid.records import Bounds, Box
from reid.store import Enrolled, Gallery
from tests.store.stock import DIMENSION, LEARNT, NET, item, manifest, remove, unit


def test_the_same_photo_is_not_enrolled_twice(gallery: Gallery) -> None:
    vectors = unit(3, 4)
    gallery.enroll("zebra", NET, [item("a", "x", vectors[0])])
    before = gallery.head()
    assert gallery.enroll("zebra", NET, [item("a", "x", vectors[1])]) == (Enrolled(1, "a", "already"),)
    assert gallery.head() == before
    told = gallery.enroll("zebra", NET, [item("a", "y", vectors[2]), item("a", "y", vectors[3])])
    assert told == (Enrolled(2, "a", "added"), Enrolled(2, "a", "already"))
    boxed = gallery.enroll("zebra", NET, [item("b", "x", vectors[1], box=Box(0, 0, 0.5, 0.5))])
    assert boxed == (Enrolled(3, "b", "added"),)


def test_a_photo_of_another_individual_is_a_conflict_and_is_not_moved(gallery: Gallery) -> None:
    vectors = unit(4, 2)
    told = gallery.enroll("zebra", NET, [item("a", "x", vectors[0]), item("b", "x", vectors[1])])
    assert told == (Enrolled(1, "a", "added"), Enrolled(1, "a", "conflict"))
    assert gallery.enroll("zebra", NET, [item("b", "x", vectors[1])]) == (Enrolled(1, "a", "conflict"),)
    assert [one.name for one in gallery.individuals()] == ["a"]
    np.testing.assert_array_equal(gallery.vectors("zebra")[1], vectors[:1])


def test_a_removed_photo_can_be_enrolled_again_under_a_new_id(gallery: Gallery) -> None:
    vectors = unit(6, 2)
    gallery.enroll("zebra", NET, [item("a", "x", vectors[0]), item("a", "y", vectors[1])])
    remove(gallery.folder, [2])
    assert gallery.species()[0].photos == 1
    assert gallery.photo(2).removed
    (told,) = gallery.enroll("zebra", NET, [item("b", "y", vectors[1])])
    assert (told.photo_id, told.individual, told.status) == (2, "a", "removed")
    assert told.removal.endswith("by me (entry 3, then of 'a'): `reid photos restore 2` brings it back")
    assert gallery.enroll("zebra", NET, [item("b", "y", vectors[1], again=True)]) == (Enrolled(3, "b", "added"),)
    assert gallery.species()[0].photos == 2


@pytest.mark.parametrize(("vector", "error", "text"), [
    (unit(7, 1, 8)[0], ModelMismatch, f"its vector has 8 numbers, net {NET} makes 32"),
    (unit(7, 1)[0] * 1.01, ShapeError, "must be finite and of length 1"),
    (np.full(DIMENSION, np.nan, np.float32), ShapeError, "must be finite and of length 1"),
    (unit(7, 1), ShapeError, r"must be .* met \(1, 32\) float32"),
    (np.eye(DIMENSION, dtype=np.int64)[0], ShapeError, "float32, met .* int64"),
])
def test_a_wrong_vector_enrolls_nothing_of_its_batch(
    gallery: Gallery, vector: np.ndarray, error: type[Exception], text: str
) -> None:
    before = gallery.head()
    with pytest.raises(error, match=text):
        gallery.enroll("zebra", NET, [item("a", 1, unit(8, 1)[0]), item("a", 2, vector)])
    assert (gallery.head(), gallery.photos()) == (before, ())


def test_vectors_of_another_net_are_refused(gallery: Gallery) -> None:
    with pytest.raises(ModelMismatch, match=f"'zebra' is enrolled with net {NET}, these vectors are of net other"):
        gallery.enroll("zebra", "other", [item("a", 1, unit(1, 1)[0])])
    with pytest.raises(ModelMismatch, match="no embedding net for 'giraffe' yet"):
        gallery.enroll("giraffe", NET, [item("a", 1, unit(1, 1)[0])])
    assert gallery.photos() == ()


def test_blank_names_and_unknown_sides_are_refused(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match="is blank"):
        gallery.enroll("zebra", NET, [item(" ", 1, unit(1, 1)[0])])
    with pytest.raises(UsageError, match="side 'top' is none of 'left', 'right', ''"):
        gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0], side="top")])
    with pytest.raises(UsageError, match="holds bytes that are no UTF-8 text: rename it"):
        gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0], path=Path("/x/\udcff.jpg"))])


def test_a_new_net_needs_a_vector_for_every_photo(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", n, vector) for n, vector in enumerate(unit(1, 3))])
    newer, before = unit(2, 3, 8), gallery.head()
    with pytest.raises(ModelMismatch, match="1 enrolled photos of 'zebra' have no embedding of net newer"):
        gallery.set_embedding_net("zebra", "newer", 8, calibration=LEARNT, vectors={1: newer[0], 2: newer[1]})
    assert (gallery.head(), gallery.embedding_net("zebra"), gallery.calibration("zebra")) == (before, NET, None)
    gallery.set_embedding_net("zebra", "newer", 8, calibration=LEARNT, vectors=dict(zip((1, 2, 3), newer, strict=True)))
    assert (gallery.embedding_net("zebra"), gallery.calibration("zebra")) == ("newer", LEARNT)
    np.testing.assert_array_equal(gallery.vectors("zebra")[1], newer)
    np.testing.assert_array_equal(gallery.vectors("zebra", NET)[1], unit(1, 3))
    assert gallery.search("zebra", newer, 1, fingerprint="newer").photo_ids.tolist() == [[1], [2], [3]]
    with pytest.raises(ModelMismatch, match="the query was embedded with f0e1"):
        gallery.search("zebra", unit(1, 3), 1, fingerprint=NET)
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
    assert gallery.search("zebra", unit(1, 3), 1).photo_ids.tolist() == [[1], [2], [3]]


def test_thresholds_are_set_anew_with_a_journal_entry_and_nothing_else_changes(gallery: Gallery) -> None:
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=LEARNT)
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    newer = replace(LEARNT, known_at=0.7, checked_up_to=30, bounds=(Bounds(3, 0.6, 0.5), Bounds(30, 0.7, 0.6)), left=LEARNT)
    gallery.set_calibrations({"zebra": (NET, newer)}, why="stated error 0.05")
    assert gallery.calibration("zebra") == newer
    assert manifest(gallery)["species"]["zebra"]["thresholds"]["bounds"] == [[3, 0.6, 0.5], [30, 0.7, 0.6]]
    entry = gallery.log(1)[0]
    assert (entry.what, entry.why, entry.seq) == ("set_calibrations", "stated error 0.05", gallery.head())
    assert json.loads(entry.before)["species"][0]["calibration"]["known_at"] == LEARNT.known_at
    assert json.loads(entry.after)["species"][0]["calibration"] == json.loads(json.dumps(newer.to_json()))
    assert gallery.search("zebra", unit(1, 1), 1, fingerprint=NET).photo_ids.tolist() == [[1]]


def test_thresholds_of_another_net_or_of_nobody_change_nothing(gallery: Gallery) -> None:
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=LEARNT)
    before = gallery.head()
    newer = replace(LEARNT, known_at=0.7)
    with pytest.raises(ModelMismatch, match=f"'zebra' uses net {NET}, these thresholds are for net older"):
        gallery.set_calibrations({"zebra": ("older", newer)})
    with pytest.raises(ModelMismatch, match="'zorse' is not in the gallery"):
        gallery.set_calibrations({"zebra": (NET, newer), "zorse": (NET, newer)})
    assert (gallery.head(), gallery.calibration("zebra")) == (before, LEARNT)
    gallery.set_calibrations({})
    assert gallery.head() == before


def test_a_fingerprint_belongs_to_one_net(gallery: Gallery) -> None:
    with pytest.raises(ModelMismatch, match="with dimension 32, not for embedding with dimension 8"):
        gallery.set_embedding_net("giraffe", NET, 8, calibration=None)
    with pytest.raises(ModelMismatch, match="not for species"):
        gallery.set_species_net(NET)
    assert gallery.embedding_net("giraffe") is None


def test_vectors_for_photos_of_nobody_are_refused(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match="1 vectors are for ids that are no photos of 'zebra', first 7"):
        gallery.set_embedding_net("zebra", "newer", 8, calibration=None, vectors={7: unit(1, 1, 8)[0]})


def test_photos_of_an_enrollment_that_was_undone_are_enrolled_anew(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    gallery.history.undo()
    assert [one.status for one in gallery.enroll("zebra", NET, [item("b", 1, unit(1, 1)[0])])] == ["added"]


def test_a_photo_that_was_removed_and_enrolled_again_is_removed_once_more_when_that_is_undone(gallery: Gallery) -> None:
    first, second = unit(1, 2)
    gallery.enroll("zebra", NET, [item("a", 1, first), item("a", 2, second)])
    gallery.corrections.remove([1])
    gallery.enroll("zebra", NET, [item("a", 1, first, again=True)])
    gallery.history.undo()
    (told,) = gallery.enroll("zebra", NET, [item("a", 1, first)])
    assert told.status == "removed" and "`reid photos restore 1` brings it back" in told.removal
    assert [one.id for one in gallery.photos()] == [2]


def test_a_photo_removed_with_its_individual_is_told_with_the_command_that_restores_that_one(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    gallery.identities.remove("a")
    (told,) = gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    assert told.status == "removed" and "`reid individuals restore '#1'` brings it back" in told.removal


def test_of_a_photo_removed_before_its_individual_both_commands_are_told(gallery: Gallery) -> None:
    first, second = unit(1, 2)
    gallery.enroll("zebra", NET, [item("a", 1, first), item("a", 2, second)])
    gallery.corrections.remove([1])
    gallery.identities.remove("a")
    (told,) = gallery.enroll("zebra", NET, [item("a", 1, first)])
    assert "`reid individuals restore '#1' && reid photos restore 1` brings it back" in told.removal
    gallery.identities.restore("#1")
    gallery.corrections.restore([1])
    assert [one.id for one in gallery.photos()] == [1, 2]
