"""Who is who, corrected: individuals renamed, merged, split, removed and restored.

Each call is one transaction with one journal entry, and can be undone. Nothing is deleted, ids are never given again. An
individual is named by its name or as "#7" by its permanent id.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from reid.errors import UsageError
from reid.records.gallery import Correction
from reid.store.catalog.catalog import Catalog, Change
from reid.store.contents.individuals import (
    FOLLOWED,
    MOVED,
    Individual,
    add_individual,
    check_back,
    close,
    is_id,
    live,
    live_photos,
    lookup,
    named,
    not_searched,
)
from reid.store.contents.writing import canonical

_BROUGHT = f"""SELECT DISTINCT p.id FROM individual i CROSS JOIN photo p ON p.individual_id = i.merged_into
    CROSS JOIN history h ON h.kind = 'photo' AND h.row = p.id AND h.seq >= i.removed_seq
    WHERE i.id = ? AND json_extract(h.changed, '$.individual_id[0]') = i.id
    AND json_extract(h.changed, '$.individual_id[1]') = i.merged_into AND {FOLLOWED} ORDER BY p.id"""
"""Photos that an individual brought into another one when it was merged, or that came later from a replica where it was not.

CROSS: by way of the photos of the one, not through the history of all photos.
"""


class Identities:
    """Corrections of an open gallery, `Gallery.identities`."""

    def __init__(self, catalog: Catalog, publish: Callable[[], None]) -> None:
        """Made by the gallery. publish: called after every change."""
        self._catalog, self._publish = catalog, publish

    def find(self, individual: str, *, species: str | None = None) -> Individual:
        """The individual of this name or "#id"; the one removed or merged last, where none is there. Raises UsageError."""
        found = lookup(self._catalog, individual, species)
        if len({one.species for one in found}) < 2 and found:
            return found[-1]
        return live(self._catalog, individual, species)

    def rename(self, individual: str, name: str, *, species: str | None = None, why: str = "") -> Correction:
        """Give an individual another name.

        Raises:
            UsageError: there is no such individual, or the name is another's: the message says how to merge the two.
        """
        name = canonical(name)
        with self._catalog.change("rename", why) as change:
            owner = live(change, individual, species)
            taken = named(change, owner.species_id, name)
            if owner.name == name:
                return Correction(0, "rename", owner.species, owner.id, name)
            if taken:
                raise UsageError(
                    f"{owner.species} {name!r} is another individual (#{taken.id}, {taken.photos(change)} photos), so "
                    f"{owner.name!r} keeps its name. If the two are one animal: reid individuals merge "
                    f"{_quoted(owner.name)} {_quoted(name)} --species {_quoted(owner.species)}"
                )
            change.put("UPDATE individual SET name = ?, seq = ? WHERE id = ?", (name, change.seq, owner.id))
            correction = Correction(change.seq, "rename", owner.species, owner.id, name, other=owner.name)
            close(change, owner, correction, {"name": owner.name}, {"name": name}, f"#{owner.id} {owner.name!r} -> {name!r}")
        self._publish()
        return correction

    def merge(self, individual: str, into: str, *, species: str | None = None, why: str = "") -> Correction:
        """Two individuals are one animal: the photos of the first go to the second. `split` takes it apart again exactly.

        Raises:
            UsageError: one of the two is not there, both are the same, or they are of different species.
        """
        with self._catalog.change("merge", why) as change:
            second = live(change, into, species)
            first = live(change, individual, species or (None if is_id(individual) else second.species))
            if first.id == second.id:
                raise UsageError(f"{first.name!r} is #{first.id} already: name two individuals to merge")
            if first.species_id != second.species_id:
                raise UsageError(f"#{first.id} is a {first.species}, #{second.id} a {second.species}: they are not one animal")
            warnings = _together(change, first, second)
            photos = [row[0] for row in change.ask("SELECT id FROM photo WHERE individual_id = ? ORDER BY id", (first.id,))]
            change.put_many(MOVED, ((second.id, change.seq, photo) for photo in photos))
            change.put(
                "UPDATE individual SET merged_into = ?, removed_seq = ?, seq = ? WHERE id = ?",
                (second.id, change.seq, change.seq, first.id),
            )
            change.put("UPDATE individual SET seq = ? WHERE id = ?", (change.seq, second.id))
            correction = Correction(
                change.seq, "merge", second.species, second.id, second.name, tuple(photos), first.id, first.name, warnings
            )
            text = f"#{first.id} {first.name!r} into #{second.id} {second.name!r}, {len(photos)} photos"
            close(change, second, correction, {"individuals": [first.id, second.id]}, {"individuals": [second.id]}, text)
        self._publish()
        return correction

    def split(
        self, individual: str, name: str, *, photos: Sequence[int] = (), species: str | None = None, why: str = ""
    ) -> Correction:
        """One individual is two animals.

        Args:
            individual: that holds the photos of both.
            name: without photos: of the individual that was merged into it; it comes back with its id and every photo it
                brought that is still there. With photos: the name of a new individual.
            photos: ids of the photos that show the new one; () = take a merge apart.
            species: needed where a name is used in several species.
            why: for the journal.

        Raises:
            UsageError: no such individual or merge, a photo that is not its own, or the name is in use.
        """
        with self._catalog.change("split", why) as change:
            owner = live(change, individual, species)
            correction = self._split_new(change, owner, name, photos) if photos else self._split_merged(change, owner, name)
            change.put("UPDATE individual SET seq = ? WHERE id = ?", (change.seq, owner.id))
            split_off, count = correction.individual_id, len(correction.photo_ids)
            text = f"#{split_off} {correction.individual!r} out of #{owner.id} {owner.name!r}, {count} photos"
            close(change, owner, correction, {"individuals": [owner.id]}, {"individuals": [owner.id, split_off]}, text)
        self._publish()
        return correction

    def _split_new(self, change: Change, owner: Individual, name: str, photos: Sequence[int]) -> Correction:
        name = canonical(name)
        if taken := named(change, owner.species_id, name):
            raise UsageError(
                f"{owner.species} {name!r} is there already (#{taken.id}): choose another name, or "
                f"`reid photos move` to give it photos"
            )
        ids = live_photos(change, photos, owner)
        fresh = add_individual(change, owner.species_id, owner.species, name)
        change.put_many(MOVED, ((fresh.id, change.seq, photo) for photo in ids))
        return Correction(change.seq, "split", owner.species, fresh.id, name, tuple(ids), owner.id, owner.name)

    def _split_merged(self, change: Change, owner: Individual, name: str) -> Correction:
        merged = [one for one in lookup(change, name, owner.species) if one.merged_into == owner.id]
        if not merged:
            there = change.ask("SELECT name, id FROM individual WHERE merged_into = ? ORDER BY id", (owner.id,))
            known = ", ".join(f"{one!r} (#{number})" for one, number in there) or "nobody"
            raise UsageError(
                f"{name!r} was not merged into {owner.name!r} ({known} was): name one of those, or the photos of a new "
                "individual with --photos"
            )
        back = merged[-1]
        if taken := named(change, owner.species_id, back.name):
            raise UsageError(
                f"{back.species} {back.name!r} is the name of #{taken.id} by now: rename that one first, then split"
            )
        ids = [row[0] for row in change.ask(_BROUGHT, (back.id,))]
        change.put_many(MOVED, ((back.id, change.seq, photo) for photo in ids))
        change.put(
            "UPDATE individual SET merged_into = NULL, removed_seq = NULL, seq = ? WHERE id = ?", (change.seq, back.id)
        )
        return Correction(change.seq, "split", owner.species, back.id, back.name, tuple(ids), owner.id, owner.name)

    def remove(self, individual: str, *, species: str | None = None, why: str = "") -> Correction:
        """Take an individual out of the gallery with its photos; `restore` brings both back. Raises UsageError."""
        with self._catalog.change("remove", why) as change:
            owner = live(change, individual, species)
            ids = [row[0] for row in change.ask(
                "SELECT id FROM photo WHERE individual_id = ? AND removed_seq IS NULL ORDER BY id", (owner.id,)
            )]
            gone = "UPDATE {} SET removed_seq = ?, seq = ? WHERE id = ?"
            change.put_many(gone.format("photo"), ((change.seq, change.seq, photo) for photo in ids))
            change.put(gone.format("individual"), (change.seq, change.seq, owner.id))
            correction = Correction(change.seq, "remove", owner.species, owner.id, owner.name, tuple(ids))
            close(change, owner, correction, {}, {}, f"#{owner.id} {owner.name!r}, {len(ids)} photos")
        self._publish()
        return correction

    def restore(self, individual: str, *, species: str | None = None, why: str = "") -> Correction:
        """Bring a removed individual back with the photos that were removed together with it.

        Raises:
            UsageError: it is not removed, was merged (the message says how to split), or its name or a photo is in use by now.
        """
        with self._catalog.change("restore", why) as change:
            found = lookup(change, individual, species)
            gone = [one for one in found if one.removed_seq is not None and not one.merged_into]
            if not gone:
                raise UsageError(_not_removed(change, individual, found))
            if len(several := sorted({one.species for one in gone})) > 1:
                raise UsageError(
                    f"{individual!r} is the name of removed individuals of {', '.join(several)}: say which with --species"
                )
            owner = gone[-1]
            if taken := named(change, owner.species_id, owner.name):
                raise UsageError(
                    f"{owner.species} {owner.name!r} is the name of #{taken.id} by now: rename that one first, then restore"
                )
            ids = [row[0] for row in change.ask(
                "SELECT id FROM photo WHERE individual_id = ? AND removed_seq = ? ORDER BY id", (owner.id, owner.removed_seq)
            )]
            back = "UPDATE {} SET removed_seq = NULL, seq = ? WHERE id = ?"
            change.put(back.format("individual"), (change.seq, owner.id))
            check_back(change, ids)
            change.put_many(back.format("photo"), ((change.seq, photo) for photo in ids))
            warnings = not_searched(change, ids)
            correction = Correction(change.seq, "restore", owner.species, owner.id, owner.name, tuple(ids), warnings=warnings)
            close(change, owner, correction, {}, {}, f"#{owner.id} {owner.name!r}, {len(ids)} photos")
        self._publish()
        return correction

def _together(change: Change, first: Individual, second: Individual) -> tuple[str, ...]:
    """Frames that show both: then they cannot be one animal."""
    frames = change.ask(
        "SELECT DISTINCT a.path FROM photo a JOIN photo b ON b.sha256 = a.sha256 AND b.individual_id = ?"
        " WHERE a.individual_id = ? AND a.removed_seq IS NULL AND b.removed_seq IS NULL ORDER BY a.path",
        (second.id, first.id),
    )
    return tuple(f"{path} shows both {first.name!r} and {second.name!r}: can they be one animal?" for (path,) in frames)


def _not_removed(change: Change, individual: str, found: Sequence[Individual]) -> str:
    if merged := [one for one in found if one.merged_into]:
        into = lookup(change, f"#{merged[-1].merged_into}", None)[0]
        return (
            f"{individual!r} was merged into {into.name!r}: reid individuals split {_quoted(into.name)} "
            f"{_quoted(merged[-1].name)}"
        )
    return f"{individual!r} is not removed" if found else f"no individual {individual!r} was ever enrolled in this gallery"


def _quoted(name: str) -> str:
    return shlex.quote(name)
