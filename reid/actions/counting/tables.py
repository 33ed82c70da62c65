"""A count as tables of plain values, for the terminal and for pages."""

from __future__ import annotations

import math

from reid.actions.counting.results import CountReport, ScopeCount, ScopeEstimate, SpeciesCount
from reid.tables.plain_table import PlainTable, Rows

COUNT_COLUMNS = (
    "species", "scope", "method", "number", "standard_error", "lower", "upper", "aicc_difference", "carried_number",
    "carried_standard_error", "carried_lower", "carried_upper", "seen", "known_alive", "occasions", "source", "assumes",
)  # fmt: skip
LOOK_COLUMNS = ("species", "scope", "photo", "captured_at", "camera", "decision", "gain", "share", "answer", "probability",
                "number_then", "enrolled_photo")  # fmt: skip

WORTH = 0.005
"""Photos whose answer takes a smaller share off the variance are not worth a look; count's files hold them."""


def count_rows(report: CountReport) -> Rows:
    """A row for each estimate, and one for a scope without any; in the order of `COUNT_COLUMNS`."""
    rows: Rows = []
    for one in report.species:
        for scope in one.scopes:
            numbers = (scope.seen, scope.known_alive, len(scope.occasions))
            for estimate in scope.estimates:
                carried = estimate.carried
                beside = (carried.number, carried.standard_error, carried.lower, carried.upper) if carried else (None,) * 4
                rows.append((one.species, scope.name, estimate.method, estimate.number, estimate.standard_error, estimate.lower,
                             estimate.upper, estimate.aicc_difference, *beside, *numbers, estimate.source,
                             estimate.assumes))  # fmt: skip
            if not scope.estimates:
                rows.append((one.species, scope.name, "", *(None,) * 9, *numbers, "", ""))
    return rows


def look_rows(report: CountReport) -> Rows:
    """The photos to look at, a row for each answer; in the order of `LOOK_COLUMNS`."""
    return [
        (one.species, scope.name, look.photo, look.captured_at, look.camera, look.decision, look.gain, look.share,
         answer.answer, answer.probability, answer.number, answer.photo)
        for one in report.species for scope in one.scopes for look in scope.look for answer in look.answers
    ]  # fmt: skip


def tables(report: CountReport) -> list[PlainTable]:
    """Of each species: who was seen, the estimates, what the doubts do, and the photos to look at."""
    return [table for one in report.species for table in (_seen(one), _estimates(one), *_doubts(one), *_look(one)) if table[2]]


def _seen(one: SpeciesCount) -> PlainTable:
    title = f"{one.species}: {one.individuals} individuals in {one.photos} photos"
    title += f", side {one.side}" if one.side != "all" else ""
    if one.sightings:
        title += f"; {one.sightings} sightings not enrolled ({one.told_known} known, {one.told_new} new, {one.open} open)"
    rows: Rows = []
    for scope in one.scopes:
        on = " ".join("NA" if occasion.individuals is None else str(occasion.individuals) for occasion in scope.occasions)
        days = f"{scope.occasions[0].start} to {scope.occasions[-1].end}"
        rows.append((scope.name, days, len(scope.occasions), on, scope.seen, scope.known_alive, scope.recaptures))
    return title, ("count", "days", "occasions", "seen on each", "seen", "known alive", "recaptures"), rows


def _estimates(one: SpeciesCount) -> PlainTable:
    rows: Rows = []
    for scope in one.scopes:
        for estimate in scope.estimates:
            carried = estimate.carried
            beside = (_whole(carried.number), _range(carried.lower, carried.upper)) if carried else ("", "")
            error = "" if estimate.standard_error is None else f"{estimate.standard_error:.1f}"
            difference = "" if estimate.aicc_difference is None else f"{estimate.aicc_difference:.1f}"
            interval = _range(estimate.lower, estimate.upper)
            about = (scope.name, estimate.title, _whole(estimate.number), error, interval, difference)
            rows.append((*about, *beside, estimate.assumes, estimate.source))
    columns = ("count", "method", "animals", "SE", "95 %", "AICc +", "with doubts", "95 %", "assumes", "source")
    return f"{one.species}: how many animals", columns, rows


def _doubts(one: SpeciesCount) -> list[PlainTable]:
    rows: Rows = []
    for scope in one.scopes:
        if scope.errors is None:
            continue
        estimate = _of_method(scope)
        variance = estimate.carried.between + estimate.carried.within if estimate and estimate.carried else 0.0
        between = estimate.carried.between if estimate and estimate.carried else 0.0
        share = between / variance if variance > 0.0 else None  # 0: a bare count
        rows.append((
            scope.name, scope.method, _whole(estimate.number) if estimate else "", _whole(scope.if_new), _whole(scope.if_best),
            _range(*scope.seen_drawn) if scope.seen_drawn else "", f"{scope.errors.splits:.1f}",
            f"{scope.errors.merges:.1f} ({scope.errors.hidden:.1f})", "" if share is None else f"{share:.0%}",
        ))  # fmt: skip
    columns = (
        "count", "method", "as decided", "open ones all new", "all best match", "seen, 95 % of histories", "splits expected",
        "merges (of new animals)", "of the variance",
    )  # fmt: skip
    return [(f"{one.species}: what doubtful identifications do", columns, rows)]


def _look(one: SpeciesCount) -> list[PlainTable]:
    rows: Rows = []
    for scope in one.scopes:
        for look in scope.look:
            if look.share < WORTH:
                continue
            answers = "; ".join(f"{answer.answer} {answer.probability:.2f} -> {answer.number:.1f}" for answer in look.answers)
            rows.append((scope.name, look.photo, look.decision, f"{look.share:.0%}", answers))
    columns = ("count", "photo", "decision", "variance gone", "who it may be, and the number that would leave")
    return [(f"{one.species}: photos to look at next (enroll them under the right one, ask the rest again)", columns, rows)]


def _of_method(scope: ScopeCount) -> ScopeEstimate | None:
    return next((estimate for estimate in scope.estimates if estimate.method == scope.method), None)


def _whole(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}"


def _range(lower: float | None, upper: float | None) -> str:
    """Whole animals, outwards: a log-normal interval never starts at the animals seen; one from 13.4 on is of 13 and more."""
    if lower is None:
        return "?"
    return f"{math.floor(lower + 1e-6)} to {'any' if upper is None else math.ceil(upper - 1e-6)}"
