"""`reid seasons --all`: every season against every later one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from reid import settings as options
from reid.actions.curation.drift import drifts
from reid.actions.identification.unresolved_sightings import in_review
from reid.actions.intake.closing_line import closing_line
from reid.actions.seasons.all_seasons_page import page
from reid.actions.seasons.compare_seasons import check_link, identified, keys_of, not_read, take_season_photos
from reid.actions.seasons.results import SEASON_STATUSES, AllSeasonsReport, Presence, SeasonPair, SeasonRow
from reid.actions.seasons.season_table import halves, rows
from reid.actions.seasons.tables import PAIR_COLUMNS, pair_cells
from reid.errors import UsageError
from reid.files import writable_folder
from reid.pages.html import write_page
from reid.progress import SILENT, Progress
from reid.records import Photo, Sighting
from reid.settings import QuerySettings
from reid.steps.cannot_link import seconds
from reid.steps.season.assignment import Name
from reid.steps.season.joint_identification import Animal
from reid.store import EnrolledPhoto
from reid.store.opening import open_gallery
from reid.tables.tables import write_table


def all_seasons(
    photos: Sequence[Path] = (),
    *,
    gallery: Path | None = None,
    out: Path | None = None,
    settings: QuerySettings | None = None,
    progress: Progress = SILENT,
) -> AllSeasonsReport:
    """Compare every season with every later one, as `seasons` compares two.

    Photos given are identified season by season, each as a whole. Animals without a name are counted in their season; two of
    different seasons are not compared with each other, which `discover` does.

    Args:
        photos: not enrolled, of any season; undated ones in no season are skipped and counted.
        gallery: None = REID_GALLERY or indexes/default.
        out: folder for all-seasons.csv, individuals.csv and all-seasons.html; None = nothing is written.
        settings: as of `seasons`.
        progress: called for every photo.

    Raises:
        UsageError: there are fewer than two seasons, an option is out of range, or the folder cannot be written to.
        GalleryError, NetError, ManifestError: gallery, net or table cannot be read.
    """
    settings = replace(options.resolve(QuerySettings(), {}) if settings is None else settings, encounters=True)
    check_link(settings)
    taken = take_season_photos(photos, settings, progress)
    by_season, problems = taken.by_season()
    skipped = len(by_season.pop("", ()))
    animals: dict[str, tuple[Animal, ...]] = {}
    with open_gallery(options.gallery_folder(gallery)) as opened:
        enrolled = [photo for photo in opened.photos() if settings.species in ("", photo.species)]
        names = _in_order(enrolled, by_season)
        if len(names) < 2:
            have = f"the only season is {names[0]}" if names else "no photo is of a season"
            raise UsageError(f"{have}; wanted two at least: give photos of others, or --season{not_read(problems)}")
        if out is not None:
            writable_folder(out)
        for name, members in by_season.items():
            progress.start(f"identifying {name}", len(members))
            animals[name], unread = identified(opened, members, enrolled, settings, progress, taken.deployments)
            problems += unread
        drift = drifts(opened, enrolled)
        kept = {name: in_review(opened, name, keys_of(animals.get(name, ()))) for name in names[1:]}
    report = _compared(names, enrolled, animals, kept, settings.independent_minutes)
    closing = closing_line(
        {"seasons": len(names), "individuals": len(report.individuals)}, nothing="no season", undated=taken.undated,
        unread=len(problems),
    )
    report = replace(report, skipped=skipped, problems=tuple(problems), drift=drift, closing=closing)
    if out is not None:
        report = write(report, out)
    progress.finish()
    return report


def _in_order(enrolled: Sequence[EnrolledPhoto], given: Mapping[str, Sequence[Photo]]) -> list[str]:
    """The seasons by their first date; those without any by name, at the end."""
    first: dict[str, float] = {}
    dates = [(one.season, one.captured_at) for one in enrolled]
    for name, when in dates + [(name, photo.captured_at) for name, members in given.items() for photo in members]:
        if name:
            first[name] = min(first.get(name, float("inf")), seconds(when) if when else float("inf"))
    return sorted(first, key=lambda name: (first[name], name))


def _as_enrolled(animals: Sequence[Animal], name: str, enrolled: Sequence[EnrolledPhoto]) -> list[EnrolledPhoto]:
    """The photos given that got a name, as if they were enrolled under it."""
    one_of = {(one.species, one.individual): one for one in enrolled}
    return [
        replace(
            one_of[animal.name], id=0, path=look.photo.path, sha256=look.sha256, captured_at=look.photo.captured_at,
            encounter=look.encounter, camera=look.photo.camera, side=look.photo.side, season=name, box=look.photo.box,
        )
        for animal in animals if animal.name in one_of and animal.name is not None
        for look in animal.looks if look.already is None
    ]


def _compared(
    names: Sequence[str], enrolled: Sequence[EnrolledPhoto], animals: Mapping[str, tuple[Animal, ...]],
    kept: Mapping[str, Sequence[Sighting]], minutes: float,
) -> AllSeasonsReport:
    """Every pair of seasons. kept: by season, decisions that were kept and wait for a person."""
    tables: dict[tuple[str, str], tuple[SeasonRow, ...]] = {}
    pairs: list[SeasonPair] = []
    given = {name: _as_enrolled(own, name, enrolled) for name, own in animals.items()}
    for first, second in combinations(names, 2):
        others = [one for name, own in given.items() if name != second for one in own]
        table = rows([*enrolled, *others], animals.get(second, ()), first, second, minutes, kept[second])
        tables[first, second] = tuple(table)
        for species in sorted({row.species for row in table}):
            count = Counter(row.status for row in table if row.species == species)
            pairs.append(SeasonPair(first, second, species, *(count[status] for status in SEASON_STATUSES)))
    met: dict[Name, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in (*enrolled, *(one for own in given.values() for one in own)):
        met[one.species, one.individual][one.season].add(one.encounter or one.sha256)
    individuals = tuple(
        Presence(*key, tuple(len(met[key][name]) if name in met[key] else 0 for name in names)) for key in sorted(met)
    )
    notes = tuple(f"{name}: {note}" for name in names[1:] for note in halves(tables[names[0], name]))
    return AllSeasonsReport(tuple(names), tuple(pairs), individuals, tables, 0, (), notes=notes)


def write(report: AllSeasonsReport, out: Path) -> AllSeasonsReport:
    """Write the tables and the page into a folder, which is made if absent."""
    files = (writable_folder(out) / "all-seasons.csv", out / "individuals.csv", out / "all-seasons.html")
    write_table(files[0], PAIR_COLUMNS, [pair_cells(one) for one in report.pairs])
    write_table(
        files[1], ("species", "individual", *report.seasons),
        [(one.species, one.individual, *map(str, one.encounters)) for one in report.individuals],
    )
    write_page(files[2], page(report))
    return replace(report, files=files)


