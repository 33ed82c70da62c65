"""Copies of labelled photos in a folder for each individual, with a manifest that reads them again."""

from __future__ import annotations

from pathlib import Path

from reid.files import sync_files
from reid.formats.writers.export_job import ExportJob, Written, copy_photo, copyable
from reid.formats.writers.history_tables import photo_table
from reid.records import Photo


def write_folders(job: ExportJob, _: str, written: Written) -> None:
    """Copy the photos to SPECIES/INDIVIDUAL/NAME, a number behind the name where it is taken, and write manifest.csv.

    Raises:
        UsageError: a photo cannot be copied.
    """
    copies: list[tuple[Photo, Path]] = []
    taken: set[Path] = set()
    for photo in copyable(job, written):
        target = _free(job.out / _folder_name(photo.species) / _folder_name(photo.individual) / photo.path.name, taken)
        copy_photo(photo.path, target)
        taken.add(target)
        copies.append((photo, target))
    sync_files(target for _, target in copies)
    written.files += [target for _, target in copies]
    columns, rows = photo_table([photo for photo, _ in copies])
    relative = [(target.relative_to(job.out).as_posix(), *row[1:]) for (_, target), row in zip(copies, rows, strict=True)]
    written.table(job.out / "manifest.csv", columns, relative)
    written.count([photo for photo, _ in copies])


def _free(path: Path, taken: set[Path]) -> Path:
    """The path, or the first with a number behind its name that this export has not written."""
    numbered, number = path, 1
    while numbered in taken:
        number += 1
        numbered = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return numbered


def _folder_name(name: str) -> str:
    safe = "".join("-" if letter in '/\\:*?"<>|' or ord(letter) < 32 else letter for letter in name).strip(" .")
    return safe or "-"
