"""`reid report`: the page of a season, for the people who hold the study and for the file on the shelf."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from reid import settings as options
from reid.actions.season_figures import STATUSES, SpeciesSeason, species_season
from reid.actions.seasons import identified, of_seasons
from reid.actions.selecting import in_time
from reid.errors import UsageError
from reid.formats.capture_history import LeftOut, capture_history
from reid.formats.deployments import DeploymentTable, read_deployments
from reid.formats.manifest import BOX_COLUMNS, COLUMNS
from reid.formats.page import write_page
from reid.formats.table import write_table
from reid.formats.text import made
from reid.progress import SILENT, Progress
from reid.records import EMPTY, Box, Outcome, Photo, Problem, Sighting
from reid.settings import SIDE_RULES, ExportSettings, QuerySettings
from reid.steps.encounter import encounters
from reid.store import EnrolledPhoto, Gallery

DOUBT_COLUMNS = (*COLUMNS, *BOX_COLUMNS, "doubt", "probability", "reason")
"""Of the table of doubts: a manifest, so that `reid enroll TABLE --column doubt --only 3` enrolls what a person agrees to."""

Told = tuple[Sighting, tuple[Photo, ...]]
"""A decision and all photos that it rests on."""


@dataclass(frozen=True, slots=True)
class PhotoPair:
    """A returning animal on its two most alike photos of before and of the season; score: cosine in [-1, 1]."""

    individual: str
    before: EnrolledPhoto
    after: EnrolledPhoto
    score: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """A decision that a person must make. photos: all that it rests on, with their boxes; number: in the table, from 1."""

    number: int
    sighting: Sighting
    photos: tuple[Photo, ...]


@dataclass(frozen=True, slots=True)
class SeasonTold:
    """A page in one line. individuals: species -> status -> how many; doubts: how many."""

    page: Path
    season: str
    size: int
    individuals: dict[str, dict[str, int]]
    doubts: int
    doubts_table: Path | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeasonPage:
    """What is on the page. size: of the HTML file in bytes. doubts_table: None = there are no doubts."""

    page: Path
    season: str
    size: int
    species: tuple[SpeciesSeason, ...]
    pairs: dict[str, tuple[PhotoPair, ...]]
    doubts: tuple[Doubt, ...]
    doubts_table: Path | None
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]

    def told(self) -> SeasonTold:
        """The page in one line."""
        return SeasonTold(
            self.page, self.season, self.size,
            {one.species: {status: one.count(status) for status in STATUSES} for one in self.species},
            len(self.doubts), self.doubts_table, self.notes,
        )  # fmt: skip


def report(
    photos: Sequence[Path] = (),
    *,
    out: Path = Path("season.html"),
    of: str = "",
    gallery: Path | None = None,
    settings: ExportSettings | None = None,
    query: QuerySettings | None = None,
    progress: Progress = SILENT,
) -> SeasonPage:
    """Write the page of a season: who was met when and where, who is new, returned or not seen, effort, and the doubts.

    Doubts are decisions that say REVIEW: those that `reid query --record` kept and nobody settled since by enrolling the
    photo, and those about the photos given. They also go into a table beside the page, by which they can be enrolled.

    Args:
        photos: of the season, not enrolled: they are identified now, as `seasons` does, and nothing is kept.
        out: the HTML file; its folder is made. The table is NAME-doubts.csv beside it.
        of: name of the page's season; "" = the last one that has a photo.
        gallery: None = REID_GALLERY or indexes/default.
        settings: species, seasons, days of an occasion, deployments and side, as for `export`; None = REID_* and defaults.
        query: how the photos given are identified; clocks, seasons and deployments count for them.
        progress: told of every photo.

    Raises:
        UsageError: no photo of a named individual, no such season, an option that is none, or the page cannot be written.
        ManifestError, GalleryError, NetError: a table, the gallery or a net cannot be used.
    """
    settings = options.resolve(ExportSettings(), {}) if settings is None else settings
    if settings.side not in SIDE_RULES:
        raise UsageError(f"side {settings.side!r}: wanted one of {', '.join(SIDE_RULES)}")
    query = replace(options.resolve(QuerySettings(), {}) if query is None else query, encounters=True)
    if settings.species:
        query = replace(query, species=settings.species)
    table = read_deployments(settings.deployments) if settings.deployments else None
    with Gallery.open(options.gallery_folder(gallery)) as opened:
        made_of = _Enrolled(opened, settings, table)
        name = _season(made_of, of)
        told = [found for found in made_of.histories if name in found.seasons]
        figures = tuple(species_season(found, name, made_of.encounter_of) for found in told)
        given, problems = _ask(opened, photos, name, query, progress)
        asked = {str(photo.path) for _, photos_of in given for photo in photos_of}
        kept = [one for one in _kept(opened, made_of, name) if one[0].photo not in asked]
        doubts = _numbered([*kept, *given], settings.species)
        pairs = {one.species: _pairs(opened, one, made_of) for one in figures}
        left_out = tuple(lost for one in figures for lost in one.history.left_out)
        notes = (*made_of.notes, *_notes(figures, table))
        done = SeasonPage(out, name, 0, figures, pairs, doubts, None, left_out, notes, problems)
        return _write(done, opened, made_of, progress)


class _Enrolled:
    """The enrolled photos of named individuals, their histories by species, and which row is which photo of the gallery."""

    def __init__(self, gallery: Gallery, settings: ExportSettings, table: DeploymentTable | None) -> None:
        both = [
            (row, photo) for row, photo in zip(gallery.photos(), gallery.enrolled_sightings(), strict=True)
            if row.species != EMPTY and settings.species in ("", row.species)
        ]
        if not both:
            raise UsageError(f"the gallery has no photo{f' of {settings.species}' if settings.species else ''} to report on")
        shifts = replace(table, clocks={}) if table else None  # what is enrolled was put right when it came in
        photos, seasons = in_time([photo for _, photo in both], (), settings.seasons, shifts)
        rows = [row for row, _ in both]
        self.contents = frozenset(one.sha256 for one in rows)
        self.row_of = {id(photo): row for photo, row in zip(photos, rows, strict=True)}
        groups = encounters(photos, minutes=settings.encounter_minutes)
        self.encounter_of = {id(photo): group for photo, group in zip(photos, groups, strict=True)}
        by_species: dict[str, list[Photo]] = defaultdict(list)
        for photo in photos:
            by_species[photo.species].append(photo)
        histories, notes = [], []
        for name, members in sorted(by_species.items()):
            try:
                histories.append(capture_history(members, seasons=seasons, days=settings.days, side=settings.side,
                                                 deployments=table.deployments if table else ()))  # fmt: skip
            except UsageError as fault:  # one species without dates must not hide the others
                notes.append(f"{name} is not on the page: {fault}")
        if not histories:
            raise UsageError("; ".join(notes))
        self.histories, self.notes = tuple(histories), tuple(notes)


def _season(enrolled: _Enrolled, of: str) -> str:
    met: dict[str, datetime] = {}
    for found in enrolled.histories:
        for row in found.histories:
            for capture in row.captures:
                taken = capture.photo.captured_at
                assert taken is not None
                name = found.occasions[capture.occasion].season
                met[name] = max(met.get(name, datetime.min), taken.replace(tzinfo=None))
    names = {name for found in enrolled.histories for name in found.seasons}
    if of and of not in names:
        raise UsageError(f"there is no season {of!r}; the gallery's photos are of {', '.join(sorted(names))}")
    return of or max(met, key=lambda name: met[name])


def _ask(
    gallery: Gallery, photos: Sequence[Path], name: str, query: QuerySettings, progress: Progress
) -> tuple[list[Told], tuple[Problem, ...]]:
    """Identify the photos given as a whole, as `seasons` does; those of other seasons are left aside."""
    if not photos:
        return [], ()
    by_season, problems = of_seasons(photos, query)
    chosen = by_season.get(name, [])
    if by_season and not chosen:
        others = ", ".join(sorted(one or "no date" for one in by_season))
        raise UsageError(
            f"none of the {sum(map(len, by_season.values()))} photos given is of season {name}, the page's; they are of: {others}"
            ". A season has a page once one of its photos is enrolled: `reid query`, enroll who is known, then report it"
        )
    progress.start(f"identifying {name}", len(chosen))
    enrolled = [photo for photo in gallery.photos() if query.species in ("", photo.species)]
    animals, failed = identified(gallery, chosen, enrolled, query, progress)
    told = [
        (one.sighting, tuple(look.photo for look in one.looks))
        for one in animals
        if not all(look.already for look in one.looks)  # who is enrolled is no doubt
    ]
    return told, (*problems, *failed)


def _kept(gallery: Gallery, enrolled: _Enrolled, name: str) -> list[Told]:
    """The decisions that were kept, of each photo the latest, of photos that are not enrolled."""
    kept = [one for one in gallery.sightings() if one.sighting.season == name and one.sighting.sha256 not in enrolled.contents]
    latest: dict[str, int] = {}
    for one in kept:
        latest[one.sighting.sha256] = max(latest.get(one.sighting.sha256, 0), one.seq)
    told = [one.sighting for one in kept if one.seq == latest[one.sighting.sha256]]
    return [
        (
            one,
            tuple(
                Photo(Path(path), captured_at=one.captured_at, camera=one.camera, side=one.side, season=one.season)
                for path in one.photos or (one.photo,)
            ),
        )
        for one in told
    ]


def _numbered(told: Sequence[Told], species: str) -> tuple[Doubt, ...]:
    """Those that a person must look at, the likeliest first."""
    chosen = [
        (sighting, photos)
        for sighting, photos in told
        if sighting.decision.outcome == Outcome.REVIEW and species in ("", species_of(sighting))
    ]
    chosen.sort(key=lambda one: (-(one[0].decision.probability or 0.0), str(one[0].captured_at), one[0].photo))
    return tuple(Doubt(number, *one) for number, one in enumerate(chosen, start=1))


def species_of(sighting: Sighting) -> str:
    """The species that the best match has, else the one it was routed to."""
    return sighting.matches[0].species if sighting.matches else sighting.species.name


def best_guess(sighting: Sighting) -> str:
    """Whom it may show: the individual told, else the best match; "" where there is none."""
    return sighting.decision.individual or (sighting.matches[0].individual if sighting.matches else "")


def _pairs(gallery: Gallery, figures: SpeciesSeason, enrolled: _Enrolled) -> tuple[PhotoPair, ...]:
    """For each animal that came back, its two photos, one of before and one of the season, that are most alike.

    Photos of one side are compared with photos of that side and of unknown side. An animal whose photos of the season show
    the other side only, or have no embedding of the net in use, has no pair.
    """
    ids, vectors = gallery.vectors(figures.species)
    row = {int(number): at for at, number in enumerate(ids)}
    start = min(one.start for one in figures.history.occasions if one.season == figures.season)
    back = {one.name for one in figures.animals if one.status in ("returned", "reappeared")}
    found = []
    for history in figures.history.histories:
        if history.individual not in back:
            continue
        now, before = [], []
        for capture in history.captures:
            photo, occasion = enrolled.row_of[id(capture.photo)], figures.history.occasions[capture.occasion]
            if photo.id in row and occasion.season == figures.season:
                now.append(photo)
            elif photo.id in row and occasion.start < start:
                before.append(photo)
        if not (now and before):
            continue
        scores = vectors[[row[one.id] for one in before]] @ vectors[[row[one.id] for one in now]].T
        fits = np.array([[not one.side or not two.side or one.side == two.side for two in now] for one in before])
        if not fits.any():
            continue
        scores = np.where(fits, scores, -np.inf)
        at = divmod(int(scores.argmax()), len(now))
        found.append(PhotoPair(history.individual, before[at[0]], now[at[1]], float(scores[at])))
    return tuple(found)


def _notes(figures: Sequence[SpeciesSeason], table: DeploymentTable | None) -> tuple[str, ...]:
    notes = [f"{one.species}: {note}" for one in figures for note in one.history.notes]
    notes += [] if table else ["no deployments table was given: effort and positions are not known"]
    return tuple(notes)


def _write(done: SeasonPage, gallery: Gallery, enrolled: _Enrolled, progress: Progress) -> SeasonPage:
    from reid.actions import report_page

    table = done.page.with_name(f"{done.page.stem}-doubts.csv")
    progress.start("writing the page", 1)
    done = replace(done, doubts_table=table if done.doubts else None)
    page = report_page.page(done, gallery)
    progress.advance(1)
    made(done.page.parent)
    if done.doubts:
        write_table(table, DOUBT_COLUMNS, [row for one in done.doubts for row in _doubt_rows(one)])
    write_page(done.page, page)
    progress.finish()
    return replace(done, size=done.page.stat().st_size)


def _doubt_rows(doubt: Doubt) -> list[tuple[object, ...]]:
    sighting = doubt.sighting
    return [
        (
            photo.path.absolute().as_posix(),
            species_of(sighting),
            best_guess(sighting),
            photo.captured_at.replace(tzinfo=None) if photo.captured_at else None,
            photo.encounter,
            photo.camera,
            photo.side,
            photo.season,
            *_box_cells(photo.box),
            doubt.number,
            None if sighting.decision.probability is None else f"{sighting.decision.probability:.4f}",
            sighting.decision.reason,
        )
        for photo in doubt.photos
    ]


def _box_cells(box: Box | None) -> tuple[object, ...]:
    return tuple(getattr(box, name) if box else None for name in BOX_COLUMNS)
