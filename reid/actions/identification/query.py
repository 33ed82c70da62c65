"""`reid query`: who is this animal? Each photo, or each encounter, gets one decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from reid import settings as options
from reid.actions.identification.explain import explain
from reid.actions.identification.identification import Identification
from reid.actions.identification.identifier import Identifier
from reid.actions.identification.unresolved_sightings import to_keep
from reid.actions.intake.closing_line import closing_line, outcome_counts
from reid.actions.intake.taking_photos import take_photos
from reid.errors import UsageError
from reid.files import check_writable, make_folder
from reid.progress import SILENT, Progress
from reid.records import Photo, Problem, Sighting
from reid.settings import QuerySettings
from reid.steps.sightings import SearchedPhoto
from reid.store import NotKept
from reid.store.opening import open_gallery


@dataclass(frozen=True, slots=True)
class QueryReport:
    """The decisions in the order of the photos (of the encounters' first photos), and the photos that failed.

    explained: the pictures written for `why`. closing: all of it in one line.
    """

    sightings: tuple[Sighting, ...]
    problems: tuple[Problem, ...]
    explained: tuple[Path, ...] = ()
    closing: str = ""


def query(
    photos: Sequence[Path],
    *,
    gallery: Path | None = None,
    settings: QuerySettings | None = None,
    record: bool = False,
    as_of: datetime | date | None = None,
    why: Path | None = None,
    progress: Progress = SILENT,
    on_sighting: Callable[[Sighting], None] | None = None,
) -> QueryReport:
    """Identify photos against the gallery.

    Args:
        photos: files, folders or manifests; labels in them are not looked at.
        gallery: its folder; None = REID_GALLERY or indexes/default.
        settings: None = defaults and REID_* variables.
        record: keep the decisions in the gallery as sightings, in the place of older ones of the same animals. A decision that
            was kept for a whole encounter stays unless all of its photos are asked about: that is reported as a problem.
        as_of: answer as on that day (to its end) or at that moment: with the individuals, names, photos, nets and
            thresholds that the gallery had then.
        why: a folder, made if absent, for one JPEG a decision that shows query, best match and the places that agree.
        progress: called for every photo.
        on_sighting: given every decision as soon as it is made.

    Raises:
        UsageError: no photo, the species given is not in the gallery, a picture for `why` cannot be written, the gallery
            knows nothing of the day `as_of`, or its answer was to be recorded.
        GalleryError, NetError, ModelMismatch: gallery or net cannot be used.
        ManifestError: the photos' table cannot be read.
    """
    settings = options.resolve(QuerySettings(), {}) if settings is None else settings
    if record and as_of is not None:
        raise UsageError("an answer of the past is no new sighting: ask with as_of or with record, not with both")
    if why is not None:
        check_writable(why)
    taken = take_photos(photos, settings)
    sightings: list[Sighting] = []
    problems = list(taken.problems)
    drawn: list[Path] = []
    with open_gallery(options.gallery_folder(gallery), as_of=as_of) as opened:
        if record:
            opened.check_writable("query --record")  # refused before hours of looking
        progress.start("identifying", len(taken.photos))
        for note in (*taken.notes, *taken.dates_missing()):
            progress.say(note)
        identifier = Identification(opened, settings).identifier()
        drawing = partial(_explain, identifier, why, drawn) if why is not None else None
        for done, item in identifier.identify(taken.photos, drawing):
            if isinstance(item, Problem):
                problems.append(item)
            else:
                sightings.append(item)
                if on_sighting is not None:
                    on_sighting(item)
            progress.advance(done)
        unread = len(problems)
        if record:
            problems += not_kept(opened.add_sightings(to_keep(sightings), looked_at(taken.photos, problems)))
    progress.finish()
    closing = closing_line(
        outcome_counts(sightings), nothing="nothing decided", undated=taken.undated, unread=unread,
        left={"decisions not kept": len(problems) - unread},
    )
    return QueryReport(tuple(sightings), tuple(problems), tuple(drawn), closing)


def looked_at(photos: Iterable[Photo], failed: Iterable[Problem]) -> list[Path]:
    """The photos that were asked about and could be read."""
    unread = {problem.path for problem in failed}
    return [photo.path for photo in photos if str(photo.path) not in unread]


def not_kept(decisions: Iterable[NotKept]) -> list[Problem]:
    """What is reported of decisions that were not kept."""
    return [Problem(decision.sighting.photo, str(decision)) for decision in decisions]


def _explain(
    identifier: Identifier, folder: Path, drawn: list[Path], searched: Sequence[SearchedPhoto], sighting: Sighting
) -> None:
    """Draw a decision into the folder; numbers in the names keep photos of one name apart."""
    if not sighting.matches:
        return
    try:
        make_folder(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made ({error.strerror}); name a folder that can be written to") from error
    path = folder / f"{len(drawn) + 1:04d} {Path(sighting.photo).stem}.jpg"
    if explain(searched, sighting, identifier.closer(sighting.matches[0].species), path):
        drawn.append(path)
