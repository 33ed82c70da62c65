"""`reid export`: known individuals into the programs that count them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reid import settings as options
from reid.actions.identification.unresolved_sightings import unsettled
from reid.actions.intake.photo_selection import in_time
from reid.errors import UsageError
from reid.formats.readers.photo_lists import read_photos
from reid.formats.writers.records_and_folders import HISTORIES, LEFT_OUT_COLUMNS, WRITERS, Done, ExportJob
from reid.records import EMPTY, Photo, Problem
from reid.settings import EXPORT_FORMATS, SIDE_RULES, ExportSettings
from reid.steps.photos import dated
from reid.store import Gallery
from reid.survey.capture_history import LeftOut, NothingLeft
from reid.survey.deployments import read_deployments
from reid.tables.text_files import place_for


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written. individuals and photos: in the export. left_out: what is not in it, and why."""

    format: str
    files: tuple[Path, ...]
    individuals: int
    photos: int
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


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
    table = read_deployments(settings.deployments) if settings.deployments else None
    found, problems, notes = _photos(photos, gallery)
    chosen = [one for one in found if one.individual and one.species not in ("", EMPTY) and settings.species in ("", one.species)]
    if not chosen:
        raise UsageError(
            f"no photo of a named individual{f' of {settings.species}' if settings.species else ''} to export "
            f"({len(found)} photos looked at)"
        )
    # What is enrolled was put right when it came in: only photos given here are shifted by the table's clocks.
    shifts = table if photos or table is None else replace(table, clocks={})
    chosen, seasons = in_time(chosen, settings.clocks, settings.seasons, shifts)
    place_for(out)
    job = ExportJob(tuple(chosen), table.deployments if table else (), seasons, settings, out)
    done = Done()
    done.notes += notes
    faults = []
    for name, members in _by_species(job).items() if format in HISTORIES else {"": job}.items():
        try:
            WRITERS[format](members, name, done)
        except NothingLeft as fault:  # one species without dates must not hide the others
            faults.append(f"{name} is not exported: {fault}")
    if faults and not done.files:
        raise UsageError("; ".join(faults))
    done.notes += faults
    if done.left_out:
        rows = [(one.species, one.individual, one.photo, one.reason) for one in done.left_out]
        done.table(out / "left_out.csv", LEFT_OUT_COLUMNS, rows)
    return ExportReport(
        format, tuple(done.files), done.individuals, done.photos, tuple(done.left_out), tuple(done.notes), problems
    )


def _photos(given: Sequence[Path], gallery: Path | None) -> tuple[list[Photo], tuple[Problem, ...], tuple[str, ...]]:
    if given:
        read = read_photos(list(given))
        return dated(read.photos), read.problems, read.notes
    with Gallery.open(options.gallery_folder(gallery)) as opened:
        return list(opened.enrolled_sightings()), (), tuple(_not_enrolled(opened))


def _not_enrolled(gallery: Gallery) -> list[str]:
    """What `reid query --record` kept and nobody has enrolled: it is in no history, so that an animal may look unseen."""
    notes = []
    kept = gallery.sightings()
    for species in sorted({one.species for one in kept} - {"", EMPTY}):
        told = Counter(one.sighting.decision.outcome.value for one in unsettled(gallery, species, kept))
        if told:
            many = ", ".join(f"{count} {outcome}" for outcome, count in sorted(told.items()))
            notes.append(f"{species}: decisions kept and not enrolled are not in the export ({many}); `reid report` shows them")
    return notes


def _by_species(job: ExportJob) -> dict[str, ExportJob]:
    members: dict[str, list[Photo]] = defaultdict(list)
    for photo in job.photos:
        members[photo.species].append(photo)
    return {
        name: ExportJob(tuple(found), job.deployments, job.seasons, job.settings, job.out)
        for name, found in sorted(members.items())
    }
