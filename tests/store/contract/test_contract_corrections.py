"""Who is who and what photos show, corrected alike in every store."""

from __future__ import annotations

from datetime import datetime

import pytest

from reid.errors import UsageError
from reid.records import SIDE_NET, SIDE_PROBABILITY
from tests.store.contract.test_contract_contents import ROWS, enroll, herd
from tests.store.stock import NET, item


def owners(gallery) -> dict[int, str]:
    return {photo.id: photo.individual for photo in gallery.photos()}


def test_a_name_changes_and_the_id_stays(gallery):
    ids = herd(gallery)
    number = gallery.identities.find("Zuri").id
    correction = gallery.identities.rename("Zuri", "Zawadi", why="typing error")
    assert (correction.what, correction.individual_id, correction.individual, correction.other) == (
        "rename", number, "Zawadi", "Zuri"
    )
    assert owners(gallery)[ids[2]] == "Zawadi" and gallery.identities.find(f"#{number}").name == "Zawadi"
    assert gallery.identities.rename("Zawadi", "Zawadi").seq == 0
    with pytest.raises(UsageError, match="another individual"):
        gallery.identities.rename("Zawadi", "Amara")
    with pytest.raises(UsageError):
        gallery.identities.rename("Nobody", "Somebody")


def test_a_merge_is_taken_apart_exactly(gallery):
    ids = herd(gallery)
    zuri = gallery.identities.find("Zuri").id
    merged = gallery.identities.merge("Zuri", "Amara")
    assert (merged.individual, merged.other, merged.photo_ids) == ("Amara", "Zuri", (ids[2],))
    assert set(owners(gallery).values()) == {"Amara"}
    [gone] = gallery.individuals(removed=True)
    assert (gone.name, gone.merged_into) == ("Zuri", gallery.identities.find("Amara").id)
    assert enroll(gallery, item("Zuri", "new", ROWS[3])) == [("merged", "Amara")]
    back = gallery.identities.split("Amara", "Zuri")
    assert (back.individual_id, back.photo_ids) == (zuri, (ids[2],))
    assert owners(gallery) == {ids[0]: "Amara", ids[1]: "Amara", ids[2]: "Zuri"}


def test_photos_of_a_new_animal_are_split_off(gallery):
    ids = herd(gallery)
    fresh = gallery.identities.split("Amara", "Nala", photos=[ids[1]])
    assert (fresh.individual, fresh.other, fresh.photo_ids) == ("Nala", "Amara", (ids[1],))
    assert owners(gallery) == {ids[0]: "Amara", ids[1]: "Nala", ids[2]: "Zuri"}
    with pytest.raises(UsageError):
        gallery.identities.split("Amara", "Other", photos=[ids[2]])
    with pytest.raises(UsageError):
        gallery.identities.split("Amara", "Zuri", photos=[ids[0]])
    with pytest.raises(UsageError):
        gallery.identities.split("Amara", "Nala")


def test_an_individual_that_was_removed_comes_back_with_its_photos(gallery):
    ids = herd(gallery)
    gallery.corrections.remove([ids[0]])
    gallery.identities.remove("Amara")
    assert owners(gallery) == {ids[2]: "Zuri"} and [one.name for one in gallery.individuals(removed=True)] == ["Amara"]
    assert enroll(gallery, item("Amara", "b", ROWS[1])) == [("removed", "Amara")]
    gallery.identities.restore("Amara")
    assert owners(gallery) == {ids[1]: "Amara", ids[2]: "Zuri"}, "a photo removed before stays removed"
    with pytest.raises(UsageError):
        gallery.identities.restore("Amara")


def test_a_photo_that_was_removed_is_enrolled_again_only_where_that_is_asked(gallery):
    ids = herd(gallery)
    gallery.corrections.remove([ids[2]])
    assert [photo.id for photo in gallery.photos(removed=True)] == [ids[2]]
    assert enroll(gallery, item("Zuri", "c", ROWS[2])) == [("removed", "Zuri")]
    assert enroll(gallery, item("Zuri", "c", ROWS[2], again=True)) == [("added", "Zuri")]
    with pytest.raises(UsageError):
        gallery.corrections.restore([ids[2]])


def test_photos_move_to_whom_they_show(gallery):
    ids = herd(gallery)
    moved = gallery.corrections.move(ids[1:], "Zuri")
    assert (moved.individual, moved.photo_ids) == ("Zuri", (ids[1],))
    assert gallery.corrections.move([ids[1]], "Zuri").seq == 0
    gallery.corrections.move([ids[0]], "Nala", new=True)
    assert owners(gallery) == {ids[0]: "Nala", ids[1]: "Zuri", ids[2]: "Zuri"}
    with pytest.raises(UsageError):
        gallery.corrections.move([ids[0]], "Nobody")
    with pytest.raises(UsageError):
        gallery.corrections.move([999], "Zuri")


def test_facts_of_photos_are_corrected(gallery):
    ids = herd(gallery)
    gallery.corrections.correct([ids[0]], captured_at=datetime(2025, 1, 2, 3), camera="C")
    photo = gallery.photos_by_id(ids[:1])[0]
    assert (photo.captured_at, photo.camera, photo.season, photo.side) == (datetime(2025, 1, 2, 3), "C", "2025", "left")
    gallery.corrections.correct([ids[0]], captured_at="", side="", season="dry")
    photo = gallery.photos_by_id(ids[:1])[0]
    assert (photo.captured_at, photo.side, photo.season) == (None, "", "dry")
    assert gallery.corrections.correct([ids[0]], side="").seq == 0
    for wrong in ({}, {"side": "top"}):
        with pytest.raises(UsageError):
            gallery.corrections.correct([ids[0]], **wrong)


def test_a_predicted_side_is_marked_until_a_person_confirms_it(gallery):
    ids = herd(gallery)
    gallery.corrections.predict_sides({ids[0]: ("right", 0.9), ids[2]: ("right", 0.91234)}, "side-net")
    first, _, third = gallery.photos()
    assert (first.side, first.side_predicted) == ("left", False)
    assert (third.side, third.notes[SIDE_NET], third.notes[SIDE_PROBABILITY]) == ("right", "side-net", "0.912")
    gallery.corrections.correct([ids[2]], side="right")
    assert not gallery.photos_by_id([ids[2]])[0].side_predicted


def test_the_same_name_in_two_species_asks_which(gallery):
    herd(gallery)
    gallery.set_embedding_net("lion", NET, 32, calibration=None)
    gallery.enroll("lion", NET, [item("Amara", "lion", ROWS[4])])
    with pytest.raises(UsageError):
        gallery.identities.remove("Amara")
    assert gallery.identities.remove("Amara", species="lion").species == "lion"
    assert [one.species for one in gallery.individuals() if one.name == "Amara"] == ["zebra"]
