"""Individuals whose newest photos fit their oldest badly: they changed (scars, growth, a new coat), or they are two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from reid.records import SIDES, Calibration, Vectors
from reid.steps.cannot_link import seconds
from reid.steps.decision import evidence


@dataclass(frozen=True, slots=True)
class Aged:
    """One enrolled photo as far as drift needs it."""

    id: int
    individual: str
    season: str
    side: str
    when: datetime | None


@dataclass(frozen=True, slots=True)
class Drifted:
    """One individual. photos: ids of the newest and of the oldest photo most alike; score: their cosine.

    probability: that newest and oldest show one animal, if that were as likely as not beforehand; below 0.5.
    """

    individual: str
    oldest: str
    newest: str
    photos: tuple[int, int]
    score: float
    probability: float

    @property
    def reason(self) -> str:
        """In words."""
        return (
            f"{self.individual!r}: photos of {self.newest} fit those of {self.oldest} badly (best {self.score:.2f}, one animal "
            f"with probability {self.probability:.2f}): it changed, or two animals have one name"
        )


def drifted(photos: Sequence[Aged], vectors: Vectors, calibration: Calibration | None) -> tuple[Drifted, ...]:
    """The individuals of one species that drifted, the worst first.

    The photos of an individual's last season are compared with those of its first, side by side: the mean over the newest of
    what their best score to the oldest is worth, added over sides, as `steps.sightings` does. Listed is who comes out more
    likely to be two animals than one.

    Args:
        photos: N of them; those without a season or date are left out.
        vectors: (N, D) float32, unit length, row by row.
        calibration: None = nothing is compared.
    """
    if calibration is None:
        return ()
    by_name: dict[str, list[int]] = defaultdict(list)
    for row, one in enumerate(photos):
        if one.season and one.when is not None:
            by_name[one.individual].append(row)
    found = []
    for name, rows in sorted(by_name.items()):
        rows.sort(key=lambda row: _time(photos[row]))
        old, new = photos[rows[0]].season, photos[rows[-1]].season
        if old == new:
            continue
        parts = [[row for row in rows if photos[row].season == season] for season in (new, old)]
        if drift := _compared(name, photos, vectors, calibration, *parts):
            found.append(drift)
    return tuple(sorted(found, key=lambda one: (one.probability, one.individual)))


def _compared(
    name: str, photos: Sequence[Aged], vectors: Vectors, calibration: Calibration, new: Sequence[int], old: Sequence[int]
) -> Drifted | None:
    total, best = 0.0, (-np.inf, 0, 0)
    seen = False
    for side in SIDES:
        asked = [row for row in new if photos[row].side == side]
        shown = [row for row in old if not side or photos[row].side in (side, "")]
        if not asked or not shown:
            continue
        seen = True
        scores = vectors[asked] @ vectors[shown].T
        learned = calibration.of_side(side)
        total += float(np.mean([evidence(float(score), learned) for score in scores.max(axis=1)]))
        at, other = np.unravel_index(int(np.argmax(scores)), scores.shape)
        best = max(best, (float(scores[at, other]), photos[asked[at]].id, photos[shown[other]].id))
    if not seen or total >= 0.0:
        return None
    return Drifted(name, photos[old[0]].season, photos[new[0]].season, best[1:], best[0], float(1 / (1 + np.exp(-total))))


def _time(one: Aged) -> float:
    assert one.when is not None
    return seconds(one.when)
