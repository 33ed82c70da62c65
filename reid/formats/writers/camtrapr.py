"""camtrapR's record table of individuals, and its table of camera traps.

By camtrapR's help of recordTableIndividual, recordTableIndividualSample and cameraOperation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from reid.errors import UsageError
from reid.records import Deployment, Photo
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


def independent(photos: Sequence[Photo], minutes: float = 0) -> list[tuple[Photo, int]]:
    """The photos that are records, by station, species, individual and time, each with the seconds since the one before.

    The differences count from the record of the same individual at the same station before it that was kept; the first
    one has 0. A photo less than `minutes` after the last one kept is no record (camtrapR's minDeltaTime with
    deltaTimeComparedTo = "lastIndependentRecord"), nor is one of the same second (its removeDuplicateRecords).
    """
    last: dict[tuple[str, str, str], datetime] = {}
    kept = []
    for photo in sorted(
        photos, key=lambda one: (one.camera, one.species, one.individual, str(one.captured_at), str(one.path))
    ):
        when = photo.captured_at
        assert when is not None
        when = when.replace(tzinfo=None, microsecond=0)
        who = photo.camera, photo.species, photo.individual
        before = last.get(who)
        seconds = int((when - before).total_seconds()) if before is not None else 0
        if before is not None and (seconds < minutes * 60 or seconds == 0):
            continue
        last[who] = when
        kept.append((photo, seconds))
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
    spans = [_spans(one.off) for one in deployments]
    most = max(len(one) for one in spans)
    columns = (
        "Station",
        "utm_y",
        "utm_x",
        "Setup_date",
        "Retrieval_date",
        *(f"Problem{at}_{end}" for at in range(1, most + 1) for end in ("from", "to")),
    )
    rows: list[tuple[object, ...]] = []
    for one, (x, y), off in zip(deployments, points, spans, strict=True):
        days = [end.isoformat() for span in off for end in span]
        rows.append(
            (
                one.camera,
                round(y, 2),
                round(x, 2),
                one.start.isoformat(),
                one.end.isoformat(),
                *days,
                *[""] * (2 * most - len(days)),
            )
        )
    return columns, rows


def _spans(days: frozenset[date]) -> list[tuple[date, date]]:
    """Days as spans of days that follow each other."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = found[-1][0], day
        else:
            found.append((day, day))
    return found
