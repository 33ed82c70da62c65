"""One net to train: its photos, the training itself, and what its card and the report say of it."""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from torch import Tensor

from reid.actions.training.results import TrainedNet
from reid.errors import TrainingError, UsageError
from reid.files import make_folder
from reid.nets import inference, net_files
from reid.nets.net_files import NetCard
from reid.progress import Progress
from reid.records import EMPTY, Photo, Problem
from reid.settings import QuerySettings, TrainSettings
from reid.steps.encounters import encounters
from reid.store.contract import GalleryStore
from reid.training import dataset
from reid.training.tasks import initial_weights
from reid.training.tasks.embedding_task import COLLAPSED_AT, EmbeddingTask
from reid.training.tasks.species_task import SpeciesTask
from reid.training.trainer import Epoch, Fitted, Plan, fit

JobResult = tuple[TrainedNet, tuple[Problem, ...]]
PACE = {"species": 0.4, "embedding": 1.0, "side": 0.2}
"""How long training takes for each photo, by stage: shares of the time of an embedding net."""
COLLAPSED = (
    "the net gives nearly the same vector to every animal (mean cosine {cosine:.2f} between individuals): it has "
    "collapsed. Use a lower learning rate, --loss arcface or multi-similarity, or more photos of each individual"
)


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One net to train. photos: its examples; minutes: its share of the time; shared: use the net that ships."""

    stage: str
    species: str
    photos: tuple[Photo, ...]
    minutes: float | None = None
    shared: bool = False

    @property
    def name(self) -> str:
        """For messages and for the checkpoint."""
        return self.species or f"{self.stage} net"


def decode_photos(job: TrainingJob, size: tuple[int, int], gallery: GalleryStore, progress: Progress) -> dataset.Decoded:
    """The photos of a job, decoded for a net of this size. Raises TrainingError where none can be read."""
    progress.start(f"{job.name}: reading photos", len(job.photos))
    decoded = dataset.decode(job.photos, size, cache=gallery.workspace.cache, progress=progress.advance)
    if not decoded.photos:
        raise TrainingError(f"none of the {len(job.photos)} photos can be read; the first: {decoded.problems[0]}")
    return decoded


def encounter_groups(photos: Sequence[Photo]) -> tuple[str, ...]:
    """The encounter of each photo, as in a query."""
    return encounters(photos, minutes=QuerySettings().encounter_minutes)


def fit_job(
    task: SpeciesTask | EmbeddingTask,
    plan: Plan,
    job: TrainingJob,
    gallery: GalleryStore,
    settings: TrainSettings,
    progress: Progress,
) -> Fitted:
    """Train until the plan is over, from a checkpoint where there is one."""
    folder = gallery.workspace.checkpoints
    make_folder(folder)
    checkpoint = folder / f"{job.stage}-{hashlib.sha256(job.species.encode()).hexdigest()[:12]}.ckpt"
    progress.start(f"{job.name}: training", plan.epochs)
    return fit(
        task,
        plan,
        checkpoint=checkpoint,
        resume=settings.resume,
        signature=_signature(job, settings),
        on_epoch=_on_epoch(job, progress),
    )


def _on_epoch(job: TrainingJob, progress: Progress) -> Callable[[Epoch], None]:
    def say(epoch: Epoch) -> None:
        cosine = epoch.figures.get("mean_cosine", 0.0)
        if cosine > COLLAPSED_AT:
            raise TrainingError(COLLAPSED.format(cosine=cosine))
        name = "rank_1" if "rank_1" in epoch.figures else "top_1"
        figure = f"{name.replace('_', '-')} {epoch.figures[name]:.3f}, " if name in epoch.figures else ""
        note = f"loss {epoch.loss:.3f}, {figure}{epoch.seconds_left / 60.0:.1f} min left"
        progress.advance(epoch.number, note)

    return say


def keep_net(gallery: GalleryStore, card: NetCard, state: Mapping[str, Tensor]) -> NetCard:
    """Put a trained net into the gallery and load it once: that exports it, and shows that it can be used. Its card."""
    with tempfile.TemporaryDirectory(prefix="reid-net-") as place:
        card = net_files.save(card, state, Path(place))
        kept = gallery.nets.put(Path(place) / f"{card.fingerprint}.safetensors")
    inference.load(kept, "cpu")
    return card


def _signature(job: TrainingJob, settings: TrainSettings) -> str:
    """Equal for equal photos, by all that teaches or says who is held out, and settings: else a checkpoint is refused."""
    same = {name: value for name, value in asdict(settings).items() if name not in ("resume", "minutes", "device")}
    known = sorted(repr((one.path, one.box, one.species, one.individual, one.side, one.encounter, one.camera, one.captured_at))
                   for one in job.photos)  # fmt: skip
    return hashlib.sha256(repr((same, known)).encode()).hexdigest()


def training_record(
    stage: str, settings: TrainSettings, decoded: dataset.Decoded, fitted: Fitted, held: dataset.Decoded,
    taught: dataset.Decoded | None = None,
) -> dict[str, object]:
    """What a net's card says of its training."""
    photos = decoded.photos
    named = {"trained_individuals": sorted({photo.individual for photo in taught.photos})} if taught else {}
    return {
        "data": {
            "photos": len(photos),
            "individuals": len({photo.individual for photo in photos if photo.individual}),
            "held_out_photos": len(held.photos),
            "held_out_individuals": sorted({photo.individual for photo in held.photos if photo.individual}),
            **named,
            "column": settings.column,
        },
        "start": initial_weights.fingerprint(settings, stage),
        "loss": settings.loss,
        "seed": settings.seed,
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
        "stopped": fitted.stopped,
        "seconds": round(fitted.history[-1].seconds, 1) if fitted.history else 0.0,
    }


def finite_figures(figures: Mapping[str, float]) -> dict[str, float]:
    """Figures for a card: those that were measured."""
    return {name: float(value) for name, value in figures.items() if math.isfinite(value)}


def trained_net(job: TrainingJob, card: NetCard, decoded: dataset.Decoded, fitted: Fitted) -> TrainedNet:
    """What the report says of a trained net."""
    people = len({photo.individual for photo in decoded.photos if photo.individual})
    seconds = fitted.history[-1].seconds if fitted.history else 0.0
    return TrainedNet(
        job.stage, job.species, card.fingerprint, len(decoded.photos), people, len(fitted.history), seconds, dict(card.figures),
        card.calibration is not None,
    )


def planned_jobs(photos: Sequence[Photo], settings: TrainSettings) -> list[TrainingJob]:
    """Which nets the photos can train, the species net first, each with its share of the time.

    Raises:
        UsageError: none.
    """
    with_species = [photo for photo in photos if photo.species]
    planners = {"species": _species_jobs, "embedding": _embedding_jobs, "side": _side_jobs}
    jobs: list[TrainingJob] = []
    reasons: list[str] = []
    for stage, planner in planners.items():
        if stage in settings.stages:
            planned, reason = planner(with_species, settings)
            jobs += planned
            reasons += [reason] if reason else []
    if not jobs:
        raise UsageError(f"nothing to train from {len(photos)} photos: {'; '.join(reasons)}")
    return jobs if settings.minutes is None else _timed(jobs, settings.minutes)


def _species_jobs(photos: Sequence[Photo], settings: TrainSettings) -> tuple[list[TrainingJob], str]:
    """The job of the species net, or why there is none."""
    classes = sorted({photo.species for photo in photos})
    if len(classes) > 1:
        return [TrainingJob("species", "", tuple(photos))], ""
    return [], f"the species net needs photos of two species (or of {EMPTY}), met {classes or 'none'}"


def _embedding_jobs(photos: Sequence[Photo], settings: TrainSettings) -> tuple[list[TrainingJob], str]:
    """A job for each species with named individuals, or why there is none. Raises UsageError for a species without any."""
    by_species: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        if photo.individual and photo.species != EMPTY:
            by_species[photo.species].append(photo)
    for name in settings.species:
        if name not in by_species:
            raise UsageError(f"no photo of species {name!r} names an individual; there are {sorted(by_species)}")
    jobs = [
        TrainingJob(
            "embedding", name, tuple(by_species[name]), shared=_with_two_photos(by_species[name]) < settings.min_individuals
        )
        for name in settings.species or sorted(by_species)
    ]
    return jobs, "" if by_species else "embedding nets need photos with species and individual"


def _side_jobs(photos: Sequence[Photo], settings: TrainSettings) -> tuple[list[TrainingJob], str]:
    """The job of the side net, or why there is none."""
    sided = tuple(photo for photo in photos if photo.side and photo.species != EMPTY)
    return ([TrainingJob("side", "", sided)], "") if sided else ([], "the side net needs photos whose side is known")


def _timed(jobs: Sequence[TrainingJob], minutes: float) -> list[TrainingJob]:
    """The jobs with their shares of the minutes, by photos and by how long one takes; a shared net needs none."""
    weights = [0.0 if job.shared else len(job.photos) * PACE[job.stage] for job in jobs]
    whole = sum(weights) or 1.0
    return [replace(job, minutes=minutes * weight / whole) for job, weight in zip(jobs, weights, strict=True)]


def _with_two_photos(photos: Sequence[Photo]) -> int:
    """How many individuals have two photos: one alone teaches nothing about being the same."""
    counts: dict[str, int] = defaultdict(int)
    for photo in photos:
        counts[photo.individual] += 1
    return sum(1 for count in counts.values() if count > 1)
