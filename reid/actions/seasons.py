"""`reid seasons`: who returned, who is new, who was not seen again, and where a person must look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reid import settings as options
from reid.actions.query import Identifier
from reid.actions.selecting import as_taken
from reid.errors import UsageError
from reid.formats.manifest import read_photos
from reid.formats.page import Answer, Page, Section, Table, write_page
from reid.formats.table import write_table
from reid.progress import SILENT, Progress
from reid.records import Outcome, Photo, Problem, Sighting
from reid.settings import QuerySettings
from reid.steps.encounter import season
from reid.steps.photo import dated
from reid.store import EnrolledPhoto, Gallery

STATUSES = ("returned", "reappeared", "new", "review", "not seen")
MEANING = {
    "returned": "seen in both seasons",
    "reappeared": "known from another season than the first, seen again in the second",
    "new": "nobody enrolled before; each row is one encounter, two rows can be one animal",
    "review": "a person must look",
    "not seen": "seen in the first season, not in the second; it may live on unseen",
    "not identified": "unknown species or empty frames; they count for nobody",
}
COLUMNS = (
    "status",
    "species",
    "individual",
    "probability",
    "photos",
    "encounters",
    "last_before",
    "first_again",
    "last_again",
    "photo_before",
    "photo_again",
    "reason",
)


@dataclass(frozen=True, slots=True)
class SeasonRow:
    """One individual, or one encounter that got no name. Dates are None where not known.

    before: its last photo of the first season (or of any other season before); again: of the second season.
    """

    status: str
    species: str
    individual: str
    probability: float | None
    photos: int
    encounters: int
    last_before: datetime | None
    first_again: datetime | None
    last_again: datetime | None
    photo_before: str
    photo_again: str
    reason: str


@dataclass(frozen=True, slots=True)
class SeasonsReport:
    """Season against season. skipped: photos given that are of another season or undated. csv, html: where it is written."""

    first: str
    second: str
    rows: tuple[SeasonRow, ...]
    sightings: tuple[Sighting, ...]
    skipped: int
    problems: tuple[Problem, ...]
    csv: Path | None
    html: Path | None

    def count(self, status: str) -> int:
        """Rows of a status."""
        return sum(row.status == status for row in self.rows)


def seasons(
    photos: Sequence[Path] = (),
    *,
    first: str,
    second: str,
    gallery: Path | None = None,
    out: Path | None = None,
    settings: QuerySettings | None = None,
    progress: Progress = SILENT,
) -> SeasonsReport:
    """Compare two seasons.

    The first season, and all that is known besides, is what the gallery holds. The second is the enrolled photos of that
    season, and the photos given, which are identified encounter by encounter. A season is what the manifest calls it, else
    the year the photo was taken.

    Args:
        photos: of the second season, not enrolled; others among them are skipped and counted.
        first, second: names of the seasons.
        gallery: None = REID_GALLERY or indexes/default.
        out: folder for seasons.csv and seasons.html; None = nothing is written.
        settings: of the identification; `encounters` is always on.
        progress: told of every photo.

    Raises:
        UsageError: the gallery has no photo of the first season, or nothing is of the second.
        GalleryError, NetError, ManifestError: gallery, net or table cannot be read.
    """
    settings = replace(options.resolve(QuerySettings(), {}) if settings is None else settings, encounters=True)
    found = read_photos(list(photos), settings.box_confidence) if photos else None
    given = dated(as_taken(found.photos, settings)) if found else []
    chosen = [photo for photo in given if season(photo) == second]
    sightings: list[Sighting] = []
    problems = list(found.problems) if found else []
    with Gallery.open(options.gallery_folder(gallery)) as opened:
        enrolled = [photo for photo in opened.photos() if settings.species in ("", photo.species)]
        _check(enrolled, given, first, second, bool(chosen))
        progress.start(f"identifying {second}", len(chosen))
        identifier = Identifier(opened, settings) if chosen else None
        for done, item in identifier.identify(chosen) if identifier else ():
            if isinstance(item, Problem):
                problems.append(item)
            else:
                sightings.append(item)
            progress.advance(done)
    rows = _rows(enrolled, sightings, first, second)
    report = SeasonsReport(
        first, second, tuple(rows), tuple(sightings), len(given) - len(chosen), tuple(problems), None, None
    )
    if out is not None:
        progress.start("writing pages", 1)
        report = write(report, out)
    progress.finish()
    return report


def _check(enrolled: Sequence[EnrolledPhoto], given: Sequence[Photo], first: str, second: str, chosen: bool) -> None:
    known = sorted({photo.season for photo in enrolled if photo.season})
    if first == second:
        raise UsageError(f"both seasons are {first!r}; name two")
    if first not in known:
        raise UsageError(f"the gallery has no photo of season {first!r}; it has {known or 'none with a season'}")
    if not chosen and second not in known:
        others = sorted({season(photo) or "undated" for photo in given})
        seen = f"; the photos given are of {others}" if given else "; give photos of it"
        raise UsageError(f"nothing is of season {second!r}: the gallery has {known}{seen}")


def _rows(enrolled: Sequence[EnrolledPhoto], sightings: Sequence[Sighting], first: str, second: str) -> list[SeasonRow]:
    by_name: dict[tuple[str, str], list[EnrolledPhoto]] = defaultdict(list)
    for photo in enrolled:
        by_name[photo.species, photo.individual].append(photo)
    told: dict[tuple[str, str], list[Sighting]] = defaultdict(list)
    rows: list[SeasonRow] = []
    for sighting in sightings:
        outcome = sighting.decision.outcome
        if outcome == Outcome.KNOWN:
            told[_species_of(sighting), sighting.decision.individual or ""].append(sighting)
        elif outcome in (Outcome.NEW, Outcome.REVIEW):
            rows.append(_unnamed(sighting, "new" if outcome == Outcome.NEW else "review"))
    rows += [row for key in sorted(by_name) if (row := _named(key, by_name[key], told[key], first, second))]
    order = {status: place for place, status in enumerate(STATUSES)}
    return sorted(rows, key=lambda row: (order[row.status], row.species, row.individual, str(row.first_again)))


def _species_of(sighting: Sighting) -> str:
    return sighting.matches[0].species if sighting.matches else sighting.species.name


def _named(
    key: tuple[str, str], photos: Sequence[EnrolledPhoto], told: Sequence[Sighting], first: str, second: str
) -> SeasonRow | None:
    """The row of one individual; None when it was in neither season."""
    again = [photo for photo in photos if photo.season == second]
    before = [photo for photo in photos if photo.season == first]
    earlier = before or [photo for photo in photos if photo.season != second]
    seen = bool(again or told)
    if before:
        status = "returned" if seen else "not seen"
    elif seen:
        status = "reappeared" if earlier else "new"
    else:
        return None
    dates = [photo.captured_at for photo in again] + [one.captured_at for one in told]
    known = sorted(date for date in dates if date)
    last = max(
        earlier, key=lambda photo: (photo.captured_at is not None, photo.captured_at or datetime.min), default=None
    )
    best = max(told, key=lambda one: one.decision.probability or 0.0, default=None)
    shown = best.photo if best else str(again[0].path) if again else ""
    pair = best.matches[0].photo if best and best.matches else str(last.path) if last else ""
    reason = best.decision.reason if best else "enrolled under this name in both seasons" if seen and before else ""
    return SeasonRow(
        status,
        *key,
        best.decision.probability if best else None,
        len(again) + sum(len(one.photos) or 1 for one in told),
        len({photo.encounter or photo.sha256 for photo in again}) + len(told),
        last.captured_at if last else None,
        known[0] if known else None,
        known[-1] if known else None,
        pair,
        shown,
        reason,
    )


def _unnamed(sighting: Sighting, status: str) -> SeasonRow:
    best = sighting.matches[0] if sighting.matches else None
    maybe = (best.individual if best else "") if status == "review" else ""
    return SeasonRow(
        status,
        _species_of(sighting),
        maybe,
        sighting.decision.probability,
        len(sighting.photos) or 1,
        1,
        best.captured_at if best else None,
        sighting.captured_at,
        sighting.captured_at,
        best.photo if best else "",
        sighting.photo,
        sighting.decision.reason,
    )


def write(report: SeasonsReport, out: Path) -> SeasonsReport:
    """Write seasons.csv and seasons.html into a folder, which is made if absent."""
    out.mkdir(parents=True, exist_ok=True)
    csv, html = out / "seasons.csv", out / "seasons.html"
    write_table(csv, COLUMNS, [_cells(row) for row in report.rows])
    write_page(html, page(report))
    return replace(report, csv=csv, html=html)


def _cells(row: SeasonRow) -> tuple[str, ...]:
    def text(value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, datetime):
            return value.isoformat(sep=" ", timespec="seconds")
        return f"{value:.4f}" if isinstance(value, float) else str(value)

    return tuple(text(getattr(row, name)) for name in COLUMNS)


def page(report: SeasonsReport) -> Page:
    """The two seasons as a page: counts, then every animal with its best pair of photos."""
    by_species = sorted({row.species for row in report.rows})
    counts = Table(
        "Animals by species",
        ("species", *STATUSES),
        tuple(
            (
                name,
                *(str(sum(row.species == name and row.status == status for row in report.rows)) for status in STATUSES),
            )
            for name in by_species
        ),
        note="; ".join(f"{status}: {MEANING[status]}" for status in STATUSES),
    )
    sections = [
        Section(
            f"{status.capitalize()} ({report.count(status)})",
            MEANING[status],
            answers=tuple(_answer(row) for row in report.rows if row.status == status),
        )
        for status in STATUSES
        if report.count(status)
    ]
    unnamed = [one for one in report.sightings if one.decision.outcome in (Outcome.EMPTY, Outcome.UNKNOWN_SPECIES)]
    from reid.actions import showing

    if unnamed:
        sections.append(
            Section(
                f"Not identified ({len(unnamed)})",
                MEANING["not identified"],
                answers=tuple(showing.answer(one, matches=0) for one in unnamed),
            )
        )
    if report.problems:
        sections.append(Section(f"Not read ({len(report.problems)})", answers=showing.failures(report.problems)))
    subtitle = (
        f"{report.skipped} photos given are of another season or undated and were skipped" if report.skipped else ""
    )
    return Page(f"Season {report.first} to season {report.second}", subtitle, tuple(sections), lead_tables=(counts,))


def _answer(row: SeasonRow) -> Answer:
    from reid.actions import showing

    outcome = {"returned": "known", "reappeared": "known", "new": "new", "review": "review", "not seen": "empty"}[
        row.status
    ]
    again = showing.facts(row.species, row.first_again, f"{row.photos} photos, {row.encounters} encounters")
    queries = (showing.shown(row.photo_again, row.individual or "not named", again),) if row.photo_again else ()
    chance = f"probability {row.probability:.2f}" if row.probability is not None else ""
    before = (
        (
            showing.shown(
                row.photo_before, row.individual or "nearest enrolled", showing.facts("", row.last_before), chance
            ),
        )
        if row.photo_before
        else ()
    )
    name = row.individual if row.status != "review" else f"perhaps {row.individual}" if row.individual else "?"
    return Answer(
        queries, before, outcome, f"{row.status.capitalize()}: {name}" if name else row.status.capitalize(), row.reason
    )
