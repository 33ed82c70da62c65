"""How many animals an encounter shows, and which of its photos show which."""

from __future__ import annotations

from dataclasses import replace

from reid.records import EMPTY, Box, SpeciesGuess
from reid.steps.season.encounter_animals import animals_of_encounters
from reid.steps.sightings import SearchedPhoto
from tests.steps.season.searched import LEFT, RIGHT, look
from tests.steps.stock import enrolled_photo


def names(photos: list[SearchedPhoto]) -> list[list[str]]:
    return [[str(one.photo.path) for one in animal] for animal in animals_of_encounters(photos)]


def test_an_encounter_holds_as_many_animals_as_its_fullest_frame() -> None:
    low = {"Ada": 0.2}
    looks = [
        look("1", low, 90, file="f1", encounter="E", box=LEFT),
        look("2a", low, 0, file="f2", encounter="E", box=LEFT), look("2b", low, 80, file="f2", encounter="E", box=RIGHT),
        look("3a", low, 85, file="f3", encounter="E", box=LEFT), look("3b", low, 60, file="f3", encounter="E", box=RIGHT),
        look("4", low, 10, file="f4", encounter="other"),
    ]
    assert names(looks) == [["1", "2b", "3a"], ["2a", "3b"], ["4"]]


def test_boxes_of_one_animal_are_one_and_species_of_one_frame_are_apart() -> None:
    deer = SpeciesGuess("deer", 0.9)
    looks = [
        look("a", {}, file="f", encounter="E", box=LEFT), look("a2", {}, file="f", encounter="E", box=Box(0.01, 0, 0.4, 1)),
        look("b", {}, file="f", encounter="E", box=RIGHT, guess=deer),
    ]
    assert names(looks) == [["a", "a2"], ["b"]]


def test_photos_that_a_person_enrolled_under_two_names_show_two_animals() -> None:
    ada, bo = enrolled_photo(1, "Ada", 1), enrolled_photo(2, "Bo", 2)
    photos = [
        look("near Bo", {}, 80, encounter="E"), replace(look("Ada", {}, 0, encounter="E"), already=ada),
        replace(look("Bo", {}, 90, encounter="E"), already=bo), look("near Ada", {}, 10, encounter="E"),
    ]  # fmt: skip
    assert names(photos) == [["near Bo", "Bo"], ["Ada", "near Ada"]]
    assert names(photos[:2]) == [["near Bo", "Ada"]], "one name parts nobody"


def test_empty_frames_of_an_encounter_with_a_full_one_are_each_alone() -> None:
    nobody = SpeciesGuess(EMPTY, 0.9)
    photos = [
        look("a", {}, 0, file="f", encounter="E", box=LEFT), look("b", {}, 90, file="f", encounter="E", box=RIGHT),
        look("none", {}, encounter="E", guess=nobody), look("none too", {}, encounter="E", guess=nobody),
    ]  # fmt: skip
    assert names(photos) == [["a"], ["b"], ["none"], ["none too"]]
    assert names(photos[2:]) == [["none", "none too"]], "without a full frame the encounter stays together"


def test_no_photo_no_animal_and_the_same_photo_twice_is_two_rows() -> None:
    assert names([]) == []
    again = look("a", {}, encounter="E", file="f")
    assert names([again, again]) == [["a", "a"]]
