"""`reid evaluate`: how good are the gallery's nets, on photos whose individual is known?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reid import settings as options
from reid.actions.evaluation.embedded_photos import Embedded, Opener, background, boxes_of, embedded, encounters_of
from reid.actions.evaluation.open_set_rates import unknown_rates
from reid.actions.evaluation.results import EvaluateReport, SpeciesEvaluation
from reid.actions.evaluation.species_routing import routing
from reid.actions.intake.photo_selection import photos_of_column
from reid.actions.intake.taking_photos import take_photos
from reid.errors import UsageError
from reid.evaluation import closed_set, gallery_growth, metrics
from reid.evaluation.background import Probe
from reid.evaluation.background import probe as background_probe
from reid.evaluation.metrics import Pool, best_scores
from reid.evaluation.near_duplicates import audit as near_duplicates
from reid.evaluation.open_set import Separation, halves, separation, trials
from reid.files import check_writable
from reid.nets import inference
from reid.progress import SILENT, Progress
from reid.records import Calibration, Photo
from reid.settings import QuerySettings
from reid.steps.encounters import season
from reid.steps.local_matching import WEIGHT
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery


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
    report: Path | None = None,
    probe: bool | None = None,
    rerank: int | None = None,
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
        open_set: measure unknown-animal rates too; a report always does.
        species: only this one; "" = all.
        device: auto, cpu or cuda.
        seed: of the halves of the open set, and of the intervals.
        report: write all figures, with plots, as one HTML page here.
        probe: measure the photos without their animals too, which takes as long again; None = only for a report.
        rerank: individuals that are re-ranked by local features where a query would; 0 = none; None = as in a query.
        progress: called for every photo.

    Raises:
        UsageError: no photo with an individual or species to measure, or no such column, or the page cannot be written.
        GalleryError, NetError, ManifestError: gallery, net or table cannot be read.
    """
    with_page = report is not None
    _check_place(report)
    taken = take_photos(photos)
    for note in taken.notes:
        progress.say(note)
    queries = photos_of_column(taken.photos, column, asked)
    enrolled = photos_of_column(taken.photos, column, known) if column else queries
    problems = {str(problem): problem for problem in taken.problems}
    results: list[SpeciesEvaluation] = []
    with open_gallery(options.gallery_folder(gallery)) as opened:
        looked_at = options.resolve(QuerySettings(), {"rerank": rerank}).rerank
        run = _Run(opened, device, Opener(progress, problems), seed, taken.photos, looked_at)
        names = _species_of(queries)
        with_net = [name for name in names if opened.embedding_net(name) is not None]
        for name in [species] if species else with_net:
            results.append(
                run.species(
                    name, enrolled, queries, open_set=open_set or with_page,
                    probe=with_page if probe is None else probe,
                )
            )
        routed = routing(opened, queries, device, run.opener) if not species else None
    progress.finish()
    if not results and routed is None:
        raise UsageError(
            f"nothing to evaluate: none of the {len(queries)} photos names an individual, or a species the net knows"
        )
    left_out = tuple(name for name in names if name not in with_net)
    measured = EvaluateReport(tuple(results), left_out, routed, tuple(problems.values()))
    if report is not None:
        from reid.actions.evaluation import page  # not needed for figures alone

        protocol = f"{asked} against {known} of column {column}" if column else "every photo against all others"
        page.write(report, measured, protocol=protocol, examples=run.examples)
    return measured


def _check_place(report: Path | None) -> None:
    """Refuse a page that cannot be written, before hours of work. Raises UsageError."""
    if report is None:
        return
    if report.is_dir() or not report.parent.is_dir():
        raise UsageError(f"{report}: no page can be written there; name a file in a folder that exists")
    check_writable(report.parent)


def _species_of(photos: Sequence[Photo]) -> list[str]:
    """The species of photos that name an individual, sorted."""
    return sorted({photo.species for photo in photos if photo.individual and photo.species})


class _Run:
    def __init__(
        self, gallery: GalleryStore, device: str, opener: Opener, seed: int, frames: Sequence[Photo], rerank: int
    ) -> None:
        """frames: every photo of the manifest, with all animals that were boxed in it."""
        self.frames, self.rerank = frames, rerank
        self.gallery, self.device, self.opener, self.seed = gallery, device, opener, seed
        self.examples: dict[str, tuple[tuple[Path, bytes], ...]] = {}

    def species(
        self, name: str, known: Sequence[Photo], asked: Sequence[Photo], *, open_set: bool, probe: bool
    ) -> SpeciesEvaluation:
        fingerprint = self.gallery.embedding_net(name)
        if fingerprint is None:
            raise UsageError(f"the gallery has no net for {name!r}; `reid train` or `reid enroll` it first")
        net = inference.load(self.gallery.nets.path(fingerprint), self.device)
        calibration = self.gallery.calibration(name)
        closer = self.rerank if calibration is None or calibration.looks_closer else 0
        queries, enrolled = self._embedded(name, known, asked, net, closer=closer > 0)
        measured = measure(queries, enrolled, calibration, rerank=closer, seed=self.seed)
        unknown = divided = hidden = None
        if open_set:
            unknown = unknown_rates(queries, enrolled, calibration, rerank=closer, seed=self.seed)
            divided = separated(queries.pool, enrolled.pool, seed=self.seed)
        if probe:
            hidden = self._probe(name, queries, enrolled, net)
        return replace(
            measured, species=name, fingerprint=fingerprint, open_set=unknown, separation=divided, background=hidden
        )

    def _embedded(
        self, name: str, known: Sequence[Photo], asked: Sequence[Photo], net: inference.Runtime, *, closer: bool
    ) -> tuple[Embedded, Embedded]:
        """Queries and gallery; the same one where every photo is asked against all others."""
        chosen = [[one for one in part if one.species == name and one.individual] for part in (asked, known)]
        groups = encounters_of(chosen[0], chosen[1] if known is not asked else ())
        queries = embedded(name, chosen[0], groups[0], net, self.opener, closer=closer)
        enrolled = queries if known is asked else embedded(name, chosen[1], groups[1], net, self.opener, closer=closer)
        if not len(queries.pool.vectors) or not len(enrolled.pool.vectors):
            raise UsageError(
                f"{name}: {len(enrolled.pool.vectors)} gallery photos and {len(queries.pool.vectors)} queries; wanted both"
            )
        return queries, enrolled

    def _probe(self, name: str, queries: Embedded, enrolled: Embedded, net: inference.Runtime) -> Probe:
        boxes = boxes_of([*self.frames, *queries.pictures.photos, *enrolled.pictures.photos])
        asked = background(name, queries, boxes, net, self.opener)
        known = asked if enrolled is queries else background(name, enrolled, boxes, net, self.opener)
        self.examples[name] = asked.examples
        parts = (asked,) if known is asked else (asked, known)
        return background_probe(
            asked.pool, known.pool, boxes=sum(one.boxes for one in parts), ellipses=sum(one.ellipses for one in parts),
            seed=self.seed,
        )


def measure(
    queries: Embedded, enrolled: Embedded, calibration: Calibration | None = None, *, rerank: int = 0, seed: int
) -> SpeciesEvaluation:
    """All figures of the closed set; the name of the species and what needs more than embeddings stay empty."""
    asked, known = queries.pool, enrolled.pool
    audit, duplicated = near_duplicates(queries.pictures, enrolled.pictures)
    ranked = {protocol.name: closed_set.ranked(asked, known, protocol) for protocol in closed_set.PROTOCOLS}
    if rerank:
        ranked |= _ranked_closer(queries, enrolled, calibration, rerank)
    summaries = {name: metrics.summary(places, len(asked.vectors)) for name, places in ranked.items()}
    strict = ranked[closed_set.STRICT.name]
    nearest = best_scores(asked, known, same_side=True, other_encounter=True)
    return SpeciesEvaluation(
        "", "", len(known.vectors), len(asked.vectors), len(set(known.individuals)),
        summaries[closed_set.ANY_PHOTO.name],
        summaries[closed_set.STRICT.name],
        published_closer=summaries.get(closed_set.ANY_PHOTO.name + closed_set.CLOSER_LOOK),
        strict_closer=summaries.get(closed_set.STRICT.name + closed_set.CLOSER_LOOK),
        open_set=None,
        closed_set=tuple(
            closed_set.closed_set(
                places, asked.individuals, name, gallery=len(known.vectors), duplicated=duplicated, seed=seed
            )
            for name, places in ranked.items()
        ),
        sides=closed_set.groups(strict, asked.individuals, asked.sides, seed=seed),
        seasons=closed_set.groups(strict, asked.individuals, [season(one) for one in queries.pictures.photos], seed=seed),
        by_gallery_size=gallery_growth.by_gallery_size(nearest, asked.individuals, seed=seed),
        by_photos=gallery_growth.by_photos(asked, known, same_side=True, other_encounter=True, seed=seed),
        near_duplicates=audit,
        separation=None,
        background=None,
    )


def _ranked_closer(
    queries: Embedded, enrolled: Embedded, calibration: Calibration | None, rerank: int
) -> dict[str, metrics.Places]:
    assert queries.maps is not None and enrolled.maps is not None
    learned = calibration.closer if calibration else None
    weight = learned.more_slopes[0] / learned.slope if learned else WEIGHT
    return {
        protocol.name + closed_set.CLOSER_LOOK: closed_set.ranked_closer(
            queries.pool, enrolled.pool, queries.maps, enrolled.maps, protocol, individuals=rerank, weight=weight
        )
        for protocol in (closed_set.ANY_PHOTO, closed_set.STRICT)
    }


def separated(queries: Pool, enrolled: Pool, *, seed: int) -> Separation:
    """Known against unknown queries by their best score alone; same side and other encounters only, in the same halves."""
    nearest = best_scores(queries, enrolled, same_side=True, other_encounter=True)
    half = halves([*enrolled.individuals, *queries.individuals], seed)
    return separation(trials(nearest, queries.individuals, half), seed=seed)
