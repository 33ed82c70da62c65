"""What is decided on animals enrolled and never enrolled, with half of the individuals taken out of the gallery in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from reid.actions.evaluation.embedded_photos import Embedded
from reid.actions.evaluation.results import OpenSet
from reid.evaluation.bootstrap import Estimate, Herd
from reid.evaluation.metrics import best_scores
from reid.evaluation.open_set import halves
from reid.evaluation.reranked_pools import look, of_individuals
from reid.records import Calibration, Outcome
from reid.steps.decision import Candidate, decide, posterior, worth
from reid.steps.novelty import Field


def unknown_rates(
    queries: Embedded, enrolled: Embedded, calibration: Calibration | None, *, rerank: int = 0, seed: int
) -> OpenSet:
    """Decide on every query twice: with its individual's half of the gallery, and with the other half only.

    Same side and other encounters only, as in the field. Queries with no photo of their individual to match are asked as
    unknown only.
    """
    asked = queries.pool
    half = halves([*enrolled.pool.individuals, *asked.individuals], seed)
    own: list[tuple[str, Outcome, bool]] = []
    foreign: list[tuple[str, Outcome]] = []
    for part in (0, 1):
        rows = [row for row, name in enumerate(enrolled.pool.individuals) if half[name] == part]
        names, scores, local = _compared(queries, enrolled, rows, rerank)
        field = {side: Field(comparable=_comparable(enrolled, rows, side)) for side in set(asked.sides)}
        for query, (name, side) in enumerate(zip(asked.individuals, asked.sides, strict=True)):
            found = {
                names[column]: (float(scores[query, column]), _or_none(float(local[query, column])))
                for column in np.flatnonzero(np.isfinite(scores[query])).tolist()
            }
            learned = calibration.of_side(side) if calibration else None
            if part == half[name] and name in found:
                outcome, said = _decision(found, learned, field[side])
                own.append((name, outcome, said == name))
            elif part != half[name]:
                foreign.append((name, _decision(found, learned, field[side])[0]))

    enrolled_herd, unknown_herd = (Herd([one[0] for one in asked_as], seed=seed) for asked_as in (own, foreign))

    def of_enrolled(wanted: Outcome, right: bool | None = None) -> Estimate:
        return enrolled_herd.mean(np.asarray([outcome == wanted and right in (None, hit) for _, outcome, hit in own]))

    def of_unknown(wanted: Outcome) -> Estimate:
        return unknown_herd.mean(np.asarray([outcome == wanted for _, outcome in foreign]))

    return OpenSet(
        len(own), of_enrolled(Outcome.KNOWN, True), of_enrolled(Outcome.KNOWN, False), of_enrolled(Outcome.NEW),
        of_enrolled(Outcome.REVIEW), len(foreign), of_unknown(Outcome.KNOWN), of_unknown(Outcome.NEW),
        of_unknown(Outcome.REVIEW),
    )


def _compared(
    queries: Embedded, enrolled: Embedded, rows: Sequence[int], rerank: int
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Names (I,) of a part of the gallery, the best cosine (Q, I) of each, -inf for none, and the re-ranking score, or nan."""
    gallery = enrolled.pool.subset(rows)
    near = best_scores(queries.pool, gallery, same_side=True, other_encounter=True)
    if not rerank or not rows:
        return near.names, near.scores, np.full(near.scores.shape, np.nan)
    assert queries.maps is not None and enrolled.maps is not None
    found = look(
        queries.pool, gallery, queries.maps, enrolled.maps[np.asarray(rows)], same_side=True, other_encounter=True,
        individuals=rerank,
    )
    return near.names, near.scores, of_individuals(found, queries.pool, gallery)


def _comparable(enrolled: Embedded, rows: Sequence[int], side: str) -> float:
    """As `steps.search.comparable`: a query of unknown side shows either."""
    pool = enrolled.pool
    everybody = {pool.individuals[row] for row in rows}
    if not everybody:
        return 1.0
    sides = [side] if side else ["left", "right"]
    seen = [{pool.individuals[row] for row in rows if pool.sides[row] in (one, "")} for one in sides]
    return sum(map(len, seen)) / (len(sides) * len(everybody))


def _or_none(local: float) -> float | None:
    return None if np.isnan(local) else local


def _decision(
    found: Mapping[str, tuple[float, float | None]], calibration: Calibration | None, field: Field
) -> tuple[Outcome, str | None]:
    if not found:
        return decide(None, None, calibration, 0, field).outcome, None
    if calibration is None:
        return decide(max(found, key=lambda name: found[name][0]), None, None, len(found)).outcome, None
    items = [Candidate(name, worth(score, local, calibration)) for name, (score, local) in found.items()]
    chances = posterior(items, len(items), calibration.prior)
    first = max(found, key=lambda name: (chances.individuals[name], found[name][0]))
    if calibration.closer is not None and found[first][1] is not None:
        calibration = calibration.closer
    decision = decide(first, chances, calibration, len(found), field)
    return decision.outcome, decision.individual
