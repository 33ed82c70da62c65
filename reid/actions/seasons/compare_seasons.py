"""`reid seasons`: who returned, who is new, who was not seen again, and where a person must look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reid import settings as options
from reid.actions.curation.drift import drifts
from reid.actions.identification.query import looked_at, not_kept
from reid.actions.identification.unresolved_sightings import in_review, keys, to_keep
from reid.actions.intake.closing_line import closing_line
from reid.actions.intake.taking_photos import TakenPhotos, take_photos
from reid.actions.seasons.results import SEASON_COLUMNS, SEASON_STATUSES, SeasonsReport
from reid.actions.seasons.season_search import search_season
from reid.actions.seasons.season_table import halves, rows
from reid.errors import UsageError
from reid.files import writable_folder
from reid.pages.html import write_page
from reid.progress import SILENT, Progress
from reid.records import Deployment, Photo, Problem, Sighting
from reid.settings import QuerySettings
from reid.steps.season.joint_identification import Animal
from reid.store import EnrolledPhoto
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery
from reid.survey.deployments import DeploymentTable
from reid.tables.tables import write_table

NAMED = 20
"""Photos that could not be read, named where there is nothing else to report."""



def seasons(
    photos: Sequence[Path] = (),
    *,
    first: str,
    second: str,
    gallery: Path | None = None,
    out: Path | None = None,
    settings: QuerySettings | None = None,
    record: bool = False,
    progress: Progress = SILENT,
) -> SeasonsReport:
    """Compare two seasons.

    The first season, and all that is known besides, is what the gallery holds. The second is the enrolled photos of that
    season, and the photos given, which are identified as a whole (`steps.season.joint_identification`): encounter by encounter,
    no two animals of one frame or of two far places at once under one name, and those without a name put together where their
    photos say so. A season is what the manifest calls it, else the year the photo was taken.

    Args:
        photos: of the second season, not enrolled; others among them are skipped and counted.
        first, second: names of the seasons.
        gallery: None = REID_GALLERY or indexes/default.
        out: folder for seasons.csv and seasons.html; None = nothing is written.
        settings: of the identification; `encounters` is always on. Places come from the photos' columns `latitude` and
            `longitude` or from the table of deployments.
        record: keep the decisions in the gallery as sightings, one for each encounter, as `query` does: `count` finds them.
        progress: called for every photo.

    Raises:
        UsageError: the gallery has no photo of the first season, nothing is of the second, an option is out of range, or the
            folder cannot be written to.
        GalleryError, NetError, ManifestError: gallery, net or table cannot be read.
    """
    settings = replace(options.resolve(QuerySettings(), {}) if settings is None else settings, encounters=True)
    check_link(settings)
    taken = take_season_photos(photos, settings, progress)
    by_season, problems = taken.by_season()
    chosen = by_season.get(second, [])
    with open_gallery(options.gallery_folder(gallery)) as opened:
        enrolled = [photo for photo in opened.photos() if settings.species in ("", photo.species)]
        _check(enrolled, by_season, problems, first, second)
        if out is not None:
            writable_folder(out)  # refused before hours of looking, and before any decision is kept
        if record:
            opened.check_writable("seasons --record")
        progress.start(f"identifying {second}", len(chosen))
        animals, failed = identified(opened, chosen, enrolled, settings, progress, taken.deployments)
        drift = drifts(opened, enrolled)
        kept = in_review(opened, second, keys_of(animals))
        unread = len(problems) + len(failed)
        if record:
            failed = (*failed, *not_kept(opened.add_sightings(to_keep(encounters_of(animals)), looked_at(chosen, failed))))
    table = rows(enrolled, animals, first, second, settings.independent_minutes, kept)
    report = SeasonsReport(
        first, second, tuple(table), tuple(one.sighting for one in animals), sum(map(len, by_season.values())) - len(chosen),
        (*problems, *failed), None, None, animals, halves(table), drift,
    )
    closing = closing_line(
        {status: report.count(status) for status in SEASON_STATUSES}, nothing="no animal", undated=taken.undated, unread=unread,
        left={"photos of another season": sum(len(by_season[name]) for name in by_season if name not in ("", second))},
    )
    report = replace(report, closing=closing)
    if out is not None:
        progress.start("writing pages", 1)
        report = write(report, out)
        progress.advance(1)
    progress.finish()
    return report


def take_season_photos(
    photos: Sequence[Path], settings: QuerySettings, progress: Progress, table: DeploymentTable | None = None
) -> TakenPhotos:
    """Take in photos beside those enrolled; there need not be any. Raises and table as of `take_photos`."""
    taken = take_photos(photos, settings, table=table) if photos else TakenPhotos()
    for note in taken.notes:
        progress.say(note)
    return taken


def check_link(settings: QuerySettings) -> None:
    """Refuse options of a whole assignment that mean nothing. Raises UsageError."""
    for link in (settings.link, settings.discover_link, settings.enroll_link):
        if not 0.0 < link <= 1.0 or not settings.kilometres_an_hour > 0.0:
            raise UsageError(
                f"link {link:g}, {settings.kilometres_an_hour:g} km/h: wanted a probability in (0, 1], such as "
                f"{QuerySettings().link:g}, and a speed above 0"
            )


def identified(
    gallery: GalleryStore,
    photos: Sequence[Photo],
    enrolled: Sequence[EnrolledPhoto],
    settings: QuerySettings,
    progress: Progress,
    deployments: Sequence[Deployment] = (),
) -> tuple[tuple[Animal, ...], tuple[Problem, ...]]:
    """The animals of photos, decided as a whole, and the photos that could not be read."""
    if not photos:
        return (), ()
    search = search_season(gallery, photos, enrolled, settings, progress, deployments=deployments)
    return search.animals(settings.link), search.problems


def keys_of(animals: Sequence[Animal]) -> set[str]:
    """What the photos of animals are known by, see `unresolved_sightings.keys`."""
    return {key for animal in animals for sighting in (animal.sighting, *animal.parts) for key in keys(sighting)}


def encounters_of(animals: Sequence[Animal]) -> list[Sighting]:
    """The decision of each animal, once for each of its encounters; several animals of one encounter get one each."""
    met: Counter[str] = Counter()
    found = []
    for animal in animals:
        for part in animal.parts:
            met[part.encounter] += 1
            name = f"{part.encounter}#{met[part.encounter]}" if met[part.encounter] > 1 else part.encounter
            found.append(replace(part, decision=animal.sighting.decision, matches=animal.sighting.matches, encounter=name))
    return found


def _check(
    enrolled: Sequence[EnrolledPhoto], given: Mapping[str, Sequence[Photo]], problems: Sequence[Problem], first: str, second: str
) -> None:
    known = sorted({photo.season for photo in enrolled if photo.season})
    if first == second:
        raise UsageError(f"both seasons are {first!r}; name two")
    if first not in known:
        raise UsageError(f"the gallery has no photo of season {first!r}; it has {known or 'none with a season'}")
    if second not in given and second not in known:
        seen = f"; the photos given are of {sorted(name or 'undated' for name in given)}" if given else "; give photos of it"
        raise UsageError(f"nothing is of season {second!r}: the gallery has {known}{seen}{not_read(problems)}")


def not_read(problems: Sequence[Problem]) -> str:
    """The first photos that could not be read, for the end of a message."""
    more = f"; and {len(problems) - NAMED} more" if len(problems) > NAMED else ""
    return "".join(f"; could not be read: {one}" for one in problems[:NAMED]) + more


def write(report: SeasonsReport, out: Path) -> SeasonsReport:
    """Write seasons.csv and seasons.html into a folder, which is made if absent."""
    from reid.actions.seasons.comparison_page import page
    from reid.actions.seasons.tables import cells, drift_table

    csv, html = writable_folder(out) / "seasons.csv", out / "seasons.html"
    write_table(csv, SEASON_COLUMNS, [cells(row) for row in report.rows])
    skipped = f"{report.skipped} photos given are of another season or undated and were skipped" if report.skipped else ""
    subtitle = ". ".join(part for part in (skipped, *report.notes) if part)
    tables = [drift_table(report.drift)] if report.drift else []
    write_page(html, page(report.first, report.second, report.rows, report.sightings, report.problems, subtitle, tables))
    return replace(report, csv=csv, html=html)
