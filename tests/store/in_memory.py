"""A gallery in memory: plain dicts, a search by sums. The second store that keeps the contract of `reid.store.contract`.

What one process enrolls another one does not see; nothing is on a disk but the files of nets, in a folder that is thrown away.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.errors import GalleryError, ModelMismatch, ShapeError, UsageError
from reid.records import SIDES, Calibration, Photo, Sighting, Vectors
from reid.records.gallery import (
    Enrolled,
    EnrolledPhoto,
    Enrollment,
    Found,
    Ids,
    IndividualSummary,
    JournalEntry,
    KeptSighting,
    SpeciesSummary,
    Where,
    are_unit,
)
from reid.store.contents.keep_sightings import NotKept
from reid.store.contents.sightings import known_sighting
from reid.store.contents.writing import canonical
from reid.store.contract import ANYWHERE
from reid.store.history.as_of import moment
from reid.store.layout.net_folder import LocalWorkspace, NetFolder
from tests.store.in_memory_corrections import Corrections, Embeddings, Identities, Sides
from tests.store.in_memory_history import History
from tests.store.in_memory_sightings import keep
from tests.store.in_memory_state import Change, Disk, Kept, Species, StageNet, State

__all__ = ["Disk", "InMemoryGallery"]


class InMemoryGallery:
    """See `reid.store.contract.GalleryStore`."""

    def __init__(self, disk: Disk, *, who: str = "me", as_of: datetime | date | None = None) -> None:
        self.disk, self._who = disk, who
        self._past = 0
        if as_of is not None:
            self._past = self.seq_at(as_of)
            if any(first <= self._past < last and self._past < seq for seq, first, last in disk.purged):
                raise GalleryError(f"what was in use after entry {self._past} has been purged since")
        self.identities, self.corrections, self.sides = Identities(self), Corrections(self), Sides(self)
        self.embeddings, self.history = Embeddings(self), History(self)
        self.nets, self.workspace = NetFolder(disk.folder / "nets"), LocalWorkspace(disk.folder / "nets", disk.folder / "cache")

    @property
    def name(self) -> str:
        return self.disk.folder.name

    @property
    def where(self) -> str:
        return str(self.disk.folder)

    @property
    def writable(self) -> bool:
        return not self._past

    def check_writable(self, what: str) -> None:
        if self._past:
            raise GalleryError(f"{what}: it is shown as it was after entry {self._past} and cannot be written")

    def close(self) -> None: ...

    def __enter__(self) -> InMemoryGallery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def settle(self) -> None: ...

    # ---- states and changes

    @property
    def state(self) -> State:
        return self.disk.changes[self._past - 1].after if self._past else self.disk.state

    def changes(self) -> list[Change]:
        return self.disk.changes[: self._past] if self._past else self.disk.changes

    def seq_at(self, as_of: datetime | date) -> int:
        seqs = [change.entry.seq for change in self.disk.changes if change.entry.at <= moment(as_of)]
        if not seqs:
            raise UsageError(f"the gallery knows nothing of {as_of}")
        return seqs[-1]

    @contextmanager
    def change(self, what: str, why: str = "", *, always: bool = False, undoes: int = 0) -> Iterator[tuple[State, int]]:
        """The next state to write and its seq; kept unless an error comes out, or nothing is altered and not `always`."""
        self.check_writable(what)
        disk = self.disk
        for text in (why,):
            _text(text)
        before, disk.state = disk.state, disk.state.copied()
        ids = dict(disk.ids)
        try:
            yield disk.state, len(disk.changes) + 1
        except BaseException:
            disk.state, disk.ids = before, ids
            raise
        if not always and _same(before, disk.state):
            disk.state, disk.ids = before, ids
            return
        at = datetime.now(UTC)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        entry = JournalEntry(len(disk.changes) + 1, at, self._who, what, why, "{}", "{}", what, undoes)
        disk.changes.append(Change(entry, before, disk.state))

    @contextmanager
    def together(self) -> Iterator[None]:
        self.check_writable("write")
        state, count, ids = self.disk.state, len(self.disk.changes), dict(self.disk.ids)
        try:
            yield
        except BaseException:
            self.disk.state, self.disk.ids = state, ids
            del self.disk.changes[count:]
            raise

    # ---- contents

    def known_species(self, name: str) -> Species:
        row = self.state.species.get(_composed(name))
        if row is None or not (row.fingerprint or self._count(row.name)):
            raise UsageError(f"this gallery has no species {name!r}")
        return row

    def _count(self, species: str) -> int:
        return sum(animal.species == species and animal.removed_seq is None for animal in self.state.animals.values())

    def species(self) -> tuple[SpeciesSummary, ...]:
        rows = [row for _, row in sorted(self.state.species.items()) if row.fingerprint or self._count(row.name)]
        result = []
        for row in rows:
            photos = self.state.live(row.name)
            sides, seasons, _, first, last = _tally(photos)
            result.append(SpeciesSummary(
                row.id, row.name, row.fingerprint, row.dimension, self._count(row.name), len(photos), sides, seasons, first, last,
                row.calibration is not None,
            ))  # fmt: skip
        return tuple(result)

    def individuals(self, species: str | None = None, *, removed: bool = False) -> tuple[IndividualSummary, ...]:
        result = []
        for animal in sorted(self.state.animals.values(), key=lambda row: (row.species, row.name, row.id)):
            if (animal.removed_seq is not None) != removed or (species is not None and animal.species != _composed(species)):
                continue
            photos = [photo for photo in self.state.live() if photo.individual_id == animal.id]
            sides, seasons, years, first, last = _tally(photos)
            result.append(IndividualSummary(
                animal.id, animal.species, animal.name, len(photos), sides, seasons, years, first, last, removed,
                animal.merged_into,
            ))  # fmt: skip
        return tuple(result)

    def known_individuals(self, species: str, names: Collection[str]) -> frozenset[str]:
        wanted = {canonical(name) for name in names}
        return frozenset(row.name for row in self.individuals(canonical(species)) if row.name in wanted)

    def photos(
        self, species: str | None = None, individual: str | None = None, *, removed: bool = False
    ) -> tuple[EnrolledPhoto, ...]:
        rows = self.state.live(None if species is None else _composed(species), removed=removed)
        return tuple(photo for photo in rows if individual is None or photo.individual == _composed(individual))

    def photos_by_id(self, photo_ids: Sequence[int] | Ids) -> tuple[EnrolledPhoto, ...]:
        numbers = [int(number) for number in photo_ids]
        if missing := [number for number in numbers if number not in self.state.photos]:
            raise UsageError(f"no photo with id {missing[0]} was ever enrolled in this gallery")
        return tuple(self.state.photo(number) for number in numbers)

    def find(self, sha256: str, box_key: str = "", species: str | None = None) -> EnrolledPhoto | None:
        rows = self.state.live(None if species is None else _composed(species))
        return next((photo for photo in rows if (photo.sha256, _key(photo)) == (sha256, box_key)), None)

    def enrolled_at(self, paths: Sequence[Path]) -> dict[str, tuple[EnrolledPhoto, ...]]:
        rows = {path.as_posix(): tuple(photo for photo in self.state.live() if photo.path == path) for path in paths}
        return {path: photos for path, photos in rows.items() if photos}

    def enrolled_sightings(self, species: str | None = None) -> tuple[Photo, ...]:
        return tuple(known_sighting(photo, self.locate(photo) or photo.path) for photo in self.photos(species))

    def locate(self, photo: EnrolledPhoto) -> Path | None:
        return photo.path.resolve() if photo.path.is_file() else None

    def sightings(self) -> tuple[KeptSighting, ...]:
        return tuple(
            KeptSighting(row.id, row.seq, row.species, row.individual_id, row.sighting)
            for _, row in sorted(self.state.sightings.items()) if row.removed_seq is None
        )  # fmt: skip

    def vectors(self, species: str, fingerprint: str | None = None) -> tuple[Ids, Vectors]:
        row, state = self.known_species(species), self.state
        net = row.fingerprint if fingerprint is None else fingerprint
        if not state.nets.get(net, "").startswith("embedding"):
            raise ModelMismatch(f"this gallery has no embedding net {net!r}")
        ids = [photo.id for photo in state.live(row.name) if (photo.id, net) in state.vectors]
        rows = [state.vectors[number, net] for number in ids]
        empty = np.zeros((0, int(state.nets[net].split()[1])), np.float32)
        return np.array(ids, np.int64), np.stack(rows) if rows else empty

    def calibration(self, species: str) -> Calibration | None:
        row = self.state.species.get(_composed(species))
        return row.calibration if row else None

    def embedding_net(self, species: str) -> str | None:
        row = self.state.species.get(_composed(species))
        return row.fingerprint or None if row else None

    def embedding_nets(self) -> dict[str, str]:
        return {name: row.fingerprint for name, row in sorted(self.state.species.items()) if row.fingerprint}

    def stage_net(self, name: str) -> str | None:
        return self.state.stage.get(name, StageNet()).fingerprint

    def species_net(self) -> str | None:
        return self.stage_net("species_net")

    def head(self) -> int:
        return len(self.changes())

    def version(self) -> tuple[int, int]:
        return len(self.disk.changes), 0

    def log(self, limit: int = 100) -> tuple[JournalEntry, ...]:
        return self.history.log(limit)

    def maps(self, fingerprint: str) -> Maps:
        return Maps(self.disk.maps.setdefault(fingerprint, {}))

    # ---- search

    def _passing(self, row: Species, where: Where) -> list[EnrolledPhoto]:
        where = where.composed()
        photos = [photo for photo in self.state.live(row.name) if (photo.id, row.fingerprint) in self.state.vectors]
        return [photo for photo in photos if _passes(photo, where)]

    def search(
        self, species: str, queries: Vectors, k: int, *, where: Where = ANYWHERE, fingerprint: str | None = None
    ) -> Found:
        queries = np.asarray(queries)
        if k < 1:
            raise UsageError(f"asked for the {k} most alike photos: ask for 1 or more")
        if queries.ndim != 2 or queries.dtype.kind != "f" or not are_unit(queries.astype(np.float32)):
            raise ShapeError(f"queries must be (Q, D) float32, finite and of unit length, met {queries.shape}")
        row = self.known_species(species)
        if (fingerprint is not None and fingerprint != row.fingerprint) or queries.shape[1] != row.dimension:
            raise ModelMismatch(f"{species!r} is enrolled with net {row.fingerprint} of {row.dimension} numbers")
        ids = np.array([photo.id for photo in self._passing(row, where)], np.int64)
        vectors = [self.state.vectors[number, row.fingerprint].astype(np.float64) for number in ids.tolist()]
        scores, found = np.full((len(queries), k), -np.inf, np.float32), np.full((len(queries), k), -1, np.int64)
        for at, query in enumerate(queries if vectors else ()):
            exact = (np.stack(vectors) @ query.astype(np.float64)).astype(np.float32)
            best = np.lexsort((ids, -exact))[:k]
            scores[at, : len(best)], found[at, : len(best)] = exact[best], ids[best]
        return Found(scores, found)

    def count_individuals(self, species: str, where: Where = ANYWHERE) -> int:
        return len({photo.individual_id for photo in self._passing(self.known_species(species), where)})

    # ---- writing

    def register(self, state: State, fingerprint: str, kind: str) -> None:
        if not fingerprint or (kind.startswith("embedding") and int(kind.split()[1]) < 1):
            raise UsageError("a net needs a fingerprint and a dimension above 0")
        if state.nets.setdefault(fingerprint, kind) != kind:
            raise ModelMismatch(f"net {fingerprint} is in this gallery as {state.nets[fingerprint]}, not as {kind}")

    def set_stage_net(self, name: str, fingerprint: str, why: str) -> None:
        with self.change(f"set_{name}", why) as (state, _):
            self.register(state, fingerprint, "species")
            state.stage[name] = StageNet(fingerprint)

    def set_species_net(self, fingerprint: str, *, why: str = "") -> None:
        self.set_stage_net("species_net", fingerprint, why)

    def put_vectors(
        self, state: State, species: str, fingerprint: str, dimension: int, vectors: Mapping[int, NDArray[Any]]
    ) -> None:
        rows = dict(zip(vectors, checked(list(vectors.values()), dimension), strict=True))
        if strange := set(rows) - {number for number, kept in state.photos.items() if kept.photo.species == species}:
            raise UsageError(f"{len(strange)} vectors are for ids that are no photos of {species!r}, first {min(strange)}")
        for number, row in rows.items():
            state.vectors.setdefault((number, fingerprint), row)

    def set_embedding_net(
        self, species: str, fingerprint: str, dimension: int, *, calibration: Calibration | None,
        vectors: Mapping[int, NDArray[np.float32]] | None = None, leaving: Collection[int] = (), why: str = "",
        expected: str | None = None,
    ) -> None:
        name = canonical(species)
        with self.change("set_embedding_net", why) as (state, _):
            row = state.species.get(name)
            if expected is not None and expected != (row.fingerprint if row else ""):
                raise ModelMismatch(f"{name!r} was given another net than {expected!r} meanwhile: try again")
            row = row or Species(self.disk.fresh("species"), name)
            self.register(state, fingerprint, f"embedding {dimension}")
            self.put_vectors(state, name, fingerprint, dimension, vectors or {})
            missing = [photo.id for photo in state.live(name) if (photo.id, fingerprint) not in state.vectors]
            if set(missing) - set(leaving):
                raise ModelMismatch(f"{len(missing)} enrolled photos of {name!r} have no embedding of net {fingerprint}")
            state.species[name] = Species(row.id, name, fingerprint, dimension, calibration)

    def set_calibrations(self, learned: Mapping[str, tuple[str, Calibration]], *, why: str = "") -> None:
        with self.change("set_calibrations", why) as (state, _):
            for name, (fingerprint, calibration) in learned.items():
                row = state.species.get(canonical(name))
                if row is None or row.fingerprint != fingerprint:
                    raise ModelMismatch(f"{name!r} uses another net than {fingerprint}: calibrate it again")
                state.species[row.name] = replace(row, calibration=calibration)

    def enroll(self, species: str, fingerprint: str, items: Sequence[Enrollment], *, why: str = "") -> tuple[Enrolled, ...]:
        name, names = canonical(species), [canonical(item.individual) for item in items]
        if strange := [item.photo.path for item in items if not item.sha256 or item.photo.side not in SIDES]:
            raise UsageError(f"{strange[0]}: no sha256, or an unknown side")
        row = self.state.species.get(name)
        if row is None or row.fingerprint != fingerprint:
            met = row.fingerprint if row else "none"
            raise ModelMismatch(f"{name!r} is enrolled with net {met}, these vectors are of net {fingerprint}")
        if any(item.vector.ndim == 1 and len(item.vector) != row.dimension for item in items):
            raise ModelMismatch(f"net {fingerprint} makes {row.dimension} numbers")
        vectors = checked([item.vector for item in items], row.dimension)
        with self.change("enroll", why) as (state, _):
            return tuple(
                self._enroll(state, row, item, individual, vector)
                for item, individual, vector in zip(items, names, vectors, strict=True)
            )

    def _enroll(self, state: State, row: Species, item: Enrollment, individual: str, vector: NDArray[Any]) -> Enrolled:
        key = item.photo.box.key() if item.photo.box else ""
        same = [
            number for number, kept in sorted(state.photos.items())
            if (kept.photo.sha256, _key(kept.photo), kept.photo.species) == (item.sha256, key, row.name)
        ]  # fmt: skip
        for number in same:
            if state.photos[number].removed_seq is None:
                state.vectors.setdefault((number, row.fingerprint), vector)
                owner = state.photo(number).individual
                return Enrolled(number, owner, "already" if owner == individual else "conflict")
        had = self.identities.lookup(state, individual, row.name)
        if had and had[-1].merged_into:
            target = had[-1]
            while target.merged_into:
                target = state.animals[target.merged_into]
            return Enrolled(0, target.name, "merged")
        if not item.again and (removal := self._removal(state, same)):
            return removal
        animal = had[-1] if had and had[-1].removed_seq is None else self.identities.new(state, row.name, individual)
        photo, number = item.photo, self.disk.fresh("photos")
        state.photos[number] = Kept(EnrolledPhoto(
            id=number, individual_id=animal.id, individual=individual, species=row.name, path=photo.path.absolute(), near_path="",
            sha256=item.sha256, box=photo.box, captured_at=photo.captured_at, encounter=photo.encounter, camera=photo.camera,
            side=photo.side, season=photo.season, notes=dict(photo.notes), width=item.width, height=item.height,
        ))  # fmt: skip
        state.vectors[number, row.fingerprint] = vector
        return Enrolled(number, individual, "added")

    def _removal(self, state: State, same: Sequence[int]) -> Enrolled | None:
        """What a person removed last of a photo's rows; undoing the enrollment that added one is no removal."""
        rows = []
        for number in same:
            removed = state.photos[number].removed_seq or 0
            added = next(change.entry.seq for change in self.disk.changes if number in change.after.photos)
            if self.disk.changes[removed - 1].entry.undoes != added:
                rows.append((removed, number))
        if not rows:
            return None
        removed, number = max(rows)
        photo, entry = state.photo(number), self.disk.changes[removed - 1].entry
        owner = state.animals[photo.individual_id]
        back = [f"reid individuals restore '#{owner.id}'"] if owner.removed_seq else []
        back += [f"reid photos restore {number}"] if owner.removed_seq != removed else []
        reason = f"it was removed from the gallery on {entry.at:%Y-%m-%d} by {entry.who}: `{' && '.join(back)}` brings it back"
        return Enrolled(number, photo.individual, "removed", reason)

    def add_sightings(self, sightings: Sequence[Sighting], looked_at: Sequence[Path] = ()) -> tuple[NotKept, ...]:
        with self.change("add_sightings") as (state, seq):
            return keep(state, seq, self.disk, sightings, looked_at)


class Maps:
    """See `contract.FeatureMaps`."""

    def __init__(self, kept: dict[int, NDArray[Any]]) -> None:
        self._kept = kept

    def get(self, photos: Sequence[EnrolledPhoto]) -> dict[int, NDArray[np.float32]]:
        return {photo.id: self._kept[photo.id] for photo in photos if photo.id in self._kept}

    def put(self, photos: Sequence[EnrolledPhoto], maps: Mapping[int, NDArray[np.float32]]) -> None:
        self._kept.update({photo.id: np.array(maps[photo.id]) for photo in photos if photo.id in maps})


def _same(first: State, second: State) -> bool:
    if first.vectors.keys() != second.vectors.keys():
        return False
    return all(values == getattr(second, name) for name, values in vars(first).items() if name not in ("vectors", "nets"))


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _text(value: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"{value!r} holds bytes that are no UTF-8 text") from error


def checked(vectors: Sequence[NDArray[Any]], dimension: int) -> list[NDArray[Any]]:
    for row in map(np.asarray, vectors):
        if row.shape != (dimension,) or row.dtype.kind != "f" or not are_unit(row[None].astype(np.float32)):
            raise ShapeError(f"an embedding must be ({dimension},) float32, finite and of length 1, met {row.shape}")
    return [np.array(row, np.float32) for row in vectors]


def _key(photo: EnrolledPhoto) -> str:
    return photo.box.key() if photo.box else ""


def _tally(
    photos: Sequence[EnrolledPhoto],
) -> tuple[dict[str, int], tuple[str, ...], tuple[int, ...], datetime | None, datetime | None]:
    """Photos by side, seasons, years, first and last date."""
    sides = {side: sum(photo.side == side for photo in photos) for side in sorted({photo.side for photo in photos})}
    days = [photo.captured_at for photo in photos if photo.captured_at]
    seasons, years = sorted({photo.season for photo in photos} - {""}), sorted({day.year for day in days})
    return sides, tuple(seasons), tuple(years), min(days, default=None), max(days, default=None)


def _passes(photo: EnrolledPhoto, where: Where) -> bool:
    clock, after, before = (day.replace(tzinfo=None) if day else None for day in (photo.captured_at, where.after, where.before))
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
