"""Stage 1: which species a photo shows, or honestly none. Pure but for the net it is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reid.nets.inference import SpeciesAnswer
from reid.nets.net_files import NetCard
from reid.records import EMPTY, UNKNOWN_SPECIES, SpeciesGuess
from reid.settings import QuerySettings

ALTERNATIVES = 3


def route(
    card: NetCard, answer: SpeciesAnswer, settings: QuerySettings, boxed: Sequence[bool] = ()
) -> list[SpeciesGuess]:
    """Turn the net's probabilities into a guess for each photo.

    A photo is of unknown species when the best probability is below `settings.min_species_probability` (and the best two
    animals together are below `settings.min_pair_probability`: if they reach it, it is one of the two and both galleries can
    be searched), or when its features are unlike anything the net was trained on (`card.familiar_at`, for
    what looks like an empty frame `card.empty_familiar_at`), or when it looks like an empty frame although a box says that an
    animal is there.

    Args:
        card: of the species net.
        answer: for B photos.
        settings: thresholds.
        boxed: for each photo whether it was cut to the box of an animal; () = none was.

    Returns:
        B guesses; `name` is `reid.records.UNKNOWN_SPECIES` where the net is too unsure.
    """
    guesses = []
    boxed = boxed or [False] * len(answer.probabilities)
    for chances, familiarity, animal in zip(answer.probabilities, answer.familiarity, boxed, strict=True):
        order = np.argsort(-chances, kind="stable")
        best = card.classes[order[0]]
        others = tuple((card.classes[index], float(chances[index])) for index in order[1 : 1 + ALTERNATIVES])
        probability = float(chances[order[0]])
        name, reason = best, f"{best} with probability {probability:.2f}"
        familiar_at = card.familiar_at
        if best == EMPTY and card.empty_familiar_at is not None:
            familiar_at = card.empty_familiar_at
        if familiarity < familiar_at:
            name = UNKNOWN_SPECIES
            reason = (f"unlike every photo the species net learned from (familiarity {familiarity:.2f}, "
                      f"needs {familiar_at:.2f}); nearest is {best}")
        elif probability < settings.min_species_probability and not _one_of_two(best, probability, others, settings):
            name = UNKNOWN_SPECIES
            reason = f"best is {best} with probability {probability:.2f}, needs {settings.min_species_probability:.2f}"
        elif best == EMPTY and animal:
            name = UNKNOWN_SPECIES
            reason = f"no known species in the box: it looks like an empty frame with probability {probability:.2f}"
        if name == UNKNOWN_SPECIES:
            others = ((best, probability), *others[: ALTERNATIVES - 1])
        guesses.append(SpeciesGuess(name, probability, others, reason, card.fingerprint))
    return guesses


def _one_of_two(
    best: str, probability: float, others: Sequence[tuple[str, float]], settings: QuerySettings
) -> bool:
    """Whether the photo surely shows one of the best two species, both animals, though not surely which."""
    if not others or EMPTY in (best, others[0][0]):
        return False
    return probability + others[0][1] >= settings.min_pair_probability


def galleries(guess: SpeciesGuess, enrolled: Sequence[str], settings: QuerySettings) -> tuple[str, ...]:
    """The species whose galleries are to be searched for a guess, the routed one first; () when none is.

    When the second species is nearly as likely as the first, both are searched. `empty` has no gallery.
    """
    if guess.name in (EMPTY, UNKNOWN_SPECIES):
        return ()
    found = [guess.name]
    if guess.alternatives:
        second, chance = guess.alternatives[0]
        if second != EMPTY and second in enrolled and guess.probability < settings.close_species_ratio * chance:
            found.append(second)
    return tuple(found)
