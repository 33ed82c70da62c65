"""Which of the photos given a verb is to use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from reid.errors import UsageError
from reid.formats.readers.video_frames import CONTAINER_UTC
from reid.records import Photo, Season
from reid.steps.encounters import season
from reid.survey.deployments import DeploymentTable, deployment_on
from reid.survey.season_dates import read_clocks, read_seasons, season_of
from reid.tables.cell_values import spaced

VIDEO_CLOCK = "video"
"""Stands for a camera where clocks are given: the time of containers."""
FIELDS = ("species", "individual", "encounter", "camera", "side")
"""Columns with a meaning of their own that rows may be chosen by, beside `season` and the manifest's other columns."""


def photos_of_column(photos: Sequence[Photo], column: str, values: str) -> list[Photo]:
    """The photos whose column has a value; all of them when no column is named.

    Args:
        photos: to choose from, with their dates where the season chooses.
        column: of the manifest; `season` is the year for photos whose manifest names none.
        values: the value wanted, or several separated by commas.

    Raises:
        UsageError: no photo has such a column, or none has the value.
    """
    if not column:
        return list(photos)
    name = spaced(column).lower()
    pairs = _values(photos, name)
    wanted = {spaced(value) for value in values.split(",")}
    chosen = [photo for photo, value in pairs if spaced(value) in wanted]
    if not chosen:
        raise UsageError(
            f"no photo has {values!r} in column {column!r}; it holds {sorted({value for _, value in pairs})}"
        )
    return chosen


def _values(photos: Sequence[Photo], name: str) -> list[tuple[Photo, str]]:
    if name == "season":
        return [(photo, season(photo)) for photo in photos]
    if name in FIELDS:
        return [(photo, getattr(photo, name)) for photo in photos]
    if photos and not any(name in photo.notes for photo in photos):
        known = sorted({key for photo in photos for key in photo.notes})
        raise UsageError(f"no photo has a column {name!r}; the manifest's other columns are {known or 'none'}")
    return [(photo, photo.column(name)) for photo in photos]


def in_time(
    photos: Sequence[Photo], clocks: Sequence[str], seasons: Sequence[str], table: DeploymentTable | None = None
) -> tuple[list[Photo], tuple[Season, ...]]:
    """The photos by the right clock and in the named seasons.

    Args:
        photos: dates and cameras must be known (`steps.photos.read_headers`).
        clocks: each CAMERA=OFFSET, what to add to that camera's clock; VIDEO_CLOCK=OFFSET for the frames of videos whose
            container's time calls itself UTC, whatever their camera.
        seasons: each NAME=START..END or a table; a photo in none of them keeps the season it has, else gets that of its
            deployment.
        table: its offsets count for cameras that `clocks` does not name.

    Raises:
        UsageError: an offset or a season cannot be read, or a clock is given for a camera that no photo has.
        ManifestError: a table of seasons cannot be read.
    """
    by_hand = read_clocks(clocks)
    spans = read_seasons(seasons)
    cameras = {photo.camera for photo in photos}
    known = cameras | ({VIDEO_CLOCK} if any(map(by_container, photos)) else set())
    if unknown := sorted(set(by_hand) - known):
        raise UsageError(f"no photo is of camera {unknown[0]!r}, for which a clock was given; there are {sorted(cameras)}")
    offsets = {**(table.clocks if table else {}), **by_hand}
    timed = []
    for photo in photos:
        when = photo.captured_at
        clock = VIDEO_CLOCK if VIDEO_CLOCK in by_hand and by_container(photo) else photo.camera
        if when is not None and clock in offsets:
            when += offsets[clock]
            if by_container(photo):  # it is right now
                photo = replace(photo, notes={name: text for name, text in photo.notes.items() if name != "date_from"})
        name = season_of(when, spans) if when is not None and spans else ""
        place = deployment_on(table.deployments, photo.camera, when.date()) if when is not None and table else None
        timed.append(replace(photo, captured_at=when, season=name or photo.season or (place.season if place else "")))
    return timed, spans


def by_container(photo: Photo) -> bool:
    """Whether a photo's date is the time of a video's container that calls itself UTC."""
    return photo.notes.get("date_from") == CONTAINER_UTC


def sides_by_path(photos: Sequence[Photo], rules: Sequence[str]) -> Sequence[Photo]:
    """The photos with the side that their path tells, where nothing else does.

    Args:
        photos: to look at; the whole path counts, with forward slashes, in any case.
        rules: each left=PATTERN or right=PATTERN, where * stands for any text and ? for one character: `left=*_L.*`.

    Raises:
        UsageError: no such rule, or a photo that fits rules of both sides.
    """
    patterns = []
    for text in rules:
        side, found, pattern = text.partition("=")
        if side.strip().lower() not in ("left", "right") or not found or not pattern.strip():
            raise UsageError(f"side rule {text!r}: wanted left=PATTERN or right=PATTERN, such as left=*_L.*")
        patterns.append((side.strip().lower(), pattern.strip().lower().replace("[", "[[]")))  # a bracket stands for itself
    if not patterns:
        return photos
    answer = []
    for photo in photos:
        path = photo.path.as_posix().lower()
        sides = {side for side, pattern in patterns if fnmatchcase(path, pattern)}
        if len(sides) > 1 and not photo.side:
            raise UsageError(f"{photo.path} fits the rules of both sides; make the patterns narrower")
        answer.append(replace(photo, side=photo.side or next(iter(sides), "")))
    return answer
