"""The only real delete: what was removed earlier, and embeddings that newer ones have replaced. It cannot be undone."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from reid.store.catalog import Catalog, Change

PURGED = "purged"
"""In meta: the seq of the last purge. An index made before it may hold photos that no row tells of any more."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What a purge deletes, or would delete. seq: of its journal entry; 0 = nothing was deleted.

    photos, individuals, sightings: that had been removed. embeddings: of those photos, and replaced ones.
    """

    seq: int
    photos: int
    individuals: int
    sightings: int
    embeddings: int


_PHOTOS = "SELECT id FROM photo WHERE removed_seq <= :until"
_SIGHTINGS = "SELECT id FROM sighting WHERE removed_seq <= :until"
_INDIVIDUALS = """WITH RECURSIVE gone(id) AS (
        SELECT id FROM individual WHERE removed_seq <= :until AND merged_into IS NULL
        UNION SELECT i.id FROM individual i JOIN gone ON i.merged_into = gone.id)
    SELECT id FROM gone WHERE NOT EXISTS (SELECT 1 FROM photo p WHERE p.individual_id = gone.id
        AND (p.removed_seq IS NULL OR p.removed_seq > :until))"""
_REPLACED = """SELECT e.id FROM embedding e JOIN photo p ON p.id = e.photo_id JOIN species s ON s.id = p.species_id
    WHERE e.net_id IS NOT s.net_id AND EXISTS (SELECT 1 FROM embedding n WHERE n.photo_id = p.id AND n.net_id = s.net_id)"""


def planned(source: Catalog | Change, until: int, old_vectors: bool) -> Purge:
    """What `purge` would delete. until: only what was removed by this change or an earlier one."""
    values = {"until": until}
    embeddings = f"SELECT id FROM embedding WHERE photo_id IN ({_PHOTOS})" + (f" UNION {_REPLACED}" if old_vectors else "")
    counts = [
        int(source.ask(f"SELECT count(*) FROM ({wanted})", values)[0][0])
        for wanted in (_PHOTOS, _INDIVIDUALS, _SIGHTINGS, embeddings)
    ]
    return Purge(0, *counts)


def purge(catalog: Catalog, cache: Path, until: int, old_vectors: bool, why: str) -> Purge:
    """Delete for good; see `History.purge`."""
    catalog.ask("PRAGMA secure_delete=ON")  # what is deleted is overwritten, too
    values = {"until": until}
    with catalog.change("purge", why) as change:
        plan = planned(change, until, old_vectors)
        if not any((plan.photos, plan.individuals, plan.sightings, plan.embeddings)):
            return plan
        change.before, in_use = {}, _in_use(change, until, old_vectors)
        change.ask(
            f"UPDATE species SET seq = :seq WHERE id IN (SELECT species_id FROM photo WHERE id IN ({_PHOTOS}))"
            + (" OR :old" if old_vectors else ""), values | {"seq": change.seq, "old": old_vectors},
        )
        if old_vectors:
            change.ask(f"DELETE FROM embedding WHERE id IN ({_REPLACED})")
        change.ask(f"DELETE FROM embedding WHERE photo_id IN ({_PHOTOS})", values)
        individuals = [(row[0],) for row in change.ask(_INDIVIDUALS, values)]
        for table, wanted in (("photo", _PHOTOS), ("sighting", _SIGHTINGS)):
            change.ask(f"DELETE FROM history WHERE kind = '{table}' AND row IN ({wanted})", values)
            change.ask(f"DELETE FROM {table} WHERE id IN ({wanted})", values)
        change.put_many("DELETE FROM history WHERE kind = 'individual' AND row = ?", individuals)
        change.put_many("UPDATE sighting SET individual_id = NULL WHERE individual_id = ?", individuals)
        change.put_many("UPDATE individual SET merged_into = NULL WHERE id = ?", individuals)
        change.put_many("DELETE FROM history WHERE kind = 'individual' AND row = ?", individuals)
        change.put_many("DELETE FROM individual WHERE id = ?", individuals)
        change.put(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (PURGED, str(change.seq))
        )
        done = Purge(change.seq, plan.photos, plan.individuals, plan.sightings, plan.embeddings)
        change.after = {
            "photos": done.photos, "individuals": done.individuals, "sightings": done.sightings,
            "embeddings": done.embeddings, "in_use": in_use,
            "summary": f"{done.photos} photos, {done.individuals} individuals, {done.embeddings} embeddings deleted for good",
        }
    catalog.ask("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in cache.iterdir():
        with contextlib.suppress(OSError):  # mapped by another process on some systems: it is not read again
            path.unlink()
    return done


def _in_use(change: Change, until: int, old_vectors: bool) -> list[list[int]]:
    """From which change on, and before which one, something that is now deleted was part of the answers."""
    pairs = change.ask(
        "SELECT added_seq, max(removed_seq) FROM photo WHERE removed_seq <= ? GROUP BY added_seq"
        " UNION SELECT added_seq, max(removed_seq) FROM individual WHERE removed_seq <= ? GROUP BY added_seq", (until, until),
    )
    if old_vectors:
        pairs += change.ask(
            "SELECT min(e.seq), (SELECT max(h.seq) FROM history h WHERE h.kind = 'species'"
            f" AND json_extract(h.changed, '$.net_id[0]') = e.net_id) FROM embedding e"
            f" WHERE e.id IN ({_REPLACED}) GROUP BY e.net_id"
        )
    return [[first, last] for first, last in pairs if last is not None]
