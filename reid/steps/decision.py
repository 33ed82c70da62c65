"""From a shortlist of individuals to a decision: known, review or new, with its probability and its reason. Pure.

The score of each enrolled individual is turned into evidence, ln LR = ln P(score | same) / P(score | another), by the
calibration of its species. With a share `prior` of queries that show an enrolled animal, any of N with equal chance,
Bayes gives for individual i

    P(i) = (prior / N) LR_i / (1 - prior + sum_j (prior / N) LR_j)

and the rest, P(nobody enrolled). So a larger gallery, in which chance look-alikes are likelier, asks for more evidence;
two look-alikes share the probability between them; and "new" is an answer with a probability of its own (`steps.novelty`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reid.records import Calibration, Decision, Outcome
from reid.steps import novelty
from reid.steps.novelty import RETURNING, SURE_NEW, Field

FEWEST = 14
"""Among fewer held-out individuals an error that one animal in twenty makes, as many as may be called NEW, more likely than not
never shows (0.95 ** 13 is above a half): that none was seen then says little."""

ALONE = Field()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One enrolled individual with its evidence, ln LR (or its plain score where nothing is calibrated)."""

    individual: str
    evidence: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """Chance of each candidate to be the one shown, and of nobody enrolled; they sum to at most 1."""

    individuals: Mapping[str, float]
    nobody: float


def evidence(score: float, calibration: Calibration, more: Sequence[float] = ()) -> float:
    """ln LR of one comparison, cut at the calibration's ceiling on both sides.

    Args:
        score: cosine in [-1, 1].
        calibration: of the species, and of the side where it has one.
        more: further scores of the same comparison, in the order of `calibration.more_slopes`.
    """
    value = calibration.slope * score + calibration.intercept
    value += math.fsum(slope * one for slope, one in zip(calibration.more_slopes, more, strict=True))
    return max(-calibration.ceiling, min(calibration.ceiling, value))


def worth(score: float, local: float | None, calibration: Calibration) -> float:
    """The evidence of one enrolled individual: by cosine and closer look where both are there and calibrated, else by cosine.

    Args:
        score: cosine in [-1, 1].
        local: place-by-place score in [0, 1]; None where no closer look was taken.
        calibration: of the species, and of the side where it has one.
    """
    if local is None or calibration.closer is None:
        return evidence(score, calibration)
    return evidence(score, calibration.closer, (local,))


def posterior(candidates: Sequence[Candidate], enrolled: int, prior: float) -> Posterior:
    """Bayes over "it is individual i" and "nobody enrolled".

    Args:
        candidates: the shortlist; individuals not on it are taken to weigh nothing.
        enrolled: N, how many individuals could have matched.
        prior: share of queries that show an enrolled animal, in (0, 1).
    """
    weights = {item.individual: prior / max(1, enrolled) * math.exp(item.evidence) for item in candidates}
    total = 1.0 - prior + math.fsum(weights.values())
    return Posterior({name: weight / total for name, weight in weights.items()}, (1.0 - prior) / total)


def decide(
    best: str | None, chances: Posterior | None, calibration: Calibration | None, enrolled: int, field: Field = ALONE
) -> Decision:
    """Decide on one sighting.

    Args:
        best: the individual of rank 1; None when there is no match.
        chances: as `posterior` gives; None when not calibrated. Of nobody, without a match: everybody who could have matched is
            surely another animal.
        calibration: of the species, and of the side where it has one; None says REVIEW.
        enrolled: how many individuals could have matched.
        field: how many of the animals asked about are enrolled, and how many of those could have been compared.

    Returns:
        KNOWN from the `known_at` on that holds for so many individuals. NEW where two things hold, else REVIEW: the probability
        of nobody reaches their `new_at`, which few enrolled animals do, and the probability of an animal never enrolled
        (`steps.novelty`) reaches `SURE_NEW`. A value on a bound counts as reached. Where more individuals could match than the
        calibration was checked for, the reason says so, and NEW must hold in a gallery of the size checked, too: among more, even
        the enrolled animal's own evidence counts for less, so that "nobody" grows without anything that speaks for it. And with
        fewer than `FEWEST` individuals held out, NEW is said only where the best match by itself speaks against being the animal.
    """
    if best is None:
        return _without_match(chances is not None, enrolled, field)
    if calibration is None or chances is None:
        return Decision(
            Outcome.REVIEW, best, None,
            "not calibrated for this species: `reid calibrate`, or `reid train` with enough individuals, sets thresholds",
        )
    chance = chances.individuals.get(best, 0.0)
    bounds = calibration.bounds_for(enrolled)
    among, warning = f"among {enrolled} enrolled", outgrown(calibration, enrolled)
    checked = _nobody_checked(chances.nobody, enrolled, calibration)
    ratio = novelty.ratio(checked, calibration, bounds)
    new = novelty.chance(ratio, field)
    if chance >= bounds.known_at:
        reason = f"{best} with probability {chance:.2f}, {among} (needs {bounds.known_at:.2f})"
        return Decision(Outcome.KNOWN, best, chance, reason + warning, chances.nobody, new)
    unsure = calibration.individuals < FEWEST and bool(speaks_for(chance, chances.nobody, calibration.prior, enrolled))
    if checked >= bounds.new_at and new >= SURE_NEW and not unsure:
        reason = f"new with probability {new:.2f} (needs {SURE_NEW:.2f}): like nobody {among}"
        return Decision(Outcome.NEW, None, new, reason + warning, chances.nobody, new)
    nobody = f"nobody enrolled {_twice(chances.nobody, checked, calibration)}"
    if checked < bounds.new_at:
        short = f"{nobody}, below {bounds.new_at:.2f}"
    elif unsure:
        short = f"{nobody}, but the match speaks for {best}, and {_few(calibration)} cannot say that it is new"
    else:
        short = f"new {new:.2f}, below {SURE_NEW:.2f}{_because(ratio, field, calibration)}"
    reason = f"{best} with probability {chance:.2f}, below {bounds.known_at:.2f}; {short}"
    return Decision(Outcome.REVIEW, best, chance, reason + warning, chances.nobody, new)


def speaks_for(chance: Any, nobody: Any, prior: float, enrolled: Any) -> Any:
    """Whether the evidence of an individual by itself is above 1: chances of it and of nobody, (...) each, among so many."""
    return chance * (1.0 - prior) * enrolled > nobody * prior


def _without_match(ruled_out: bool, enrolled: int, field: Field) -> Decision:
    if enrolled and not ruled_out:
        reason = "the only enrolled photos that it could be compared with are of this very file, with another box"
        return Decision(Outcome.REVIEW, None, None, reason)
    all_others = "everybody enrolled that it could be compared with is another animal"
    if novelty.chance(0.0, field) >= SURE_NEW:
        return Decision(Outcome.NEW, None, None, all_others if enrolled else "no individual of this species is enrolled yet")
    if field.comparable <= 0.0:
        return Decision(Outcome.REVIEW, None, None, "everybody enrolled is known from the other side only")
    before = f"{all_others}, but " if enrolled else ""
    return Decision(Outcome.REVIEW, None, None, f"{before}{_unseen(field)}")


def _unseen(field: Field) -> str:
    return f"{1.0 - field.comparable:.2f} of the enrolled animals are not known from the side it shows"


def _few(calibration: Calibration) -> str:
    return f"{calibration.individuals} individuals held out (of {FEWEST} wanted)"


def _twice(nobody: float, checked: float, calibration: Calibration) -> str:
    return f"{nobody:.2f}" + (f", among {calibration.checked_up_to} {checked:.2f}" if checked < nobody else "")


def _because(ratio: float, field: Field, calibration: Calibration) -> str:
    """What keeps a photo that is like nobody from being called NEW, the first that would do."""
    if novelty.chance(ratio, replace(field, comparable=1.0)) >= SURE_NEW:
        return f": {_unseen(field)}"
    if novelty.chance(ratio, Field(RETURNING)) >= SURE_NEW:
        return f": {field.returning:.2f} of all animals asked about are enrolled ones"
    return f": as the {calibration.individuals} individuals held out have it"


def _nobody_checked(nobody: float, enrolled: int, calibration: Calibration) -> float:
    """The chance of nobody enrolled, had the same evidence come of no more individuals than the calibration was checked for."""
    if nobody <= 0.0 or not 0 < calibration.checked_up_to < enrolled:
        return nobody
    return 1.0 / (1.0 + (1.0 / nobody - 1.0) * enrolled / calibration.checked_up_to)


def outgrown(calibration: Calibration, enrolled: int) -> str:
    """What to add to a reason where more individuals could match than the calibration was checked for; else ""."""
    if not 0 < calibration.checked_up_to < enrolled:
        return ""
    return (
        f"; checked for up to {calibration.checked_up_to} individuals only: "
        "calibrate again with more individuals that the net was not trained on"
    )
