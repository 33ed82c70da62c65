"""What every writer of an export needs: the job, what was written so far, the capture history, and copies of photos."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reid.errors import UsageError
from reid.files import atomic_replace, make_folder, writable_folder, write_text
from reid.records import Deployment, Photo, Season
from reid.settings import ExportSettings
from reid.survey.capture_history import CaptureHistory, LeftOut, capture_history
from reid.tables.safe_names import plain_names
from reid.tables.tables import write_table

LEFT_OUT_COLUMNS = ("species", "individual", "photo", "reason")
NAME_COLUMNS = ("kind", "name", "in the files")


@dataclass(frozen=True, slots=True)
class ExportJob:
    """What is to be written, and where."""

    photos: tuple[Photo, ...]
    deployments: tuple[Deployment, ...]
    seasons: tuple[Season, ...]
    settings: ExportSettings
    out: Path
    enrolled: Mapping[str, str] = field(default_factory=dict)
    """Of photos from a gallery: origin -> SHA-256 of the file that was enrolled. Only that content is copied."""


@dataclass(slots=True)
class Written:
    """What the writers of an export have written so far, what they left out, and what a reader must know."""

    files: list[Path] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    individuals: int = 0
    photos: int = 0

    def table(self, path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Write a CSV and note its path."""
        write_table(writable_folder(path.parent) / path.name, columns, rows)
        self.files.append(path)

    def text(self, path: Path, text: str) -> None:
        """Write a text and note its path."""
        self.files.append(write_text(path, text))

    def count(self, photos: Sequence[Photo]) -> None:
        """Add photos, and their individuals, to those in the export."""
        self.photos += len(photos)
        self.individuals += len({(photo.species, photo.individual) for photo in photos})


def history_of(job: ExportJob, written: Written) -> CaptureHistory:
    """The capture history of a job's one species; what is not in it, and what must be known of it, is noted in `written`.

    Raises:
        NothingLeft: no photo counts. UsageError: an option is none.
    """
    settings = job.settings
    history = capture_history(
        job.photos,
        seasons=job.seasons,
        days=settings.days,
        deployments=job.deployments,
        side=settings.side,
        group=settings.group,
        covariates=settings.covariates,
    )
    written.left_out += history.left_out
    written.notes += [f"{history.species}: {note}" for note in history.notes]
    written.notes += [
        f"{history.species}: on occasion {occasion.name} ({occasion.start} to {occasion.end}) no camera worked: not known, not 0"
        for occasion in history.occasions
        if not occasion.sampled
    ]
    if not job.deployments:
        written.notes.append(f"{history.species}: no deployments table was given, so every occasion counts as sampled")
    written.count(counted_photos(history))
    return history


def counted_photos(history: CaptureHistory) -> list[Photo]:
    """The photos that count, by individual."""
    return [capture.photo for individual in history.histories for capture in individual.captures]


def stem_of(species: str) -> str:
    """How the files of a species begin, in letters that every program reads."""
    return plain_names([species or "animals"])[species or "animals"]


def copyable(job: ExportJob, written: Written) -> tuple[Photo, ...]:
    """The photos whose file is there and, from a gallery, is the one that was enrolled; the others are noted as left out.

    A gallery from elsewhere may name any file of this machine as a photo, and a file may be another animal's picture by now.
    """
    kept = []
    for photo in job.photos:
        if reason := _not_copyable(photo.path, job.enrolled.get(photo.origin, "")):
            written.left_out.append(LeftOut(photo.species, photo.individual, str(photo.path), reason))
        else:
            kept.append(photo)
    return tuple(kept)


def _not_copyable(path: Path, sha256: str) -> str:
    """Why a file is not copied; "" where it is. sha256: that it must have; "" = any."""
    if not path.is_file():
        return "the file is not there any more"
    if not sha256:
        return ""
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError as error:
        return f"the file cannot be read ({error.strerror})"
    return "" if same else "the file is no longer the photo that was enrolled: it is not copied"


def copy_photo(source: Path, target: Path) -> None:
    """Copy a photo, with its dates, by an atomic replace. It is durable once `files.sync_files` was called for it.

    Raises:
        UsageError: it cannot be read, or not be written.
    """
    try:
        make_folder(target.parent)
        with atomic_replace(target, synced=False) as temporary:
            shutil.copy2(source, temporary)
    except OSError as error:
        raise UsageError(
            f"{source}: not copied to {target} ({error.strerror}); check the folder and the room on the disk"
        ) from error
