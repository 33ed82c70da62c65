"""Training of one net, from its photos to its place in the gallery."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from reid import images
from reid.actions.intake.nets import net_path
from reid.actions.training.results import TrainedNet
from reid.calibration import score_calibration
from reid.calibration.score_calibration import Mapped
from reid.errors import TrainingError
from reid.nets import inference, net_files
from reid.nets.net_files import NetCard
from reid.progress import Progress
from reid.records import Calibration, Photo, Problem
from reid.settings import QuerySettings, TrainSettings
from reid.steps import embedding as embedding_step
from reid.steps.embedding import sizes_of
from reid.steps.encounters import encounters, stays
from reid.steps.photos import open_photos
from reid.store import Gallery
from reid.training import dataset, splits
from reid.training.tasks import initial_weights, side_task, species_task
from reid.training.tasks.embedding_task import COLLAPSED_AT, SETTLING, EmbeddingTask, embed, maps_of, pool_of, settle_head
from reid.training.tasks.side_task import SideTask
from reid.training.tasks.species_task import SpeciesTask
from reid.training.trainer import Epoch, Fitted, Plan, fit

BATCH = 16
"""Enrolled photos embedded anew at once."""


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


Result = tuple[TrainedNet, tuple[Problem, ...]]
REMEDY = (
    "the net gives nearly the same vector to every animal (mean cosine {cosine:.2f} between individuals): it has "
    "collapsed. Use a lower learning rate, --loss arcface or multi-similarity, or more photos of each individual"
)


def run(job: TrainingJob, gallery: Gallery, settings: TrainSettings, device: torch.device, progress: Progress) -> Result:
    """Train the net of a job and put it to use. Raises TrainingError; the gallery is then as before."""
    if job.stage == "species":
        return _species(job, gallery, settings, device, progress)
    if job.stage == "side":
        return _side(job, gallery, settings, device, progress)
    if job.shared:
        return _shared(job, gallery, settings, progress)
    return _embedding(job, gallery, settings, device, progress)


def _decode(job: TrainingJob, size: tuple[int, int], gallery: Gallery, progress: Progress) -> dataset.Decoded:
    progress.start(f"{job.name}: reading photos", len(job.photos))
    decoded = dataset.decode(job.photos, size, cache=gallery.cache_folder, progress=progress.advance)
    if not decoded.photos:
        raise TrainingError(f"none of the {len(job.photos)} photos can be read; the first: {decoded.problems[0]}")
    return decoded


def _groups(photos: Sequence[Photo]) -> tuple[str, ...]:
    return encounters(photos, minutes=QuerySettings().encounter_minutes)


def _species(job: TrainingJob, gallery: Gallery, settings: TrainSettings, device: torch.device, progress: Progress) -> Result:
    decoded = _decode(job, settings.species_image_size, gallery, progress)
    classes = sorted({photo.species for photo in decoded.photos})
    if len(classes) < 2:
        raise TrainingError(f"only photos of {classes} can be read; the species net needs two species")
    names = [photo.species for photo in decoded.photos]
    taught_rows, held_rows = splits.hold_out_groups(
        names, _groups(decoded.photos), share=settings.validation_share, seed=settings.seed
    )
    taught, held = decoded.subset(taught_rows), decoded.subset(held_rows)
    progress.start(f"{job.name}: head on frozen features", 1)
    task = SpeciesTask(initial_weights.species_net(settings, len(classes)), classes, taught, held, settings, device)
    progress.advance(1)
    plan = Plan(
        settings.species_epochs, settings.learning_rate, settings.weight_decay, settings.patience, settings.seed, job.minutes
    )
    fitted = _fit(task, plan, job, gallery, settings, progress)
    task.net.load_state_dict(fitted.state)
    asked = dataset.decode(held.photos, settings.species_image_size, margin=1.0)
    card, state = species_task.finished(task, asked)
    training = _training("species", settings, decoded, fitted, held)
    card = replace(card, training=training, figures=_figures(fitted.figures))
    card = net_files.save(card, state, gallery.nets_folder)
    inference.load(net_path(gallery, card.fingerprint), "cpu")  # exports it, and shows that it can be used
    gallery.set_species_net(card.fingerprint, why="trained")
    return _trained(job, card, decoded, fitted), decoded.problems


def _side(job: TrainingJob, gallery: Gallery, settings: TrainSettings, device: torch.device, progress: Progress) -> Result:
    decoded = _decode(job, settings.side_image_size, gallery, progress)
    taught_rows, held_rows = side_task.hold_out(
        decoded.photos, _groups(decoded.photos), share=settings.validation_share, seed=settings.seed
    )
    taught, held = decoded.subset(taught_rows), decoded.subset(held_rows)
    progress.start(f"{job.name}: head on frozen features", 1)
    task = SideTask(initial_weights.species_net(settings, len(side_task.CLASSES)), taught, held, settings, device)
    progress.advance(1)
    plan = Plan(
        settings.side_epochs, settings.learning_rate, settings.weight_decay, settings.patience, settings.seed, job.minutes
    )
    fitted = _fit(task, plan, job, gallery, settings, progress)
    task.net.load_state_dict(fitted.state)
    card = side_task.finished(task, task.net)
    card = replace(card, training=_training("side", settings, decoded, fitted, held), figures=_figures(card.figures))
    card = net_files.save(card, fitted.state, gallery.nets_folder)
    inference.load(net_path(gallery, card.fingerprint), "cpu")  # exports it, and shows that it can be used
    gallery.sides.use_net(card.fingerprint, why="trained")
    note = f"too few photos were held out for an error of {settings.max_wrong_side}: it says no side at all"
    trained = _trained(job, card, decoded, fitted)
    return (replace(trained, note=note) if card.sure_at == side_task.NEVER else trained), decoded.problems


def _embedding(job: TrainingJob, gallery: Gallery, settings: TrainSettings, device: torch.device, progress: Progress) -> Result:
    decoded = _decode(job, settings.image_size, gallery, progress)
    groups = _groups(decoded.photos)
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
    fitted = _fit(task, plan, job, gallery, settings, progress)
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
        figures=_figures(figures),
        calibration=learned,
        training={**_training("embedding", settings, decoded, fitted, held, taught), "head": head},
    )
    card = net_files.save(card, fitted.state, gallery.nets_folder)
    inference.load(net_path(gallery, card.fingerprint), "cpu")  # exports it, and shows that it can be used
    put_to_use(gallery, job.species, card, learned, settings.device, progress)
    note = score_calibration.caution(decoded.photos) if learned else ""
    return replace(_trained(job, card, decoded, fitted), note=note), decoded.problems


def _shared(job: TrainingJob, gallery: Gallery, settings: TrainSettings, progress: Progress) -> Result:
    """The net that ships, calibrated on these photos where they are enough: it has seen none of them."""
    card = net_files.adopt(net_files.BASE, gallery.nets_folder)
    net = inference.load(net_path(gallery, card.fingerprint), settings.device)
    decoded = _decode(job, card.image_size, gallery, progress)
    pixels = [images.resize(one, *card.image_size) for one in decoded.pixels]
    vectors, maps = net.embed_and_map(pixels)
    pool = pool_of(vectors, decoded, stays(decoded.photos, _groups(decoded.photos)))
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
    gallery: Gallery, species: str, card: NetCard, learned: Calibration | None, device: str, progress: Progress
) -> None:
    """Make a net the species' net, embedding anew what is enrolled; one transaction, all or nothing.

    Raises:
        TrainingError: an enrolled photo cannot be read any more.
    """
    vectors: Mapping[int, NDArray[np.float32]] = {}
    if gallery.embedding_net(species) != card.fingerprint:
        net = inference.load(net_path(gallery, card.fingerprint), device)
        vectors = _embed_enrolled(gallery, species, net, progress)
    gallery.set_embedding_net(
        species, card.fingerprint, card.dimension, calibration=learned, vectors=vectors, why="trained"
    )


def _embed_enrolled(
    gallery: Gallery, species: str, net: inference.Runtime, progress: Progress
) -> dict[int, NDArray[np.float32]]:
    enrolled = gallery.photos(species)
    if enrolled:
        progress.start(f"{species}: embedding enrolled photos anew", len(enrolled))
    vectors: dict[int, NDArray[np.float32]] = {}
    there = [Photo(gallery.locate(photo) or photo.path, box=photo.box) for photo in enrolled]
    answers = zip(enrolled, open_photos(there, sizes=sizes_of(net)), strict=True)
    while batch := list(islice(answers, BATCH)):
        pictures = []
        for photo, item in batch:
            if isinstance(item, Problem):
                raise TrainingError(f"an enrolled photo cannot be embedded anew, so the net in use stays: {item.reason}")
            if item.picture.sha256 != photo.sha256:
                raise TrainingError(
                    f"{item.photo.path} is no longer the photo that was enrolled, so the net in use stays; bring it back"
                )
            pictures.append(item.picture)
        vectors |= zip([photo.id for photo, _ in batch], embedding_step.embed(net, pictures), strict=True)
        progress.advance(len(vectors))
    return vectors


def _fit(
    task: SpeciesTask | EmbeddingTask,
    plan: Plan,
    job: TrainingJob,
    gallery: Gallery,
    settings: TrainSettings,
    progress: Progress,
) -> Fitted:
    folder = gallery.nets_folder / "training"
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / f"{job.stage}-{hashlib.sha256(job.species.encode()).hexdigest()[:12]}.ckpt"
    progress.start(f"{job.name}: training", plan.epochs)
    return fit(
        task,
        plan,
        checkpoint=checkpoint,
        resume=settings.resume,
        signature=_signature(job, settings),
        on_epoch=_teller(job, progress),
    )


def _teller(job: TrainingJob, progress: Progress) -> Callable[[Epoch], None]:
    def told(epoch: Epoch) -> None:
        cosine = epoch.figures.get("mean_cosine", 0.0)
        if cosine > COLLAPSED_AT:
            raise TrainingError(REMEDY.format(cosine=cosine))
        name = "rank_1" if "rank_1" in epoch.figures else "top_1"
        figure = f"{name.replace('_', '-')} {epoch.figures[name]:.3f}, " if name in epoch.figures else ""
        note = f"loss {epoch.loss:.3f}, {figure}{epoch.seconds_left / 60.0:.1f} min left"
        progress.advance(epoch.number, note)

    return told


def _signature(job: TrainingJob, settings: TrainSettings) -> str:
    """Equal for equal photos, by all that teaches or says who is held out, and settings: else a checkpoint is refused."""
    same = {name: value for name, value in asdict(settings).items() if name not in ("resume", "minutes", "device")}
    known = sorted(repr((one.path, one.box, one.species, one.individual, one.side, one.encounter, one.camera, one.captured_at))
                   for one in job.photos)  # fmt: skip
    return hashlib.sha256(repr((same, known)).encode()).hexdigest()


def _training(
    stage: str, settings: TrainSettings, decoded: dataset.Decoded, fitted: Fitted, held: dataset.Decoded,
    taught: dataset.Decoded | None = None,
) -> dict[str, object]:
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


def _figures(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in figures.items() if math.isfinite(value)}


def _trained(job: TrainingJob, card: NetCard, decoded: dataset.Decoded, fitted: Fitted) -> TrainedNet:
    people = len({photo.individual for photo in decoded.photos if photo.individual})
    seconds = fitted.history[-1].seconds if fitted.history else 0.0
    return TrainedNet(
        job.stage, job.species, card.fingerprint, len(decoded.photos), people, len(fitted.history), seconds, dict(card.figures),
        card.calibration is not None,
    )
