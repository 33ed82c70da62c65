"""What is decided on animals enrolled and never enrolled, with half of the individuals taken out of the gallery in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reid.actions.embedded import Embedded
from reid.learn.looks import look, of_individuals
from reid.learn.open_set import halves
from reid.learn.shortlist import shortlist
from reid.records import Calibration, Outcome
from reid.steps.decision import Candidate, decide, posterior, worth


@dataclass(frozen=True, slots=True)
class OpenSet:
    """What was decided on animals enrolled and never enrolled; shares in [0, 1].

    In turn, half of the individuals (by seed) are taken out of the gallery, so that every query is asked once as an
    enrolled animal and once as an unknown one.
    """

    enrolled: int
    known_right: float
    known_wrong: float
    called_new: float
    enrolled_review: float
    unknown: int
    false_match: float
    new_right: float
    unknown_review: float


def unknown_rates(
    queries: Embedded, enrolled: Embedded, calibration: Calibration | None, *, rerank: int = 0, seed: int
) -> OpenSet:
    """Decide on every query twice: with its individual's half of the gallery, and with the other half only.

    Same side and other encounters only, as in the field. Queries with no photo of their individual to match are asked as
    unknown only.
    """
    asked = queries.pool
    half = halves([*enrolled.pool.individuals, *asked.individuals], seed)
    own: list[tuple[Outcome, bool]] = []
    foreign: list[Outcome] = []
    for part in (0, 1):
        rows = [row for row, name in enumerate(enrolled.pool.individuals) if half[name] == part]
        names, scores, local = _compared(queries, enrolled, rows, rerank)
        for query, (name, side) in enumerate(zip(asked.individuals, asked.sides, strict=True)):
            found = {
                names[column]: (float(scores[query, column]), _or_none(float(local[query, column])))
                for column in np.flatnonzero(np.isfinite(scores[query])).tolist()
            }
            learned = calibration.of_side(side) if calibration else None
            if part == half[name] and name in found:
                outcome, said = _decision(found, learned)
                own.append((outcome, said == name))
            elif part != half[name]:
                foreign.append(_decision(found, learned)[0])

    def share(hits: int, whole: int) -> float:
        return hits / whole if whole else float("nan")

    outcomes = [outcome for outcome, _ in own]
    return OpenSet(
        len(own),
        share(sum(outcome == Outcome.KNOWN and right for outcome, right in own), len(own)),
        share(sum(outcome == Outcome.KNOWN and not right for outcome, right in own), len(own)),
        share(outcomes.count(Outcome.NEW), len(own)),
        share(outcomes.count(Outcome.REVIEW), len(own)),
        len(foreign),
        share(foreign.count(Outcome.KNOWN), len(foreign)),
        share(foreign.count(Outcome.NEW), len(foreign)),
        share(foreign.count(Outcome.REVIEW), len(foreign)),
    )


def _compared(
    queries: Embedded, enrolled: Embedded, rows: Sequence[int], rerank: int
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Names (I,) of a part of the gallery, the best cosine (Q, I) of each, -inf for none, and the closer look's score, or nan."""
    gallery = enrolled.pool.subset(rows)
    near = shortlist(queries.pool, gallery, same_side=True, other_encounter=True)
    if not rerank or not rows:
        return near.names, near.scores, np.full(near.scores.shape, np.nan)
    assert queries.maps is not None and enrolled.maps is not None
    found = look(
        queries.pool, gallery, queries.maps, enrolled.maps[np.asarray(rows)], same_side=True, other_encounter=True,
        individuals=rerank,
    )
    return near.names, near.scores, of_individuals(found, queries.pool, gallery)


def _or_none(local: float) -> float | None:
    return None if np.isnan(local) else local


def _decision(
    found: Mapping[str, tuple[float, float | None]], calibration: Calibration | None
) -> tuple[Outcome, str | None]:
    if not found:
        return Outcome.NEW, None
    if calibration is None:
        return decide(max(found, key=lambda name: found[name][0]), None, None, len(found)).outcome, None
    items = [Candidate(name, worth(score, local, calibration)) for name, (score, local) in found.items()]
    chances = posterior(items, len(items), calibration.prior)
    first = max(found, key=lambda name: (chances.individuals[name], found[name][0]))
    if calibration.closer is not None and found[first][1] is not None:
        calibration = calibration.closer
    decision = decide(first, chances, calibration, len(found))
    return decision.outcome, decision.individual
