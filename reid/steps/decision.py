"""From a shortlist of individuals to a decision: known, review or new, with its probability and its reason. Pure.

The score of each enrolled individual is turned into evidence, ln LR = ln P(score | same) / P(score | another), by the
calibration of its species. With a share `prior` of queries that show an enrolled animal, any of N with equal chance,
Bayes gives for individual i

    P(i) = (prior / N) LR_i / (1 - prior + sum_j (prior / N) LR_j)

and the rest, P(nobody enrolled). So a larger gallery, in which chance look-alikes are likelier, asks for more evidence;
two look-alikes share the probability between them; and "new" is an answer with a probability of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reid.records import Calibration, Decision, Outcome

FEWEST = 14
"""Among fewer held-out individuals an error that one animal in twenty makes, as many as may be called NEW, more likely than not
never shows (0.95 ** 13 is above a half): that none was seen then says little."""


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


def decide(best: str | None, chances: Posterior | None, calibration: Calibration | None, enrolled: int) -> Decision:
    """Decide on one sighting.

    Args:
        best: the individual of rank 1; None when nobody is enrolled that could match.
        chances: as `posterior` gives; None when not calibrated.
        calibration: of the species, and of the side where it has one; None says REVIEW.
        enrolled: how many individuals could have matched.

    Returns:
        KNOWN from the `known_at` on that holds for so many individuals, NEW from their `new_at` on, else REVIEW. A value
        on a bound counts as reached. Where more individuals could match than the calibration was checked for, the reason
        says so, and NEW must hold in a gallery of the size checked, too: among more, even the enrolled animal's own evidence
        counts for less, so that "nobody" grows without anything that speaks for it. And a calibration of fewer than `FEWEST`
        individuals says NEW only where the best match by itself speaks against being the animal.
    """
    if best is None:
        return Decision(Outcome.NEW, None, None, "no individual of this species and side is enrolled yet")
    if calibration is None or chances is None:
        return Decision(
            Outcome.REVIEW, best, None,
            "not calibrated for this species: `reid calibrate`, or `reid train` with enough individuals, sets thresholds",
        )
    chance = chances.individuals.get(best, 0.0)
    bounds = calibration.bounds_for(enrolled)
    among = f"among {enrolled} enrolled"
    warning = outgrown(calibration, enrolled)
    if chance >= bounds.known_at:
        return Decision(
            Outcome.KNOWN, best, chance,
            f"{best} with probability {chance:.2f}, {among} (needs {bounds.known_at:.2f}){warning}", chances.nobody,
        )
    checked = _nobody_checked(chances.nobody, enrolled, calibration)
    speaks_for = chance * (1.0 - calibration.prior) * enrolled > chances.nobody * calibration.prior  # LR above 1
    unsure = speaks_for and calibration.individuals < FEWEST
    if checked >= bounds.new_at and not unsure:
        return Decision(
            Outcome.NEW, None, chances.nobody,
            f"nobody {among} with probability {chances.nobody:.2f} (needs {bounds.new_at:.2f}){warning}", chances.nobody,
        )
    nobody = f"{chances.nobody:.2f}" + (f", among {calibration.checked_up_to} {checked:.2f}" if checked < chances.nobody else "")
    short = f"below {bounds.new_at:.2f}" if checked < bounds.new_at else (
        f"but the match speaks for {best}, and {calibration.individuals} individuals held out (of {FEWEST} wanted) "
        "cannot say that it is new"
    )
    return Decision(
        Outcome.REVIEW, best, chance,
        f"{best} with probability {chance:.2f}, below {bounds.known_at:.2f}; nobody enrolled {nobody}, {short}{warning}",
        chances.nobody,
    )


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
        "calibrate anew with more individuals that the net was not trained on"
    )
