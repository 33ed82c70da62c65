"""What is enrolled is what is there: the same in every store."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from reid.errors import ModelMismatch, ShapeError, UsageError
from reid.records import Box
from tests.store.stock import DIMENSION, NET, digest, item, unit

ROWS = unit(1, 6)
MAY, JUNE = datetime(2023, 5, 1, 10), datetime(2024, 6, 2, 11)


def enroll(gallery, *items, species="zebra"):
    return [(answer.status, answer.individual) for answer in gallery.enroll(species, NET, list(items))]


def herd(gallery):
    """Two animals, three photos; the ids of the photos."""
    answers = gallery.enroll("zebra", NET, [
        item("Amara", "a", ROWS[0], side="left", captured_at=MAY, camera="A", season="2023", encounter="e1"),
        item("Amara", "b", ROWS[1], side="right", captured_at=JUNE, camera="B", season="2024", encounter="e2"),
        item("Zuri", "c", ROWS[2], captured_at=MAY, camera="A", season="2023", encounter="e3"),
    ])
    return [answer.photo_id for answer in answers]


def test_a_photo_is_enrolled_once_by_its_content_and_its_box(gallery):
    box = Box(0.1, 0.2, 0.3, 0.4)
    first = item("Amara", "frame", ROWS[0])
    assert enroll(gallery, first, first) == [("added", "Amara"), ("already", "Amara")]
    assert enroll(gallery, item("Amara", "frame", ROWS[0])) == [("already", "Amara")]
    assert enroll(gallery, item("Zuri", "frame", ROWS[0])) == [("conflict", "Amara")]
    assert enroll(gallery, item("Zuri", "frame", ROWS[1], box=box)) == [("added", "Zuri")]
    assert gallery.find(digest("frame")).individual == "Amara"
    assert gallery.find(digest("frame"), box.key()).individual == "Zuri"
    assert gallery.find(digest("other")) is None


def test_an_enrollment_that_adds_nothing_is_no_change(gallery):
    enroll(gallery, item("Amara", "a", ROWS[0]))
    before = gallery.head(), gallery.version()
    enroll(gallery, item("Amara", "a", ROWS[0]))
    assert (gallery.head(), gallery.version()) == before


def test_version_and_head_move_with_every_change(gallery):
    head, version = gallery.head(), gallery.version()
    herd(gallery)
    assert gallery.head() == head + 1 and gallery.version() != version
    version = gallery.version()
    gallery.identities.rename("Zuri", "Zawadi")
    assert gallery.head() == head + 2 and gallery.version() != version


def test_individuals_and_photos_come_in_their_order_with_their_figures(gallery):
    ids = herd(gallery)
    amara, zuri = gallery.individuals()
    assert (amara.name, amara.photos, dict(amara.sides), amara.seasons, amara.years) == (
        "Amara", 2, {"left": 1, "right": 1}, ("2023", "2024"), (2023, 2024)
    )
    assert (amara.first, amara.last, zuri.name, dict(zuri.sides)) == (MAY, JUNE, "Zuri", {"": 1})
    assert [photo.id for photo in gallery.photos()] == ids
    assert [photo.id for photo in gallery.photos("zebra", "Amara")] == ids[:2]
    assert [photo.id for photo in gallery.photos_by_id([ids[2], ids[0]])] == [ids[2], ids[0]]
    [species] = gallery.species()
    assert (species.name, species.individuals, species.photos, species.fingerprint, species.dimension) == (
        "zebra", 2, 3, NET, DIMENSION
    )
    assert (species.first, species.last, species.calibrated, dict(species.sides)) == (
        MAY, JUNE, False, {"": 1, "left": 1, "right": 1}
    )
    with pytest.raises(UsageError, match="no photo with id 999"):
        gallery.photos_by_id([999])


def test_names_are_compared_with_their_accents_composed(gallery):
    enroll(gallery, item("Ame\u0301lie", "a", ROWS[0]))
    assert [one.name for one in gallery.individuals()] == ["Am\u00e9lie"]
    assert gallery.known_individuals("zebra", ["Ame\u0301lie", "Zuri"]) == {"Am\u00e9lie"}
    assert [photo.individual for photo in gallery.photos("zebra", "Ame\u0301lie")] == ["Am\u00e9lie"]


def test_photos_are_found_by_the_place_their_file_had(gallery):
    ids = herd(gallery)
    path = gallery.photos_by_id(ids[:1])[0].path
    assert {key: [photo.id for photo in rows] for key, rows in gallery.enrolled_at([path, Path("/none.jpg")]).items()} == {
        path.as_posix(): ids[:1]
    }


def test_enrolled_sightings_are_photos_of_the_intake(gallery):
    ids = herd(gallery)
    first = gallery.enrolled_sightings("zebra")[0]
    assert (first.individual, first.species, first.side, first.camera, first.season, first.origin) == (
        "Amara", "zebra", "left", "A", "", f"photo {ids[0]}"
    ), "a season that is the year of its date was filled in by enrolling"


def test_vectors_come_with_the_ids_of_their_photos(gallery):
    ids = herd(gallery)
    numbers, vectors = gallery.vectors("zebra")
    assert numbers.tolist() == ids and vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, ROWS[:3])
    with pytest.raises(UsageError):
        gallery.vectors("lion")
    with pytest.raises(ModelMismatch):
        gallery.vectors("zebra", "0" * 16)


@pytest.mark.parametrize("wrong", ["blank", "no sha256", "side", "length", "shape"])
def test_what_cannot_be_enrolled_changes_nothing(gallery, wrong):
    good = item("Amara", "a", ROWS[0])
    bad = {
        "blank": item("  ", "b", ROWS[1]), "side": item("Amara", "b", ROWS[1], side="top"),
        "length": item("Amara", "b", ROWS[1] * 2), "shape": item("Amara", "b", unit(1, 1, 16)[0]),
        "no sha256": type(good)("Amara", good.photo, "", 1, 1, ROWS[1]),
    }[wrong]  # fmt: skip
    error = {"length": ShapeError, "shape": ModelMismatch}.get(wrong, UsageError)
    before = gallery.head()
    with pytest.raises(error, match=r"\S"):
        gallery.enroll("zebra", NET, [good, bad])
    assert gallery.photos() == () and gallery.head() == before


def test_vectors_of_another_net_are_refused(gallery):
    with pytest.raises(ModelMismatch, match=NET):
        gallery.enroll("zebra", "0" * 16, [item("Amara", "a", ROWS[0])])
    with pytest.raises(ModelMismatch):
        gallery.enroll("lion", NET, [item("Amara", "a", ROWS[0])])
