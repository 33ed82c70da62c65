"""What photos show, corrected: moved to another individual, removed, restored, their side, date or place corrected.

Each call is one transaction with one journal entry, and can be undone. Nothing is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from reid.errors import UsageError
from reid.records import SIDE_NET, SIDE_PROBABILITY, SIDES
from reid.records.gallery import Correction
from reid.store.catalog.catalog import Catalog, Change, to_json
from reid.store.contents.individuals import (
    MOVED,
    Individual,
    add_individual,
    check_back,
    close,
    is_id,
    listed,
    live,
    live_photos,
    live_species,
    named,
    not_searched,
    some_ids,
)
from reid.store.contents.reading import iso, when
from reid.store.contents.writing import canonical


class Corrections:
    """Corrections of the photos of an open gallery, `Gallery.corrections`."""

    def __init__(self, catalog: Catalog, publish: Callable[[], None]) -> None:
        """Made by the gallery. publish: called after every change."""
        self._catalog, self._publish = catalog, publish

    def move(
        self, photos: Sequence[int], to: str, *, new: bool = False, why: str = ""
    ) -> Correction:
        """Photos show another individual of the same species.

        Args:
            photos: ids.
            to: the individual they show.
            new: make it, if there is none of this name.
            why: for the journal.

        Raises:
            UsageError: no such photo or individual, a photo was removed, or the photos are of several species.
        """
        with self._catalog.change("move_photos", why) as change:
            ids = live_photos(change, photos)
            species_id, species = live_species(change, ids)
            if new and not is_id(to) and named(change, species_id, canonical(to)) is None:
                target = add_individual(change, species_id, species, canonical(to))
            else:
                target = live(change, to, species)
            before: dict[int, int] = dict(change.ask(
                "SELECT id, individual_id FROM photo WHERE id IN (SELECT value FROM json_each(?)) AND individual_id <> ?"
                " ORDER BY id", (to_json(ids), target.id),
            ))
            if not before:
                return Correction(0, "move_photos", species, target.id, target.name)
            change.put_many(MOVED, ((target.id, change.seq, photo) for photo in before))
            correction = Correction(change.seq, "move_photos", species, target.id, target.name, tuple(before))
            text = f"{listed(correction.photo_ids)} to #{target.id} {target.name!r}"
            was = {str(photo): number for photo, number in before.items()}
            close(change, target, correction, {"individuals": was}, {"individual": target.id}, text)
        self._publish()
        return correction

    def remove(self, photos: Sequence[int], *, why: str = "") -> Correction:
        """Take photos out of the gallery; `restore` brings them back. Raises UsageError."""
        with self._catalog.change("remove_photos", why) as change:
            ids = live_photos(change, photos)
            change.put_many(
                "UPDATE photo SET removed_seq = ?, seq = ? WHERE id = ?", ((change.seq, change.seq, photo) for photo in ids)
            )
            correction = _of_photos(change, "remove_photos", ids, {}, {})
        self._publish()
        return correction

    def restore(self, photos: Sequence[int], *, to: str | None = None, why: str = "") -> Correction:
        """Bring removed photos back to the individual they were with.

        Args:
            photos: ids.
            to: another individual of their species that they show; None = the one they were with.
            why: for the journal.

        Raises:
            UsageError: a photo is not removed, its individual is, or the same photo was enrolled again.
        """
        with self._catalog.change("restore_photos", why) as change:
            ids = some_ids(photos)
            rows = change.ask("SELECT id FROM photo WHERE removed_seq IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
                              (to_json(ids),))
            if other := sorted(set(ids) - {row[0] for row in rows}):
                raise UsageError(f"photo {other[0]} is not removed, or never was: `reid photos list --removed` tells which are")
            if to is not None:
                target = live(change, to, live_species(change, ids)[1])
                change.put_many(MOVED, ((target.id, change.seq, photo) for photo in ids))
            check_back(change, ids)
            change.put_many("UPDATE photo SET removed_seq = NULL, seq = ? WHERE id = ?", ((change.seq, photo) for photo in ids))
            correction = replace(_of_photos(change, "restore_photos", ids, {}, {}), warnings=not_searched(change, ids))
        self._publish()
        return correction

    def correct(
        self, photos: Sequence[int], *, side: str | None = None, captured_at: datetime | Literal[""] | None = None,
        camera: str | None = None, encounter: str | None = None, season: str | None = None, why: str = "",
    ) -> Correction:
        """Correct what is known of photos; None leaves a fact as it is, "" says that it is not known.

        With a new date, a season that was the year of the old date becomes the year of the new one. A side that is corrected or
        confirmed is predicted no longer.

        Raises:
            UsageError: no such photo, one was removed, no side of that name, or nothing to correct was given.
        """
        given = {"side": side, "camera": camera, "encounter": encounter, "season": season}
        facts: dict[str, str | None] = {name: value for name, value in given.items() if value is not None}
        if captured_at is not None:
            facts["captured_at"] = iso(captured_at) if captured_at else None
        if not facts:
            raise UsageError("nothing to correct was given: name a side, date, camera, encounter or season")
        if side is not None and side not in SIDES:
            raise UsageError(f"side {side!r} is none of {', '.join(map(repr, SIDES))}")
        with self._catalog.change("correct_photos", why) as change:
            ids = live_photos(change, photos)
            before: dict[str, object] = {}
            for photo in ids:
                if old := _corrected(change, photo, facts, None if season is not None else captured_at or None):
                    before[str(photo)] = old
            if not before:
                return Correction(0, "correct_photos", live_species(change, ids)[1], 0, "")
            correction = _of_photos(change, "correct_photos", [int(photo) for photo in before], {"photos": before}, facts)
        self._publish()
        return correction


    def predict_sides(self, sides: Mapping[int, tuple[str, float]], fingerprint: str, *, why: str = "") -> Correction:
        """The sides that a net sees in photos of one species; a side that is known, or was set meanwhile, stays.

        Args:
            sides: photo id -> (left or right, how sure the net is, in [0, 1]).
            fingerprint: of the net.
            why: for the journal.

        Raises:
            UsageError: no such photo, one was removed, the photos are of several species, or no side of that name.
        """
        with self._catalog.change("predict_sides", why) as change:
            ids = live_photos(change, list(sides))
            before: dict[str, object] = {}
            for photo in ids:
                side, sure = sides[photo]
                if side not in SIDES or not side:
                    raise UsageError(f"photo {photo}: side {side!r} is neither left nor right")
                known, notes = change.ask("SELECT side, notes FROM photo WHERE id = ?", (photo,))[0]
                if not known:
                    noted = json.loads(notes) | {SIDE_NET: fingerprint, SIDE_PROBABILITY: f"{sure:.3f}"}
                    change.put("UPDATE photo SET side = ?, notes = ?, seq = ? WHERE id = ?",
                               (side, to_json(noted), change.seq, photo))
                    before[str(photo)] = {"side": known, "notes": notes}
            if not before:
                return Correction(0, "predict_sides", live_species(change, ids)[1], 0, "")
            found = _of_photos(change, "predict_sides", [int(photo) for photo in before], {"photos": before},
                               {"net": fingerprint})
        self._publish()
        return found


def _corrected(change: Change, photo: int, facts: Mapping[str, str | None], taken: datetime | None) -> dict[str, object]:
    """Write the facts of one photo; what they were, for those that were others. taken: a new date that may tell the season."""
    names = ("side", "camera", "encounter", "season", "captured_at", "notes")
    old = dict(zip(names, change.ask(f"SELECT {', '.join(names)} FROM photo WHERE id = ?", (photo,))[0], strict=True))
    before = when(old["captured_at"])
    if taken is not None and before is not None and old["season"] == str(before.year):
        facts = {**facts, "season": str(taken.year)}
    if "side" in facts:  # a person knows it now
        notes = {name: value for name, value in json.loads(old["notes"]).items() if name not in (SIDE_NET, SIDE_PROBABILITY)}
        facts = {**facts, "notes": to_json(notes)}
    altered = {name: value for name, value in facts.items() if old[name] != value}
    if altered:
        assigned = ", ".join(f"{name} = ?" for name in altered)
        change.put(f"UPDATE photo SET {assigned}, seq = ? WHERE id = ?", (*altered.values(), change.seq, photo))
    return {name: old[name] for name in altered}


def _of_photos(
    change: Change, what: str, ids: Sequence[int], before: dict[str, object], after: Mapping[str, object]
) -> Correction:
    species_id, species = live_species(change, ids)
    owners = change.ask(
        "SELECT DISTINCT i.id, i.name FROM photo p JOIN individual i ON i.id = p.individual_id"
        " WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY i.name", (to_json(list(ids)),),
    )
    correction = Correction(change.seq, what, species, owners[0][0], owners[0][1], tuple(ids))
    facts = ", ".join(f"{name} {value or 'unknown'}" for name, value in after.items())
    text = f"{listed(ids)} of {', '.join(repr(name) for _, name in owners)}" + (f": {facts}" if facts else "")
    owner = Individual(owners[0][0], species_id, species, owners[0][1], None, 0)
    close(change, owner, correction, before, dict(after), text)
    return correction
