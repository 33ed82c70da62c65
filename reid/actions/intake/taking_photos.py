"""The one intake: photos as every verb takes them in, read once and brought into time, seasons and places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reid import settings as options
from reid.actions.intake.photo_selection import by_container, in_time, sides_by_path
from reid.dates import DATE_ORDERS
from reid.errors import UsageError
from reid.formats.readers.photo_lists import read_photos
from reid.records import Deployment, Photo, Problem, Season
from reid.settings import EnrollSettings, IntakeSettings
from reid.steps.encounters import season
from reid.steps.photos import read_headers
from reid.survey.deployments import DeploymentTable, read_deployments


@dataclass(frozen=True, slots=True)
class TakenPhotos:
    """Photos that a verb was given, ready to be opened.

    photos: in the order given, with date and camera as far as table or EXIF knows them, by the right clock, in their seasons.
    problems: what was named and cannot be used. notes: what a person must know of the input.
    unreadable: of photos whose header had to be looked into, those that could not be read; they are among `photos`, too.
    deployments: of the table asked for; () = none was. seasons: the spans asked for; () = none was.
    """

    photos: tuple[Photo, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    unreadable: tuple[Problem, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    seasons: tuple[Season, ...] = ()

    @property
    def undated(self) -> int:
        """How many photos could be read and have no date."""
        return len(self._undated())

    def _undated(self) -> list[Photo]:
        files = {problem.path for problem in self.unreadable}
        return [photo for photo in self.photos if photo.captured_at is None and str(photo.path) not in files]

    def dates_missing(self) -> tuple[str, ...]:
        """What is to be said of photos without a date: nothing, or one line that names the first and how to date them."""
        undated = self._undated()
        if not undated:
            return ()
        return (
            f"{len(undated)} of {len(self.photos)} photos have no date (the first: {undated[0].path}): they are of no encounter "
            "and no season but as a table says; its column captured_at dates them, `reid photos correct --date` once enrolled",
        )

    def by_season(self) -> tuple[dict[str, list[Photo]], list[Problem]]:
        """The photos by their season, "" for those in none, and all problems so far.

        A photo that could not be read, and is of no season for that reason, is a problem here and not an undated photo.
        """
        members: dict[str, list[Photo]] = defaultdict(list)
        for photo in self.photos:
            members[season(photo)].append(photo)
        without = members.pop("", [])
        names = {(str(photo.path), photo.origin) for photo in without}
        failed = [problem for problem in self.unreadable if (problem.path, problem.origin) in names]
        files = {(problem.path, problem.origin) for problem in failed}
        kept = [photo for photo in without if (str(photo.path), photo.origin) not in files]
        return dict(members) | ({"": kept} if kept else {}), [*self.problems, *failed]


def take_photos(
    paths: Sequence[Path], settings: IntakeSettings | None = None, *, table: DeploymentTable | None = None
) -> TakenPhotos:
    """Take in the photos that a verb was given: every table, video, header and deployments table is read once.

    In this order: tables and videos; the side that a path tells; date and camera from EXIF, one header for each file that
    lacks one of them; clocks; seasons; deployments.

    Args:
        paths: files, folders, manifests, detections, packages; at least one.
        settings: what is asked of the photos; None = `plain_intake()`.
        table: the table of deployments where it was read before; None = read it where the settings name one.

    Raises:
        UsageError: no path, or an option that cannot be read, or a clock of a camera that no photo has.
        ManifestError: a table that cannot be read at all, or a folder without a photo.
    """
    settings = plain_intake() if settings is None else settings
    if settings.dates not in DATE_ORDERS:
        raise UsageError(f"dates {settings.dates!r}: wanted one of {', '.join(DATE_ORDERS[1:])}")
    if table is None and settings.deployments:
        table = read_deployments(Path(settings.deployments), settings.dates)
    listed = read_photos(list(paths), settings.box_confidence, settings, settings.dates)
    photos, unreadable = read_headers(sides_by_path(listed.photos, settings.side_path))
    spans: tuple[Season, ...] = ()
    if settings.clocks or settings.seasons or table:
        photos, spans = in_time(photos, settings.clocks, settings.seasons, table)
    notes = (*listed.notes, *_of_containers(photos))
    return TakenPhotos(
        tuple(photos), listed.problems, notes, tuple(unreadable), table.deployments if table else (), spans
    )


def _of_containers(photos: Sequence[Photo]) -> list[str]:
    """What is to be said of frames whose date calls itself UTC, where no clock put it right."""
    frames = [photo for photo in photos if by_container(photo)]
    if not frames:
        return []
    return [
        f"{len(frames)} frames are dated by their videos' containers (the first: {frames[0].path.name}, "
        f"{frames[0].captured_at}), which should be UTC, though many cameras write their own clock: where it is UTC, "
        "--clock video=+3h makes it local"
    ]


def plain_intake() -> IntakeSettings:
    """What is asked of photos where nothing is but how files are read, as REID_VIDEO, REID_FRAMES and REID_DATES say."""
    known = options.resolve(EnrollSettings(), {})
    return IntakeSettings(video=known.video, frames=known.frames, dates=known.dates)
