"""CSV tables and a workbook of a capture history: who was seen when, the occasions, and the photos that count."""

from __future__ import annotations

from collections.abc import Sequence

from reid.files import writable_folder
from reid.formats.readers.photo_lists import BOX_COLUMNS, PHOTO_COLUMNS
from reid.formats.writers.export_job import LEFT_OUT_COLUMNS, ExportJob, Written, counted_photos, history_of, stem_of
from reid.records import Photo
from reid.survey.capture_history import CaptureHistory
from reid.tables.spreadsheets import write_book

ColumnsAndRows = tuple[tuple[str, ...], list[tuple[object, ...]]]
"""The columns of a table, and its rows in their order."""


def write_csv(job: ExportJob, species: str, written: Written) -> None:
    """Three CSV tables of one species. Raises NothingLeft."""
    history = history_of(job, written)
    for name, (columns, rows) in _tables(history).items():
        written.table(job.out / f"{stem_of(species)}-{name}.csv", columns, rows)


def write_xlsx(job: ExportJob, species: str, written: Written) -> None:
    """The same tables as the sheets of one workbook, with what was left out. Raises NothingLeft."""
    history = history_of(job, written)
    lost = [(lost.species, lost.individual, lost.photo, lost.reason) for lost in history.left_out]
    path = writable_folder(job.out) / f"{stem_of(species)}.xlsx"
    write_book(path, {**_tables(history), "left out": (LEFT_OUT_COLUMNS, lost)})
    written.files.append(path)


def _tables(history: CaptureHistory) -> dict[str, ColumnsAndRows]:
    return {
        "history": _history_table(history), "occasions": occasion_table(history), "photos": photo_table(counted_photos(history)),
    }  # fmt: skip


def occasion_table(history: CaptureHistory) -> ColumnsAndRows:
    """One row for each occasion: its days, its effort, how many individuals were seen, and the years to the next one."""
    columns = ("occasion", "season", "number", "start", "end", "camera_days", "individuals", "years_to_next")
    rows: list[tuple[object, ...]] = []
    for at, (occasion, gap) in enumerate(zip(history.occasions, [*history.intervals(), None], strict=True)):
        seen = sum(individual.seen[at] is True for individual in history.histories)
        rows.append((
            occasion.name, occasion.season, occasion.number, occasion.start, occasion.end, occasion.camera_days,
            seen if occasion.sampled else "NA", gap,
        ))  # fmt: skip
    return columns, rows


def _history_table(history: CaptureHistory) -> ColumnsAndRows:
    traits = (*(("group",) if history.groups else ()), *history.covariates)
    columns = ("individual", *traits, *(occasion.name for occasion in history.occasions))
    rows: list[tuple[object, ...]] = [
        (
            individual.individual,
            *((individual.group,) if history.groups else ()),
            *individual.covariates,
            *("NA" if seen is None else int(seen) for seen in individual.seen),
        )
        for individual in history.histories
    ]
    return columns, rows


def photo_table(photos: Sequence[Photo]) -> ColumnsAndRows:
    """One row for each photo, as `read_manifest` reads it again."""
    notes = sorted({name for photo in photos for name in photo.notes} - {*PHOTO_COLUMNS, *BOX_COLUMNS})
    boxed = any(photo.box for photo in photos)
    rows: list[tuple[object, ...]] = []
    for photo in photos:
        box = [getattr(photo.box, name) if photo.box else "" for name in BOX_COLUMNS] if boxed else []
        when = photo.captured_at.replace(tzinfo=None) if photo.captured_at else None
        rows.append((
            photo.path.absolute().as_posix(), photo.species, photo.individual, when, photo.encounter, photo.camera, photo.side,
            photo.season, *box, *(photo.column(name) for name in notes),
        ))  # fmt: skip
    return (*PHOTO_COLUMNS, *(BOX_COLUMNS if boxed else ()), *notes), rows
