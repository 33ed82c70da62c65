"""`reid enroll`: labelled photos into the gallery, each under its individual."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from reid import settings as options
from reid.actions.intake.changed_files import another_picture, stale_guess
from reid.actions.intake.changed_files import changed as changed_file
from reid.actions.intake.closing_line import closing_line
from reid.actions.intake.photo_selection import photos_of_column
from reid.actions.intake.results import EnrollReport
from reid.actions.intake.taking_photos import TakenPhotos, take_photos
from reid.errors import UsageError
from reid.nets import inference, net_files
from reid.progress import SILENT, Progress
from reid.records import EMPTY, Photo, Problem
from reid.settings import EnrollSettings
from reid.steps.embedded_photos import BATCH, EmbeddedPhoto, LocalEmbedder
from reid.steps.encounters import season
from reid.steps.side import sided
from reid.store import Enrolled, Enrollment
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery


def enroll(
    photos: Sequence[Path],
    *,
    gallery: Path | None = None,
    individual: str = "",
    species: str = "",
    column: str | None = None,
    only: str | None = None,
    clocks: Sequence[str] | None = None,
    seasons: Sequence[str] | None = None,
    deployments: str | None = None,
    sides: Sequence[str] | None = None,
    changed: str | None = None,
    video: str | None = None,
    frames: str | None = None,
    device: str | None = None,
    again: bool = False,
    settings: EnrollSettings | None = None,
    progress: Progress = SILENT,
) -> EnrollReport:
    """Enroll labelled photos.

    A species without a net of its own gets the shared net that ships. A photo that is enrolled already (same content and
    box) is not enrolled twice; under another individual it is left there and reported as a problem. So is one whose individual
    was merged into another: it is not enrolled, a new individual of that name is never made silently. One that a person
    removed from the gallery does not come back by itself: it is reported with the entry and the command that restores it. A file
    whose content is another than the one enrolled from it is reported, and nothing is changed (`changed`).

    Args:
        photos: files, folders or manifests.
        gallery: its folder, made if absent; None = REID_GALLERY or indexes/default.
        individual, species: the names of all these photos, whatever their manifest says; "" = as the manifest says.
        column, only, clocks, seasons, deployments, sides, changed, video, frames, device: see `EnrollSettings` (sides is its
            `side_path`); None = as `settings` say.
        again: enroll again what was removed from the gallery.
        settings: all of these in one; None = REID_* variables and defaults.
        progress: called for every photo.

    Raises:
        UsageError: no photo names an individual and a species.
        ManifestError, GalleryError, ModelMismatch: table, gallery or net cannot be used.
    """
    arguments = {
        "column": column, "only": only, "clocks": clocks, "seasons": seasons, "deployments": deployments, "side_path": sides,
        "changed": changed, "video": video, "frames": frames, "device": device,
    }
    settings = intake(arguments, settings)
    taken = take_photos(photos, settings)
    for note in (*taken.notes, *taken.dates_missing()):
        progress.say(note)
    return enroll_taken(
        taken, settings, gallery=gallery, individual=individual, species=species, again=again, progress=progress
    )


def enroll_taken(
    taken: TakenPhotos,
    settings: EnrollSettings,
    *,
    gallery: Path | None = None,
    individual: str = "",
    species: str = "",
    again: bool = False,
    progress: Progress = SILENT,
) -> EnrollReport:
    """Enroll photos that were taken in before; their notes were said then. Arguments, result and errors as of `enroll`."""
    chosen = photos_of_column(taken.photos, settings.column, settings.only)
    named = [
        replace(photo, species=species or photo.species, individual=individual or photo.individual) for photo in chosen
    ]
    labelled = [photo for photo in named if photo.species and photo.individual and photo.species != EMPTY]
    if not labelled and not taken.problems:
        raise UsageError(
            f"none of the {len(named)} photos names a species and an individual: use a manifest, folders "
            "species/individual/photo.jpg, or --species and --individual"
        )
    run = _Run(progress, len(labelled), settings, problems=list(taken.problems), again=again)
    by_species: dict[str, list[Photo]] = defaultdict(list)
    for photo in labelled:
        by_species[photo.species].append(photo)
    folder = options.gallery_folder(gallery)
    with open_gallery(folder, create=True) as opened:
        for name, members in by_species.items():
            run.species(opened, name, members)
    progress.finish()
    return EnrollReport(
        folder,
        dict(run.added),
        run.already,
        len(named) - len(labelled),
        tuple(run.new_individuals),
        tuple(run.problems),
        (*taken.notes, *taken.dates_missing(), *run.notes),
        dict(run.sides_predicted),
        closing_line(
            {"enrolled": sum(run.added.values()), "enrolled before": run.already}, nothing="nothing enrolled",
            undated=taken.undated, unread=len(taken.problems) + run.unread,
            left={"not enrolled": len(run.problems) - len(taken.problems) - run.unread,
                  "without an individual": len(named) - len(labelled)},
        ),
    )


def intake(arguments: Mapping[str, object], settings: EnrollSettings | None = None) -> EnrollSettings:
    """The settings of an enrollment or an import: the arguments (None = not given), then `settings`.

    settings: None = REID_* variables, then the defaults.

    Raises:
        UsageError: a value cannot be read.
    """
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
    settings = options.resolve(EnrollSettings() if settings is None else settings, values, None if settings is None else {})
    if settings.changed not in options.CHANGED:
        raise UsageError(f"changed {settings.changed!r}: wanted one of {', '.join(options.CHANGED)}")
    return settings


def net_of(gallery: GalleryStore, species: str, device: str) -> tuple[inference.Runtime, str]:
    """The embedding net of a species, ready to answer; the shared net where it has none yet, with a note that says so."""
    note = ""
    fingerprint = gallery.embedding_net(species)
    if fingerprint is None:
        fingerprint = give_shared_net(gallery, species)
        note = (
            f"{species} has no net of its own: it uses the shared net that ships, uncalibrated; `reid train` makes one"
        )
    return inference.load(gallery.nets.path(fingerprint), device), note


def give_shared_net(gallery: GalleryStore, species: str) -> str:
    """Let a species use the shared net that ships; its fingerprint."""
    card = net_files.read_card(gallery.nets.put(net_files.BASE))
    gallery.set_embedding_net(species, card.fingerprint, card.dimension, calibration=None, why="shared net, untrained")
    return card.fingerprint


class _Run:
    """The counts of one run of `enroll`."""

    def __init__(
        self, progress: Progress, total: int, settings: EnrollSettings, problems: list[Problem], again: bool
    ) -> None:
        self.progress, self.settings, self.problems, self.again = progress, settings, problems, again
        self.added: Counter[str] = Counter()
        self.sides_predicted: Counter[str] = Counter()
        self.side_net: inference.Runtime | None = None
        self.already = self.done = self.unread = 0
        self.new: set[str] = set()
        self.new_individuals: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self.looks_closer = False
        progress.start("enrolling", total)

    def species(self, gallery: GalleryStore, species: str, photos: Sequence[Photo]) -> None:
        device = self.settings.device
        net, note = net_of(gallery, species, device)
        if note:
            self.notes.append(note)
            self.progress.say(note)
        calibration = gallery.calibration(species)
        self.looks_closer = calibration is None or calibration.looks_closer
        side_net = gallery.sides.net() if any(not photo.side for photo in photos) else None
        self.side_net = inference.load(gallery.nets.path(side_net), device) if side_net else None
        answers = LocalEmbedder(net, others=[self.side_net]).embed(photos, maps=self.looks_closer)
        while batch := list(islice(answers, BATCH)):  # enrolled together: what a crash in the middle of a run can cost
            self.batch(gallery, species, net.card.fingerprint, batch)
            self.done += len(batch)
            self.progress.advance(self.done)
        self.new_individuals += [(species, name) for name in sorted(self.new)]
        self.new.clear()

    def _up_to_date(self, gallery: GalleryStore, species: str, opened: Sequence[EmbeddedPhoto]) -> list[EmbeddedPhoto]:
        """Those of which their table still speaks; what speaks of another picture or a gone individual is a problem."""
        known = gallery.known_individuals(species, {item.photo.individual for item in opened})
        kept = []
        for item in opened:
            if problem := another_picture(item.photo, item.picture.sha256) or stale_guess(item.photo, known):
                self.problems.append(problem)
            else:
                kept.append(item)
        return kept

    def _as_before(self, gallery: GalleryStore, opened: Sequence[EmbeddedPhoto]) -> list[EmbeddedPhoto]:
        """Those whose file is new, or still what was enrolled from it; the others become problems."""
        if self.settings.changed == "add":
            return list(opened)
        there = gallery.enrolled_at([item.photo.path for item in opened])
        kept = []
        for item in opened:
            before = there.get(item.photo.path.absolute().as_posix(), ())
            if problem := changed_file(item.photo, item.picture.sha256, before):
                self.problems.append(problem)
            else:
                kept.append(item)
        return kept

    def batch(self, gallery: GalleryStore, species: str, net: str, batch: Iterable[EmbeddedPhoto | Problem]) -> None:
        failed = [item for item in batch if isinstance(item, Problem)]
        self.problems += failed
        self.unread += len(failed)
        opened = self._up_to_date(gallery, species, [item for item in batch if isinstance(item, EmbeddedPhoto)])
        opened = self._as_before(gallery, opened)
        if not opened:
            return
        opened = sided(self.side_net, opened, [species] * len(opened))
        items = [
            Enrollment(
                item.photo.individual,
                replace(item.photo, season=season(item.photo)),
                item.picture.sha256,
                item.picture.width,
                item.picture.height,
                item.vector,
                self.again,
            )
            for item in opened
        ]
        known = gallery.known_individuals(species, {item.individual for item in items})
        answers = gallery.enroll(species, net, items)
        self.new |= {outcome.individual for outcome in answers if outcome.status == "added"} - known
        if self.looks_closer:  # else each photo would be opened again at the first query that looks at it
            added = {
                outcome.photo_id: item.map
                for outcome, item in zip(answers, opened, strict=True)
                if outcome.status == "added" and item.map is not None
            }
            gallery.maps(net).put(gallery.photos_by_id(list(added)), added)
        for item, outcome in zip(items, answers, strict=True):
            if outcome.status == "added":
                self.added[species] += 1
                self.sides_predicted.update([item.photo.side] if item.photo.side_predicted else [])
            elif outcome.status == "already":
                self.already += 1
            else:
                self.problems.append(Problem(str(item.photo.path), why_not(item.individual, outcome), item.photo.origin))


def why_not(individual: str, outcome: Enrolled) -> str:
    """Why a photo was not enrolled, for people."""
    if outcome.status == "removed":
        return f"{outcome.removal}, `reid enroll --again` enrolls it anew"
    if outcome.status == "merged":
        return (
            f"{individual!r} was merged into {outcome.individual!r}, so it was not enrolled under a new {individual!r}: "
            f"label it {outcome.individual!r}, or split the two first (`reid individuals split`)"
        )
    return f"this photo is already enrolled under {outcome.individual!r}, not under {individual!r}; it was left there"
