"""`reid train`: stage 1 from the species of the photos, stage 2 for each species with enough individuals, a net for the side."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reid import settings as options
from reid.actions.intake.photo_selection import photos_of_column
from reid.actions.intake.taking_photos import take_photos
from reid.actions.training import train_embedding
from reid.actions.training.results import TrainedNet, TrainReport
from reid.actions.training.train_embedding import TrainingJob
from reid.errors import TrainingError, UsageError
from reid.nets import inference
from reid.progress import SILENT, Progress
from reid.records import EMPTY, Photo, Problem
from reid.settings import TrainSettings
from reid.store import Gallery


def train(
    photos: Sequence[Path],
    *,
    gallery: Path | None = None,
    settings: TrainSettings | None = None,
    progress: Progress = SILENT,
) -> TrainReport:
    """Train the nets of a gallery from labelled photos and put them to use.

    Stage 1 needs two species (`empty` frames count as one), stage 2 individuals, the side net photos of known side. A species
    with too few individuals gets the shared net that ships. Where photos are enrolled already, they are embedded anew and the
    gallery changes to the new net in one step; if one of their files is missing, nothing changes.

    Args:
        photos: files, folders or manifests.
        gallery: its folder, made if absent; None = REID_GALLERY or indexes/default.
        settings: None = defaults and REID_* variables.
        progress: told of every photo and epoch.

    Raises:
        UsageError: settings that do not fit, or no photo to learn from.
        TrainingError: nothing could be trained.
        ManifestError, GalleryError: the photos' table or the gallery cannot be read.
    """
    settings = options.check_train(settings or options.resolve(TrainSettings(), {}))
    device = inference.device(settings.device)
    taken = take_photos(photos)
    for note in taken.notes:
        progress.say(note)
    chosen = photos_of_column(taken.photos, settings.column, "train")
    jobs = _jobs(chosen, settings)
    folder = options.gallery_folder(gallery)
    nets: list[TrainedNet] = []
    problems: dict[str, Problem] = {str(problem): problem for problem in taken.problems}
    failures: list[str] = []
    with Gallery.open(folder, create=True) as opened:
        _check_enrolled(opened, [job.species for job in jobs if job.stage == "embedding"])
        for job in jobs:
            try:
                trained, unread = train_embedding.run(job, opened, settings, device, progress)
            except TrainingError as error:
                failures.append(f"{job.name}: {error}")
                progress.say(failures[-1])
                continue
            nets.append(trained)
            problems |= {str(problem): problem for problem in unread}
        if not failures:
            shutil.rmtree(opened.nets_folder / "training", ignore_errors=True)
    progress.finish()
    if failures and not nets:
        raise TrainingError("; ".join(failures))
    return TrainReport(folder, tuple(nets), tuple(problems.values()), tuple(failures))


def _jobs(photos: Sequence[Photo], settings: TrainSettings) -> list[TrainingJob]:
    """Which nets the photos can train, the species net first.

    Raises:
        UsageError: none.
    """
    jobs: list[TrainingJob] = []
    with_species = [photo for photo in photos if photo.species]
    classes = sorted({photo.species for photo in with_species})
    reasons = []
    if "species" in settings.stages:
        if len(classes) > 1:
            jobs.append(TrainingJob("species", "", tuple(with_species)))
        else:
            reasons.append(f"the species net needs photos of two species (or of {EMPTY}), met {classes or 'none'}")
    if "embedding" in settings.stages:
        by_species: dict[str, list[Photo]] = defaultdict(list)
        for photo in with_species:
            if photo.individual and photo.species != EMPTY:
                by_species[photo.species].append(photo)
        for name in settings.species:
            if name not in by_species:
                raise UsageError(f"no photo of species {name!r} names an individual; there are {sorted(by_species)}")
        for name in settings.species or sorted(by_species):
            shared = _able(by_species[name]) < settings.min_individuals
            jobs.append(TrainingJob("embedding", name, tuple(by_species[name]), shared=shared))
        if not by_species:
            reasons.append("embedding nets need photos with species and individual")
    if "side" in settings.stages:
        if sided := tuple(photo for photo in with_species if photo.side and photo.species != EMPTY):
            jobs.append(TrainingJob("side", "", sided))
        else:
            reasons.append("the side net needs photos whose side is known")
    if not jobs:
        raise UsageError(f"nothing to train from {len(photos)} photos: {'; '.join(reasons)}")
    if settings.minutes is None:
        return jobs
    pace = {"species": 0.4, "embedding": 1.0, "side": 0.2}
    weights = [0.0 if job.shared else len(job.photos) * pace[job.stage] for job in jobs]
    whole = sum(weights) or 1.0
    return [replace(job, minutes=settings.minutes * weight / whole) for job, weight in zip(jobs, weights, strict=True)]


def _able(photos: Sequence[Photo]) -> int:
    """How many individuals have two photos: one alone teaches nothing about being the same."""
    counts: dict[str, int] = defaultdict(int)
    for photo in photos:
        counts[photo.individual] += 1
    return sum(1 for count in counts.values() if count > 1)


def _check_enrolled(gallery: Gallery, species: Sequence[str]) -> None:
    """Before hours of training: can the photos already enrolled be embedded anew?"""
    missing = [photo for name in species for photo in gallery.photos(name) if gallery.locate(photo) is None]
    if missing:
        raise TrainingError(
            f"{len(missing)} enrolled photos are not where they were (first: {missing[0].path}); a new net must embed "
            "them anew. Bring the files back, or train into another gallery with --gallery"
        )
