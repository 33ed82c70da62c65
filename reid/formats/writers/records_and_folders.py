"""The files of each export format: what the program on the other side reads, and a table of names where it needs other names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from reid.errors import UsageError
from reid.files import atomic_replace, make_folder, writable_folder, write_text
from reid.formats.readers.photo_lists import BOX_COLUMNS, PHOTO_COLUMNS
from reid.formats.writers import camtrap_dp, camtrapr, mark, program_capture, secr, wildbook
from reid.records import Deployment, Photo, Season
from reid.settings import ExportSettings
from reid.steps.encounters import encounters
from reid.survey.capture_history import CaptureHistory, LeftOut, capture_history
from reid.tables.safe_names import plain_names
from reid.tables.tables import write_book, write_table

HISTORIES = ("mark", "secr", "capture", "csv", "xlsx")
"""Formats that hold a capture history, one for each species; the others hold photos."""
LEFT_OUT_COLUMNS = ("species", "individual", "photo", "reason")


@dataclass(frozen=True, slots=True)
class ExportJob:
    """What an exporter is given."""

    photos: tuple[Photo, ...]
    deployments: tuple[Deployment, ...]
    seasons: tuple[Season, ...]
    settings: ExportSettings
    out: Path


@dataclass(slots=True)
class Done:
    """What the writers of an export have done so far."""

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
        self.individuals += len({(one.species, one.individual) for one in photos})


def _history(job: ExportJob, done: Done) -> CaptureHistory:
    settings = job.settings
    found = capture_history(
        job.photos,
        seasons=job.seasons,
        days=settings.days,
        deployments=job.deployments,
        side=settings.side,
        group=settings.group,
        covariates=settings.covariates,
    )
    done.left_out += found.left_out
    done.notes += [f"{found.species}: {note}" for note in found.notes]
    done.notes += [
        f"{found.species}: on occasion {one.name} ({one.start} to {one.end}) no camera worked: not known, not 0"
        for one in found.occasions
        if not one.sampled
    ]
    if not job.deployments:
        done.notes.append(f"{found.species}: no deployments table was given, so every occasion counts as sampled")
    done.count([program_capture.photo for row in found.histories for program_capture in row.captures])
    return found


def _stem(species: str) -> str:
    return plain_names([species or "animals"])[species or "animals"]


def _mark(job: ExportJob, species: str, done: Done) -> None:
    found = _history(job, done)
    done.text(job.out / f"{_stem(species)}.inp", mark.inp(found))
    done.table(job.out / f"{_stem(species)}-occasions.csv", *_occasion_table(found))


def _secr(job: ExportJob, species: str, done: Done) -> None:
    found = secr.secr_files(_history(job, done), _stem(species))
    for name, text in found.files.items():
        done.text(job.out / name, text)
    names = [
        (kind, ours, theirs)
        for kind, called in (("animal", found.animals), ("detector", found.detectors), ("session", found.sessions))
        for ours, theirs in called.items()
    ]
    done.table(job.out / f"{_stem(species)}-names.csv", ("kind", "name", "in the files"), names)


def _capture(job: ExportJob, species: str, done: Done) -> None:
    found = _history(job, done)
    seasons = plain_names(found.seasons)
    for season, (text, dropped) in program_capture.capture_inputs(found).items():
        if not text:
            done.notes.append(f"{species}: in season {season} no camera worked or no animal was met: no file for CAPTURE")
            continue
        done.text(job.out / f"{_stem(species)}-{seasons[season]}.inp", text)
        done.notes += [f"{species}: {one}" for one in dropped]
    names = plain_names((one.individual for one in found.histories), longest=program_capture.ID_WIDTH)
    done.table(
        job.out / f"{_stem(species)}-names.csv", ("kind", "name", "in the files"), [("animal", *pair) for pair in names.items()]
    )


def _occasion_table(found: CaptureHistory) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    columns = ("occasion", "season", "number", "start", "end", "camera_days", "individuals", "years_to_next")
    gaps = [*found.intervals(), None]
    rows: list[tuple[object, ...]] = []
    for at, (one, gap) in enumerate(zip(found.occasions, gaps, strict=True)):
        seen = sum(row.seen[at] is True for row in found.histories)
        rows.append((one.name, one.season, one.number, one.start, one.end, one.camera_days, seen if one.sampled else "NA", gap))
    return columns, rows


def _history_table(found: CaptureHistory) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    traits = (*(("group",) if found.groups else ()), *found.covariates)
    columns = ("individual", *traits, *(one.name for one in found.occasions))
    rows: list[tuple[object, ...]] = [
        (
            one.individual,
            *((one.group,) if found.groups else ()),
            *one.covariates,
            *("NA" if seen is None else int(seen) for seen in one.seen),
        )
        for one in found.histories
    ]
    return columns, rows


def _photo_table(photos: Sequence[Photo]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """A table that `read_manifest` reads again."""
    notes = sorted({name for photo in photos for name in photo.notes} - {*PHOTO_COLUMNS, *BOX_COLUMNS})
    boxed = any(photo.box for photo in photos)
    rows: list[tuple[object, ...]] = []
    for one in photos:
        box = [getattr(one.box, name) if one.box else "" for name in BOX_COLUMNS] if boxed else []
        when = one.captured_at.replace(tzinfo=None) if one.captured_at else None
        rows.append(
            (
                one.path.absolute().as_posix(),
                one.species,
                one.individual,
                when,
                one.encounter,
                one.camera,
                one.side,
                one.season,
                *box,
                *(one.column(name) for name in notes),
            )
        )
    return (*PHOTO_COLUMNS, *(BOX_COLUMNS if boxed else ()), *notes), rows


def _csv(job: ExportJob, species: str, done: Done) -> None:
    found = _history(job, done)
    stem = _stem(species)
    for name, (columns, rows) in (
        ("history", _history_table(found)),
        ("occasions", _occasion_table(found)),
        ("photos", _photo_table(_counted(found))),
    ):
        done.table(job.out / f"{stem}-{name}.csv", columns, rows)


def _counted(found: CaptureHistory) -> list[Photo]:
    return [program_capture.photo for row in found.histories for program_capture in row.captures]


def _xlsx(job: ExportJob, species: str, done: Done) -> None:
    found = _history(job, done)
    lost = [(one.species, one.individual, one.photo, one.reason) for one in found.left_out]
    writable_folder(job.out)
    path = job.out / f"{_stem(species)}.xlsx"
    write_book(
        path,
        {
            "history": _history_table(found),
            "occasions": _occasion_table(found),
            "photos": _photo_table(_counted(found)),
            "left out": (LEFT_OUT_COLUMNS, lost),
        },
    )
    done.files.append(path)


def _camtrapr(job: ExportJob, species: str, done: Done) -> None:
    dated = [one for one in job.photos if one.captured_at]
    records = [photo for photo, _ in camtrapr.independent(dated, job.settings.independent_minutes)]
    counted = {id(one) for one in records}
    for one in job.photos:
        if id(one) not in counted:
            gap = job.settings.independent_minutes
            soon = f"less than {gap:g} minutes after the record before it" if gap else "of the same second as another record"
            done.left_out.append(
                LeftOut(one.species, one.individual, str(one.path), soon if one.captured_at else "photo has no date")
            )
    done.count(records)
    rows = list(camtrapr.record_rows(dated, job.settings.independent_minutes))
    done.table(job.out / "records.csv", camtrapr.RECORD_COLUMNS, rows)
    if job.deployments:
        done.table(job.out / "cameras.csv", *camtrapr.camera_table(job.deployments))
    else:
        done.notes.append("no deployments table was given: camtrapR's table of cameras was not written")


def _dated_only(job: ExportJob, done: Done) -> list[Photo]:
    kept = [one for one in job.photos if one.captured_at]
    done.left_out += [
        LeftOut(one.species, one.individual, str(one.path), "photo has no date") for one in job.photos if not one.captured_at
    ]
    done.count(kept)
    return kept


def _camtrap_dp(job: ExportJob, species: str, done: Done) -> None:
    settings = job.settings
    base = Path(os.path.commonpath([one.path.absolute().parent for one in job.photos]))
    inside = [one.path.absolute().relative_to(base).as_posix() for one in job.photos]
    paths = [f"media/{one}" for one in inside]
    found = camtrap_dp.package(
        job.photos,
        encounters(job.photos, minutes=settings.encounter_minutes),
        paths,
        job.deployments,
        zone=settings.time_zone,
        scientific=settings.scientific,
        created=datetime.now(UTC),
        title=settings.title,
        contributor=settings.contributor,
        sampling_design=settings.sampling_design,
    )
    lost = {id(photo) for photo, _ in found.left_out}
    if settings.copy:
        for photo, path in zip(job.photos, paths, strict=True):
            if id(photo) not in lost:
                _copy(photo.path, job.out / path)
    else:
        done.notes.append(
            f"the photos were not copied: filePath counts from the package, the files lie under {base}; --copy copies them"
        )
    for name, columns, rows in (
        ("deployments", camtrap_dp.PACKAGE_DEPLOYMENT_COLUMNS, found.deployments),
        ("media", camtrap_dp.MEDIA_COLUMNS, found.media),
        ("observations", camtrap_dp.OBSERVATION_COLUMNS, found.observations),
    ):
        done.table(job.out / f"{name}.csv", columns, [[row.get(column) for column in columns] for row in rows])
    done.text(job.out / "datapackage.json", camtrap_dp.descriptor_text(found))
    done.left_out += [LeftOut(one.species, one.individual, str(one.path), reason) for one, reason in found.left_out]
    done.count([one for one in job.photos if id(one) not in lost])
    if unnamed := sorted({one.species for one in job.photos if " " not in one.species} - set(settings.scientific)):
        done.notes.append(
            f"scientificName is what the photos call the species: give --scientific {unnamed[0]}='GENUS EPITHET' "
            f"({', '.join(unnamed)})"
        )


def _wildbook(job: ExportJob, species: str, done: Done) -> None:
    settings = job.settings
    columns, rows = wildbook.sheet(
        job.photos, encounters(job.photos, minutes=settings.encounter_minutes), settings.scientific, job.deployments
    )
    unnamed = sorted({one.species for one in job.photos if " " not in settings.scientific.get(one.species, one.species)})
    if unnamed:
        done.notes.append(
            f"Wildbook needs genus and epithet: give --scientific {unnamed[0]}='GENUS EPITHET' ({', '.join(unnamed)})"
        )
    writable_folder(job.out)
    write_book(job.out / "wildbook.xlsx", {"encounters": (columns, rows)})
    done.files.append(job.out / "wildbook.xlsx")
    done.count(job.photos)


def _folders(job: ExportJob, species: str, done: Done) -> None:
    rows = []
    for photo in job.photos:
        folder = job.out / _folder_name(photo.species) / _folder_name(photo.individual)
        target = folder / photo.path.name
        number = 1
        while target in done.files:
            number += 1
            target = folder / f"{photo.path.stem}-{number}{photo.path.suffix}"
        if photo.path.is_file():
            _copy(photo.path, target)
            done.files.append(target)
            rows.append((photo, target))
        else:
            done.left_out.append(LeftOut(photo.species, photo.individual, str(photo.path), "the file is not there any more"))
    columns, table = _photo_table([one for one, _ in rows])
    relative = [(target.relative_to(job.out).as_posix(), *row[1:]) for (_, target), row in zip(rows, table, strict=True)]
    done.table(job.out / "manifest.csv", columns, relative)
    done.count([one for one, _ in rows])


def _folder_name(name: str) -> str:
    safe = "".join("-" if one in '/\\:*?"<>|' or ord(one) < 32 else one for one in name).strip(" .")
    return safe or "-"


def _copy(source: Path, target: Path) -> None:
    try:
        make_folder(target.parent)
        with atomic_replace(target) as temporary:
            shutil.copy2(source, temporary)
    except OSError as fault:
        raise UsageError(
            f"{source}: not copied to {target} ({fault.strerror}); check the folder and the room on the disk"
        ) from fault


WRITERS: dict[str, Callable[[ExportJob, str, Done], None]] = {
    "mark": _mark, "secr": _secr, "capture": _capture, "camtrapr": _camtrapr, "camtrap-dp": _camtrap_dp,
    "wildbook": _wildbook, "csv": _csv, "xlsx": _xlsx, "folders": _folders,
}  # fmt: skip
