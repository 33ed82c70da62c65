"""Stage 1's routing: thresholds on the bound, unfamiliar photos, close seconds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reid.nets.inference import SpeciesAnswer
from reid.nets.net_files import NetCard
from reid.records import EMPTY, UNKNOWN_SPECIES, SpeciesGuess
from reid.settings import QuerySettings
from reid.steps.species import galleries, route

CARD = NetCard(
    "species",
    "mobilenet_v2",
    (32, 32),
    classes=("lion", "zebra", "giraffe", EMPTY),
    familiar_at=0.5,
    fingerprint="f" * 16,
)
SETTINGS = QuerySettings(min_species_probability=0.5, close_species_ratio=2.0)


def answer(*chances: float, familiarity: float = 0.9) -> SpeciesAnswer:
    return SpeciesAnswer(np.asarray([chances], np.float32), np.asarray([familiarity], np.float32))


def test_the_likeliest_species_is_told_with_the_others_in_falling_order() -> None:
    (guess,) = route(CARD, answer(0.125, 0.625, 0.0625, 0.1875), SETTINGS)
    assert (guess.name, guess.probability, guess.fingerprint) == ("zebra", 0.625, "f" * 16)
    assert guess.alternatives == ((EMPTY, 0.1875), ("lion", 0.125), ("giraffe", 0.0625))
    assert guess.reason == "zebra with probability 0.62"


def test_a_probability_on_the_bound_is_enough_and_one_below_is_unknown() -> None:
    (on,) = route(CARD, answer(0.5, 0.25, 0.25, 0.0), SETTINGS)
    assert on.name == "lion"
    (below,) = route(CARD, answer(0.4375, 0.3125, 0.25, 0.0), SETTINGS)
    assert (below.name, below.probability) == (UNKNOWN_SPECIES, 0.4375)
    assert below.alternatives == (("lion", 0.4375), ("zebra", 0.3125), ("giraffe", 0.25))
    assert "best is lion with probability 0.44, needs 0.50" in below.reason


def test_a_photo_unlike_all_training_photos_is_unknown_however_sure_the_softmax() -> None:
    (on,) = route(CARD, answer(1.0, 0.0, 0.0, 0.0, familiarity=0.5), SETTINGS)
    assert on.name == "lion"
    (strange,) = route(CARD, answer(1.0, 0.0, 0.0, 0.0, familiarity=0.25), SETTINGS)
    assert (strange.name, strange.alternatives[0]) == (UNKNOWN_SPECIES, ("lion", 1.0))
    assert "unlike every photo" in strange.reason


def test_each_photo_of_a_batch_has_its_own_guess() -> None:
    both = SpeciesAnswer(np.asarray([[1, 0, 0, 0], [0, 0, 0, 1]], np.float32), np.ones(2, np.float32))
    assert [guess.name for guess in route(CARD, both, SETTINGS)] == ["lion", EMPTY]


@pytest.mark.parametrize(
    ("second", "chance", "wanted"),
    [
        ("zebra", 0.31, ("lion", "zebra")),
        ("zebra", 0.30, ("lion",)),
        ("giraffe", 0.39, ("lion",)),
        (EMPTY, 0.39, ("lion",)),
    ],
)
def test_a_close_second_species_is_searched_if_it_is_enrolled(second: str, chance: float, wanted: tuple[str, ...]) -> None:
    guess = SpeciesGuess("lion", 0.6, ((second, chance),))
    assert galleries(guess, ["lion", "zebra", EMPTY], SETTINGS) == wanted


@pytest.mark.parametrize("name", [EMPTY, UNKNOWN_SPECIES])
def test_empty_and_unknown_photos_are_searched_nowhere(name: str) -> None:
    assert galleries(SpeciesGuess(name, 0.9, (("lion", 0.8),)), ["lion"], SETTINGS) == ()


def test_a_species_given_by_the_caller_is_searched_alone() -> None:
    assert galleries(SpeciesGuess("lion", 1.0), ["lion", "zebra"], SETTINGS) == ("lion",)


def test_one_of_two_close_species_is_routed_to_both_though_neither_is_sure() -> None:
    (guess,) = route(CARD, answer(0.45, 0.42, 0.13, 0.0), QuerySettings())
    assert guess.name == "lion"
    assert galleries(guess, ["lion", "zebra"], QuerySettings()) == ("lion", "zebra")
    (with_empty,) = route(CARD, answer(0.45, 0.0, 0.13, 0.42), QuerySettings())
    assert with_empty.name == UNKNOWN_SPECIES


def test_what_looks_like_an_empty_frame_has_a_bound_of_its_own() -> None:
    card = replace(CARD, classes=("lion", "empty", "zebra", "deer"), empty_familiar_at=0.2)
    (empty,) = route(card, answer(0.0, 1.0, 0.0, 0.0, familiarity=0.25), SETTINGS)
    (animal,) = route(card, answer(1.0, 0.0, 0.0, 0.0, familiarity=0.25), SETTINGS)
    (strange,) = route(card, answer(0.0, 1.0, 0.0, 0.0, familiarity=0.1), SETTINGS)
    assert (empty.name, animal.name, strange.name) == ("empty", UNKNOWN_SPECIES, UNKNOWN_SPECIES)


def test_what_looks_empty_in_the_box_of_an_animal_is_an_unknown_species_not_an_empty_frame() -> None:
    both = SpeciesAnswer(np.asarray([[0, 0, 0.125, 0.875], [0, 0, 0.125, 0.875]], np.float32), np.ones(2, np.float32))
    boxed, whole = route(CARD, both, SETTINGS, [True, False])
    assert (boxed.name, boxed.alternatives[0]) == (UNKNOWN_SPECIES, (EMPTY, 0.875))
    assert boxed.reason == "no known species in the box: it looks like an empty frame with probability 0.88"
    assert whole.name == EMPTY
