"""Is it an animal that was never enrolled? The chance of it, from what was seen and from how many come back. Pure.

That nobody compared looks like it is not yet that it is new: the share of animals asked about that are enrolled counts (of
nine that return and one that is new, a mistake with one in nine makes every second NEW wrong), and so do the enrolled animals
that it could not be compared with, such as those known from their other side only. With A, how many times likelier the evidence
is of an enrolled animal that was compared than of a new one, `comparable` the chance that an enrolled one would have been
compared, and `returning` the share of enrolled ones, Bayes gives

    P(new) = (1 - returning) / (1 - returning + returning (1 - comparable + comparable A))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reid.records import Bounds, Calibration

RETURNING = 0.5
"""Share of the animals asked about that are enrolled, where nothing tells: one photo says little of it."""
SURE_NEW = 0.9
"""NEW needs at least this probability of an animal never enrolled."""
BEFORE = (1.0, 29.0)
"""What is taken for granted before any individual is held out: 30 individuals, of which one looked new though it was enrolled
(Beta distribution; synthetic and real studies had about one in a hundred, `scripts/benchmarks/README.md`). Few held-out
individuals, however clean, add little to that; a hundred count as what they showed."""
NOVELTY_STEPS = 200


@dataclass(frozen=True, slots=True)
class Field:
    """What NEW depends on beside the photo.

    returning: share of the animals asked about that are enrolled, in (0, 1). comparable: chance in [0, 1] that an enrolled
    animal, were it the one shown, has a photo that the query could be compared with.
    """

    returning: float = RETURNING
    comparable: float = 1.0


def missed(errors: float, individuals: int) -> float:
    """The chance that the next enrolled animal looks new, of `individuals` held out of which so many did (shares added up).

    `BEFORE` raises it where little was seen, and never lowers what was.
    """
    return max((errors + BEFORE[0]) / (individuals + sum(BEFORE)), errors / max(1, individuals))


def ratio(nobody: float, calibration: Calibration, bounds: Bounds) -> float:
    """A: how many times likelier the evidence is of an enrolled animal that was compared than of one never enrolled.

    Never less than held-out individuals can support: what they showed at the thresholds that the evidence reaches.

    Args:
        nobody: probability that nobody enrolled is shown, at the calibration's own prior, in [0, 1].
        calibration: of the species, side and kind of score.
        bounds: of the calibration, for as many as could match.
    """
    if nobody <= 0.0:
        return math.inf
    odds = (1.0 - nobody) / nobody * (1.0 - calibration.prior) / calibration.prior
    local = 0.0 if odds <= 0.0 else math.exp(min(700.0, bounds.slope * math.log(odds) + bounds.intercept))
    if not bounds.missed:  # of an older reid
        return max(local, missed(calibration.false_new * calibration.individuals, calibration.individuals))
    return max(local, min((share for at, share in bounds.missed if nobody >= at), default=1.0))


def chance(found: float, field: Field) -> float:
    """P(new) of a `ratio`, in [0, 1]."""
    if math.isinf(found) and field.comparable > 0.0:
        return 0.0
    against = 1.0 - field.comparable + (field.comparable * found if field.comparable > 0.0 else 0.0)
    return (1.0 - field.returning) / (1.0 - field.returning + field.returning * against)


def share_returning(chances: Sequence[float]) -> float:
    """The share of the animals of one batch that are enrolled: its mean by Bayes, every share as likely before.

    The mixing weight of two known distributions (Saerens et al. 2002 find the likeliest by EM; with few animals the mean is
    steadier), on a grid.

    Args:
        chances: P(new) of each animal, had half of all animals been enrolled (`RETURNING`); () gives RETURNING.
    """
    grid = [(at + 0.5) / NOVELTY_STEPS for at in range(NOVELTY_STEPS)]
    logs = [math.fsum(math.log((1.0 - share) * new + share * (1.0 - new) + 1e-300) for new in chances) for share in grid]
    most = max(logs)
    weights = [math.exp(one - most) for one in logs]
    return math.fsum(share * weight for share, weight in zip(grid, weights, strict=True)) / math.fsum(weights)
