"""`reid evaluate`: how good are the gallery's nets, on photos whose individual is known?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reid import settings as options
from reid.actions.selecting import photos_of_column
from reid.actions.train_net import net_path
from reid.errors import UsageError
from reid.formats.manifest import read_photos
from reid.learn import metrics
from reid.learn.metrics import Pool, Ranking
from reid.nets import runtime
from reid.progress import SILENT, Progress
from reid.records import UNKNOWN_SPECIES, Calibration, Outcome, Photo, Problem, SpeciesGuess
from reid.settings import QuerySettings
from reid.steps.decision import Candidate, decide, evidence, posterior
from reid.steps.embedding import classify, embed, shortest_side
from reid.steps.encounter import encounters
from reid.steps.photo import Opened, dated, open_photos
from reid.steps.species import route
from reid.store import Gallery

BATCH = 16


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


@dataclass(frozen=True, slots=True)
class SpeciesEvaluation:
    """Figures of one species. published: any allowed photo may match; strict: same side and other encounters only."""

    species: str
    fingerprint: str
    gallery_photos: int
    query_photos: int
    individuals: int
    published: Ranking
    strict: Ranking
    open_set: OpenSet | None


@dataclass(frozen=True, slots=True)
class RoutingEvaluation:
    """Figures of the species net on the query rows. top_1: share right of all; recalls: share right of each species."""

    photos: int
    top_1: float
    macro_recall: float
    recalls: dict[str, float]
    called_unknown: float


@dataclass(frozen=True, slots=True)
class EvaluateReport:
    """What `evaluate` measured, species by species, and the species net where there is one.

    left_out: species of the photos that the gallery has no net for.
    """

    species: tuple[SpeciesEvaluation, ...]
    left_out: tuple[str, ...]
    routing: RoutingEvaluation | None
    problems: tuple[Problem, ...]


def evaluate(
    photos: Sequence[Path],
    *,
    column: str = "",
    known: str = "train",
    asked: str = "test",
    gallery: Path | None = None,
    open_set: bool = False,
    species: str = "",
    device: str = "auto",
    seed: int = 0,
    progress: Progress = SILENT,
) -> EvaluateReport:
    """Measure the nets of a gallery: rows `train` of a column are the gallery, rows `test` the queries.

    The photos enrolled in the gallery are not used and nothing is changed. Without a column every photo is asked against
    all others.

    Args:
        photos: files, folders or manifests with individuals.
        column: of the manifest, or `season`; "" = every photo against all others.
        known, asked: the values of the column that make the gallery and the queries; several separated by commas.
        gallery: whose nets are measured; None = REID_GALLERY or indexes/default.
        open_set: measure unknown-animal rates too.
        species: only this one; "" = all.
        device: auto, cpu or cuda.
        seed: of the halves of the open set.
        progress: told of every photo.

    Raises:
        UsageError: no photo with an individual or species to measure, or no such column.
        GalleryError, NetError, ManifestError: gallery, net or table cannot be read.
    """
    found = read_photos(list(photos))
    queries = dated(photos_of_column(found.photos, column, asked))
    enrolled = dated(photos_of_column(found.photos, column, known)) if column else queries
    problems = {str(problem): problem for problem in found.problems}
    results: list[SpeciesEvaluation] = []
    with Gallery.open(options.gallery_folder(gallery)) as opened:
        run = _Run(opened, device, progress, problems)
        names = sorted({photo.species for photo in queries if photo.individual and photo.species})
        with_net = [name for name in names if opened.embedding_net(name) is not None]
        for name in [species] if species else with_net:
            results.append(run.species(name, enrolled, queries, open_set=open_set, seed=seed, alone=not column))
        routing = run.routing(queries) if not species else None
    progress.finish()
    if not results and routing is None:
        raise UsageError(
            f"nothing to evaluate: none of the {len(queries)} photos names an individual, or a species the net knows"
        )
    left_out = tuple(name for name in names if name not in with_net)
    return EvaluateReport(tuple(results), left_out, routing, tuple(problems.values()))


class _Run:
    def __init__(self, gallery: Gallery, device: str, progress: Progress, problems: dict[str, Problem]) -> None:
        self.gallery, self.device, self.progress, self.problems = gallery, device, progress, problems

    def species(
        self, name: str, known: Sequence[Photo], asked: Sequence[Photo], *, open_set: bool, seed: int, alone: bool
    ) -> SpeciesEvaluation:
        fingerprint = self.gallery.embedding_net(name)
        if fingerprint is None:
            raise UsageError(f"the gallery has no net for {name!r}; `reid train` or `reid enroll` it first")
        net = runtime.load(net_path(self.gallery, fingerprint), self.device)
        queries = self._pool(name, asked, net)
        enrolled = queries if alone else self._pool(name, known, net)
        if not len(queries.vectors) or not len(enrolled.vectors):
            raise UsageError(
                f"{name}: {len(enrolled.vectors)} gallery photos and {len(queries.vectors)} queries; wanted both"
            )
        calibration = self.gallery.calibration(name)
        return SpeciesEvaluation(
            name,
            fingerprint,
            len(enrolled.vectors),
            len(queries.vectors),
            len(set(enrolled.individuals)),
            published=metrics.rank(queries, enrolled),
            strict=metrics.rank(queries, enrolled, same_side=True, other_encounter=True),
            open_set=unknown_rates(queries, enrolled, calibration, seed=seed) if open_set else None,
        )

    def _pool(self, name: str, photos: Sequence[Photo], net: runtime.Runtime) -> Pool:
        chosen = [photo for photo in photos if photo.species == name and photo.individual]
        groups = dict(
            zip(
                [id(photo) for photo in chosen],
                encounters(chosen, minutes=QuerySettings().encounter_minutes),
                strict=True,
            )
        )
        self.progress.start(f"{name}: embedding", len(chosen))
        vectors, kept, hashes = [], [], []
        for opened in self._batches(chosen, net):
            vectors.append(embed(net, [item.picture for _, item in opened]))
            kept += [photo for photo, _ in opened]
            hashes += [item.picture.sha256 + (photo.box.key() if photo.box else "") for photo, item in opened]
        return Pool(
            np.concatenate(vectors) if vectors else np.zeros((0, net.card.dimension), np.float32),
            [photo.individual for photo in kept],
            [photo.side for photo in kept],
            [groups[id(photo)] for photo in kept],
            hashes,
        )

    def routing(self, photos: Sequence[Photo]) -> RoutingEvaluation | None:
        fingerprint = self.gallery.species_net()
        if fingerprint is None:
            return None
        net = runtime.load(net_path(self.gallery, fingerprint), self.device)
        chosen = [photo for photo in photos if photo.species in net.card.classes]
        if not chosen:
            return None
        self.progress.start("routing species", len(chosen))
        guesses: list[tuple[str, SpeciesGuess]] = []
        for opened in self._batches(chosen, net):
            answers = route(net.card, classify(net, [item.picture for _, item in opened]), QuerySettings())
            guesses += [(photo.species, guess) for (photo, _), guess in zip(opened, answers, strict=True)]
        right: dict[str, list[bool]] = defaultdict(list)
        for truth, guess in guesses:
            best = guess.alternatives[0][0] if guess.name == UNKNOWN_SPECIES else guess.name
            right[truth].append(best == truth)
        recalls = {name: float(np.mean(values)) for name, values in sorted(right.items())}
        return RoutingEvaluation(
            len(guesses),
            float(np.mean([hit for values in right.values() for hit in values])),
            float(np.mean(list(recalls.values()))),
            recalls,
            float(np.mean([guess.name == UNKNOWN_SPECIES for _, guess in guesses])),
        )

    def _batches(self, photos: Sequence[Photo], net: runtime.Runtime) -> Iterator[list[tuple[Photo, Opened]]]:
        """Batches of opened photos; problems are put aside."""
        batch: list[tuple[Photo, Opened]] = []
        for done, (photo, item) in enumerate(
            zip(photos, open_photos(photos, shortest_side(net)), strict=True), start=1
        ):
            if isinstance(item, Problem):
                self.problems[str(item)] = item
            else:
                batch.append((photo, item))
            if len(batch) == BATCH or (done == len(photos) and batch):
                yield batch
                batch = []
            self.progress.advance(done)


def unknown_rates(queries: Pool, enrolled: Pool, calibration: Calibration | None, *, seed: int) -> OpenSet:
    """Decide on every query twice: with its individual's half of the gallery, and with the other half only.

    Same side and other encounters only, as in the field. Queries with no photo of their individual to match are asked as
    unknown only.
    """
    names = sorted({*enrolled.individuals, *queries.individuals})
    order = np.random.default_rng(seed).permutation(len(names))
    half = {names[number]: place % 2 for place, number in enumerate(order)}
    side_of = np.asarray([half[name] for name in enrolled.individuals])
    own: list[tuple[Outcome, bool]] = []
    foreign: list[Outcome] = []
    for start in range(0, len(queries.vectors), metrics.CHUNK):
        rows = slice(start, start + metrics.CHUNK)
        mask = metrics.allowed(queries, enrolled, rows, same_side=True, other_encounter=True)
        scores = np.where(mask, queries.vectors[rows] @ enrolled.vectors.T, -np.inf)
        for row, name in zip(scores, queries.individuals[rows], strict=True):
            for part in (0, 1):
                best = _best(row, enrolled.individuals, side_of == part)
                if part == half[name] and name in best:
                    outcome, said = _decision(best, calibration)
                    own.append((outcome, said == name))
                elif part != half[name]:
                    foreign.append(_decision(best, calibration)[0])

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


def _best(row: np.ndarray, individuals: Sequence[str], use: np.ndarray) -> dict[str, float]:
    best: dict[str, float] = {}
    for index in np.flatnonzero(use & np.isfinite(row)).tolist():
        name = individuals[index]
        best[name] = max(best.get(name, -2.0), float(row[index]))
    return best


def _decision(best: dict[str, float], calibration: Calibration | None) -> tuple[Outcome, str | None]:
    if not best:
        return Outcome.NEW, None
    first = max(best, key=lambda name: best[name])
    chances = None
    if calibration is not None:
        items = [Candidate(name, evidence(score, calibration)) for name, score in best.items()]
        chances = posterior(items, len(items), calibration.prior)
    decision = decide(first, chances, calibration, len(best))
    return decision.outcome, decision.individual
