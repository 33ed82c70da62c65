"""The side net, from its photos to its place in the gallery."""

from __future__ import annotations

from dataclasses import replace

import torch

from reid.actions.training.jobs import (
    JobResult,
    TrainingJob,
    decode_photos,
    encounter_groups,
    finite_figures,
    fit_job,
    keep_net,
    trained_net,
    training_record,
)
from reid.progress import Progress
from reid.settings import TrainSettings
from reid.store.contract import GalleryStore
from reid.training.tasks import initial_weights, side_task
from reid.training.tasks.side_task import SideTask
from reid.training.trainer import Plan


def train_side(
    job: TrainingJob, gallery: GalleryStore, settings: TrainSettings, device: torch.device, progress: Progress
) -> JobResult:
    """Train the side net and put it to use. Raises TrainingError; the gallery is then as before."""
    decoded = decode_photos(job, settings.side_image_size, gallery, progress)
    taught_rows, held_rows = side_task.hold_out(
        decoded.photos, encounter_groups(decoded.photos), share=settings.validation_share, seed=settings.seed
    )
    taught, held = decoded.subset(taught_rows), decoded.subset(held_rows)
    progress.start(f"{job.name}: head on frozen features", 1)
    task = SideTask(initial_weights.species_net(settings, len(side_task.CLASSES)), taught, held, settings, device)
    progress.advance(1)
    plan = Plan(
        settings.side_epochs, settings.learning_rate, settings.weight_decay, settings.patience, settings.seed, job.minutes
    )
    fitted = fit_job(task, plan, job, gallery, settings, progress)
    task.net.load_state_dict(fitted.state)
    card = side_task.finished(task, task.net)
    card = replace(card, training=training_record("side", settings, decoded, fitted, held), figures=finite_figures(card.figures))
    card = keep_net(gallery, card, fitted.state)
    gallery.sides.use_net(card.fingerprint, why="trained")
    note = f"too few photos were held out for an error of {settings.max_wrong_side}: it says no side at all"
    trained = trained_net(job, card, decoded, fitted)
    return (replace(trained, note=note) if card.sure_at == side_task.NEVER else trained), decoded.problems
