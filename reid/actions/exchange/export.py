"""`reid export`: known individuals into the programs that count them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reid import settings as options
from reid.actions.identification.unresolved_sightings import unsettled
from reid.actions.intake.closing_line import closing_line
from reid.actions.intake.photo_selection import in_time
from reid.actions.intake.taking_photos import TakenPhotos, plain_intake, take_photos
from reid.errors import UsageError
from reid.files import check_writable
from reid.formats.writers.camtrap_dp import write_camtrap_dp
from reid.formats.writers.camtrapr import write_camtrapr
from reid.formats.writers.export_job import LEFT_OUT_COLUMNS, ExportJob, Written
from reid.formats.writers.history_tables import write_csv, write_xlsx
from reid.formats.writers.labelled_folders import write_folders
from reid.formats.writers.mark import write_mark
from reid.formats.writers.program_capture import write_capture
from reid.formats.writers.secr import write_secr
from reid.formats.writers.wildbook import write_wildbook
from reid.records import EMPTY, Photo, Problem
from reid.settings import EXPORT_FORMATS, SIDE_RULES, ExportSettings
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery
from reid.survey.capture_history import LeftOut, NothingLeft
from reid.survey.deployments import read_deployments

WRITERS: dict[str, Callable[[ExportJob, str, Written], None]] = {
    "mark": write_mark, "secr": write_secr, "capture": write_capture, "camtrapr": write_camtrapr, "camtrap-dp": write_camtrap_dp,
    "wildbook": write_wildbook, "csv": write_csv, "xlsx": write_xlsx, "folders": write_folders,
}  # fmt: skip
HISTORIES = ("mark", "secr", "capture", "csv", "xlsx")
"""Formats that hold a capture history, one for each species; the others hold photos."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written. individuals and photos: in the export. left_out: what is not in it, and why. closing: all in one line."""

    format: str
    files: tuple[Path, ...]
    individuals: int
    photos: int
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    closing: str = ""


def export(
    format: str,
    out: Path,
    photos: Sequence[Path] = (),
    *,
    gallery: Path | None = None,
    settings: ExportSettings | None = None,
) -> ExportReport:
    """Write the known individuals for another program.

    Args:
        format: one of `settings.EXPORT_FORMATS`.
        out: a folder, made where absent; files of the same names in it are replaced.
        photos: labelled photos (files, folders, manifests); () = those enrolled in the gallery.
        gallery: None = REID_GALLERY or indexes/default.
        settings: None = defaults and REID_* variables.

    Raises:
        UsageError: no such format or option, no photo of a named individual, or the format needs what was not given.
        ManifestError, GalleryError: a table or the gallery cannot be read.
    """
    settings = options.resolve(ExportSettings(), {}) if settings is None else settings
    if format not in EXPORT_FORMATS or settings.side not in SIDE_RULES:
        raise UsageError(
            f"format {format!r}, side {settings.side!r}: wanted one of {', '.join(EXPORT_FORMATS)}, "
            f"and of {', '.join(SIDE_RULES)}"
        )
    taken, enrolled = (_taken(photos, settings), {}) if photos else _enrolled(gallery, settings)
    chosen = _chosen(taken.photos, settings.species)
    check_writable(out)
    job = ExportJob(chosen, taken.deployments, taken.seasons, settings, out, enrolled)
    written = Written()
    written.notes += taken.notes
    faults = []
    for name, members in _by_species(job).items() if format in HISTORIES else {"": job}.items():
        try:
            WRITERS[format](members, name, written)
        except NothingLeft as fault:  # one species without dates must not hide the others
            faults.append(f"{name} is not exported: {fault}")
    if faults and not written.files:
        raise UsageError("; ".join(faults))
    written.notes += faults
    if written.left_out:
        rows = [(lost.species, lost.individual, lost.photo, lost.reason) for lost in written.left_out]
        written.table(out / "left_out.csv", LEFT_OUT_COLUMNS, rows)
    closing = closing_line(
        {"individuals": written.individuals, "photos": written.photos}, nothing="nothing exported", undated=taken.undated,
        unread=len(taken.problems) + len(taken.unreadable),
        left={"photos left out": sum(bool(lost.photo) for lost in written.left_out)},
    )
    return ExportReport(
        format, tuple(written.files), written.individuals, written.photos, tuple(written.left_out), tuple(written.notes),
        taken.problems, closing,
    )  # fmt: skip


def _chosen(photos: Sequence[Photo], species: str) -> tuple[Photo, ...]:
    """The photos that name an individual of the species, "" = of any. Raises UsageError where there is none."""
    chosen = tuple(
        photo for photo in photos
        if photo.individual and photo.species not in ("", EMPTY) and species in ("", photo.species)
    )
    if not chosen:
        of_species = f" of {species}" if species else ""
        raise UsageError(f"no photo of a named individual{of_species} to export ({len(photos)} photos looked at)")
    return chosen


def _taken(photos: Sequence[Path], settings: ExportSettings) -> TakenPhotos:
    deployments = str(settings.deployments or "")
    asked = replace(plain_intake(), clocks=settings.clocks, seasons=settings.seasons, deployments=deployments)
    return take_photos(photos, replace(asked, dates=settings.dates))


def _enrolled(gallery: Path | None, settings: ExportSettings) -> tuple[TakenPhotos, dict[str, str]]:
    """The enrolled photos, and of each, by its origin, the SHA-256 of the file that was enrolled.

    They were corrected when they came in: the table's clocks do not shift them again.
    """
    table = read_deployments(settings.deployments, settings.dates) if settings.deployments else None
    with open_gallery(options.gallery_folder(gallery)) as opened:
        photos, notes = opened.enrolled_sightings(), tuple(_not_enrolled(opened))
        contents = {f"photo {photo.id}": photo.sha256 for photo in opened.photos()}
    timed, spans = in_time(photos, settings.clocks, settings.seasons, replace(table, clocks={}) if table else None)
    taken = TakenPhotos(tuple(timed), notes=notes, deployments=table.deployments if table else (), seasons=spans)
    return taken, contents


def _not_enrolled(gallery: GalleryStore) -> list[str]:
    """What `reid query --record` kept and nobody has enrolled: it is in no history, so that an animal may look unseen."""
    notes = []
    kept = gallery.sightings()
    for species in sorted({one.species for one in kept} - {"", EMPTY}):
        outcomes = Counter(one.sighting.decision.outcome.value for one in unsettled(gallery, species, kept))
        if outcomes:
            many = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
            notes.append(f"{species}: decisions kept and not enrolled are not in the export ({many}); `reid report` shows them")
    return notes


def _by_species(job: ExportJob) -> dict[str, ExportJob]:
    members: dict[str, list[Photo]] = defaultdict(list)
    for photo in job.photos:
        members[photo.species].append(photo)
    return {
        name: replace(job, photos=tuple(found))
        for name, found in sorted(members.items())
    }
