"""What is asked of the catalogue: summaries, photos, vectors, and which photos a search may return."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from reid.errors import GalleryError, UsageError
from reid.records import Box, Calibration
from reid.records.gallery import EnrolledPhoto, IndividualSummary, SpeciesSummary
from reid.store.catalog.catalog import Catalog, Change, Row, to_json

_PHOTO = """SELECT p.id, p.individual_id, i.name, s.name, p.path, p.near_path, p.sha256, p.box, p.captured_at,
    p.encounter, p.camera, p.side, p.season, p.notes, p.width, p.height, p.removed_seq
    FROM photo p CROSS JOIN individual i ON i.id = p.individual_id CROSS JOIN species s ON s.id = p.species_id """
# CROSS JOIN keeps SQLite to this order, and a + before a column keeps it from the index of that column: without
# statistics it would rather walk a whole species than look up one individual.


@dataclass(frozen=True, slots=True)
class SpeciesRow:
    """One species as the catalogue has it. seq: its last change of any kind. net_id 0: no embedding net yet."""

    id: int
    name: str
    seq: int
    net_id: int
    fingerprint: str
    dimension: int
    calibration: str
    individuals: int
    photos: int


def species_rows(source: Catalog | Change, name: str | None = None) -> list[SpeciesRow]:
    """All species by name, or the one called `name` (an empty list if there is none).

    A species whose beginning was undone has neither net nor individuals, and is in no list.
    """
    rows = source.ask(
        "SELECT s.id, s.name, s.seq, coalesce(n.id, 0), coalesce(n.fingerprint, ''), coalesce(n.dimension, 0),"
        " coalesce(s.calibration, ''), s.individuals, s.photos FROM species s LEFT JOIN net n ON n.id = s.net_id"
        " WHERE ? IS NULL OR s.name = ? ORDER BY s.name",
        (name, name),
    )
    found = [SpeciesRow(*row) for row in rows]
    return [row for row in found if name is not None or row.net_id or row.individuals]


def known_species(source: Catalog | Change, name: str) -> SpeciesRow:
    """The species called `name`. Raises UsageError, naming those that are there."""
    found = species_rows(source, name)
    if not found or not (found[0].net_id or found[0].individuals):
        there = ", ".join(row.name for row in species_rows(source)) or "none yet"
        raise UsageError(f"this gallery has no species {name!r} (it has: {there}): set its embedding net first")
    return found[0]


def calibration_of(row: SpeciesRow) -> Calibration | None:
    """The calibration of a species, None if it has none."""
    if not row.calibration:
        return None
    try:
        return Calibration.from_json(json.loads(row.calibration))
    except (KeyError, TypeError, ValueError) as error:
        raise GalleryError(
            f"the calibration of {row.name!r} cannot be read (at {error}): calibrate this species again"
        ) from error


@dataclass(slots=True)
class _Tally:
    photos: int = 0
    sides: dict[str, int] = field(default_factory=dict)
    seasons: set[str] = field(default_factory=set)
    years: set[int] = field(default_factory=set)
    first: str | None = None
    last: str | None = None

    def add(self, row: Row) -> None:
        side, season, years, count, first, last = row
        self.photos += count
        self.sides[side] = self.sides.get(side, 0) + count
        self.seasons |= {season} - {""}
        self.years |= {int(year) for year in (years or "").split(",") if year}
        self.first = min(filter(None, (self.first, first)), default=None)
        self.last = max(filter(None, (self.last, last)), default=None)

    def join(self, other: _Tally) -> None:
        """Count another one's photos too."""
        self.photos += other.photos
        for side, count in other.sides.items():
            self.sides[side] = self.sides.get(side, 0) + count
        self.seasons |= other.seasons
        self.years |= other.years
        self.first = min(filter(None, (self.first, other.first)), default=None)
        self.last = max(filter(None, (self.last, other.last)), default=None)


def _tallies(catalog: Catalog) -> dict[int, _Tally]:
    """Of every individual with photos; counted by one index, in its order."""
    tallies: dict[int, _Tally] = {}
    rows = catalog.ask(
        "SELECT individual_id, side, season, group_concat(DISTINCT substr(captured_at, 1, 4)), count(*), min(captured_at),"
        " max(captured_at) FROM photo WHERE removed_seq IS NULL GROUP BY individual_id, side, season"
    )
    for row in rows:
        tallies.setdefault(row[0], _Tally()).add(row[1:])
    return tallies


def _of_species(catalog: Catalog, tallies: dict[int, _Tally]) -> dict[int, _Tally]:
    """The same of every species."""
    whole: dict[int, _Tally] = {}
    for number, species_id in catalog.ask("SELECT id, species_id FROM individual"):
        if number in tallies:
            whole.setdefault(species_id, _Tally()).join(tallies[number])
    return whole


def species_summaries(catalog: Catalog) -> tuple[SpeciesSummary, ...]:
    """Every species of the gallery, by name."""
    with catalog.reading():
        tallies = _of_species(catalog, _tallies(catalog))
        rows = species_rows(catalog)
    summaries = []
    for row in rows:
        tally = tallies.get(row.id, _Tally())
        summaries.append(SpeciesSummary(
            id=row.id, name=row.name, fingerprint=row.fingerprint, dimension=row.dimension,
            individuals=row.individuals, photos=row.photos, sides=dict(sorted(tally.sides.items())),
            seasons=tuple(sorted(tally.seasons)), first=when(tally.first), last=when(tally.last),
            calibrated=bool(row.calibration),
        ))
    return tuple(summaries)


def individual_summaries(catalog: Catalog, species: str | None, removed: bool = False) -> tuple[IndividualSummary, ...]:
    """Every individual (of one species), or those removed and merged, by species and name."""
    with catalog.reading():
        tallies = _tallies(catalog)
        rows = catalog.ask(
            "SELECT i.id, s.name, i.name, coalesce(i.merged_into, 0) FROM individual i JOIN species s ON s.id = i.species_id"
            " WHERE (i.removed_seq IS NOT NULL) = ? AND (? IS NULL OR s.name = ?) ORDER BY s.name, i.name, i.id",
            (removed, species, species),
        )
    summaries = []
    for number, of_species, name, merged_into in rows:
        tally = tallies.get(number, _Tally())
        summaries.append(IndividualSummary(
            id=number, species=of_species, name=name, photos=tally.photos, sides=dict(sorted(tally.sides.items())),
            seasons=tuple(sorted(tally.seasons)), years=tuple(sorted(tally.years)), first=when(tally.first),
            last=when(tally.last), removed=removed, merged_into=merged_into,
        ))
    return tuple(summaries)


def photos(catalog: Catalog, species: str | None, individual: str | None, removed: bool = False) -> tuple[EnrolledPhoto, ...]:
    """The enrolled photos (of one species, of one individual), or those removed, by id."""
    clauses = [f"p.removed_seq IS {'NOT ' if removed else ''}NULL"]
    values = [name for name in (species, individual) if name is not None]
    if species is not None:
        column = "p.species_id" if individual is None else "+p.species_id"
        clauses.append(f"{column} IN (SELECT id FROM species WHERE name = ?)")
    if individual is not None:
        clauses.append("p.individual_id IN (SELECT id FROM individual WHERE name = ?)")
    rows = catalog.ask(f"{_PHOTO} WHERE {' AND '.join(clauses)} ORDER BY p.id", values)
    return tuple(_photo(row) for row in rows)


def photos_by_id(catalog: Catalog, ids: Sequence[int]) -> tuple[EnrolledPhoto, ...]:
    """The photos with these ids in this order, removed ones too. Raises UsageError for an id that never was."""
    rows = catalog.ask(_PHOTO + "WHERE p.id IN (SELECT value FROM json_each(?))", (to_json([int(i) for i in ids]),))
    found = {row[0]: _photo(row) for row in rows}
    missing = [int(i) for i in ids if int(i) not in found]
    if missing:
        raise UsageError(f"no photo with id {missing[0]} was ever enrolled in this gallery ({len(missing)} such ids)")
    return tuple(found[int(i)] for i in ids)


def without_embedding(catalog: Catalog, species_id: int, net_id: int) -> tuple[EnrolledPhoto, ...]:
    """The enrolled photos of a species that have no embedding of a net, by id."""
    rows = catalog.ask(
        _PHOTO + "WHERE p.species_id = ? AND p.removed_seq IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM embedding e WHERE e.photo_id = p.id AND e.net_id = ?) ORDER BY p.id",
        (species_id, net_id),
    )
    return tuple(_photo(row) for row in rows)


def find(catalog: Catalog, sha256: str, box_key: str, species: str | None) -> EnrolledPhoto | None:
    """The enrolled photo with this content and box; the first one if several species have it."""
    rows = catalog.ask(
        _PHOTO + "WHERE p.sha256 = ? AND p.box_key = ? AND p.removed_seq IS NULL AND (? IS NULL OR s.name = ?)"
        " ORDER BY p.id LIMIT 1",
        (sha256, box_key, species, species),
    )
    return _photo(rows[0]) if rows else None


def photos_at(catalog: Catalog, paths: Sequence[str]) -> dict[str, tuple[EnrolledPhoto, ...]]:
    """The enrolled photos whose file lay at one of these paths, by path."""
    texts = [path for path in paths if path.encode("utf-8", "replace").decode("utf-8") == path]  # others cannot be enrolled
    rows = catalog.ask(
        _PHOTO + "WHERE p.path IN (SELECT value FROM json_each(?)) AND p.removed_seq IS NULL ORDER BY p.id", (to_json(texts),)
    )
    found: dict[str, tuple[EnrolledPhoto, ...]] = {}
    for photo in map(_photo, rows):
        found[photo.path.as_posix()] = (*found.get(photo.path.as_posix(), ()), photo)
    return found


def known_individuals(catalog: Catalog, species: str, names: Sequence[str]) -> frozenset[str]:
    """Those of some names that are individuals of a species."""
    rows = catalog.ask(
        "SELECT i.name FROM species s CROSS JOIN individual i ON i.species_id = s.id WHERE s.name = ?"
        " AND i.removed_seq IS NULL AND i.name IN (SELECT value FROM json_each(?))",
        (species, to_json(sorted(set(names)))),
    )
    return frozenset(row[0] for row in rows)


def iso(moment: datetime) -> str:
    """ISO text whose first 26 characters are the clock, so that texts sort as times do."""
    return moment.isoformat(timespec="microseconds")


def when(text: str | None) -> datetime | None:
    """The moment that `iso` wrote."""
    return datetime.fromisoformat(text) if text else None


def _photo(row: Row) -> EnrolledPhoto:
    number, individual_id, individual, species, path, near, sha256, box, captured_at, *facts = row
    encounter, camera, side, season, notes, width, height, removed_seq = facts
    return EnrolledPhoto(
        id=number, individual_id=individual_id, individual=individual, species=species, path=Path(path), near_path=near,
        sha256=sha256, box=Box(*json.loads(box)) if box else None, captured_at=when(captured_at), encounter=encounter,
        camera=camera, side=side, season=season, notes=json.loads(notes), width=width, height=height,
        removed=removed_seq is not None,
    )
