"""One count: of the occasions of a season, or of several seasons that are taken for occasions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.abundance import uncertain_history
from reid.abundance.closed_population import ENOUGH_RECAPTURES, METHODS, Method, Tally, aicc, closure
from reid.abundance.intervals import interval
from reid.abundance.multiple_imputation import Combined, combine
from reid.abundance.review_priority import gains
from reid.abundance.uncertain_history import Labels, UncertainHistory
from reid.actions.counting.results import Carried, Look, OccasionCount, ScopeAnswer, ScopeCount, ScopeEstimate
from reid.actions.identification.unresolved_sightings import OpenSighting
from reid.settings import CountSettings
from reid.survey.effort import Occasion

LEAST_CHANCE = 0.1
"""Below such a chance of being seen on an occasion closed-population estimators are poor (Otis et al. 1978)."""
BUNCHED = 0.05
"""From here down the closure test says that captures are bunched in time."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is counted together. occasions: the columns of the history that make up each. seasons: each is a whole season."""

    name: str
    occasions: tuple[tuple[int, ...], ...]
    seasons: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is uncertain in a scope.

    study: the history with its unresolved sightings; used: the sighting behind each; names: of its rows. drawn: answers that
    were drawn, (draws, sightings); None = nothing is uncertain. working: the columns of each occasion that was sampled.
    """

    study: UncertainHistory
    used: Sequence[OpenSighting]
    names: Sequence[str]
    drawn: Labels | None
    working: Sequence[Sequence[int]]


def count_scope(
    scope: Scope, occasions: Sequence[Occasion], study: UncertainHistory, used: Sequence[OpenSighting], names: Sequence[str],
    labels: Labels | None, settings: CountSettings,
) -> ScopeCount:  # fmt: skip
    """Count one scope.

    Args:
        scope: which columns are which occasions.
        occasions: the columns of the history.
        study: the history and its doubts; used: the sighting of each doubt; names: of its rows.
        labels: drawn answers (draws, doubts); None = nothing is in doubt, or not to be carried.
        settings: method and how many photos to look at.
    """
    sampled = [tuple(at for at in columns if occasions[at].sampled) for columns in scope.occasions]
    working = [columns for columns in sampled if columns]
    decisions = uncertain_history.as_decided(study)
    whole = uncertain_history.matrix(study, decisions[0])
    seen = np.stack([whole[:, list(columns)].any(1) for columns in scope.occasions], axis=1)
    drawn = labels if _uncertain_in(study, working) else None
    point = uncertain_history.histories(study, decisions, working) if working else None
    many = uncertain_history.histories(study, drawn, working) if working and drawn is not None else None
    usable = [method for method in METHODS.values() if point is not None and method.fits(point.occasions)]
    estimates = _estimates(usable, point, many) if point is not None else ()
    method = _chosen(settings.method, usable)
    captures, individuals = int(seen.sum()), int(seen.any(1).sum())
    return ScopeCount(
        scope.name, tuple(_occasion(columns, occasions, whole) for columns in scope.occasions), individuals,
        _seen_drawn(many), _known_alive(scope, whole, individuals), captures - individuals, estimates,
        uncertain_history.expected_errors(study, drawn, working) if drawn is not None else None,
        method.name if method else "", _if_all(study, working, method, "new"), _if_all(study, working, method, "best"),
        _look(Question(study, used, names, drawn, working), method, estimates, settings.look),
        (*_warnings(scope, occasions, seen, working, point, estimates), *_open_note(study, working)),
    )  # fmt: skip


def _uncertain_in(study: UncertainHistory, working: Sequence[Sequence[int]]) -> bool:
    """Whether an unresolved sighting lies on one of the occasions."""
    return any(set(doubt.columns) & set(columns) for doubt in study.doubts for columns in working)


def _open_note(study: UncertainHistory, working: Sequence[Sequence[int]]) -> list[str]:
    """What must be said of the minimum known alive where sightings of the scope wait for a person."""
    columns = {column for occasion in working for column in occasion}
    waiting = sum(doubt.decided is None and not columns.isdisjoint(doubt.columns) for doubt in study.doubts)
    if not waiting:
        return []
    return [f"{waiting} unresolved sightings may show animals that are not among those seen: known alive is the least there were"]


def _seen_drawn(many: Tally | None) -> tuple[int, int] | None:
    """The 2.5 % and 97.5 % of the individuals seen in drawn histories; None where none were drawn."""
    if many is None:
        return None
    low, high = np.quantile(many.seen, (0.025, 0.975))
    return int(low), int(high)


def _occasion(columns: tuple[int, ...], occasions: Sequence[Occasion], whole: NDArray[np.bool_]) -> OccasionCount:
    parts = [occasions[at] for at in columns]
    days = [one.camera_days for one in parts]
    effort = None if None in days else sum(one for one in days if one is not None)
    seen = int(whole[:, list(columns)].any(1).sum()) if any(one.sampled for one in parts) else None
    name = parts[0].name if len(parts) == 1 else parts[0].season
    return OccasionCount(name, parts[0].start, parts[-1].end, effort, seen)


def _known_alive(scope: Scope, whole: NDArray[np.bool_], individuals: int) -> int:
    """Seen in the scope, or both before it and after it. Rows are animals, columns days that follow each other."""
    first, last = scope.occasions[0][0], scope.occasions[-1][-1]
    bridging = whole[:, :first].any(1) & whole[:, last + 1 :].any(1) & ~whole[:, first : last + 1].any(1)
    return individuals + int(bridging.sum())


def _estimates(usable: Sequence[Method], point: Tally, many: Tally | None) -> tuple[ScopeEstimate, ...]:
    one = Tally(point.counts[0], point.frequencies[0])
    criteria = {
        method.name: aicc(one, number, method.varying)
        for method in usable
        if method.varying is not None and math.isfinite(number := float(method.estimate(one).number))
    }
    least = min(criteria.values(), default=math.inf)
    found = []
    for method in usable:
        estimate = method.estimate(one)
        number, variance = float(estimate.number), float(estimate.variance)
        lower, upper, kind = interval(method, one)
        criterion = criteria.get(method.name, math.inf)
        combined = combine(method, many) if many is not None else None
        found.append(ScopeEstimate(
            method.name, method.title, _finite(number), _finite(math.sqrt(variance) if variance >= 0 else math.nan),
            _finite(lower), _finite(upper), kind,
            _finite(criterion - least) if math.isfinite(criterion) else None, _carried(combined), method.source, method.assumes,
        ))  # fmt: skip
    return tuple(found)


def _carried(found: Combined | None) -> Carried | None:
    if found is None or not math.isfinite(found.number):
        return None
    return Carried(found.number, found.standard_error, found.lower, found.upper, found.within, found.between, found.failed)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _chosen(name: str, usable: Sequence[Method]) -> Method | None:
    """The method asked for where it fits, else chapman for two occasions and chao for more."""
    names = {one.name: one for one in usable}
    return names.get(name) or names.get("chapman") or names.get("chao")


def _if_all(study: UncertainHistory, working: Sequence[Sequence[int]], method: Method | None, kind: str) -> float | None:
    """The number if every open sighting were `kind`: new, or the best match; None where none lies in the scope."""
    if method is None or not _uncertain_in(study, working):
        return None
    labels = uncertain_history.as_decided(study, open_as=kind)
    return _finite(float(method.estimate(uncertain_history.histories(study, labels, working)).number[0]))


def _look(
    question: Question, method: Method | None, estimates: Sequence[ScopeEstimate], most: int
) -> tuple[Look, ...]:
    """The photos whose answer tightens the number most; () where nothing is uncertain, or none was asked for."""
    if method is None or question.drawn is None or not most:
        return ()
    carried = next((one.carried for one in estimates if one.method == method.name), None)
    variance = carried.within + carried.between if carried else math.nan
    looks = []
    for one in gains(question.study, question.drawn, question.working, method.estimate, most):
        sighting = question.used[one.doubt]
        photos = {alternative.individual: alternative.photo for alternative in sighting.alternatives}
        answers = []
        for reply in one.replies:
            name = "nobody enrolled" if reply.row is None else question.names[reply.row]
            answers.append(
                ScopeAnswer(name, reply.probability, reply.number, photos.get(name, "") if reply.row is not None else "")
            )
        decision = sighting.outcome.value + (f": {sighting.individual}" if sighting.individual else "")
        lead = sighting.photos[0]
        share = one.gain / variance if variance > 0 else 0.0
        looks.append(Look(str(lead.path), lead.captured_at, lead.camera, decision, one.gain, share, tuple(answers)))
    return tuple(looks)


def _warnings(
    scope: Scope, occasions: Sequence[Occasion], seen: NDArray[np.bool_], working: Sequence[Sequence[int]], point: Tally | None,
    estimates: Sequence[ScopeEstimate],
) -> list[str]:  # fmt: skip
    warnings = [
        f"no camera worked on {occasions[at].name} ({occasions[at].start} to {occasions[at].end}): not known (NA), left out"
        for columns in scope.occasions
        for at in columns
        if not occasions[at].sampled
    ]
    if len(working) < 2:
        return [*warnings, "one occasion: nothing can be estimated; --days N cuts the season into occasions"]
    if scope.seasons:
        warnings.append(
            "seasons taken for occasions: animals are born, die and move between them, so the population was not closed and "
            "these numbers are of no one season; `reid export mark` takes the histories to an open model"
        )
    else:
        sampled = [any(occasions[at].sampled for at in columns) for columns in scope.occasions]
        bunched = closure(seen[seen.any(1)][:, sampled])
        if bunched is not None and bunched < BUNCHED:
            warnings.append(
                f"captures of an animal are bunched in time (closure test of Otis et al. 1978, p = {bunched:.3f}): animals may "
                "have come or gone within the season"
            )
    recaptures = int(seen.sum()) - int(seen.any(1).sum())
    if recaptures < ENOUGH_RECAPTURES:
        warnings.append(
            f"{recaptures} recaptures: with fewer than {ENOUGH_RECAPTURES} estimates are biased, their intervals too narrow"
        )
    constant = next((one.number for one in estimates if one.method == "m0"), None)
    if constant and point is not None and (chance := float(point.captures[0]) / (point.occasions * constant)) < LEAST_CHANCE:
        warnings.append(
            f"the chance to see an animal on an occasion is {chance:.2f}; below {LEAST_CHANCE} the estimates are poor"
        )
    return warnings
