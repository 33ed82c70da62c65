"""camtrapR's record table of individuals, and its table of camera traps.

By camtrapR's help of recordTableIndividual, recordTableIndividualSample and cameraOperation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from reid.errors import UsageError
from reid.formats.writers.export_job import ExportJob, Written
from reid.records import Deployment, Photo
from reid.survey.capture_history import LeftOut
from reid.survey.utm import in_metres

RECORD_COLUMNS = (
    "Station",
    "Species",
    "Individual",
    "DateTimeOriginal",
    "Date",
    "Time",
    "delta.time.secs",
    "delta.time.mins",
    "delta.time.hours",
    "delta.time.days",
    "Directory",
    "FileName",
)
STAMP = "%Y-%m-%d %H:%M:%S"


def write_camtrapr(job: ExportJob, _: str, written: Written) -> None:
    """records.csv, and cameras.csv where there are deployments. Raises UsageError as `camera_table` does."""
    gap = job.settings.independent_minutes
    dated = [at for at, photo in enumerate(job.photos) if photo.captured_at]
    kept = {dated[at] for at, _ in _records([job.photos[at] for at in dated], gap)}
    soon = f"less than {gap:g} minutes after the record before it" if gap else "of the same second as another record"
    for at, photo in enumerate(job.photos):
        if at not in kept:
            reason = soon if photo.captured_at else "photo has no date"
            written.left_out.append(LeftOut(photo.species, photo.individual, str(photo.path), reason))
    written.count([job.photos[at] for at in sorted(kept)])
    written.table(job.out / "records.csv", RECORD_COLUMNS, list(record_rows([job.photos[at] for at in dated], gap)))
    if job.deployments:
        written.table(job.out / "cameras.csv", *camera_table(job.deployments))
    else:
        written.notes.append("no deployments table was given: camtrapR's table of cameras was not written")


def independent(photos: Sequence[Photo], minutes: float = 0) -> list[tuple[Photo, int]]:
    """The photos that are records, by station, species, individual and time, each with the seconds since the one before.

    The differences count from the record of the same individual at the same station before it that was kept; the first
    one has 0. A photo less than `minutes` after the last one kept is no record (camtrapR's minDeltaTime with
    deltaTimeComparedTo = "lastIndependentRecord"), nor is one of the same second (its removeDuplicateRecords).
    """
    return [(photos[at], seconds) for at, seconds in _records(photos, minutes)]


def _records(photos: Sequence[Photo], minutes: float) -> list[tuple[int, int]]:
    """The positions of the records in `photos`, as `independent` orders them, each with its seconds."""

    def place(at: int) -> tuple[str, ...]:
        photo = photos[at]
        return photo.camera, photo.species, photo.individual, str(photo.captured_at), str(photo.path)

    last: dict[tuple[str, ...], datetime] = {}
    kept = []
    for at in sorted(range(len(photos)), key=place):
        when = photos[at].captured_at
        assert when is not None
        when = when.replace(tzinfo=None, microsecond=0)
        series = place(at)[:3]
        before = last.get(series)
        seconds = int((when - before).total_seconds()) if before is not None else 0
        if before is None or (seconds >= minutes * 60 and seconds != 0):
            last[series] = when
            kept.append((at, seconds))
    return kept


def record_rows(photos: Sequence[Photo], minutes: float = 0) -> Iterator[tuple[object, ...]]:
    """One row for each record that `independent` gives."""
    for photo, seconds in independent(photos, minutes):
        assert photo.captured_at is not None
        when = photo.captured_at.replace(tzinfo=None, microsecond=0)
        yield (
            photo.camera, photo.species, photo.individual,
            when.strftime(STAMP), when.strftime("%Y-%m-%d"), when.strftime("%H:%M:%S"),
            seconds, round(seconds / 60), round(seconds / 3600, 1), round(seconds / 86400, 1), photo.path.parent.as_posix(),
            photo.path.name,
        )  # fmt: skip


def camera_table(deployments: Sequence[Deployment]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Columns and rows of camtrapR's table of camera traps: one row a deployment, spans of days off as Problem1, Problem2...

    Raises:
        UsageError: no deployments, or one without a position.
    """
    if not deployments:
        raise UsageError("camtrapR's camera table needs deployments: give --deployments TABLE")
    points = in_metres(deployments).points
    spans = [_spans(place.off) for place in deployments]
    most = max(len(place) for place in spans)
    columns = (
        "Station",
        "utm_y",
        "utm_x",
        "Setup_date",
        "Retrieval_date",
        *(f"Problem{at}_{end}" for at in range(1, most + 1) for end in ("from", "to")),
    )
    rows: list[tuple[object, ...]] = []
    for place, (x, y), off in zip(deployments, points, spans, strict=True):
        days = [end.isoformat() for span in off for end in span]
        rows.append(
            (
                place.camera,
                round(y, 2),
                round(x, 2),
                place.start.isoformat(),
                place.end.isoformat(),
                *days,
                *[""] * (2 * most - len(days)),
            )
        )
    return columns, rows


def _spans(days: frozenset[date]) -> list[tuple[date, date]]:
    """Days as spans of days that follow each other."""
    spans: list[tuple[date, date]] = []
    for day in sorted(days):
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1] = spans[-1][0], day
        else:
            spans.append((day, day))
    return spans
