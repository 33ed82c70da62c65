"""Training of one net, from its photos to its place in the gallery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from reid import images
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
from reid.actions.training.results import TrainedNet
from reid.calibration import score_calibration
from reid.calibration.score_calibration import Mapped
from reid.errors import TrainingError
from reid.nets import inference, net_files
from reid.nets.net_files import NetCard
from reid.progress import Progress
from reid.records import Calibration
from reid.settings import TrainSettings
from reid.steps.embedded_photos import LocalEmbedder, Missing, Reopened, Replaced, reopened
from reid.steps.encounters import stays
from reid.store.contract import GalleryStore
from reid.training import splits
from reid.training.tasks import initial_weights
from reid.training.tasks.embedding_task import SETTLING, EmbeddingTask, embed, maps_of, pool_of, settle_head
from reid.training.trainer import Plan


def train_embedding(
    job: TrainingJob, gallery: GalleryStore, settings: TrainSettings, device: torch.device, progress: Progress
) -> JobResult:
    """Train a species' embedding net and put it to use. Raises TrainingError; the gallery is then as before."""
    decoded = decode_photos(job, settings.image_size, gallery, progress)
    groups = encounter_groups(decoded.photos)
    taught_rows, held_rows = splits.hold_out_individuals(
        decoded.photos, groups, share=settings.validation_share, seed=settings.seed
    )
    if not taught_rows:
        raise TrainingError("no photo is left to learn from")
    taught, held = decoded.subset(taught_rows), decoded.subset(held_rows)
    held_groups = [groups[row] for row in held_rows]
    net = initial_weights.embedding_net(settings, taught, device)
    task = EmbeddingTask(net, taught, [groups[row] for row in taught_rows], held, held_groups, settings, device)
    plan = Plan(settings.epochs, settings.learning_rate, settings.weight_decay, settings.patience, settings.seed, job.minutes)
    before = task.validate(net)
    fitted = fit_job(task, plan, job, gallery, settings, progress)
    task.net.load_state_dict(fitted.state)
    progress.start(f"{job.name}: settling the head", SETTLING + 1)
    after, head = settle_head(task, fitted.figures, progress.advance)
    fitted = replace(fitted, figures=after, state=dict(task.net.state_dict()))
    learned = None
    if held.photos:
        pool = pool_of(embed(task.net, held, settings.image_size, device), held, stays(held.photos, held_groups))
        mapped = Mapped(np.arange(len(held.photos)), maps_of(task.net, held, settings.image_size, device))
        learned = score_calibration.calibrate(pool, max_false_match=settings.max_false_match, mapped=mapped)
    progress.advance(SETTLING + 1)
    figures = {**fitted.figures, **{f"start_{name}": value for name, value in before.items()}}
    card = NetCard(
        kind="embedding",
        backbone=settings.backbone,
        image_size=settings.image_size,
        pooling=settings.pooling,
        dimension=settings.dimension,
        species=job.species,
        figures=finite_figures(figures),
        calibration=learned,
        training={**training_record("embedding", settings, decoded, fitted, held, taught), "head": head},
    )
    card = keep_net(gallery, card, fitted.state)
    put_to_use(gallery, job.species, card, learned, settings.device, progress)
    note = score_calibration.caution(decoded.photos) if learned else ""
    return replace(trained_net(job, card, decoded, fitted), note=note), decoded.problems


def use_shared_net(job: TrainingJob, gallery: GalleryStore, settings: TrainSettings, progress: Progress) -> JobResult:
    """The net that ships, calibrated on these photos where they are enough: it has seen none of them."""
    card = net_files.read_card(gallery.nets.put(net_files.BASE))
    net = inference.load(gallery.nets.path(card.fingerprint), settings.device)
    decoded = decode_photos(job, card.image_size, gallery, progress)
    pixels = [images.resize(one, *card.image_size) for one in decoded.pixels]
    vectors, maps = net.embed_and_map(pixels)
    pool = pool_of(vectors, decoded, stays(decoded.photos, encounter_groups(decoded.photos)))
    mapped = Mapped(np.arange(len(pixels)), maps.astype(np.float16))
    learned = score_calibration.calibrate(pool, max_false_match=settings.max_false_match, mapped=mapped)
    put_to_use(gallery, job.species, card, learned, settings.device, progress)
    note = f"fewer than {settings.min_individuals} individuals with two photos: uses the shared net that ships"
    people = len({photo.individual for photo in decoded.photos})
    return TrainedNet(
        "embedding",
        job.species,
        card.fingerprint,
        len(decoded.photos),
        people,
        0,
        0.0,
        {},
        learned is not None,
        shared=True,
        note=note,
    ), decoded.problems


def put_to_use(
    gallery: GalleryStore, species: str, card: NetCard, learned: Calibration | None, device: str, progress: Progress
) -> None:
    """Make a net the species' net, embedding again what is enrolled; one transaction, all or nothing.

    Raises:
        TrainingError: an enrolled photo cannot be read any more.
    """
    vectors: Mapping[int, NDArray[np.float32]] = {}
    if gallery.embedding_net(species) != card.fingerprint:
        net = inference.load(gallery.nets.path(card.fingerprint), device)
        vectors = _embed_enrolled(gallery, species, net, progress)
    gallery.set_embedding_net(
        species, card.fingerprint, card.dimension, calibration=learned, vectors=vectors, why="trained"
    )


def _embed_enrolled(
    gallery: GalleryStore, species: str, net: inference.Runtime, progress: Progress
) -> dict[int, NDArray[np.float32]]:
    enrolled = gallery.photos(species)
    if enrolled:
        progress.start(f"{species}: embedding enrolled photos again", len(enrolled))
    vectors: dict[int, NDArray[np.float32]] = {}
    for answer in reopened(gallery, enrolled, LocalEmbedder(net).embed):
        if isinstance(answer, Replaced):
            raise TrainingError(f"{answer.path} is no longer the photo that was enrolled, so the net in use stays; bring it back")
        if not isinstance(answer, Reopened):
            reason = f"{answer.reason} ({answer.path})" if isinstance(answer, Missing) else answer.reason
            raise TrainingError(f"an enrolled photo cannot be embedded again, so the net in use stays: {reason}")
        vectors[answer.enrolled.id] = answer.opened.vector
        progress.advance(len(vectors))
    return vectors


