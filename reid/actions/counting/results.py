"""What a count came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from reid.abundance.uncertain_history import Errors
from reid.survey.capture_history import LeftOut


@dataclass(frozen=True, slots=True)
class OccasionCount:
    """One occasion. individuals: seen on it, by the decisions; None = no camera worked, so nothing is known (NA)."""

    name: str
    start: date
    end: date
    camera_days: float | None
    individuals: int | None


@dataclass(frozen=True, slots=True)
class Carried:
    """An estimate with the doubts of identification carried through. within, between: variance of sampling and of the doubts.

    failed: share of the drawn histories that support no estimate.
    """

    number: float
    standard_error: float
    lower: float
    upper: float
    within: float
    between: float
    failed: float


@dataclass(frozen=True, slots=True)
class ScopeEstimate:
    """One estimator's answer by the decisions, with its 95 % interval; None where it cannot be estimated.

    interval: likelihood or log-normal. aicc_difference: to the better of M0 and Mt; None for the others, which have no
    likelihood. carried: None without doubts.
    """

    method: str
    title: str
    number: float | None
    standard_error: float | None
    lower: float | None
    upper: float | None
    interval: str
    aicc_difference: float | None
    carried: Carried | None
    source: str
    assumes: str


@dataclass(frozen=True, slots=True)
class ScopeAnswer:
    """What a person may answer: an individual or "nobody enrolled"; its probability, the number it is expected to leave."""

    answer: str
    probability: float
    number: float
    photo: str


@dataclass(frozen=True, slots=True)
class Look:
    """A photo to look at. gain: expected fall of the number's variance once those before it are answered; share: of all of it."""

    photo: str
    captured_at: datetime | None
    camera: str
    decision: str
    gain: float
    share: float
    answers: tuple[ScopeAnswer, ...]


@dataclass(frozen=True, slots=True)
class ScopeCount:
    """One count.

    seen: individuals seen, by the decisions (open ones left out). seen_drawn: its 2.5 % and 97.5 % among drawn histories.
    known_alive: minimum number known alive: seen in it, or before and after it. recaptures: captures beyond each one's first.
    errors: what the decisions are expected to have got wrong. method: that `if_new`, `if_best` and `look` are of; if_new,
    if_best: its number if every open sighting were a new animal, and if each were its best match.
    """

    name: str
    occasions: tuple[OccasionCount, ...]
    seen: int
    seen_drawn: tuple[int, int] | None
    known_alive: int
    recaptures: int
    estimates: tuple[ScopeEstimate, ...]
    errors: Errors | None
    method: str
    if_new: float | None
    if_best: float | None
    look: tuple[Look, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpeciesCount:
    """One species. side: what counts (all, left, right or both-linked).

    sightings: kept and not enrolled, that lie in the history; open, told_known, told_new: of them, by decision.
    notes: what a reader of the numbers must know; left_out: photos and individuals that do not count, and why.
    """

    species: str
    side: str
    individuals: int
    photos: int
    sightings: int
    open: int
    told_known: int
    told_new: int
    scopes: tuple[ScopeCount, ...]
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class CountReport:
    """The count of each species, and the tables written. notes: species that cannot be counted, and why.

    closing: all of it in one line.
    """

    species: tuple[SpeciesCount, ...]
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    closing: str = ""
