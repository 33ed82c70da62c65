"""The only real delete: what was removed earlier, and embeddings that newer ones have replaced. It cannot be undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from reid.store.catalog import own_files
from reid.store.catalog.catalog import Catalog, Change
from reid.store.catalog.schema import PURGE_INDEXES
from reid.store.history.entries import ADDED

PURGED = "purged"
"""In meta: the seq of the last purge. An index made before it may hold photos that no row tells of any more."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What a purge deletes, or would delete. seq: of its journal entry; 0 = nothing was deleted.

    photos, individuals, sightings: that had been removed. embeddings: of those photos, and replaced ones. until: the change
    up to which removals count: of a plan, what makes the purge delete nothing else. warnings: where what was deleted may
    still be found.
    """

    seq: int
    photos: int
    individuals: int
    sightings: int
    embeddings: int
    until: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """True if there is nothing to delete."""
        return not (self.photos or self.individuals or self.sightings or self.embeddings)


_PHOTOS = "SELECT id FROM photo WHERE removed_seq <= :until"
_SIGHTINGS = "SELECT id FROM sighting WHERE removed_seq <= :until"
_INDIVIDUALS = """WITH RECURSIVE gone(id, root) AS (
        SELECT id, id FROM individual WHERE removed_seq <= :until AND merged_into IS NULL
        UNION SELECT i.id, gone.root FROM individual i JOIN gone ON i.merged_into = gone.id)
    SELECT id FROM gone WHERE root NOT IN (SELECT g.root FROM gone g JOIN photo p ON p.individual_id = g.id
        WHERE p.removed_seq IS NULL OR p.removed_seq > :until)"""
"""With all who were merged into them, or none of those: while one photo of them is kept, who is who can be asked."""
_WANTED = (("photo", _PHOTOS), ("sighting", _SIGHTINGS), ("individual", _INDIVIDUALS))
_REPLACED = """SELECT e.id FROM embedding e JOIN photo p ON p.id = e.photo_id JOIN species s ON s.id = p.species_id
    WHERE e.net_id IS NOT s.net_id AND e.seq <= :until
    AND EXISTS (SELECT 1 FROM embedding n WHERE n.photo_id = p.id AND n.net_id = s.net_id AND n.seq <= :until)
    AND EXISTS (SELECT 1 FROM history h WHERE h.kind = 'species' AND h.row = s.id
        AND json_extract(h.changed, '$.net_id[0]') = e.net_id)
    AND NOT EXISTS (SELECT 1 FROM history h WHERE h.kind = 'species' AND h.row = s.id AND h.seq > :until
        AND json_type(h.changed, '$.net_id') IS NOT NULL)"""
"""Of nets that were in use once and are not: not those of a net that is being prepared."""


def planned(source: Catalog | Change, until: int, old_vectors: bool) -> Purge:
    """What `purge` would delete. until: only what was removed by this change or an earlier one."""
    values = {"until": until}
    embeddings = f"SELECT id FROM embedding WHERE photo_id IN ({_PHOTOS})" + (f" UNION {_REPLACED}" if old_vectors else "")
    counts = [
        int(source.ask(f"SELECT count(*) FROM ({wanted})", values)[0][0])
        for wanted in (_PHOTOS, _INDIVIDUALS, _SIGHTINGS, embeddings)
    ]
    photos, individuals, sightings, replaced = counts
    return Purge(0, photos, individuals, sightings, replaced, until)


def purge(catalog: Catalog, cache: Path, until: int, old_vectors: bool, why: str) -> Purge:
    """Delete for good; see `History.purge`."""
    catalog.ask("PRAGMA secure_delete=ON")  # what is deleted is overwritten, too
    with catalog.change("purge", why) as change:
        plan = planned(change, until, old_vectors)
        if not plan.empty:
            plan = _deleted(change, plan, old_vectors)
    if plan.empty and not catalog.meta(PURGED):
        return plan
    return replace(plan, warnings=_left_over(catalog, cache))


def _deleted(change: Change, plan: Purge, old_vectors: bool) -> Purge:
    """Delete what was planned, in one transaction."""
    change.ensure(*PURGE_INDEXES)
    until, values = plan.until, {"until": plan.until}
    change.before, in_use, removals = {}, _in_use(change, until, old_vectors), _removals(change, until)
    kept = _kept(change, until, "sighting", _SIGHTINGS)
    change.ask(
        f"UPDATE species SET seq = :seq WHERE id IN (SELECT species_id FROM photo WHERE id IN ({_PHOTOS}))"
        + (" OR :old" if old_vectors else ""), values | {"seq": change.seq, "old": old_vectors},
    )
    if old_vectors:
        change.ask(f"DELETE FROM embedding WHERE id IN ({_REPLACED})", values)
    change.ask(f"DELETE FROM embedding WHERE photo_id IN ({_PHOTOS})", values)
    individuals = [(row[0],) for row in change.ask(_INDIVIDUALS, values)]
    for table, wanted in _WANTED[:2]:
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
    done = replace(plan, seq=change.seq)
    change.after = {
        "photos": done.photos, "individuals": done.individuals, "sightings": done.sightings,
        "embeddings": done.embeddings, "in_use": in_use, "kept": kept, "removals": removals,
        "summary": f"{done.photos} photos, {done.individuals} individuals, {done.sightings} sightings, "
                   f"{done.embeddings} embeddings deleted for good",
    }
    return done


def _left_over(catalog: Catalog, cache: Path) -> tuple[str, ...]:
    """Make the log and the cache forget what was deleted, now or by a purge that was killed; where it may still be found."""
    warnings = []
    if catalog.ask("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]:
        log = f"{catalog.path.name}-wal"
        warnings.append(
            f"another program is reading the gallery, so {log} may hold what was deleted: close it, then `reid purge` again"
        )
    for path in own_files.cached(cache):
        try:
            path.unlink()
        except OSError:  # mapped by another process on some systems: it is not read again
            warnings.append(f"{path} is in use and may hold what was deleted: delete it, it is made again")
    warnings += [f"{path} was not made by reid, and is left as it is" for path in own_files.foreign(cache)]
    for path in sorted(catalog.path.parent.glob(f"{catalog.path.name}.format-*")):
        warnings.append(f"{path.name}, the copy of an older format, may hold what was deleted: delete it if you need it no more")
    return tuple(warnings)


_LEFT = """SELECT h.row, h.seq FROM history h WHERE h.kind = '{kind}' AND h.row IN ({wanted})
    AND json_type(h.changed, '$.removed_seq') IS NOT NULL AND json_extract(h.changed, '$.removed_seq[0]') IS NULL
    UNION SELECT id, removed_seq FROM {kind} WHERE id IN ({wanted})"""
"""Each time that a row went: more than once where it was there again in between, and an undo gives it its older removal back."""


def _removals(change: Change, until: int) -> list[int]:
    """The entries that had removed what is now deleted: none of them can be undone any more, at least not as a whole."""
    gone = " UNION ".join(f"SELECT seq FROM ({_LEFT.format(kind=kind, wanted=wanted)})" for kind, wanted in _WANTED)
    return [row[0] for row in change.ask(f"{gone} ORDER BY 1", {"until": until})]


def _in_use(change: Change, until: int, old_vectors: bool) -> list[list[int]]:
    """From which change on, and before which one, something that is now deleted was part of the answers."""
    pairs = _kept(change, until, "photo", _PHOTOS) + _kept(change, until, "individual", _INDIVIDUALS)
    if old_vectors:
        pairs += [list(pair) for pair in change.ask(
            "SELECT min(e.seq), (SELECT max(h.seq) FROM history h WHERE h.kind = 'species'"
            f" AND json_extract(h.changed, '$.net_id[0]') = e.net_id) FROM embedding e"
            f" WHERE e.id IN ({_REPLACED}) GROUP BY e.net_id", {"until": until}
        )]
    return [pair for pair in pairs if pair[1] is not None]


def _kept(change: Change, until: int, kind: str, wanted: str) -> list[list[int]]:
    """From which change on, and before which one, rows that are now deleted were there."""
    left = _LEFT.format(kind=kind, wanted=wanted)
    return [list(pair) for pair in change.ask(
        f"SELECT t.{ADDED[kind]}, max(l.seq) FROM ({left}) l JOIN {kind} t ON t.id = l.row GROUP BY 1", {"until": until}
    )]
