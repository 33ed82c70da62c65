"""`reid train`: stage 1 from the species of the photos, stage 2 for each species with enough individuals, a net for the side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from reid import settings as options
from reid.actions.intake.closing_line import closing_line
from reid.actions.intake.photo_selection import photos_of_column
from reid.actions.intake.taking_photos import take_photos
from reid.actions.training.jobs import JobResult, TrainingJob, planned_jobs
from reid.actions.training.results import TrainedNet, TrainReport
from reid.actions.training.train_embedding import train_embedding, use_shared_net
from reid.actions.training.train_side import train_side
from reid.actions.training.train_species import train_species
from reid.errors import TrainingError
from reid.nets import inference
from reid.progress import SILENT, Progress
from reid.records import Problem
from reid.settings import TrainSettings
from reid.store.catalog.own_files import clear_checkpoints
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery


def train(
    photos: Sequence[Path],
    *,
    gallery: Path | None = None,
    settings: TrainSettings | None = None,
    progress: Progress = SILENT,
) -> TrainReport:
    """Train the nets of a gallery from labelled photos and put them to use.

    Stage 1 needs two species (`empty` frames count as one), stage 2 individuals, the side net photos of known side. A species
    with too few individuals gets the shared net that ships. Where photos are enrolled already, they are embedded again and the
    gallery changes to the new net in one step; if one of their files is missing, nothing changes.

    Args:
        photos: files, folders or manifests.
        gallery: its folder, made if absent; None = REID_GALLERY or indexes/default.
        settings: None = defaults and REID_* variables.
        progress: called for every photo and epoch.

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
    jobs = planned_jobs(chosen, settings)
    folder = options.gallery_folder(gallery)
    nets: list[TrainedNet] = []
    problems: dict[str, Problem] = {str(problem): problem for problem in taken.problems}
    failures: list[str] = []
    with open_gallery(folder, create=True) as opened:
        _check_enrolled(opened, [job.species for job in jobs if job.stage == "embedding"])
        for job in jobs:
            try:
                trained, unread = _run_job(job, opened, settings, device, progress)
            except TrainingError as error:
                failures.append(f"{job.name}: {error}")
                progress.say(failures[-1])
                continue
            nets.append(trained)
            problems |= {str(problem): problem for problem in unread}
        if not failures:
            clear_checkpoints(opened.workspace.checkpoints)
    progress.finish()
    if failures and not nets:
        raise TrainingError("; ".join(failures))
    closing = closing_line(
        {"nets in use": len(nets)}, nothing="no net", undated=taken.undated, unread=len(problems),
        left={"not trained": len(failures)},
    )
    return TrainReport(folder, tuple(nets), tuple(problems.values()), tuple(failures), closing)


def _check_enrolled(gallery: GalleryStore, species: Sequence[str]) -> None:
    """Before hours of training: can the photos already enrolled be embedded again?"""
    missing = [photo for name in species for photo in gallery.photos(name) if gallery.locate(photo) is None]
    if missing:
        raise TrainingError(
            f"{len(missing)} enrolled photos are not where they were (first: {missing[0].path}); a new net must embed "
            "them again. Bring the files back, or train into another gallery with --gallery"
        )


def _run_job(
    job: TrainingJob, gallery: GalleryStore, settings: TrainSettings, device: torch.device, progress: Progress
) -> JobResult:
    """Train the net of a job and put it to use. Raises TrainingError; the gallery is then as before."""
    if job.stage == "species":
        return train_species(job, gallery, settings, device, progress)
    if job.stage == "side":
        return train_side(job, gallery, settings, device, progress)
    if job.shared:
        return use_shared_net(job, gallery, settings, progress)
    return train_embedding(job, gallery, settings, device, progress)
