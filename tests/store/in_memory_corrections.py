"""Corrections of a gallery in memory: who is who, and what photos show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from reid.errors import UsageError
from reid.records import SIDE_NET, SIDE_PROBABILITY, SIDES
from reid.records.gallery import Correction, EnrolledPhoto
from reid.store.contents.writing import canonical
from tests.store.in_memory_state import Animal, State

if TYPE_CHECKING:
    from tests.store.in_memory import InMemoryGallery


class Part:
    """A part of the gallery that corrects it."""

    def __init__(self, gallery: InMemoryGallery) -> None:
        self.gallery = gallery

    def lookup(self, state: State, individual: str, species: str | None) -> list[Animal]:
        """All who have or had the name or the id, those removed first, in the order of their removal."""
        name = unicodedata.normalize("NFC", individual)
        number = re.fullmatch(r"#(\d{1,18})", name, re.ASCII)
        rows = [
            animal for animal in state.animals.values()
            if (animal.id == int(number[1]) if number else animal.name == name)
            and (species is None or animal.species == unicodedata.normalize("NFC", species))
        ]  # fmt: skip
        return sorted(rows, key=lambda animal: (animal.removed_seq is None, animal.removed_seq or 0, animal.id))

    def live(self, state: State, individual: str, species: str | None) -> Animal:
        rows = [animal for animal in self.lookup(state, individual, species) if animal.removed_seq is None]
        if len(rows) != 1:
            raise UsageError(f"{individual!r} is the name of {len(rows)} individuals that are in the gallery")
        return rows[0]

    def named(self, state: State, species: str, name: str) -> Animal | None:
        rows = state.animals.values()
        return next((row for row in rows if (row.species, row.name, row.removed_seq) == (species, name, None)), None)

    def new(self, state: State, species: str, name: str) -> Animal:
        animal = Animal(self.gallery.disk.fresh("animals"), species, name)
        state.animals[animal.id] = animal
        return animal

    def bring_back(self, state: State, photos: Sequence[int]) -> None:
        for number in photos:
            photo = state.photo(number)
            if state.animals[photo.individual_id].removed_seq is not None:
                raise UsageError(f"photo {number} belongs to an individual that was removed")
            if any(same_photo(other, photo) for other in state.live() if other.id != number):
                raise UsageError(f"photo {number} was enrolled again")
            state.photos[number] = replace(state.photos[number], removed_seq=None)

    def not_searched(self, state: State, photos: Sequence[int]) -> tuple[str, ...]:
        """Of each species with photos that are there without an embedding of the net in use."""
        rows = [state.photo(number) for number in photos]
        lacking = {
            photo.species for photo in rows
            if not photo.removed and (net := state.species[photo.species].fingerprint) and (photo.id, net) not in state.vectors
        }  # fmt: skip
        return tuple(f"photos of {name} have no embedding of the net in use" for name in sorted(lacking))


def same_photo(first: EnrolledPhoto, second: EnrolledPhoto) -> bool:
    keys = [(photo.sha256, photo.box.key() if photo.box else "", photo.species) for photo in (first, second)]
    return keys[0] == keys[1]


class Identities(Part):
    def find(self, individual: str, *, species: str | None = None) -> Animal:
        rows = self.lookup(self.gallery.state, individual, species)
        return rows[-1] if len({row.species for row in rows}) == 1 else self.live(self.gallery.state, individual, species)

    def rename(self, individual: str, name: str, *, species: str | None = None, why: str = "") -> Correction:
        name = canonical(name)
        with self.gallery.change("rename", why) as (state, seq):
            owner = self.live(state, individual, species)
            if owner.name == name:
                return Correction(0, "rename", owner.species, owner.id, name)
            if self.named(state, owner.species, name):
                raise UsageError(f"{name!r} is another individual")
            state.animals[owner.id] = replace(owner, name=name)
        return Correction(seq, "rename", owner.species, owner.id, name, other=owner.name)

    def merge(self, individual: str, into: str, *, species: str | None = None, why: str = "") -> Correction:
        with self.gallery.change("merge", why) as (state, seq):
            second = self.live(state, into, species)
            first = self.live(state, individual, species or (None if individual.startswith("#") else second.species))
            if first.id == second.id or first.species != second.species:
                raise UsageError(f"{individual!r} and {into!r} cannot be one animal")
            photos = state.of(first.id)
            theirs = {photo.sha256 for photo in state.live() if photo.individual_id == second.id}
            both = sorted({
                photo.path.as_posix() for photo in state.live() if photo.individual_id == first.id and photo.sha256 in theirs
            })  # fmt: skip
            state.give(photos, second.id)
            state.animals[first.id] = replace(first, removed_seq=seq, merged_into=second.id)
        warnings = tuple(f"{path} shows both {first.name!r} and {second.name!r}: can they be one animal?" for path in both)
        return Correction(seq, "merge", second.species, second.id, second.name, tuple(photos), first.id, first.name, warnings)

    def split(
        self, individual: str, name: str, *, photos: Sequence[int] = (), species: str | None = None, why: str = ""
    ) -> Correction:
        with self.gallery.change("split", why) as (state, seq):
            owner = self.live(state, individual, species)
            if photos:
                ids = self._split_new(state, owner, canonical(name), photos)
                back = self.new(state, owner.species, canonical(name))
            else:
                back = self._merged(state, owner, name)
                moves = self.gallery.disk.changes[(back.removed_seq or 0) - 1].altered()
                ids = [number for number in state.of(owner.id) if moves.get(("photos", number), {}).get("individual_id") ==
                       (back.id, owner.id)]  # fmt: skip
                state.animals[back.id] = replace(back, removed_seq=None, merged_into=0)
            state.give(ids, back.id)
        return Correction(seq, "split", owner.species, back.id, back.name, tuple(ids), owner.id, owner.name)

    def _split_new(self, state: State, owner: Animal, name: str, photos: Sequence[int]) -> list[int]:
        if self.named(state, owner.species, name):
            raise UsageError(f"{name!r} is there already")
        ids = sorted(set(photos))
        if strange := set(ids) - {photo.id for photo in state.live() if photo.individual_id == owner.id}:
            raise UsageError(f"photo {min(strange)} is none of {owner.name!r}")
        return ids

    def _merged(self, state: State, owner: Animal, name: str) -> Animal:
        rows = [animal for animal in self.lookup(state, name, owner.species) if animal.merged_into == owner.id]
        if not rows or self.named(state, owner.species, rows[-1].name):
            raise UsageError(f"{name!r} was not merged into {owner.name!r}, or the name is in use by now")
        return rows[-1]

    def remove(self, individual: str, *, species: str | None = None, why: str = "") -> Correction:
        with self.gallery.change("remove", why) as (state, seq):
            owner = self.live(state, individual, species)
            ids = [number for number in state.of(owner.id) if state.photos[number].removed_seq is None]
            for number in ids:
                state.photos[number] = replace(state.photos[number], removed_seq=seq)
            state.animals[owner.id] = replace(owner, removed_seq=seq)
        return Correction(seq, "remove", owner.species, owner.id, owner.name, tuple(ids))

    def restore(self, individual: str, *, species: str | None = None, why: str = "") -> Correction:
        with self.gallery.change("restore", why) as (state, seq):
            rows = [
                animal for animal in self.lookup(state, individual, species)
                if animal.removed_seq is not None and not animal.merged_into
            ]  # fmt: skip
            if len({animal.species for animal in rows}) != 1 or self.named(state, rows[-1].species, rows[-1].name):
                raise UsageError(f"{individual!r} is not removed, or the name is in use by now")
            owner = rows[-1]
            ids = [number for number in state.of(owner.id) if state.photos[number].removed_seq == owner.removed_seq]
            state.animals[owner.id] = replace(owner, removed_seq=None)
            self.bring_back(state, ids)
            warnings = self.not_searched(state, ids)
        return Correction(seq, "restore", owner.species, owner.id, owner.name, tuple(ids), warnings=warnings)


class Corrections(Part):
    def _ids(self, state: State, photos: Sequence[int], *, removed: bool = False) -> list[int]:
        ids = sorted(set(photos))
        if not ids:
            raise UsageError("no photo was named")
        if strange := set(ids) - {photo.id for photo in state.live(removed=removed)}:
            raise UsageError(f"photo {min(strange)} was never enrolled, or is {'not ' if removed else ''}removed")
        self._species(state, ids)
        return ids

    def _species(self, state: State, ids: Sequence[int]) -> str:
        names = sorted({state.photos[number].photo.species for number in ids})
        if len(names) > 1:
            raise UsageError(f"these photos are of {', '.join(names)}: name those of one species at a time")
        return names[0]

    def _done(self, what: str, seq: int, state: State, ids: Sequence[int], warnings: tuple[str, ...] = ()) -> Correction:
        owner = min((state.animals[state.photos[number].photo.individual_id] for number in ids), key=lambda animal: animal.name)
        return Correction(seq, what, owner.species, owner.id, owner.name, tuple(ids), warnings=warnings)

    def move(self, photos: Sequence[int], to: str, *, new: bool = False, why: str = "") -> Correction:
        with self.gallery.change("move_photos", why) as (state, seq):
            ids = self._ids(state, photos)
            species, by_id = self._species(state, ids), re.fullmatch(r"#\d{1,18}", to, re.ASCII)
            if new and not by_id and self.named(state, species, canonical(to)) is None:
                target = self.new(state, species, canonical(to))
            else:
                target = self.live(state, to, species)
            ids = [number for number in ids if state.photos[number].photo.individual_id != target.id]
            if not ids:
                return Correction(0, "move_photos", species, target.id, target.name)
            state.give(ids, target.id)
        return Correction(seq, "move_photos", species, target.id, target.name, tuple(ids))

    def remove(self, photos: Sequence[int], *, why: str = "") -> Correction:
        with self.gallery.change("remove_photos", why) as (state, seq):
            ids = self._ids(state, photos)
            for number in ids:
                state.photos[number] = replace(state.photos[number], removed_seq=seq)
        return self._done("remove_photos", seq, state, ids)

    def restore(self, photos: Sequence[int], *, to: str | None = None, why: str = "") -> Correction:
        with self.gallery.change("restore_photos", why) as (state, seq):
            ids = self._ids(state, photos, removed=True)
            if to is not None:
                state.give(ids, self.live(state, to, self._species(state, ids)).id)
            self.bring_back(state, ids)
        return self._done("restore_photos", seq, state, ids, self.not_searched(state, ids))

    def correct(
        self, photos: Sequence[int], *, side: str | None = None, captured_at: datetime | Literal[""] | None = None,
        camera: str | None = None, encounter: str | None = None, season: str | None = None, why: str = "",
    ) -> Correction:
        facts: dict[str, Any] = {"side": side, "camera": camera, "encounter": encounter, "season": season}
        facts = {name: value for name, value in facts.items() if value is not None}
        if captured_at is not None:
            facts["captured_at"] = captured_at or None
        if not facts or (side is not None and side not in SIDES):
            raise UsageError("nothing to correct was given, or no side of that name")
        with self.gallery.change("correct_photos", why) as (state, seq):
            ids, altered = self._ids(state, photos), []
            for number in ids:
                photo, values = state.photos[number].photo, dict(facts)
                if captured_at and season is None and photo.captured_at and photo.season == str(photo.captured_at.year):
                    values["season"] = str(captured_at.year)
                if side is not None:
                    predicted = (SIDE_NET, SIDE_PROBABILITY)
                    values["notes"] = {name: value for name, value in photo.notes.items() if name not in predicted}
                if replace(photo, **values) != photo:
                    state.photos[number] = replace(state.photos[number], photo=replace(photo, **values))
                    altered.append(number)
            if not altered:
                return Correction(0, "correct_photos", self._species(state, ids), 0, "")
        return self._done("correct_photos", seq, state, altered)

    def predict_sides(self, sides: Mapping[int, tuple[str, float]], fingerprint: str, *, why: str = "") -> Correction:
        with self.gallery.change("predict_sides", why) as (state, seq):
            ids = self._ids(state, list(sides))
            if any(side not in ("left", "right") for side, _ in sides.values()):
                raise UsageError("a side is neither left nor right")
            altered = [number for number in ids if not state.photos[number].photo.side]
            for number in altered:
                (side, sure), photo = sides[number], state.photos[number].photo
                notes = {**photo.notes, SIDE_NET: fingerprint, SIDE_PROBABILITY: f"{sure:.3f}"}
                state.photos[number] = replace(state.photos[number], photo=replace(photo, side=side, notes=notes))
            if not altered:
                return Correction(0, "predict_sides", self._species(state, ids), 0, "")
        return self._done("predict_sides", seq, state, altered)


class Sides(Part):
    def net(self) -> str | None:
        return self.gallery.stage_net("side_net")

    def use_net(self, fingerprint: str, *, why: str = "") -> None:
        self.gallery.set_stage_net("side_net", fingerprint, why)


class Embeddings(Part):
    def missing(self, species: str, fingerprint: str | None = None) -> tuple[EnrolledPhoto, ...]:
        row, state = self.gallery.known_species(canonical(species)), self.gallery.state
        net = fingerprint or row.fingerprint
        return tuple(photo for photo in state.live(row.name) if (photo.id, net) not in state.vectors)

    def add(self, species: str, fingerprint: str, dimension: int, vectors: Mapping[int, NDArray[Any]]) -> None:
        if not vectors:
            raise UsageError("no embedding was given")
        with self.gallery.change("embed", always=True) as (state, _):
            row = self.gallery.known_species(canonical(species))
            self.gallery.register(state, fingerprint, f"embedding {dimension}")
            self.gallery.put_vectors(state, row.name, fingerprint, dimension, vectors)
