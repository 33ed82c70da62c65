"""Nets, calibrations and kept decisions, alike in every store."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from reid.errors import ModelMismatch, NetError, UsageError
from reid.records import Decision, Outcome, Sighting, SpeciesGuess
from tests.steps.stock import calibration
from tests.store.contract.test_contract_contents import ROWS, herd
from tests.store.stock import DIMENSION, NET, digest, unit

NEXT = "0123456789abcdef"


def test_a_species_changes_its_net_when_every_photo_has_a_vector_of_the_new_one(gallery):
    ids = herd(gallery)
    fresh = unit(9, 3, 16)
    with pytest.raises(ModelMismatch):
        gallery.set_embedding_net("zebra", NEXT, 16, calibration=None)
    assert gallery.embedding_net("zebra") == NET
    gallery.embeddings.add("zebra", NEXT, 16, {ids[0]: fresh[0]})
    assert [photo.id for photo in gallery.embeddings.missing("zebra", NEXT)] == ids[1:]
    gallery.set_embedding_net("zebra", NEXT, 16, calibration=None, vectors={ids[1]: fresh[1]}, leaving=[ids[2]], expected=NET)
    assert gallery.embedding_nets() == {"zebra": NEXT} and gallery.embeddings.missing("zebra") == gallery.photos()[2:]
    assert gallery.search("zebra", fresh[1:2], 3, fingerprint=NEXT).photo_ids.tolist() == [[ids[1], ids[0], -1]]
    np.testing.assert_array_equal(gallery.vectors("zebra", NET)[1], ROWS[:3])
    with pytest.raises(ModelMismatch, match="meanwhile"):
        gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=None, expected=NET)


def test_one_fingerprint_is_one_kind_of_net(gallery):
    with pytest.raises(ModelMismatch):
        gallery.set_species_net(NET)
    gallery.set_species_net(NEXT)
    gallery.sides.use_net("side-net-00000000")
    assert (gallery.species_net(), gallery.sides.net()) == (NEXT, "side-net-00000000")
    with pytest.raises(ModelMismatch):
        gallery.set_embedding_net("lion", NEXT, 16, calibration=None)
    assert "lion" not in gallery.embedding_nets() and gallery.embedding_net("lion") is None


def test_a_calibration_is_of_the_net_it_was_learned_with(gallery):
    learned = calibration()
    assert gallery.calibration("zebra") is None
    gallery.set_calibrations({"zebra": (NET, learned)}, why="measured")
    assert gallery.calibration("zebra") == learned and gallery.species()[0].calibrated
    for wrong in ({"zebra": (NEXT, learned)}, {"lion": (NET, learned)}):
        with pytest.raises(ModelMismatch):
            gallery.set_calibrations(wrong)
    gallery.history.undo()
    assert gallery.calibration("zebra") is None


def test_vectors_must_be_of_photos_that_are_here(gallery):
    ids = herd(gallery)
    with pytest.raises(UsageError):
        gallery.embeddings.add("zebra", NEXT, 16, {})
    with pytest.raises(UsageError):
        gallery.embeddings.add("zebra", NEXT, 16, {max(ids) + 1: unit(1, 1, 16)[0]})
    with pytest.raises(UsageError):
        gallery.embeddings.missing("lion")


def test_files_of_nets_are_put_and_found_by_their_fingerprint(gallery, tmp_path):
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"weights")
    weights.with_suffix(".json").write_text(json.dumps({"fingerprint": NEXT}), encoding="utf-8")
    assert not gallery.nets.path(NEXT).exists() and gallery.nets.known() == ()
    path = gallery.nets.put(weights)
    assert path == gallery.nets.path(NEXT) and path.read_bytes() == b"weights" and gallery.nets.known() == (NEXT,)
    assert json.loads(path.with_suffix(".json").read_text("utf-8")) == {"fingerprint": NEXT}
    path.write_bytes(b"")  # as a power cut leaves it
    assert gallery.nets.put(weights).read_bytes() == b"weights"
    for card in ("{}", "no JSON", json.dumps({"fingerprint": "../../elsewhere"})):
        weights.with_suffix(".json").write_text(card, encoding="utf-8")
        with pytest.raises(NetError):
            gallery.nets.put(weights)
    weights.with_suffix(".json").unlink()
    with pytest.raises(NetError):
        gallery.nets.put(weights)


def test_feature_maps_are_kept_by_net_and_photo(gallery):
    herd(gallery)
    photos, values = gallery.photos(), np.full((2, 3, 4), 0.5, np.float32)
    gallery.maps(NET).put(photos, {photos[0].id: values})
    kept = gallery.maps(NET).get(photos)
    assert list(kept) == [photos[0].id]
    np.testing.assert_array_equal(kept[photos[0].id], values)
    assert gallery.maps(NEXT).get(photos) == {}


def sighting(name: str, individual: str | None) -> Sighting:
    outcome = Outcome.KNOWN if individual else Outcome.REVIEW
    return Sighting(
        photo=f"/asked/{name}.jpg", sha256=digest(name), species=SpeciesGuess("zebra", 1.0),
        decision=Decision(outcome, individual, 0.9, "because"), matches=(), side="", captured_at=None, encounter="", camera="",
        season="", embedding_fingerprint=NET, searched=("zebra",),
    )  # fmt: skip


def test_a_kept_decision_gives_way_to_the_next_one_of_its_photo(gallery):
    herd(gallery)
    assert gallery.add_sightings([sighting("x", None), sighting("y", "Amara")]) == ()
    first = gallery.sightings()
    assert [kept.sighting.photo for kept in first] == ["/asked/x.jpg", "/asked/y.jpg"]
    assert [kept.individual_id for kept in first] == [0, gallery.identities.find("Amara").id]
    head = gallery.head()
    gallery.add_sightings([sighting("y", "Amara")])
    assert gallery.head() == head, "the same answer again is no change"
    gallery.add_sightings([sighting("x", "Zuri")])
    assert sorted((kept.sighting.photo, kept.sighting.decision.individual) for kept in gallery.sightings()) == [
        ("/asked/x.jpg", "Zuri"), ("/asked/y.jpg", "Amara")
    ]


def test_a_decision_for_an_encounter_stays_where_one_of_its_photos_alone_is_asked_about(gallery):
    herd(gallery)
    paths = ("/asked/x.jpg", "/asked/y.jpg")
    encounter = replace(sighting("x", "Amara"), photos=paths, contents=(digest("x"), digest("y")))
    assert gallery.add_sightings([encounter]) == ()
    head = gallery.head()
    (refused,) = gallery.add_sightings([sighting("y", "Zuri")])
    assert (refused.sighting, refused.seq, refused.photos) == (sighting("y", "Zuri"), head, paths)
    assert gallery.head() == head and [kept.sighting for kept in gallery.sightings()] == [encounter]
    both = replace(encounter, decision=replace(encounter.decision, individual="Zuri"))
    assert gallery.add_sightings([both]) == () and [kept.sighting for kept in gallery.sightings()] == [both]
    gallery.history.undo()
    assert [kept.sighting for kept in gallery.sightings()] == [encounter]
