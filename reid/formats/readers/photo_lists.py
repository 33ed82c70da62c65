"""The photos a command is given: files, folders, or manifests (CSV or XLSX) that say more about each photo."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reid.errors import ManifestError, UsageError
from reid.formats.readers.camtrap_dp import DESCRIPTOR, read_camtrap_dp
from reid.formats.readers.megadetector import LeftOutFrames, read_megadetector
from reid.formats.readers.other_tables import KNOWN_COLUMNS, as_manifest
from reid.formats.readers.photo_folders import manifest_in, read_folder
from reid.formats.readers.video_frames import PIP, available, frames_of, is_video
from reid.records import MISSING, Photo, Problem
from reid.settings import VideoSettings, resolve
from reid.tables.cell_values import BadCell, read_box, read_date, read_side, spaced
from reid.tables.tables import TABLE_SUFFIXES, Row, read_table

PHOTO_COLUMNS = ("path", "species", "individual", "captured_at", "encounter", "camera", "side", "season")
"""The columns of a manifest with a meaning of their own; only `path` is needed. All others become notes."""
BOX_COLUMNS = ("x", "y", "width", "height")
"""Where the animal is, in fractions of the upright frame (all four at most 1) or in its pixels; optional."""

_SPREADSHEET_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})
_OTHER_TABLES = frozenset({".xls", ".xlsm", ".xlsb", ".ods", ".numbers"})


@dataclass(frozen=True, slots=True)
class EmptyCells:
    """Cells of a table that hold NA, NaN or nan and were read as empty. rows: how many, by column."""

    table: str
    rows: Mapping[str, int]

    def __str__(self) -> str:
        """One line for the user."""
        where = ", ".join(f"{column} ({many} row{'s' if many > 1 else ''})" for column, many in self.rows.items())
        return f"{self.table}: NA and NaN were read as empty cells, in {where}; a name like this must be written otherwise"


@dataclass(frozen=True, slots=True)
class PhotoList:
    """The photos that can be used, in the order given, and what could not be used. notes: what else must be known."""

    photos: tuple[Photo, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


def read_photos(
    inputs: Sequence[Path], confidence: float | None = None, videos: VideoSettings | None = None, dates: str = ""
) -> PhotoList:
    """Find the photos that a command's arguments name.

    An argument is a photo; a table (`read_manifest`); MegaDetector's results (.json, `read_megadetector`); a Camtrap DP
    (its folder or datapackage.json, `read_camtrap_dp`); or a folder. A folder with a manifest.csv or manifest.xlsx at its
    top is read by that, and is refused if it holds other tables too; any other folder gives species and individual by its
    sub-folders (`read_folder`). A photo named directly or found in a folder has no date here: its EXIF is read when it is
    decoded. A photo named twice with the same box is a Problem the second time. Photos that exist but cannot be decoded are
    found later.

    Wherever a photo may be named, a video may: its frames are given (`video.frames_of`). Without the extra that reads videos,
    those named are Problems, those found in a folder are a note.

    Args:
        inputs: at least one path.
        confidence: a detector's box counts from here on, in [0, 1]; None = as its file says.
        videos: how frames are taken; None = defaults and REID_* variables.
        dates: how a table's dates as 3/4/2020 are read, see `dates.DATE_ORDERS`.

    Raises:
        UsageError: no input, or no such way to take frames.
        ManifestError: a table that cannot be read at all, or a folder without a photo.
    """
    if not inputs:
        raise UsageError("No photo was named; give a photo, a folder of photos, or a manifest.")
    photos: list[Photo] = []
    problems: list[Problem] = []
    notes: list[str] = []
    first: dict[tuple[str, str], str] = {}
    videos = resolve(VideoSettings(), {}) if videos is None else videos
    for path in inputs:
        passed_over = 0
        for item in _read_input(path, confidence, dates):
            if isinstance(item, LeftOutFrames):
                notes.append(f"{path.name}: {item}")
            elif isinstance(item, EmptyCells):
                notes.append(str(item))
            elif isinstance(item, Problem):
                problems.append(item)
            if not isinstance(item, Photo):
                continue
            if repeated := _repeated(item, first):
                problems.append(repeated)
            elif not is_video(item.path):
                photos.append(item)
            elif item.origin == str(path) and not available():  # found in a folder, not named
                passed_over += 1
            else:
                for frame in frames_of(item, videos):  # which may have been named as a photo, too
                    taken = (_repeated(frame, first) or frame) if isinstance(frame, Photo) else frame
                    photos.append(taken) if isinstance(taken, Photo) else problems.append(taken)
        if passed_over:
            notes.append(f"{path}: {passed_over} videos were passed over; `{PIP}` lets reid take frames out of them")
    return PhotoList(tuple(photos), tuple(problems), tuple(notes))


def _repeated(photo: Photo, first: dict[tuple[str, str], str]) -> Problem | None:
    """The problem with a photo and box that were named before; else None, and `first` (path and box -> origin) has it now."""
    key = (os.path.normpath(photo.path.absolute()), photo.box.key() if photo.box else "")
    if key not in first:
        first[key] = photo.origin
        return None
    before = f" ({first[key]})" if first[key] else ""
    return Problem(str(photo.path), f"the same photo and box were named before{before}; the first is used.", photo.origin)


def read_manifest(path: Path, dates: str = "") -> Iterator[Photo | Problem | EmptyCells]:
    """Read a table of photos row by row: a Photo, or a Problem naming the row (header = 1) and the column.

    NA, NaN and nan, as R and pandas write missing values, are empty cells in PHOTO_COLUMNS, but for `path`; last comes where
    that was so.

    camtrapR's record tables, Wildbook's bulk import sheets and Timelapse's CSV are read as well (`other_tables`).

    Paths are relative to the table; backslashes work everywhere. `captured_at` and `side` are read as `cell_values` says.
    Names keep their text (007 stays 007), with white space trimmed. Columns that are not in PHOTO_COLUMNS or BOX_COLUMNS
    become notes; so do width and height where the table has neither x nor y.

    Raises:
        ManifestError: no table, no column `path`, a column twice, box columns incomplete, or no row.
    """
    table = read_table(path, {*PHOTO_COLUMNS, *BOX_COLUMNS, *KNOWN_COLUMNS})
    if "path" not in table.columns:
        table = as_manifest(table) or table
    if "path" not in table.columns:
        raise ManifestError(f'{path}: has no column "path" (met: {", ".join(table.columns)}); wanted '
                            f"{', '.join(PHOTO_COLUMNS)}, of which only path is needed.")
    boxed = "x" in table.columns or "y" in table.columns
    if boxed and (absent := [name for name in BOX_COLUMNS if name not in table.columns]):
        raise ManifestError(f"{path}: has no column {', '.join(absent)}; a box needs x, y, width and height.")
    known = {*PHOTO_COLUMNS, *BOX_COLUMNS} if boxed else {*PHOTO_COLUMNS}
    others = tuple(name for name in table.columns if name not in known)
    empty = True
    missing: Counter[str] = Counter()
    for raw in table.rows:
        empty = False
        row = _emptied(raw, missing)
        origin = f"{path.name}, row {row.number}"
        try:
            yield _photo(row, path.parent, origin, others, boxed, dates)
        except BadCell as fault:
            yield Problem(row.text("path"), str(fault), origin, fault.column)
    if empty:
        raise ManifestError(f"{path}: has a header but no row; wanted one row for each photo.")
    if missing:
        yield EmptyCells(path.name, {name: missing[name] for name in PHOTO_COLUMNS if name in missing})


def _emptied(row: Row, missing: Counter[str]) -> Row:
    """The row without cells that only say that nothing is known; they are counted by column."""
    gone = [name for name in PHOTO_COLUMNS[1:] if row.cells.get(name) and row.cells[name] in MISSING]
    if not gone:
        return row
    missing.update(gone)
    return replace(row, cells={name: cell for name, cell in row.cells.items() if name not in gone})


def _read_input(
    path: Path, confidence: float | None, dates: str
) -> Iterator[Photo | Problem | LeftOutFrames | EmptyCells]:
    suffix = path.suffix.lower()
    if path.name == DESCRIPTOR or (path.is_dir() and (path / DESCRIPTOR).is_file()):
        yield from read_camtrap_dp(path if path.name == DESCRIPTOR else path / DESCRIPTOR)
    elif path.is_dir():
        manifest = manifest_in(path)
        yield from read_manifest(manifest, dates) if manifest else read_folder(path)
    elif suffix in TABLE_SUFFIXES:
        yield from read_manifest(path, dates)
    elif suffix == ".json":
        yield from read_megadetector(path, confidence)
    elif suffix in _OTHER_TABLES:
        raise ManifestError(f"{path}: is a table that cannot be read here; save it as .xlsx or CSV (UTF-8).")
    elif fault := _absence(path):
        yield Problem(str(path), fault)
    else:
        yield Photo(path)


def _photo(row: Row, base: Path, origin: str, others: tuple[str, ...], boxed: bool, dates: str) -> Photo:
    if row.surplus:
        raise BadCell("row", f"has {row.surplus} more cells than the header; quote cells that hold the separator.")
    for column, cell in row.cells.items():
        if cell in _SPREADSHEET_ERRORS:
            raise BadCell(column, f'"{cell}" is an error of the spreadsheet; mend the formula.')
    path = _path(row.text("path"), base)
    return Photo(
        path,
        species=spaced(row.text("species")),
        individual=spaced(row.text("individual")),
        captured_at=read_date("captured_at", row.cells.get("captured_at", ""), dates),
        encounter=spaced(row.text("encounter")),
        camera=spaced(row.text("camera")),
        side=read_side("side", row.text("side")),
        season=spaced(row.text("season")),
        box=read_box({name: row.text(name) for name in BOX_COLUMNS}, path) if boxed else None,
        notes={name: row.text(name) for name in others if name in row.cells},
        origin=origin,
    )


def _path(text: str, base: Path) -> Path:
    if not text:
        raise BadCell("path", "is empty; name the photo.")
    path = base / text
    fault = _absence(path)
    others = [text.replace("\\", "/")] if "\\" in text else []  # written on Windows
    others += [unicodedata.normalize(form, name) for name in (text, *others) for form in ("NFC", "NFD")]  # or on a Mac
    for name in dict.fromkeys(others) if fault else ():
        if not _absence(base / name):
            return base / name
    if fault:
        raise BadCell("path", f"{fault[:-1]} (looked for {path}); mend the path, or move the table: paths count from its folder.")
    return path


def _absence(path: Path) -> str:
    """Why there is no file at a path; "" if there is one."""
    try:
        if path.is_file():
            return ""
        return "is a folder, not a photo." if path.is_dir() else "there is no such file."
    except OSError as fault:
        return f"cannot be reached ({fault.strerror})."
