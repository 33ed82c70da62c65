"""`reid import`: what is in photos and tables before anything is enrolled, all problems in one table; then enroll."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reid import settings as options
from reid.actions.intake.changed_files import changed_files
from reid.actions.intake.closing_line import closing_line
from reid.actions.intake.enroll import enroll_taken, intake
from reid.actions.intake.results import ImportReport
from reid.actions.intake.taking_photos import take_photos
from reid.errors import UsageError
from reid.files import writable_folder
from reid.progress import SILENT, Progress
from reid.records import EMPTY, Photo, Problem
from reid.settings import EnrollSettings
from reid.store.opening import open_gallery
from reid.tables.problems import PROBLEM_COLUMNS, problem_rows
from reid.tables.tables import write_table


def import_photos(
    photos: Sequence[Path],
    *,
    dry_run: bool = False,
    anyway: bool = False,
    gallery: Path | None = None,
    problems_table: Path | None = None,
    clocks: Sequence[str] | None = None,
    seasons: Sequence[str] | None = None,
    deployments: str | None = None,
    sides: Sequence[str] | None = None,
    changed: str | None = None,
    video: str | None = None,
    frames: str | None = None,
    device: str | None = None,
    settings: EnrollSettings | None = None,
    progress: Progress = SILENT,
) -> ImportReport:
    """Look at everything first, then enroll what names an individual.

    Photos are looked at as far as their tables, their headers and their EXIF; one that cannot be decoded is found when it
    is enrolled. Importing again what is enrolled changes nothing; a file that has another content by now is a problem.

    Args:
        photos: files, folders, manifests, detections, packages.
        dry_run: enroll nothing.
        anyway: enroll what is good though there are problems; else a problem stops all.
        problems_table: a CSV for the problems (columns: `tables.problems`), written where there are some.
        clocks, seasons, deployments, sides, changed, video, frames, device: see `EnrollSettings` (sides is its `side_path`);
            None = as `settings` say. A dry run takes frames out of videos, too.
        settings: all of these in one; None = REID_* variables and defaults. Their `column` does not count here.
        progress: called for every photo.

    Raises:
        UsageError: an option cannot be read, no photo names an individual, or there are problems and no `anyway`.
        ManifestError, GalleryError: a table or the gallery cannot be used.
    """
    # All rows: a column chooses for `enroll` alone.
    arguments = {
        "column": "", "clocks": clocks, "seasons": seasons, "deployments": deployments, "side_path": sides, "changed": changed,
        "video": video, "frames": frames, "device": device,
    }
    settings = intake(arguments, settings)
    taken = take_photos(photos, settings)
    known = taken.photos
    problems = (*taken.problems, *(_changed(known, gallery) if settings.changed == "tell" else ()))
    if problems_table is not None and problems:
        write_table(writable_folder(problems_table.parent) / problems_table.name, PROBLEM_COLUMNS, problem_rows(problems))
    enrolled = None
    if not dry_run:
        if problems and not anyway:
            raise UsageError(
                f"{len(problems)} of {len(taken.problems) + len(known)} rows have problems (the first: {problems[0]}); "
                "nothing was enrolled. --dry-run lists them; mend them, or import the rest with --anyway"
            )
        enrolled = enroll_taken(taken, settings, gallery=gallery, progress=progress)
    table = problems_table if problems else None
    counted = _counted(known)
    closing = enrolled.closing if enrolled is not None else closing_line(
        {"to enroll": counted.labelled}, nothing="nothing to enroll", undated=taken.undated, unread=len(taken.problems),
        left={"enrolled with another content": len(problems) - len(taken.problems),
              "without an individual": len(known) - counted.labelled},
    )  # fmt: skip
    return replace(
        counted, problems=problems, notes=(*taken.notes, *taken.dates_missing()), problems_table=table, enrolled=enrolled,
        closing=closing,
    )


def _counted(photos: Sequence[Photo]) -> ImportReport:
    """What the photos are, in numbers."""
    labelled = [photo for photo in photos if photo.species not in ("", EMPTY) and photo.individual]
    dates = sorted(photo.captured_at.replace(tzinfo=None) for photo in photos if photo.captured_at)
    return ImportReport(
        photos=len(photos),
        labelled=len(labelled),
        empty=sum(photo.species == EMPTY for photo in photos),
        undated=sum(photo.captured_at is None for photo in photos),
        without_camera=sum(not photo.camera for photo in photos),
        sides={side or "unknown": sum(photo.side == side for photo in photos) for side in ("left", "right", "")},
        species=tuple(sorted({photo.species for photo in photos} - {"", EMPTY})),
        individuals=len({(photo.species, photo.individual) for photo in labelled}),
        cameras=tuple(sorted({photo.camera for photo in photos} - {""})),
        seasons=tuple(sorted({photo.season for photo in photos} - {""})),
        first=dates[0] if dates else None,
        last=dates[-1] if dates else None,
        problems=(),
        notes=(),
        problems_table=None,
        enrolled=None,
    )


def _changed(photos: Sequence[Photo], gallery: Path | None) -> list[Problem]:
    """Files that were enrolled with another content; none where there is no gallery yet."""
    folder = options.gallery_folder(gallery)
    if not folder.exists():
        return []
    with open_gallery(folder) as opened:
        return list(changed_files(opened, photos))
