"""Which individual is meant: found by name or permanent id, those removed or merged too."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from reid.errors import UsageError
from reid.records.gallery import Correction
from reid.store.catalog.catalog import Catalog, Change, to_json

MOVED = "UPDATE photo SET individual_id = ?, seq = ? WHERE id = ?"
FOLLOWED = """EXISTS (SELECT 1 FROM journal j WHERE j.seq = h.seq AND (j.seq = i.removed_seq OR j.what = 'merge_galleries')
    AND NOT EXISTS (SELECT 1 FROM json_each(j.after, '$.moved') m WHERE j.what = 'merge_galleries'
        AND m.value = json_array(h.row, json_extract(h.changed, '$.individual_id[0]'))))"""
"""Of a line of `history` (h) that moved a photo to the individual that another (i) was merged into: the merge took it along, or a
replica brought it later that did not know of the merge; it was no person, then or since, who moved it there."""


@dataclass(frozen=True, slots=True)
class Individual:
    """An individual as the catalogue has it. removed_seq None: it is there. merged_into 0: it was merged into nobody."""

    id: int
    species_id: int
    species: str
    name: str
    removed_seq: int | None
    merged_into: int

    def photos(self, source: Catalog | Change) -> int:
        """How many photos it has."""
        return int(source.ask(
            "SELECT count(*) FROM photo WHERE individual_id = ? AND removed_seq IS NULL", (self.id,)
        )[0][0])


_OWNER = """SELECT i.id, i.species_id, s.name, i.name, i.removed_seq, coalesce(i.merged_into, 0)
    FROM individual i JOIN species s ON s.id = i.species_id """
_ID = re.compile(r"#(\d{1,18})", re.ASCII)


def is_id(name: str) -> bool:
    """Whether a name means the individual of an id, "#7"."""
    return bool(_ID.fullmatch(unicodedata.normalize("NFC", name)))


def lookup(source: Catalog | Change, individual: str, species: str | None) -> list[Individual]:
    """Everyone who has or had this name or is "#id", those removed too, in the order of their removal, the live ones last."""
    individual = unicodedata.normalize("NFC", individual)
    species = unicodedata.normalize("NFC", species) if species else None
    by_id = _ID.fullmatch(individual)
    rows = source.ask(
        _OWNER + ("WHERE i.id = ?1" if by_id else "WHERE i.name = ?1") + " AND (?2 IS NULL OR s.name = ?2)"
        " ORDER BY i.removed_seq IS NULL, i.removed_seq, i.id",
        (int(by_id[1]) if by_id else individual, species),
    )
    return [Individual(*row) for row in rows]


def live(source: Catalog | Change, individual: str, species: str | None) -> Individual:
    """The one individual of this name.

    Raises:
        UsageError: there is none, it was removed or merged, or several species have one.
    """
    found = lookup(source, individual, species)
    there = [one for one in found if one.removed_seq is None]
    if len(there) > 1:
        raise UsageError(
            f"{individual!r} is the name of individuals of {', '.join(sorted(one.species for one in there))}: "
            "say which with --species"
        )
    if there:
        return there[0]
    if not found:
        where = f" of species {species!r}" if species else ""
        raise UsageError(f"no individual {individual!r}{where} is in this gallery: `reid individuals list` tells who is")
    gone = found[-1]
    if gone.merged_into:
        into = source.ask("SELECT name FROM individual WHERE id = ?", (gone.merged_into,))[0][0]
        raise UsageError(f"{gone.name!r} (#{gone.id}) was merged into {into!r} (#{gone.merged_into}) by entry {gone.removed_seq}")
    raise UsageError(
        f"{gone.name!r} (#{gone.id}) was removed by entry {gone.removed_seq}: `reid individuals restore '#{gone.id}'` first"
    )


def named(source: Catalog | Change, species_id: int, name: str) -> Individual | None:
    """The individual there that has this name now."""
    found = source.ask(_OWNER + "WHERE i.species_id = ? AND i.name = ? AND i.removed_seq IS NULL", (species_id, name))
    return Individual(*found[0]) if found else None


def merged_into(change: Change, species_id: int, name: str) -> str:
    """The name of whom the last who had `name` was merged into; "" if somebody has it now, or that one was not merged."""
    found = change.ask(
        "WITH RECURSIVE went(name, next, step) AS (SELECT * FROM (SELECT name, merged_into, 0 FROM individual"
        " WHERE species_id = ?1 AND name = ?2 ORDER BY removed_seq IS NULL DESC, removed_seq DESC, id DESC LIMIT 1)"
        " UNION ALL SELECT i.name, i.merged_into, step + 1 FROM went JOIN individual i ON i.id = went.next)"
        " SELECT name, step FROM went ORDER BY step DESC LIMIT 1", (species_id, name),
    )
    return str(found[0][0]) if found and found[0][1] else ""


def live_species(source: Catalog | Change, photos: Sequence[int]) -> tuple[int, str]:
    """Id and name of the one species of these photos. Raises UsageError if they are of several."""
    found = source.ask(
        "SELECT DISTINCT s.id, s.name FROM photo p JOIN species s ON s.id = p.species_id"
        " WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY s.name",
        (to_json(list(photos)),),
    )
    if len(found) > 1:
        raise UsageError(f"these photos are of {', '.join(name for _, name in found)}: name those of one species at a time")
    return int(found[0][0]), str(found[0][1])


def check_back(change: Change, photos: Sequence[int]) -> None:
    """Raise UsageError if one of the removed photos cannot come back: its individual is gone, or it was enrolled again."""
    for number in photos:
        removed, name, owner = change.ask(
            "SELECT i.removed_seq, i.name, i.id FROM photo p JOIN individual i ON i.id = p.individual_id WHERE p.id = ?",
            (number,),
        )[0]
        if removed is not None:
            raise UsageError(f"photo {number} belongs to {name!r}, who was removed: `reid individuals restore '#{owner}'` first")
        again = change.ask(
            "SELECT o.id, i.name FROM photo p JOIN photo o ON o.sha256 = p.sha256 AND o.box_key = p.box_key"
            " AND o.species_id = p.species_id AND o.id <> p.id AND o.removed_seq IS NULL"
            " JOIN individual i ON i.id = o.individual_id WHERE p.id = ?", (number,),
        )
        if again:
            raise UsageError(
                f"photo {number} was enrolled again as photo {again[0][0]}, under {again[0][1]!r}: remove that one first"
            )


def not_searched(source: Catalog | Change, photos: Sequence[int]) -> tuple[str, ...]:
    """A warning for each species of which some of these photos are there without an embedding of the net in use."""
    found = source.ask(
        "SELECT s.name, n.fingerprint, count(*) FROM photo p JOIN species s ON s.id = p.species_id JOIN net n ON n.id = s.net_id"
        " WHERE p.removed_seq IS NULL AND p.id IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM embedding e WHERE e.photo_id = p.id AND e.net_id = s.net_id)"
        " GROUP BY s.id ORDER BY s.name", (to_json(list(photos)),),
    )
    return tuple(
        f"{count} photos of {name} have no embedding of the net in use, so no search finds them: "
        f"`reid upgrade --net {fingerprint}` embeds them" for name, fingerprint, count in found
    )


def some_ids(photos: Sequence[int]) -> list[int]:
    """The ids, rising, each once. Raises UsageError if there is none."""
    if not photos:
        raise UsageError("no photo was named: give the ids that `reid photos list` tells")
    return sorted(set(photos))


def live_photos(change: Change, photos: Sequence[int], owner: Individual | None = None) -> list[int]:
    """The ids, rising, if all are photos that are there, and `owner`'s where one is given. Raises UsageError."""
    ids = some_ids(photos)
    rows = {row[0]: row[1:] for row in change.ask(
        "SELECT p.id, p.removed_seq, p.individual_id, i.name FROM photo p JOIN individual i ON i.id = p.individual_id"
        " WHERE p.id IN (SELECT value FROM json_each(?))", (to_json(ids),),
    )}
    for number in ids:
        if number not in rows:
            raise UsageError(f"no photo with id {number} was ever enrolled in this gallery")
        removed, owner_id, name = rows[number]
        if removed is not None:
            raise UsageError(f"photo {number} was removed by entry {removed}: `reid photos restore {number}` first")
        if owner is not None and owner_id != owner.id:
            raise UsageError(f"photo {number} belongs to {name!r}, not to {owner.name!r} (nothing was changed)")
    return ids


def add_individual(
    change: Change, species_id: int, species: str, name: str, *, origin: str | None = None, there: bool = True
) -> Individual:
    """A new individual of this name. origin: of one from another replica. there False: it was removed there already."""
    removed = None if there else change.seq
    number = change.put(
        "INSERT INTO individual (species_id, name, added_seq, seq, removed_seq, origin) VALUES (?, ?, ?, ?, ?, ?)",
        (species_id, name, change.seq, change.seq, removed, origin),
    )
    return Individual(number, species_id, species, name, removed, 0)


def close(
    change: Change, owner: Individual, correction: Correction, before: dict[str, object], after: dict[str, object], text: str
) -> None:
    """The journal's summary, and the species' mark that something of it changed."""
    change.put("UPDATE species SET seq = ? WHERE id = ?", (change.seq, owner.species_id))
    common = {"species": owner.species, "individual_id": correction.individual_id}
    change.before = common | before
    change.after = common | after | {"photos": len(correction.photo_ids), "summary": f"{owner.species}: {text}"}


def listed(ids: Sequence[int]) -> str:
    """ "photos 1, 2, 3", the first few."""
    shown = ", ".join(map(str, ids[:8]))
    return f"photo{'s' if len(ids) > 1 else ''} {shown}{', ...' if len(ids) > 8 else ''}"
