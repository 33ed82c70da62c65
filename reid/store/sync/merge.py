"""Two galleries with a common past brought together: what only one of them changed is taken, what both did is reported.

The common past ends where the journals' marks differ, or where the other gallery was merged last. What a merge brought here
and comes back from there is an echo (`Replica`): it is neither theirs nor a conflict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from reid.errors import GalleryError, UsageError
from reid.store.catalog.catalog import Catalog
from reid.store.history.entries import undone_by
from reid.store.sync.merge_individuals import IndividualMerge
from reid.store.sync.merge_nets import NetMerge
from reid.store.sync.merge_photos import PhotoMerge
from reid.store.sync.merge_sightings import SightingMerge
from reid.store.sync.replica import known_by_way
from reid.store.sync.three_way import Conflict, Past, ThreeWay


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge of galleries did, or would do. seq: of its entry here; 0 = nothing was changed.

    common: the last entry here that both know. entries: of the other journal, kept here too. not_searched: photos that came
    without an embedding of the net in use here; `reid upgrade` with that net embeds them. new_sightings: decisions of queries
    that were kept there and came in; sightings_left: that did not, for those of the same photos that were kept here stay.
    """

    seq: int
    common: int
    entries: int
    new_individuals: int
    new_photos: int
    altered: int
    not_searched: int
    conflicts: tuple[Conflict, ...]
    new_sightings: int = 0
    sightings_left: int = 0

    @property
    def brought(self) -> bool:
        """Whether anything came in: else the entry only says that the two were synchronised."""
        return bool(self.new_individuals or self.new_photos or self.altered or self.new_sightings)


def common_past(ours: Catalog, theirs: Catalog) -> Past:
    """What the two have in common.

    Raises:
        UsageError: the two have no common past, or a merge of the two was undone here.
    """
    marks = [[row[0] for row in catalog.ask("SELECT mark FROM journal ORDER BY seq")] for catalog in (ours, theirs)]
    same = next((at for at, pair in enumerate(zip(*marks, strict=False)) if pair[0] != pair[1]), min(map(len, marks)))
    if not same:
        raise UsageError("the two galleries have no common past: they did not start as copies of one gallery")
    our_marks, their_marks = ({mark: at for at, mark in enumerate(column, start=1)} for column in marks)
    best = (same, same)
    undone = undone_by(ours)
    for seq, mark in ours.ask("SELECT entry, mark FROM merged_journal ORDER BY entry"):  # also those an older copy of it has
        at = their_marks.get(mark, 0)
        if at > best[1] and seq in undone:
            raise UsageError(
                f"this gallery was merged with that one by entry {seq}, which entry {undone[seq]} undid: "
                f"`reid undo {undone[seq]}` brings it back, and then the merge goes on from there"
            )
        if at > best[1]:
            best = (seq, at)
    return Past(same, *best, our_marks, their_marks)


def merge(ours: Catalog, theirs: Catalog, name: str, why: str, *, only_plan: bool = False) -> Merged:
    """Bring what changed in `theirs` since the common past into `ours`, in one transaction; see `Gallery.merge_from`."""
    with theirs.reading():
        past = common_past(ours, theirs)
        if theirs.head() == past.their_seq:
            return Merged(0, past.seq, 0, 0, 0, 0, 0, ())
        try:
            with ours.change("merge_galleries", why) as change:
                merged = _Merge(ThreeWay(change, theirs, name, past)).run(ours)
                if only_plan:
                    raise _OnlyPlan
        except _OnlyPlan:
            return replace(merged, seq=0)
    return merged


class _OnlyPlan(Exception):
    """Leaves the transaction, which is rolled back."""


class _Merge:
    """One merge of a replica, part by part, in the order in which each part needs those before it."""

    def __init__(self, both: ThreeWay) -> None:
        self._both = both
        self._nets, self._individuals = NetMerge(both), IndividualMerge(both)
        self._photos, self._sightings = PhotoMerge(both), SightingMerge(both)

    def run(self, ours: Catalog) -> Merged:
        """Plan, settle and write all parts, and the entry of the journal. ours: the gallery of the transaction."""
        nets, individuals, photos, sightings = self._nets, self._individuals, self._photos, self._sightings
        nets.plan()
        nets.settle()
        individuals.plan()
        photos.plan()
        individuals.settle(photos.moving(), photos.follow)
        photos.settle()
        photos.write()
        individuals.write()
        nets.write(photos.photos)
        sightings.plan()
        sightings.settle()
        sightings.write()
        self._check()
        entries = self._keep_entries()
        lacking = self._not_searched()
        arrived = sum(self._both.individual(mine)["removed_seq"] is None for mine in self._both.arrived)
        conflicts = self._both.conflicts(ours)
        change = self._both.change
        merged = Merged(
            change.seq, self._both.past.seq, len(entries), arrived, photos.new_photos, self._both.altered, lacking, conflicts,
            sightings.new, sightings.left,
        )
        change.before = {"common": self._both.past.seq}
        change.after = self._journalled(merged, *entries[-1])
        return merged

    def _keep_entries(self) -> list[tuple[int, str]]:
        """Keep their entries since the common past in ours, too: the number and mark of each."""
        both = self._both
        entries = both.other.ask(
            "SELECT seq, at, who, what, why, before, after, mark FROM journal WHERE seq > ? ORDER BY seq", (both.past.their_seq,)
        )
        both.change.put_many(
            "INSERT OR IGNORE INTO merged_journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((both.change.seq, both.name, *row) for row in entries),
        )
        both.change.put("UPDATE species SET seq = ?", (both.change.seq,))
        return [(row[0], row[-1]) for row in entries]

    def _not_searched(self) -> int:
        """How many photos that came in have no embedding of the net in use here."""
        (lacking,) = self._both.change.ask(
            "SELECT count(*) FROM photo p JOIN species s ON s.id = p.species_id WHERE p.added_seq = ? AND p.removed_seq IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM embedding e WHERE e.photo_id = p.id AND e.net_id = s.net_id)",
            (self._both.change.seq,),
        )[0]
        return int(lacking)

    def _journalled(self, merged: Merged, other_seq: int, other_mark: str) -> dict[str, Any]:
        """What the journal keeps of it. other_seq, other_mark: of their last entry."""
        name, past = self._both.name, self._both.past
        counts = (
            f"{name}: {merged.new_individuals} individuals, {merged.new_photos} photos, {merged.altered} values, "
            f"{len(merged.conflicts)} conflicts" + (f", {merged.new_sightings} sightings" if merged.new_sightings else "")
        )
        return {
            "other": name, "other_seq": other_seq, "other_mark": other_mark, "entries": merged.entries,
            "conflicts": [[conflict.what, conflict.ours, conflict.theirs, conflict.do] for conflict in merged.conflicts],
            "moved": self._photos.moved, "knows": known_by_way(self._both.other, past.their_seq),
            "summary": counts if merged.brought or merged.conflicts else f"{name}: nothing that is not here already",
        }

    def _check(self) -> None:
        """Whatever the two galleries held, no photo may be left with an individual that is not there."""
        homeless = self._both.change.ask(
            "SELECT p.id, i.id FROM individual i JOIN photo p ON p.individual_id = i.id"
            " WHERE p.removed_seq IS NULL AND i.removed_seq IS NOT NULL LIMIT 1"
        )
        if homeless:
            photo, individual = homeless[0]
            raise GalleryError(
                f"merging would leave photo {photo} with individual #{individual}, which is not there: nothing was changed; "
                "`reid doctor` on both galleries tells whether one of them is damaged"
            )
