"""A season decided as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reid.records import Box, Outcome, SpeciesGuess
from reid.steps.cannot_link import LocatedDetection, Position, place_in
from reid.steps.novelty import share_returning
from reid.steps.season.clustering import LinkCalibration
from reid.steps.season.joint_identification import Animal, Rules, identify_jointly, returning
from reid.steps.sightings import SearchContext, sight
from tests.steps.season.searched import LEFT, NOON, RIGHT, look
from tests.steps.stock import calibration, enrolled_photo, shortlist

KNOWN = SearchContext({"zebra": calibration()}, {"zebra": "n" * 16})
RULES = Rules({"zebra": LinkCalibration(20.0, -10.0, 100, 50, 20)}, 0.5, lambda photo: place_in(photo.notes))


def told(found: tuple[Animal, ...]) -> list[tuple[str, Outcome, str | None]]:
    return [(one.sighting.photo, one.sighting.decision.outcome, one.sighting.decision.individual) for one in found]


def test_one_animal_an_encounter_is_decided_as_a_query_is() -> None:
    looks = [look("a", {"Ada": 0.8, "Bo": 0.3}), look("b", {"Ada": 0.2, "Bo": 0.1})]
    found = identify_jointly(looks, KNOWN, RULES, {})
    alone = [sight([one], KNOWN, top=5) for one in looks]
    known = replace(KNOWN, returning={"zebra": share_returning([one.decision.new or 0.0 for one in alone])})
    assert [one.sighting for one in found] == [sight([one], known, top=5) for one in looks]
    assert told(found) == [("a", Outcome.KNOWN, "Ada"), ("b", Outcome.NEW, None)]


def test_where_nearly_all_return_one_that_is_like_nobody_is_for_a_person() -> None:
    """The season tells how many return; with that share, the same photo is no longer surely new."""
    back = [look(f"r{at}", {"Ada": 0.8, "Bo": 0.3}) for at in range(12)]
    alone = [look("n", {"Ada": 0.2, "Bo": 0.1})]
    assert told(identify_jointly(alone, KNOWN, RULES, {})) == [("n", Outcome.NEW, None)]
    found = identify_jointly([*back, *alone], KNOWN, RULES, {})[-1].sighting.decision
    assert found.outcome is Outcome.REVIEW and "of all animals asked about are enrolled ones" in found.reason
    stated = identify_jointly([*back, *alone], replace(KNOWN, returning={"zebra": 0.5}), RULES, {})
    assert stated[-1].sighting.decision.outcome is Outcome.NEW


def test_two_animals_of_one_frame_never_get_one_name() -> None:
    both = [
        look("a", {"Ada": 0.82, "Bo": 0.3}, file="f", encounter="E", box=LEFT),
        look("b", {"Ada": 0.74, "Bo": 0.5}, file="f", encounter="E", box=RIGHT),
    ]
    alone = [sight([one], KNOWN, top=5).decision.individual for one in both]
    assert alone == ["Ada", "Ada"]
    first, second = identify_jointly(both, KNOWN, RULES, {})
    assert told((first, second))[0] != told((first, second))[1]
    assert second.name is None
    chances = [{one.individual: one.probability or 0.0 for one in sight([look_], KNOWN, top=None).matches} for look_ in both]
    for animal, own, other in ((first, *chances), (second, *chances[::-1])):
        free = {name: chance * (1 - other[name]) for name, chance in own.items()}
        total = sum(free.values()) + 1 - sum(own.values())
        found = {one.individual: one.probability for one in animal.sighting.matches}
        assert found == {name: pytest.approx(chance / total) for name, chance in free.items()}


def test_three_animals_of_one_frame_that_all_look_like_ada_are_doubts_and_not_three_new_ones() -> None:
    third = Box(0.25, 0.0, 0.2, 1.0)
    three = [
        look(name, {"Ada": 0.9, "Bo": 0.1}, file="f", encounter="E", box=box)
        for name, box in (("a", Box(0.0, 0.0, 0.2, 1.0)), ("b", third), ("c", RIGHT))
    ]
    found = identify_jointly(three, KNOWN, RULES, {})
    assert [one.sighting.decision.outcome for one in found] == [Outcome.REVIEW] * 3
    assert all(0.3 < (one.sighting.matches[0].probability or 0.0) < 0.6 for one in found)


def test_photos_that_are_enrolled_under_two_names_are_two_animals_of_one_encounter() -> None:
    looks = [look(name, {"Ada": 0.9}, degrees, encounter="E") for name, degrees in (("a", 0), ("b", 80), ("c", 75), ("d", 5))]
    enrolled = [enrolled_photo(1, "Ada", 1), enrolled_photo(2, "Bo", 2)]
    looks[0], looks[1] = (replace(one, already=photo) for one, photo in zip(looks[:2], enrolled, strict=True))
    found = identify_jointly(looks, KNOWN, RULES, {})
    assert {animal.name: [str(one.photo.path) for one in animal.looks] for animal in found} == {
        ("zebra", "Ada"): ["a", "d"], ("zebra", "Bo"): ["b", "c"],
    }


def test_an_empty_frame_of_an_encounter_is_none_of_the_animals_photos() -> None:
    empty = SpeciesGuess("empty", 1.0)
    before = look("before", {}, encounter="E", when=NOON - timedelta(minutes=9), guess=empty)
    after = look("after", {}, encounter="E", when=NOON + timedelta(minutes=9), guess=empty)
    (found,) = identify_jointly([before, look("a", {"Ada": 0.9}, encounter="E"), after], KNOWN, RULES, {})
    assert [str(one.photo.path) for one in found.looks] == ["a"] and (found.first, found.last) == (NOON, NOON)
    assert found.sighting.photos == ("a",)
    (nobody,) = identify_jointly([before, after], KNOWN, RULES, {})
    assert nobody.looks == (before, after) and nobody.sighting.decision.outcome == Outcome.EMPTY


def test_an_enrolled_photo_is_of_the_species_it_is_enrolled_under() -> None:
    one = replace(look("a", {"Bo": 0.2}), already=enrolled_photo(1, "Ada", 1, "horse"))
    (found,) = identify_jointly([one], KNOWN, RULES, {})
    assert found.name == ("horse", "Ada")


def test_a_new_animal_is_of_the_species_that_stage_1_saw() -> None:
    unsure = SpeciesGuess("zebra", 0.55, (("horse", 0.45),))
    known = SearchContext({"zebra": calibration(), "horse": calibration()}, {"zebra": "n" * 16, "horse": "m" * 16})
    one = replace(look("a", {}, guess=unsure), shortlists=(shortlist({}), shortlist({"Rex": 0.2}, "horse")))
    (found,) = identify_jointly([one], known, RULES, {})
    assert found.sighting.decision.outcome == Outcome.NEW and found.sighting.matches[0].species == "horse"
    assert found.species == "zebra"


def test_the_reason_says_whose_the_name_is() -> None:
    both = [
        look("a", {"Ada": 0.95, "Bo": 0.1}, file="f", encounter="E", box=LEFT),
        look("b", {"Ada": 0.64, "Bo": 0.55}, file="f", encounter="E", box=RIGHT),
    ]
    first, second = identify_jointly(both, KNOWN, RULES, {})
    assert first.name == ("zebra", "Ada")
    assert "; Ada is another animal with probability 1.00: " in second.sighting.decision.reason
    assert second.sighting.decision.reason.endswith("two animals of one frame")


def test_who_is_enrolled_from_the_same_frame_is_not_asked_about_again() -> None:
    enrolled = {("zebra", "Ada"): [LocatedDetection("f", LEFT)]}
    (found,) = identify_jointly([look("b", {"Ada": 0.9}, file="f", box=RIGHT)], KNOWN, RULES, enrolled)
    assert found.sighting.matches == () and found.name is None
    (same,) = identify_jointly([look("b", {"Ada": 0.9}, file="g", box=RIGHT)], KNOWN, RULES, enrolled)
    assert same.name == ("zebra", "Ada")


def test_one_animal_is_not_at_two_far_cameras_at_once() -> None:
    here, there = {"latitude": "-2", "longitude": "34"}, {"latitude": "-2", "longitude": "34.1"}
    one = look("a", {"Ada": 0.9}, notes=here)
    soon = look("b", {"Ada": 0.7}, notes=there, when=NOON + timedelta(minutes=5))
    found = identify_jointly([one, soon], KNOWN, RULES, {})
    assert [animal.name for animal in found] == [("zebra", "Ada"), None]
    assert "11.1 km apart within 5 minutes" in found[1].sighting.decision.reason
    later = replace(soon, photo=replace(soon.photo, captured_at=NOON + timedelta(hours=1)))
    assert [animal.name for animal in identify_jointly([one, later], KNOWN, RULES, {})] == [("zebra", "Ada")] * 2
    slow = replace(RULES, fastest=5.0)
    assert [animal.name for animal in identify_jointly([one, later], KNOWN, slow, {})] == [("zebra", "Ada"), None]
    enrolled = {("zebra", "Ada"): [LocatedDetection("e", None, NOON, Position(-2.0, 34.0))]}
    assert [animal.name for animal in identify_jointly([soon], KNOWN, RULES, enrolled)] == [None]


def test_unknown_encounters_that_look_alike_are_one_animal_with_its_weakest_link() -> None:
    low = {"Ada": 0.2}
    looks = [look("a", low, 0), look("b", low, 3), look("c", low, 20), look("d", low, 120)]
    found = identify_jointly(looks, KNOWN, RULES, {})
    assert [[str(one.photo.path) for one in animal.looks] for animal in found] == [["a", "b", "c"], ["d"]]
    assert [len(animal.parts) for animal in found] == [3, 1]
    assert [tie.photos for tie in found[0].ties] == [("b", "c"), ("a", "b")]
    assert found[0].ties[0].probability < found[0].ties[1].probability
    assert found[0].sighting.photos == ("a", "b", "c") and found[1].ties == ()


def test_two_animals_of_one_frame_are_two_new_ones_however_alike() -> None:
    low = {"Ada": 0.2}
    looks = [
        look("a", low, 0, file="f", encounter="E", box=LEFT), look("b", low, 2, file="f", encounter="E", box=RIGHT),
        look("c", low, 1),
    ]
    found = identify_jointly(looks, KNOWN, RULES, {})
    groups = [{str(one.photo.path) for one in animal.looks} for animal in found]
    assert len(groups) == 2 and not any({"a", "b"} <= group for group in groups)


def test_known_animals_are_not_put_with_the_unknown() -> None:
    looks = [look("a", {"Ada": 0.9}, 0), look("b", {"Ada": 0.2}, 0)]
    assert told(identify_jointly(looks, KNOWN, RULES, {})) == [("a", Outcome.KNOWN, "Ada"), ("b", Outcome.NEW, None)]


def test_a_group_of_doubts_is_asked_again_as_one_animal() -> None:
    looks = [look("a", {"Ada": 0.55}, 0, side="left"), look("b", {"Ada": 0.55}, 0, side="")]
    assert [sight([one], KNOWN, top=5).decision.outcome for one in looks] == [Outcome.REVIEW, Outcome.REVIEW]
    (found,) = identify_jointly(looks, KNOWN, RULES, {})
    known = replace(KNOWN, returning=returning([sight(looks, KNOWN, top=5)]))
    assert found.sighting == replace(sight(looks, known, top=5), photos=("a", "b"))
