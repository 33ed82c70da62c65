"""What an evaluation measured."""

from __future__ import annotations

from dataclasses import dataclass

from reid.evaluation.background import Probe
from reid.evaluation.bootstrap import Estimate
from reid.evaluation.closed_set import ClosedSet, ResultGroup
from reid.evaluation.gallery_growth import Point
from reid.evaluation.metrics import Ranking
from reid.evaluation.near_duplicates import Audit
from reid.evaluation.open_set import Separation
from reid.records import Problem


@dataclass(frozen=True, slots=True)
class OpenSet:
    """What was decided on animals enrolled and never enrolled; shares in [0, 1] with their intervals over individuals.

    In turn, half of the individuals (by seed) are taken out of the gallery, so that every query is asked once as an
    enrolled animal and once as an unknown one.
    """

    enrolled: int
    known_right: Estimate
    known_wrong: Estimate
    called_new: Estimate
    enrolled_review: Estimate
    unknown: int
    false_match: Estimate
    new_right: Estimate
    unknown_review: Estimate


@dataclass(frozen=True, slots=True)
class RoutingEvaluation:
    """Figures of the species net on the query rows. top_1: share right of all; recalls: share right of each species."""

    photos: int
    top_1: float
    macro_recall: float
    recalls: dict[str, float]
    called_unknown: float


@dataclass(frozen=True, slots=True)
class SpeciesEvaluation:
    """Figures of one species. published: any allowed photo may match; strict: same side and other encounters only.

    published_closer, strict_closer: the same after re-ranking; None where a query of this gallery would not re-rank.
    closed_set: figures with their intervals by protocol, those of before among them. sides, seasons, by_gallery_size,
    by_photos and separation are measured as strict; seasons are those of the queries.
    """

    species: str
    fingerprint: str
    gallery_photos: int
    query_photos: int
    individuals: int
    published: Ranking
    strict: Ranking
    published_closer: Ranking | None
    strict_closer: Ranking | None
    open_set: OpenSet | None
    closed_set: tuple[ClosedSet, ...]
    sides: tuple[ResultGroup, ...]
    seasons: tuple[ResultGroup, ...]
    by_gallery_size: tuple[Point, ...]
    by_photos: tuple[Point, ...]
    near_duplicates: Audit
    separation: Separation | None
    background: Probe | None


@dataclass(frozen=True, slots=True)
class EvaluateReport:
    """What `evaluate` measured, species by species, and the species net where there is one.

    left_out: species of the photos that the gallery has no net for.
    """

    species: tuple[SpeciesEvaluation, ...]
    left_out: tuple[str, ...]
    routing: RoutingEvaluation | None
    problems: tuple[Problem, ...]
