"""A gallery in memory: plain dicts, a search by sums. The second store that keeps the contract of `reid.store.contract`.

What one process enrolls another one does not see; nothing is on a disk but the files of nets, in a folder that is thrown away.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from reid.errors import GalleryError, ModelMismatch, NetError, ShapeError, UndoConflict, UsageError
from reid.records import SIDE_NET, SIDE_PROBABILITY, SIDES, Calibration, Photo, Sighting
from reid.records.gallery import (
    Alteration,
    Correction,
    Detail,
    Enrolled,
    EnrolledPhoto,
    Enrollment,
    Found,
    IndividualSummary,
    JournalEntry,
    KeptSighting,
    SpeciesSummary,
    Where,
    are_unit,
)  # fmt: skip
from reid.store.contents.sightings import known_sighting
from reid.store.contents.writing import canonical
from reid.store.contract import ANYWHERE
from reid.store.history.purge import Purge


@dataclass(frozen=True)
class Species:
    id: int
    name: str
    fingerprint: str = ""
    dimension: int = 0
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Animal:
    id: int
    species: str
    name: str
    removed_seq: int | None = None
    merged_into: int = 0
    brought: tuple[int, ...] = ()


@dataclass(frozen=True)
class Kept:
    photo: EnrolledPhoto
    removed_seq: int | None = None


@dataclass
class State:
    """Everything that a change may alter; each value is frozen, so that a copy of the dicts is a copy of it all."""

    species: dict[str, Species] = field(default_factory=dict)
    animals: dict[int, Animal] = field(default_factory=dict)
    photos: dict[int, Kept] = field(default_factory=dict)
    vectors: dict[tuple[int, str], Any] = field(default_factory=dict)
    nets: dict[str, str] = field(default_factory=dict)
    stage: dict[str, str] = field(default_factory=dict)
    sightings: dict[int, KeptSighting] = field(default_factory=dict)

    def copied(self) -> State:
        return State(**{name: dict(values) for name, values in vars(self).items()})


@dataclass
class Change:
    entry: JournalEntry
    before: State
    after: State

    def altered(self) -> dict[tuple[str, Any], tuple[Any, Any]]:
        """(table, key) -> what was and what is, None = nothing; vectors and known nets are only ever added."""
        result = {}
        for table in ("species", "animals", "photos", "stage", "sightings"):
            old, new = getattr(self.before, table), getattr(self.after, table)
            for key in {*old, *new}:
                if old.get(key) != new.get(key):
                    result[table, key] = old.get(key), new.get(key)
        return result


@dataclass
class Disk:
    """What a gallery in memory is kept in, so that it can be opened twice."""

    folder: Path
    state: State = field(default_factory=State)
    changes: list[Change] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    maps: dict[str, dict[int, Any]] = field(default_factory=dict)
    open: list[JournalEntry] | None = None

    def fresh(self, table: str) -> int:
        self.ids[table] = self.ids.get(table, 0) + 1
        return self.ids[table]


def composed(name: str | None) -> str | None:
    return unicodedata.normalize("NFC", name) if name is not None else None


def blobs(vectors: Sequence[Any], dimension: int) -> list[Any]:
    rows = [np.asarray(vector, np.float32) for vector in vectors]
    for row in rows:
        if row.ndim != 1 or len(row) != dimension or not are_unit(row[None]):
            raise ShapeError(f"a vector must be ({dimension},), finite and of length 1, met {row.shape}")
    return rows


class InMemoryGallery:
    """See `reid.store.contract.GalleryStore`."""

    def __init__(self, disk: Disk, *, who: str = "me", as_of: datetime | date | None = None) -> None:
        self._disk, self._who, self.writable = disk, who, as_of is None
        self._past = None if as_of is None else self._at(as_of)
        self.name, self.where = disk.folder.name, str(disk.folder)
        self.identities, self.corrections, self.sides = Identities(self), Corrections(self), Sides(self)
        self.embeddings, self.history, self.nets = Embeddings(self), History(self), Nets(disk.folder / "nets")
        self.workspace = Workspace(disk.folder / "checkpoints", disk.folder / "cache")

    def _at(self, as_of: datetime | date) -> State:
        if not isinstance(as_of, datetime):
            as_of = datetime.combine(as_of, time.min, UTC) + timedelta(days=1) - timedelta(microseconds=1)
        changes: list[Change] = []
        for change in self._disk.changes:
            if change.entry.at > as_of:
                break
            changes.append(change)
        if not changes:
            raise UsageError(f"the gallery knows nothing of {as_of}")
        return changes[-1].after

    @property
    def state(self) -> State:
        return self._disk.state if self._past is None else self._past

    @contextmanager
    def change(self, what: str, why: str = "") -> Iterator[State]:
        """One change of a copy, kept unless an error comes out or nothing was altered."""
        self.check_writable(what)
        disk = self._disk
        before, disk.state = disk.state, disk.state.copied()
        try:
            yield disk.state
        except BaseException:
            disk.state = before
            raise
        if disk.state != before or len(disk.state.vectors) != len(before.vectors):
            at = datetime.now(UTC)
            entry = JournalEntry(len(disk.changes) + 1, at, self._who, what, why, "{}", "{}", what)
            disk.changes.append(Change(entry, before, disk.state))
        else:
            disk.state = before

    @contextmanager
    def together(self) -> Iterator[None]:
        state, changes = self._disk.state, list(self._disk.changes)
        try:
            yield
        except BaseException:
            self._disk.state, self._disk.changes = state, changes
            raise

    def check_writable(self, what: str) -> None:
        if not self.writable:
            raise GalleryError(f"{what}: a day of the past is for reading only")

    def close(self) -> None: ...

    def __enter__(self) -> InMemoryGallery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def settle(self) -> None: ...

    # -- contents

    def known_species(self, name: str) -> Species:
        species = self.state.species.get(str(composed(name)))
        if species is None or not (species.fingerprint or self._live(species.name)):
            raise UsageError(f"this gallery has no species {name!r}")
        return species

    def _live(self, species: str | None = None, *, removed: bool = False) -> list[EnrolledPhoto]:
        rows = [kept for _, kept in sorted(self.state.photos.items()) if (kept.removed_seq is not None) == removed]
        return [self._photo(kept) for kept in rows if species is None or kept.photo.species == species]

    def _photo(self, kept: Kept) -> EnrolledPhoto:
        owner = self.state.animals[kept.photo.individual_id]
        return replace(kept.photo, individual=owner.name, removed=kept.removed_seq is not None)

    def species(self) -> tuple[SpeciesSummary, ...]:
        result = []
        for name, species in sorted(self.state.species.items()):
            photos = self._live(name)
            animals = [animal for animal in self.state.animals.values() if animal.species == name and animal.removed_seq is None]
            if not (species.fingerprint or animals):
                continue
            days = [photo.captured_at for photo in photos if photo.captured_at]
            result.append(SpeciesSummary(
                species.id, name, species.fingerprint, species.dimension, len(animals), len(photos), _counted(photos),
                _seasons(photos), min(days, default=None), max(days, default=None), species.calibration is not None,
            ))
        return tuple(result)

    def individuals(self, species: str | None = None, *, removed: bool = False) -> tuple[IndividualSummary, ...]:
        result = []
        for animal in sorted(self.state.animals.values(), key=lambda animal: (animal.species, animal.name, animal.id)):
            if (animal.removed_seq is not None) != removed or (species is not None and animal.species != composed(species)):
                continue
            photos = [photo for photo in self._live() if photo.individual_id == animal.id]
            days = [photo.captured_at for photo in photos if photo.captured_at]
            result.append(IndividualSummary(
                animal.id, animal.species, animal.name, len(photos), _counted(photos), _seasons(photos),
                tuple(sorted({day.year for day in days})), min(days, default=None), max(days, default=None), removed,
                animal.merged_into,
            ))
        return tuple(result)

    def known_individuals(self, species: str, names: Collection[str]) -> frozenset[str]:
        wanted = {canonical(name) for name in names}
        return frozenset(one.name for one in self.individuals(canonical(species)) if one.name in wanted)

    def photos(
        self, species: str | None = None, individual: str | None = None, *, removed: bool = False
    ) -> tuple[EnrolledPhoto, ...]:
        rows = self._live(composed(species), removed=removed)
        return tuple(photo for photo in rows if individual is None or photo.individual == composed(individual))

    def photos_by_id(self, photo_ids: Sequence[int]) -> tuple[EnrolledPhoto, ...]:
        missing = [int(number) for number in photo_ids if int(number) not in self.state.photos]
        if missing:
            raise UsageError(f"no photo with id {missing[0]} was ever enrolled in this gallery")
        return tuple(self._photo(self.state.photos[int(number)]) for number in photo_ids)

    def find(self, sha256: str, box_key: str = "", species: str | None = None) -> EnrolledPhoto | None:
        rows = self._live(composed(species))
        return next((photo for photo in rows if (photo.sha256, _key(photo.box)) == (sha256, box_key)), None)

    def enrolled_at(self, paths: Sequence[Path]) -> dict[str, tuple[EnrolledPhoto, ...]]:
        result: dict[str, tuple[EnrolledPhoto, ...]] = {}
        for photo in self._live():
            if photo.path.as_posix() in {path.as_posix() for path in paths}:
                result[photo.path.as_posix()] = (*result.get(photo.path.as_posix(), ()), photo)
        return result

    def enrolled_sightings(self, species: str | None = None) -> tuple[Photo, ...]:
        return tuple(known_sighting(photo, self.locate(photo) or photo.path) for photo in self.photos(species))

    def locate(self, photo: EnrolledPhoto) -> Path | None:
        return photo.path.resolve() if photo.path.is_file() else None

    def sightings(self) -> tuple[KeptSighting, ...]:
        return tuple(kept for _, kept in sorted(self.state.sightings.items()))

    def vectors(self, species: str, fingerprint: str | None = None) -> tuple[Any, Any]:
        row = self.known_species(species)
        net = fingerprint or row.fingerprint
        if net not in self.state.nets:
            raise ModelMismatch(f"no net {net} in this gallery")
        ids = [photo.id for photo in self._live(row.name) if (photo.id, net) in self.state.vectors]
        rows = [self.state.vectors[number, net] for number in ids]
        empty = np.zeros((0, row.dimension), np.float32)
        return np.array(ids, np.int64), np.stack(rows) if rows else empty

    def calibration(self, species: str) -> Calibration | None:
        row = self.state.species.get(str(composed(species)))
        return row.calibration if row else None

    def embedding_net(self, species: str) -> str | None:
        row = self.state.species.get(str(composed(species)))
        return row.fingerprint or None if row else None

    def embedding_nets(self) -> dict[str, str]:
        return {name: row.fingerprint for name, row in sorted(self.state.species.items()) if row.fingerprint}

    def species_net(self) -> str | None:
        return self.state.stage.get("species_net")

    def head(self) -> int:
        return len(self._disk.changes) if self._past is None else len([c for c in self._disk.changes if c.after is not None])

    def version(self) -> tuple[int, int]:
        return len(self._disk.changes), 0

    def log(self, limit: int = 100) -> tuple[JournalEntry, ...]:
        return self.history.log(limit)

    def maps(self, fingerprint: str) -> Maps:
        return Maps(self._disk.maps.setdefault(fingerprint, {}))

    # -- search

    def _passing(self, species: str, where: Where) -> list[EnrolledPhoto]:
        return [photo for photo in self._live(species) if _passes(photo, where.composed())]

    def search(
        self, species: str, queries: Any, k: int, *, where: Where = ANYWHERE, fingerprint: str | None = None
    ) -> Found:
        if k < 1:
            raise UsageError(f"asked for the {k} most alike photos: ask for 1 or more")
        queries = np.asarray(queries)
        if queries.ndim != 2 or queries.dtype.kind != "f" or not are_unit(queries.astype(np.float32)):
            raise ShapeError(f"queries must be (Q, D) float32, finite and of unit length, met {queries.shape}")
        row = self.known_species(species)
        if (fingerprint is not None and fingerprint != row.fingerprint) or queries.shape[1] != row.dimension:
            raise ModelMismatch(f"{species!r} is enrolled with net {row.fingerprint} of {row.dimension} numbers")
        ids, vectors = self.vectors(row.name)
        passing = {photo.id for photo in self._passing(row.name, where)}
        keep = np.array([number in passing for number in ids], bool)
        ids, vectors = ids[keep], vectors[keep]
        scores = np.full((len(queries), k), -np.inf, np.float32)
        found = np.full((len(queries), k), -1, np.int64)
        for at, query in enumerate(queries):
            exact = (vectors.astype(np.float64) @ query.astype(np.float64)).astype(np.float32)
            best = np.lexsort((ids, -exact))[:k]
            scores[at, : len(best)], found[at, : len(best)] = exact[best], ids[best]
        return Found(scores, found)

    def count_individuals(self, species: str, where: Where = ANYWHERE) -> int:
        row = self.known_species(species)
        return len({
            photo.individual_id for photo in self._passing(row.name, where) if (photo.id, row.fingerprint) in self.state.vectors
        })

    # -- writing

    def _net(self, state: State, fingerprint: str, kind: str) -> None:
        if state.nets.setdefault(fingerprint, kind) != kind:
            raise ModelMismatch(f"net {fingerprint} is another kind of net here")

    def set_species_net(self, fingerprint: str, *, why: str = "") -> None:
        with self.change("set_species_net", why) as state:
            self._net(state, fingerprint, "species")
            state.stage["species_net"] = fingerprint

    def set_embedding_net(
        self, species: str, fingerprint: str, dimension: int, *, calibration: Calibration | None,
        vectors: Mapping[int, Any] | None = None, leaving: Collection[int] = (), why: str = "", expected: str | None = None,
    ) -> None:
        name, given = canonical(species), dict(vectors or {})
        rows = dict(zip(given, blobs(list(given.values()), dimension), strict=True))
        with self.change("set_embedding_net", why) as state:
            before = state.species.get(name)
            met = before.fingerprint if before else ""
            if expected is not None and met != expected:
                raise ModelMismatch(f"{name!r} was given net {met or 'none'} meanwhile")
            self._net(state, fingerprint, f"embedding {dimension}")
            photos = [photo.id for photo in self._live(name)]
            if set(rows) - set(photos):
                raise UsageError(f"vectors for ids that are no photos of {name!r}")
            state.vectors.update({(number, fingerprint): row for number, row in rows.items()})
            if [number for number in photos if (number, fingerprint) not in state.vectors and number not in leaving]:
                raise ModelMismatch(f"enrolled photos of {name!r} have no embedding of net {fingerprint}")
            number = before.id if before else self._disk.fresh("species")
            state.species[name] = Species(number, name, fingerprint, dimension, calibration)

    def set_calibrations(self, learned: Mapping[str, tuple[str, Calibration]], *, why: str = "") -> None:
        with self.change("set_calibrations", why) as state:
            for name, (fingerprint, calibration) in learned.items():
                row = state.species.get(canonical(name))
                if row is None or row.fingerprint != fingerprint:
                    raise ModelMismatch(f"{name!r} uses another net by now")
                state.species[row.name] = replace(row, calibration=calibration)

    def enroll(self, species: str, fingerprint: str, items: Sequence[Enrollment], *, why: str = "") -> tuple[Enrolled, ...]:
        name = canonical(species)
        names = [canonical(item.individual) for item in items]
        for item in items:
            if not item.sha256 or item.photo.side not in SIDES:
                raise UsageError(f"{item.photo.path}: no sha256, or an unknown side")
        row = self.state.species.get(name)
        if row is None or row.fingerprint != fingerprint:
            raise ModelMismatch(f"{name!r} has net {row.fingerprint if row else 'none'}, these vectors are of net {fingerprint}")
        if any(item.vector.ndim == 1 and len(item.vector) != row.dimension for item in items):
            raise ModelMismatch(f"net {fingerprint} makes {row.dimension} numbers")
        rows = blobs([item.vector for item in items], row.dimension)
        results = []
        with self.change("enroll", why) as state:
            for item, individual, vector in zip(items, names, rows, strict=True):
                results.append(self._enroll(state, row, item, individual, vector))
        return tuple(results)

    def _enroll(self, state: State, row: Species, item: Enrollment, individual: str, vector: Any) -> Enrolled:
        box = _key(item.photo.box)
        same = [
            kept for kept in state.photos.values()
            if (kept.photo.sha256, _key(kept.photo.box), kept.photo.species) == (item.sha256, box, row.name)
        ]
        for kept in same:
            if kept.removed_seq is None:
                state.vectors.setdefault((kept.photo.id, row.fingerprint), vector)
                owner = state.animals[kept.photo.individual_id].name
                return Enrolled(kept.photo.id, owner, "already" if owner == individual else "conflict")
        known = [animal for animal in state.animals.values() if (animal.species, animal.name) == (row.name, individual)]
        live = next((animal for animal in known if animal.removed_seq is None), None)
        merged = [animal for animal in known if animal.merged_into]
        if live is None and merged:
            target = state.animals[merged[-1].merged_into]
            while target.merged_into:
                target = state.animals[target.merged_into]
            if target.removed_seq is None:
                return Enrolled(0, target.name, "merged")
        undos = {change.entry.seq for change in self._disk.changes if change.entry.undoes}
        gone = [kept for kept in same if kept.removed_seq not in undos]  # what was undone was never removed by a person
        if gone and not item.again:
            kept = max(gone, key=lambda kept: kept.removed_seq or 0)
            return Enrolled(kept.photo.id, state.animals[kept.photo.individual_id].name, "removed", "it was removed")
        if live is None:
            live = Animal(self._disk.fresh("animals"), row.name, individual)
            state.animals[live.id] = live
        photo, number = item.photo, self._disk.fresh("photos")
        state.photos[number] = Kept(EnrolledPhoto(
            id=number, individual_id=live.id, individual=individual, species=row.name, path=photo.path.absolute(), near_path="",
            sha256=item.sha256, box=photo.box, captured_at=photo.captured_at, encounter=photo.encounter, camera=photo.camera,
            side=photo.side, season=photo.season, notes=dict(photo.notes), width=item.width, height=item.height,
        ))
        state.vectors[number, row.fingerprint] = vector
        return Enrolled(number, individual, "added")

    def add_sightings(self, sightings: Sequence[Sighting], looked_at: Sequence[Path] = ()) -> tuple[Any, ...]:
        with self.change("record") as state:
            for sighting in sightings:
                asked = {sighting.photo, *sighting.photos}
                for number, kept in list(state.sightings.items()):
                    if kept.sighting == sighting:
                        break
                    if asked & {kept.sighting.photo, *kept.sighting.photos}:
                        del state.sightings[number]
                else:
                    species = sighting.searched[0] if sighting.searched else sighting.species.name
                    owner = next((
                        animal.id for animal in state.animals.values()
                        if (animal.species, animal.name) == (species, sighting.decision.individual) and animal.removed_seq is None
                    ), 0)
                    number = self._disk.fresh("sightings")
                    state.sightings[number] = KeptSighting(number, len(self._disk.changes) + 1, species, owner, sighting)
        return ()


def _key(box: Any) -> str:
    return box.key() if box else ""


def _counted(photos: Sequence[EnrolledPhoto]) -> dict[str, int]:
    sides = sorted({photo.side for photo in photos})
    return {side: sum(photo.side == side for photo in photos) for side in sides}


def _seasons(photos: Sequence[EnrolledPhoto]) -> tuple[str, ...]:
    return tuple(sorted({photo.season for photo in photos} - {""}))


def _passes(photo: EnrolledPhoto, where: Where) -> bool:
    clock = photo.captured_at.replace(tzinfo=None) if photo.captured_at else None
    after = where.after.replace(tzinfo=None) if where.after else None
    before = where.before.replace(tzinfo=None) if where.before else None
    return (
        (not where.side or photo.side in (where.side, ""))
        and (where.individuals is None or photo.individual in where.individuals)
        and (where.seasons is None or photo.season in where.seasons)
        and (where.cameras is None or photo.camera in where.cameras)
        and (after is None or (clock is not None and clock >= after))
        and (before is None or (clock is not None and clock < before))
        and photo.sha256 not in where.exclude_sha256
        and (not photo.encounter or photo.encounter not in where.exclude_encounters)
    )


class _Part:
    def __init__(self, gallery: InMemoryGallery) -> None:
        self.gallery = gallery

    def lookup(self, individual: str, species: str | None) -> list[Animal]:
        number = re.fullmatch(r"#(\d+)", individual)
        rows = [
            animal for animal in self.gallery.state.animals.values()
            if (animal.id == int(number[1]) if number else animal.name == composed(individual))
            and (species is None or animal.species == composed(species))
        ]
        return sorted(rows, key=lambda animal: (animal.removed_seq is None, animal.removed_seq or 0, animal.id))

    def live(self, individual: str, species: str | None) -> Animal:
        rows = [animal for animal in self.lookup(individual, species) if animal.removed_seq is None]
        if len(rows) != 1:
            raise UsageError(f"{individual!r} is the name of {len(rows)} individuals")
        return rows[0]

    def named(self, species: str, name: str) -> Animal | None:
        rows = [animal for animal in self.lookup(name, species) if animal.removed_seq is None]
        return rows[0] if rows else None

    def done(self, what: str, owner: Animal, photos: Sequence[int] = (), other: Animal | None = None) -> Correction:
        head = self.gallery.head()
        return Correction(
            head, what, owner.species, owner.id, owner.name, tuple(photos), other.id if other else 0, other.name if other else ""
        )

    def next_seq(self) -> int:
        return self.gallery.head() + 1

    def own(self, animal: Animal, *, removed: int | None = None) -> list[int]:
        return [
            number for number, kept in sorted(self.gallery.state.photos.items())
            if kept.photo.individual_id == animal.id and kept.removed_seq == removed
        ]


def moved(state: State, photos: Sequence[int], target: Animal) -> None:
    for number in photos:
        kept = state.photos[number]
        state.photos[number] = replace(kept, photo=replace(kept.photo, individual_id=target.id))


class Identities(_Part):
    def find(self, individual: str, *, species: str | None = None) -> Animal:
        rows = self.lookup(individual, species)
        return rows[-1] if rows and len({row.species for row in rows}) == 1 else self.live(individual, species)

    def rename(self, individual: str, name: str, *, species: str | None = None, why: str = "") -> Correction:
        name = canonical(name)
        with self.gallery.change("rename", why) as state:
            owner = self.live(individual, species)
            if owner.name == name:
                return Correction(0, "rename", owner.species, owner.id, name)
            if self.named(owner.species, name):
                raise UsageError(f"{name!r} is another individual")
            state.animals[owner.id] = replace(owner, name=name)
        return replace(self.done("rename", replace(owner, name=name)), other=owner.name)

    def merge(self, individual: str, into: str, *, species: str | None = None, why: str = "") -> Correction:
        with self.gallery.change("merge", why) as state:
            second = self.live(into, species)
            first = self.live(individual, species or (None if individual.startswith("#") else second.species))
            if first.id == second.id or first.species != second.species:
                raise UsageError(f"{individual!r} and {into!r} cannot be one animal")
            photos = [number for number, kept in sorted(state.photos.items()) if kept.photo.individual_id == first.id]
            moved(state, photos, second)
            state.animals[first.id] = replace(
                first, removed_seq=self.next_seq(), merged_into=second.id, brought=tuple(photos)
            )
        return self.done("merge", second, photos, first)

    def split(
        self, individual: str, name: str, *, photos: Sequence[int] = (), species: str | None = None, why: str = ""
    ) -> Correction:
        with self.gallery.change("split", why) as state:
            owner = self.live(individual, species)
            if photos:
                if self.named(owner.species, canonical(name)):
                    raise UsageError(f"{name!r} is in use already")
                own = self.own(owner)
                if strange := [number for number in photos if number not in own]:
                    raise UsageError(f"photo {strange[0]} is none of {individual!r}")
                fresh = Animal(self.gallery._disk.fresh("animals"), owner.species, canonical(name))
                ids = sorted(set(photos))
            else:
                merged = [animal for animal in self.lookup(name, owner.species) if animal.merged_into == owner.id]
                if not merged or self.named(owner.species, merged[-1].name):
                    raise UsageError(f"{name!r} was not merged into {individual!r}, or its name is in use")
                ids = [number for number in merged[-1].brought if state.photos[number].photo.individual_id == owner.id]
                fresh = replace(merged[-1], removed_seq=None, merged_into=0, brought=())
            state.animals[fresh.id] = fresh
            moved(state, ids, fresh)
        return self.done("split", fresh, ids, owner)

    def remove(self, individual: str, *, species: str | None = None, why: str = "") -> Correction:
        with self.gallery.change("remove", why) as state:
            owner, seq = self.live(individual, species), self.next_seq()
            ids = self.own(owner)
            for number in ids:
                state.photos[number] = replace(state.photos[number], removed_seq=seq)
            state.animals[owner.id] = replace(owner, removed_seq=seq)
        return self.done("remove", owner, ids)

    def restore(self, individual: str, *, species: str | None = None, why: str = "") -> Correction:
        with self.gallery.change("restore", why) as state:
            rows = [one for one in self.lookup(individual, species) if one.removed_seq is not None and not one.merged_into]
            if not rows or self.named(rows[-1].species, rows[-1].name):
                raise UsageError(f"{individual!r} is not removed, or its name is in use by now")
            owner = rows[-1]
            ids = self.own(owner, removed=owner.removed_seq)
            state.animals[owner.id] = replace(owner, removed_seq=None)
            _bring_back(self.gallery, state, ids)
        return self.done("restore", owner, ids)


def _bring_back(gallery: InMemoryGallery, state: State, ids: Sequence[int]) -> None:
    for number in ids:
        kept = state.photos[number]
        photo = kept.photo
        owner_gone = state.animals[photo.individual_id].removed_seq is not None
        if owner_gone or gallery.find(photo.sha256, _key(photo.box), photo.species):
            raise UsageError(f"photo {number} was enrolled again meanwhile, or its individual is removed")
        state.photos[number] = replace(kept, removed_seq=None)


class Corrections(_Part):
    def _ids(self, photos: Sequence[int], *, removed: bool = False) -> list[int]:
        ids = sorted({int(number) for number in photos})
        live = {photo.id for photo in self.gallery._live(removed=removed)}
        if not ids or set(ids) - live:
            raise UsageError("no such photo, or none was named")
        if len({self.gallery.state.photos[number].photo.species for number in ids}) > 1:
            raise UsageError("the photos are of several species")
        return ids

    def _of(self, ids: Sequence[int]) -> tuple[str, Animal | None]:
        photos = self.gallery.photos_by_id(ids)
        owners = {photo.individual_id for photo in photos}
        return photos[0].species, self.gallery.state.animals[owners.pop()] if len(owners) == 1 else None

    def _done(self, what: str, ids: Sequence[int]) -> Correction:
        species, owner = self._of(ids)
        return Correction(self.gallery.head(), what, species, owner.id if owner else 0, owner.name if owner else "", tuple(ids))

    def move(self, photos: Sequence[int], to: str, *, new: bool = False, why: str = "") -> Correction:
        with self.gallery.change("move_photos", why) as state:
            ids = self._ids(photos)
            species = self._of(ids)[0]
            if new and self.named(species, canonical(to)) is None:
                target = Animal(self.gallery._disk.fresh("animals"), species, canonical(to))
                state.animals[target.id] = target
            else:
                target = self.live(to, species)
            ids = [number for number in ids if state.photos[number].photo.individual_id != target.id]
            if not ids:
                return Correction(0, "move_photos", species, target.id, target.name)
            moved(state, ids, target)
        return self.done("move_photos", target, ids)

    def remove(self, photos: Sequence[int], *, why: str = "") -> Correction:
        with self.gallery.change("remove_photos", why) as state:
            ids = self._ids(photos)
            for number in ids:
                state.photos[number] = replace(state.photos[number], removed_seq=self.next_seq())
        return self._done("remove_photos", ids)

    def restore(self, photos: Sequence[int], *, to: str | None = None, why: str = "") -> Correction:
        with self.gallery.change("restore_photos", why) as state:
            ids = self._ids(photos, removed=True)
            if to is not None:
                moved(state, ids, self.live(to, self._of(ids)[0]))
            _bring_back(self.gallery, state, ids)
        return self._done("restore_photos", ids)

    def correct(
        self, photos: Sequence[int], *, side: str | None = None, captured_at: Any = None, camera: str | None = None,
        encounter: str | None = None, season: str | None = None, why: str = "",
    ) -> Correction:
        facts: dict[str, Any] = {"side": side, "camera": camera, "encounter": encounter, "season": season}
        facts = {name: value for name, value in facts.items() if value is not None}
        if captured_at is not None:
            facts["captured_at"] = captured_at or None
        if not facts or (side is not None and side not in SIDES):
            raise UsageError("nothing to correct was given, or no side of that name")
        with self.gallery.change("correct_photos", why) as state:
            ids = self._ids(photos)
            altered = []
            for number in ids:
                photo = state.photos[number].photo
                values = dict(facts)
                if captured_at and season is None and photo.captured_at and photo.season == str(photo.captured_at.year):
                    values["season"] = str(captured_at.year)
                if side is not None:
                    values["notes"] = {
                        name: value for name, value in photo.notes.items() if name not in (SIDE_NET, SIDE_PROBABILITY)
                    }
                fresh = replace(photo, **values)
                if fresh != photo:
                    state.photos[number] = replace(state.photos[number], photo=fresh)
                    altered.append(number)
            if not altered:
                return Correction(0, "correct_photos", self._of(ids)[0], 0, "")
        return self._done("correct_photos", altered)

    def predict_sides(self, sides: Mapping[int, tuple[str, float]], fingerprint: str, *, why: str = "") -> Correction:
        with self.gallery.change("predict_sides", why) as state:
            ids = self._ids(list(sides))
            if any(side not in ("left", "right") for side, _ in sides.values()):
                raise UsageError("a side is neither left nor right")
            altered = [number for number in ids if not state.photos[number].photo.side]
            for number in altered:
                side, sure = sides[number]
                photo = state.photos[number].photo
                notes = {**photo.notes, SIDE_NET: fingerprint, SIDE_PROBABILITY: f"{sure:.3f}"}
                state.photos[number] = replace(state.photos[number], photo=replace(photo, side=side, notes=notes))
            if not altered:
                return Correction(0, "predict_sides", self._of(ids)[0], 0, "")
        return self._done("predict_sides", altered)


class Sides(_Part):
    def net(self) -> str | None:
        return self.gallery.state.stage.get("side_net")

    def use_net(self, fingerprint: str, *, why: str = "") -> None:
        with self.gallery.change("set_side_net", why) as state:
            self.gallery._net(state, fingerprint, "species")
            state.stage["side_net"] = fingerprint


class Embeddings(_Part):
    def missing(self, species: str, fingerprint: str | None = None) -> tuple[EnrolledPhoto, ...]:
        row = self.gallery.known_species(species)
        net = fingerprint or row.fingerprint
        return tuple(photo for photo in self.gallery._live(row.name) if (photo.id, net) not in self.gallery.state.vectors)

    def add(self, species: str, fingerprint: str, dimension: int, vectors: Mapping[int, Any]) -> None:
        if not vectors:
            raise UsageError("no embedding was given")
        rows = dict(zip(vectors, blobs(list(vectors.values()), dimension), strict=True))
        with self.gallery.change("embed") as state:
            name = self.gallery.known_species(species).name
            self.gallery._net(state, fingerprint, f"embedding {dimension}")
            if set(rows) - {number for number, kept in state.photos.items() if kept.photo.species == name}:
                raise UsageError(f"vectors for ids that are no photos of {name!r}")
            for number, row in rows.items():
                state.vectors.setdefault((number, fingerprint), row)


class History(_Part):
    def _entries(self) -> list[JournalEntry]:
        changes = self.gallery._disk.changes
        undone = {change.entry.undoes: change.entry.seq for change in changes if change.entry.undoes}
        return [replace(change.entry, undone_by=undone.get(change.entry.seq, 0)) for change in changes]

    def log(self, limit: int = 100, *, individual_id: int | None = None) -> tuple[JournalEntry, ...]:
        entries = self._entries()
        if individual_id is not None:
            concerned = set()
            for change in self.gallery._disk.changes:
                for (table, key), values in change.altered().items():
                    owners = {key} if table == "animals" else {
                        value.photo.individual_id for value in values if table == "photos" and value is not None
                    }  # fmt: skip
                    if individual_id in owners:
                        concerned.add(change.entry.seq)
            entries = [entry for entry in entries if entry.seq in concerned]
        return tuple(reversed(entries))[:limit]

    def detail(self, seq: int) -> Detail:
        change = self._change(seq)
        rows = tuple(
            Alteration(table, key if isinstance(key, int) else 0, "value", None, None)
            for (table, key), (before, after) in change.altered().items() if before is not None and after is not None
        )
        return Detail(self._entries()[seq - 1], rows, {})

    def clocks(self) -> tuple[str, ...]:
        return ()

    def _change(self, seq: int) -> Change:
        if not 1 <= seq <= len(self.gallery._disk.changes):
            raise UsageError(f"the journal has no entry {seq}")
        return self.gallery._disk.changes[seq - 1]

    def undo(self, seq: int | None = None, *, why: str = "") -> JournalEntry:
        entries = self._entries()
        if seq is None:
            left = [entry for entry in entries if not entry.undoes and not entry.undone_by and entry.what != "purge"]
            if not left:
                raise UsageError("nothing is left to undo")
            seq = left[-1].seq
        target = self._change(seq)
        if target.entry.what == "purge" or entries[seq - 1].undone_by:
            raise UsageError(f"entry {seq} cannot be undone")
        with self.gallery.change("undo", why) as state:
            for (table, key), (before, after) in target.altered().items():
                rows = getattr(state, table)
                if table == "animals" and before is None and self._holds(state, key, target):
                    raise UndoConflict(f"entry {seq} cannot be undone: a later entry builds on it", self._later(seq, table, key))
                if rows.get(key) != after:
                    raise UndoConflict(f"entry {seq} cannot be undone: a later entry builds on it", self._later(seq, table, key))
                if before is None and table in ("photos", "animals"):  # ids are permanent: it stays, removed
                    rows[key] = replace(rows[key], removed_seq=self.next_seq())
                elif before is None:
                    del rows[key]
                else:
                    rows[key] = before
        disk = self.gallery._disk
        disk.changes[-1].entry = replace(disk.changes[-1].entry, undoes=seq)
        return disk.changes[-1].entry

    @staticmethod
    def _holds(state: State, animal: int, target: Change) -> bool:
        """Whether an individual has photos that another entry than its first gave it."""
        return any(
            number in target.before.photos or number not in target.after.photos
            for number, kept in state.photos.items()
            if kept.photo.individual_id == animal and kept.removed_seq is None
        )

    def _later(self, seq: int, table: str, key: Any) -> int:
        later = [change for change in self.gallery._disk.changes[seq:] if (table, key) in change.altered()]
        return later[-1].entry.seq if later else len(self.gallery._disk.changes)

    def purge(
        self, *, before: Any = None, old_vectors: bool = False, only_plan: bool = False, why: str = "", until: int = 0
    ) -> Purge:
        last = until or self.gallery.head()
        if before is not None and not until:
            state = self.gallery._at(before)
            last = next(change.entry.seq for change in self.gallery._disk.changes if change.after is state)
        current = self.gallery.state
        photos = [number for number, kept in current.photos.items() if kept.removed_seq is not None and kept.removed_seq <= last]
        keeping = {kept.photo.individual_id for number, kept in current.photos.items() if number not in photos}
        animals = [
            animal.id for animal in current.animals.values()
            if animal.removed_seq is not None and animal.removed_seq <= last
            and not animal.merged_into and animal.id not in keeping
        ]
        vectors = [key for key in current.vectors if key[0] in photos]
        plan = Purge(0, len(photos), len(animals), 0, len(vectors), last)
        if only_plan or plan.empty:
            return plan
        with self.gallery.change("purge", why) as state:
            for number in photos:
                del state.photos[number]
            for number in animals:
                del state.animals[number]
            for key in vectors:
                del state.vectors[key]
        return replace(plan, seq=self.gallery.head())


class Nets:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, fingerprint: str) -> Path:
        return self.folder / f"{fingerprint}.safetensors"

    def put(self, weights: Path) -> Path:
        card = weights.with_suffix(".json")
        try:
            fingerprint = json.loads(card.read_text("utf-8"))["fingerprint"]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise NetError(f"{card} is no card of a net") from error
        if not re.fullmatch("[0-9a-f]{16}", str(fingerprint)):
            raise NetError(f"{card}: fingerprint {fingerprint!r} is not 16 hex digits")
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(card, self.path(fingerprint).with_suffix(".json"))
        return Path(shutil.copyfile(weights, self.path(fingerprint)))

    def known(self) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in self.folder.glob("*.safetensors")))


@dataclass
class Workspace:
    checkpoints: Path
    cache: Path


class Maps:
    def __init__(self, kept: dict[int, Any]) -> None:
        self._kept = kept

    def get(self, photos: Sequence[EnrolledPhoto]) -> dict[int, Any]:
        return {photo.id: self._kept[photo.id] for photo in photos if photo.id in self._kept}

    def put(self, photos: Sequence[EnrolledPhoto], maps: Mapping[int, Any]) -> None:
        self._kept.update({photo.id: copy.deepcopy(maps[photo.id]) for photo in photos if photo.id in maps})
