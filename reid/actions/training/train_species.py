"""The species net, from its photos to its place in the gallery."""

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
from reid.errors import TrainingError
from reid.progress import Progress
from reid.settings import TrainSettings
from reid.store.contract import GalleryStore
from reid.training import dataset, splits
from reid.training.tasks import initial_weights, species_task
from reid.training.tasks.species_task import SpeciesTask
from reid.training.trainer import Plan


def train_species(
    job: TrainingJob, gallery: GalleryStore, settings: TrainSettings, device: torch.device, progress: Progress
) -> JobResult:
    """Train the species net and put it to use. Raises TrainingError; the gallery is then as before."""
    decoded = decode_photos(job, settings.species_image_size, gallery, progress)
    classes = sorted({photo.species for photo in decoded.photos})
    if len(classes) < 2:
        raise TrainingError(f"only photos of {classes} can be read; the species net needs two species")
    names = [photo.species for photo in decoded.photos]
    taught_rows, held_rows = splits.hold_out_groups(
        names, encounter_groups(decoded.photos), share=settings.validation_share, seed=settings.seed
    )
    taught, held = decoded.subset(taught_rows), decoded.subset(held_rows)
    progress.start(f"{job.name}: head on frozen features", 1)
    task = SpeciesTask(initial_weights.species_net(settings, len(classes)), classes, taught, held, settings, device)
    progress.advance(1)
    plan = Plan(
        settings.species_epochs, settings.learning_rate, settings.weight_decay, settings.patience, settings.seed, job.minutes
    )
    fitted = fit_job(task, plan, job, gallery, settings, progress)
    task.net.load_state_dict(fitted.state)
    asked = dataset.decode(held.photos, settings.species_image_size, margin=1.0)
    card, state = species_task.finished(task, asked)
    training = training_record("species", settings, decoded, fitted, held)
    card = replace(card, training=training, figures=finite_figures(fitted.figures))
    card = keep_net(gallery, card, state)
    gallery.set_species_net(card.fingerprint, why="trained")
    return trained_net(job, card, decoded, fitted), decoded.problems
