"""Which individuals an unresolved sighting may show: none is reported as not seen while a photo that waits may show it."""

from __future__ import annotations

from collections.abc import Collection

from reid.records import Outcome, Sighting

LEAST_POSSIBLE = 0.01
"""An individual whose probability is below it is not shown: the error that thresholds are learned for by default."""


def may_show(sighting: Sighting, individual: str, species: str, sides: Collection[str] = ()) -> bool:
    """Whether an unresolved sighting may show an enrolled individual.

    Only a calibrated answer about photos that could be compared rules an individual out: where nothing is calibrated, or where
    the individual is known from the other side alone, that it is another animal cannot be said.

    Args:
        sighting: any; one that is decided shows no other one.
        individual, species: enrolled.
        sides: that the individual's enrolled photos show; "" among them, or none, = not known.
    """
    decision = sighting.decision
    if decision.outcome != Outcome.REVIEW or species not in (sighting.counted_species, *sighting.searched):
        return False
    if sighting.side and sides and not {"", sighting.side} & set(sides):
        return True
    chances = {match.individual: match.probability for match in sighting.matches if match.species == species}
    calibrated = [chance for chance in chances.values() if chance is not None]
    if len(calibrated) < len(chances) or (decision.probability is None and decision.nobody is None):
        return True
    if individual in chances:
        return (chances[individual] or 0.0) >= LEAST_POSSIBLE
    rest = 1.0 - sum(calibrated) - (decision.nobody or 0.0)  # for all that are not listed together
    return min([rest, *calibrated]) >= LEAST_POSSIBLE
