"""`reid report`: the page of a season, for the people who hold the study and for the file on the shelf."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from reid import settings as options
from reid.actions.identification.unresolved_sightings import OPEN, keys
from reid.actions.season_report.figures import species_season
from reid.actions.season_report.histories import SeasonPhotos, given_decision, kept_decisions
from reid.actions.season_report.photo_pairs import pairs
from reid.actions.season_report.results import (
    SeasonPage,
    SeasonSightings,
    SpeciesSeason,
    Unenrolled,
    UnresolvedSighting,
)
from reid.actions.season_report.tables import DOUBT_COLUMNS, unresolved_rows
from reid.actions.seasons.compare_seasons import identified, take_season_photos
from reid.errors import UsageError
from reid.files import check_writable, writable_folder
from reid.pages.html import write_page
from reid.progress import SILENT, Progress
from reid.records import Deployment, Outcome, Photo, Problem
from reid.settings import SIDE_RULES, ExportSettings, QuerySettings
from reid.steps.encounters import season
from reid.steps.season.possible_individuals import may_show
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery
from reid.survey.deployments import DeploymentTable, read_deployments
from reid.tables.tables import write_table


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
    """Write the page of a season: who was seen when and where, who is new, returned or not seen, what is unresolved.

    Enrolled photos count, and decisions for a known individual (kept, or of the photos given), as for `seasons`. Unresolved
    sightings are decisions that say REVIEW: those that `reid query --record` kept and that no enrolled photo has settled since,
    and those about the photos given. They also go into a table beside the page, by which they can be enrolled.

    Args:
        photos: of the season, not enrolled: they are identified now, as `seasons` does, and nothing is kept.
        out: the HTML file; its folder is made. The table is NAME-doubts.csv beside it.
        of: name of the page's season; "" = the last one that has a photo, enrolled, kept or given.
        gallery: None = REID_GALLERY or indexes/default.
        settings: species, seasons, days of an occasion, deployments and side, as for `export`; None = REID_* and defaults.
        query: how the photos given are identified; clocks, seasons and deployments count for them.
        progress: called for every photo.

    Raises:
        UsageError: no photo of a named individual, no such season, an option that is none, or the page cannot be written.
        ManifestError, GalleryError, NetError: a table, the gallery or a net cannot be used.
    """
    settings, query = _settings(settings, query)
    table = read_deployments(settings.deployments, settings.dates) if settings.deployments else None
    with open_gallery(options.gallery_folder(gallery)) as opened:
        made_of = SeasonPhotos(opened, settings, table)
        check_writable(out.parent)  # refused before hours of looking
        same = query.deployments == str(settings.deployments or "")
        taken = take_season_photos(photos, query, progress, table if same else None)
        by_season, problems = taken.by_season()
        asked_about = [photo for members in by_season.values() for photo in members]
        kept = kept_decisions(opened, settings)
        name = _season(made_of, kept, asked_about, of)
        given, failed = _identify(opened, asked_about, name, query, progress, taken.deployments)
        asked = {key for one in given for key in keys(one.sighting)}
        decisions = [*(one for one in kept if asked.isdisjoint(keys(one.sighting))), *given]
        made_of.count(decisions)
        here = [one for one in decisions if one.season == name]
        doubts = _numbered(here, settings.species)
        figures = _figures(made_of, name, doubts)
        done = SeasonPage(
            out, name, 0, figures, {one.species: pairs(opened, one, made_of, here) for one in figures},
            doubts, None, tuple(lost for one in figures for lost in one.history.left_out),
            (*made_of.notes, *_notes(figures, table), *_met_before(figures, decisions)), (*problems, *failed),
            tuple(_unenrolled(one.species, here) for one in figures),
        )  # fmt: skip
        return _write(done, opened, progress)


def _settings(settings: ExportSettings | None, query: QuerySettings | None) -> tuple[ExportSettings, QuerySettings]:
    """The settings that count, of the figures and of the identification. Raises UsageError for a side that is none."""
    settings = options.resolve(ExportSettings(), {}) if settings is None else settings
    if settings.side not in SIDE_RULES:
        raise UsageError(f"side {settings.side!r}: wanted one of {', '.join(SIDE_RULES)}")
    query = replace(options.resolve(QuerySettings(), {}) if query is None else query, encounters=True)
    return settings, replace(query, species=settings.species) if settings.species else query


def _met_before(figures: Sequence[SpeciesSeason], decisions: Sequence[SeasonSightings]) -> list[str]:
    """A note for each species with animals that unresolved sightings of earlier seasons may show: they may not be new."""
    notes = []
    for one in figures:
        start = min(occasion.start for occasion in one.history.occasions if occasion.season == one.season)
        earlier = [
            asked.sighting for asked in decisions
            if asked.sighting.captured_at is not None and asked.sighting.captured_at.date() < start
        ]
        names = [
            animal.name for animal in one.animals
            if animal.status in ("new", "reappeared")
            and any(may_show(sighting, animal.name, one.species) for sighting in earlier)
        ]
        if names:
            notes.append(
                f"{one.species}: unresolved sightings of earlier seasons may show {', '.join(names)}, so that it cannot "
                "be said that they are new or were away"
            )
    return notes


def _figures(
    made_of: SeasonPhotos, name: str, doubts: Sequence[UnresolvedSighting]
) -> tuple[SpeciesSeason, ...]:
    """The figures of each species of a season. Raises UsageError where no photo of it counts."""
    figures = tuple(species_season(history, name, doubts) for history in made_of.histories if name in history.seasons)
    if not figures:
        raise UsageError(f"no photo of season {name} counts: {'; '.join(made_of.notes) or _why_none(made_of)}")
    return figures


def _why_none(made_of: SeasonPhotos) -> str:
    reasons = Counter(lost.reason for one in made_of.histories for lost in one.left_out)
    return "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(3)) or "nothing is enrolled or decided of it"


def _unenrolled(species: str, decisions: Sequence[SeasonSightings]) -> Unenrolled:
    own = [one for one in decisions if one.species == species]
    known = [one for one in own if one.outcome == Outcome.KNOWN]
    new = [one for one in own if one.outcome == Outcome.NEW]
    new.sort(key=lambda one: (str(one.sighting.captured_at), one.sighting.photo))
    return Unenrolled(species, len(known), len(new), tuple(sorted({one.individual for one in known} - {""})), tuple(new))


def _season(enrolled: SeasonPhotos, decisions: Sequence[SeasonSightings], given: Sequence[Photo], of: str) -> str:
    """The season of the page: that asked for, else the last that has a photo, whether enrolled or not."""
    asked = [photo for one in decisions if one.outcome in OPEN for photo in one.photos]
    met: dict[str, datetime] = {}
    for photo in (*enrolled.enrolled, *asked, *given):
        if photo.captured_at is not None:
            met[season(photo)] = max(met.get(season(photo), datetime.min), photo.captured_at.replace(tzinfo=None))
    names = {*met, *(one.name for one in enrolled.spans)} - {""}
    if of and of not in names:
        raise UsageError(f"there is no season {of!r}; photos, enrolled or given, are of {', '.join(sorted(names)) or 'none'}")
    if not names or not (of or met):
        raise UsageError("no photo has a date, so that none is of a season")
    return of or max(names & set(met), key=lambda name: met[name])


def _identify(
    gallery: GalleryStore, taken: Sequence[Photo], name: str, query: QuerySettings, progress: Progress,
    deployments: Sequence[Deployment],
) -> tuple[list[SeasonSightings], tuple[Problem, ...]]:
    """Identify the photos given as a whole, as `seasons` does; those of other seasons are left aside."""
    chosen = [photo for photo in taken if season(photo) == name]
    if taken and not chosen:
        others = ", ".join(sorted({season(photo) or "no date" for photo in taken}))
        raise UsageError(f"none of the {len(taken)} photos given is of season {name}, the page's; they are of: {others}")
    if not chosen:
        return [], ()
    progress.start(f"identifying {name}", len(chosen))
    enrolled = [photo for photo in gallery.photos() if query.species in ("", photo.species)]
    animals, failed = identified(gallery, chosen, enrolled, query, progress, deployments)
    decisions = [
        given_decision(one.sighting, [look.photo for look in one.looks], gallery.head())
        for one in animals
        if not all(look.already for look in one.looks)  # who is enrolled is decided
    ]
    return decisions, failed


def _numbered(decisions: Sequence[SeasonSightings], species: str) -> tuple[UnresolvedSighting, ...]:
    """Those that a person must look at, the likeliest first."""
    chosen = [
        one for one in decisions
        if one.sighting.decision.outcome == Outcome.REVIEW and species in ("", one.sighting.counted_species)
    ]
    chosen.sort(
        key=lambda one: (-(one.sighting.decision.probability or 0.0), str(one.sighting.captured_at), one.sighting.photo)
    )
    return tuple(UnresolvedSighting(number, one.sighting, one.photos, one.entry) for number, one in enumerate(chosen, start=1))


def _notes(figures: Sequence[SpeciesSeason], table: DeploymentTable | None) -> tuple[str, ...]:
    notes = [f"{one.species}: {note}" for one in figures for note in one.history.notes]
    notes += [] if table else ["no deployments table was given: effort and positions are not known"]
    return tuple(notes)


def _write(done: SeasonPage, gallery: GalleryStore, progress: Progress) -> SeasonPage:
    from reid.actions.season_report import page as report_page

    table = done.page.with_name(f"{done.page.stem}-doubts.csv")
    progress.start("writing the page", 1)
    done = replace(done, doubts_table=table if done.doubts else None)
    page = report_page.page(done, gallery)
    progress.advance(1)
    writable_folder(done.page.parent)
    if done.doubts:
        write_table(table, DOUBT_COLUMNS, [row for one in done.doubts for row in unresolved_rows(one)])
    write_page(done.page, page)
    progress.finish()
    return replace(done, size=done.page.stat().st_size)


