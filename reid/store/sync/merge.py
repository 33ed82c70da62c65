"""Two galleries with a common past brought together: what only one of them changed is taken, what both did is told.

The common past ends where the journals' marks differ, or where the other gallery was merged last. What a merge brought here
and comes back from there is an echo (`Camp`): it is neither theirs nor a conflict.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from reid.errors import GalleryError, UsageError
from reid.store.catalog.catalog import Catalog
from reid.store.contents.stage_nets import STAGE_NETS, put_value, value_of
from reid.store.history.entries import undone_by
from reid.store.sync.conflict_commands import Command
from reid.store.sync.merge_photos import Photos
from reid.store.sync.merge_sightings import bring
from reid.store.sync.replica import known_by_way
from reid.store.sync.three_way import Conflict, Past


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
        """Whether anything came in: else the entry only says that the two have met."""
        return bool(self.new_individuals or self.new_photos or self.altered or self.new_sightings)


def common_past(ours: Catalog, theirs: Catalog) -> Past:
    """What the two have in common.

    Raises:
        UsageError: the two have no common past, or a merge of the two was undone here.
    """
    marks = [[row[0] for row in one.ask("SELECT mark FROM journal ORDER BY seq")] for one in (ours, theirs)]
    same = next((at for at, pair in enumerate(zip(*marks, strict=False)) if pair[0] != pair[1]), min(map(len, marks)))
    if not same:
        raise UsageError("the two galleries have no common past: they did not start as copies of one gallery")
    mine, there = ({mark: at for at, mark in enumerate(one, start=1)} for one in marks)
    best = (same, same)
    undone = undone_by(ours)
    for seq, mark in ours.ask("SELECT entry, mark FROM merged_journal ORDER BY entry"):  # also those an older copy of it has
        at = there.get(mark, 0)
        if at > best[1] and seq in undone:
            raise UsageError(
                f"this gallery was merged with that one by entry {seq}, which entry {undone[seq]} undid: "
                f"`reid undo {undone[seq]}` brings it back, and then the merge goes on from there"
            )
        if at > best[1]:
            best = (seq, at)
    return Past(same, *best, mine, there)


def merge(ours: Catalog, theirs: Catalog, name: str, why: str, *, only_plan: bool = False) -> Merged:
    """Bring what changed in `theirs` since the common past into `ours`, in one transaction; see `Gallery.merge_from`."""
    with theirs.reading():
        past = common_past(ours, theirs)
        if theirs.head() == past.their_seq:
            return Merged(0, past.seq, 0, 0, 0, 0, 0, ())
        try:
            with ours.change("merge_galleries", why) as change:
                told = _Merge(change, theirs, name, past).run(ours)
                if only_plan:
                    raise _OnlyPlan
        except _OnlyPlan:
            return replace(told, seq=0)
    return told


class _OnlyPlan(Exception):
    """Leaves the transaction, which is rolled back."""


class _Merge(Photos):
    def run(self, ours: Catalog) -> Merged:
        known = self.theirs.ask("SELECT id, fingerprint, kind, dimension FROM net ORDER BY id")
        nets = {number: self._net(*net) for number, *net in known}
        self._stage_nets(nets)
        self._species(nets)
        self.plan_individuals()
        self.plan_photos()
        self.settle_going(self.leaving(), self.follows)
        self.place()
        self.leave()
        self.name_all()
        self._embeddings(nets)
        sightings = bring(self)
        self._check()
        entries = self.theirs.ask(
            "SELECT seq, at, who, what, why, before, after, mark FROM journal WHERE seq > ? ORDER BY seq", (self.past.their_seq,)
        )
        self.change.put_many(
            "INSERT OR IGNORE INTO merged_journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((self.change.seq, self.name, *row) for row in entries),
        )
        self.change.put("UPDATE species SET seq = ?", (self.change.seq,))
        (lacking,) = self.change.ask(
            "SELECT count(*) FROM photo p JOIN species s ON s.id = p.species_id WHERE p.added_seq = ? AND p.removed_seq IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM embedding e WHERE e.photo_id = p.id AND e.net_id = s.net_id)", (self.change.seq,),
        )[0]
        arrived = sum(self.one(mine)["removed_seq"] is None for mine in self.arrived)
        conflicts = self.conflicts(ours)
        told = Merged(
            self.change.seq, self.past.seq, len(entries), arrived, self.new_photos, self.altered, lacking, conflicts,
            sightings.new, sightings.left,
        )
        self.change.before = {"common": self.past.seq}
        self.change.after = {
            "other": self.name, "other_seq": entries[-1][0], "other_mark": entries[-1][-1], "entries": len(entries),
            "conflicts": [[one.what, one.ours, one.theirs, one.do] for one in conflicts], "moved": self.moved,
            "knows": known_by_way(self.theirs, self.past.their_seq),
            "summary": f"{self.name}: {arrived} individuals, {self.new_photos} photos, {self.altered} values, "
                       f"{len(conflicts)} conflicts" + (f", {sightings.new} sightings" if sightings.new else "")
            if told.brought or conflicts else f"{self.name}: nothing that is not here already",
        }
        return told

    def _net(self, fingerprint: str, kind: str, dimension: int | None) -> int:
        found = self.change.ask("SELECT id, kind, dimension FROM net WHERE fingerprint = ?", (fingerprint,))
        if found and found[0][1:] != (kind, dimension):
            raise GalleryError(f"net {fingerprint} is another kind of net in {self.name}: one of the two galleries is damaged")
        insert = "INSERT INTO net (fingerprint, kind, dimension, seq) VALUES (?, ?, ?, ?)"
        return int(found[0][0]) if found else self.change.put(insert, (fingerprint, kind, dimension, self.change.seq))

    def _stage_nets(self, nets: dict[int, int]) -> None:
        """The nets of the whole gallery are taken where only they set them; where both did, ours stay."""
        for name in STAGE_NETS:
            theirs = value_of(self.theirs, name)
            own = self.there.news("meta", [(0, 0)], (name,), self.past.their_seq)
            wanted = str(nets[int(theirs)]) if theirs else None
            if own is None or not own.altered({name: theirs}) or value_of(self.change, name) == wanted:
                continue
            if self.here.news("meta", [(0, 0)], (name,), self.there.heard(own.seq)) is None:
                put_value(self.change, name, wanted)
                self.altered += 1

    def _species(self, nets: dict[int, int]) -> None:
        """Species that are new here come with their net; a net that only they changed is told, not changed; so are thresholds."""
        for number, name, net, calibration in self.theirs.ask("SELECT id, name, net_id, calibration FROM species ORDER BY id"):
            found = self.change.ask("SELECT id, net_id, calibration FROM species WHERE name = ?", (name,))
            if found and found[0][1] is not None:
                self.species[number] = (found[0][0], name)
                if net is not None:
                    self._net_of(number, found[0][0], name, (found[0][1], nets[net]), (found[0][2], calibration))
                continue
            if not found:
                self.change.put("INSERT INTO species (name, seq) VALUES (?, ?)", (name, self.change.seq))
            (mine,) = self.change.ask("SELECT id FROM species WHERE name = ?", (name,))[0]
            self.change.put(
                "UPDATE species SET net_id = ?, calibration = ? WHERE id = ?", (nets[net] if net else None, calibration, mine)
            )
            self.species[number] = (mine, name)
            self.altered += net is not None

    def _net_of(
        self, number: int, mine: int, name: str, net: tuple[int, int], thresholds: tuple[str | None, str | None]
    ) -> None:
        """A net that they changed needs its embeddings of our photos: told with the upgrade. Thresholds of one net are taken."""
        column = "net_id" if net[0] != net[1] else "calibration"
        own = self.there.news("species", [(number, 0)], (column,), self.past.their_seq)
        if own is None or (column == "calibration" and thresholds[0] == thresholds[1]):
            return
        ours = self.here.news("species", [(mine, 0)], (column,), self.there.heard(own.seq))
        if column == "net_id":
            here, there = self.change.ask(
                "SELECT (SELECT fingerprint FROM net WHERE id = ?), (SELECT fingerprint FROM net WHERE id = ?)", net
            )[0]
            do = [f"reid upgrade --net {there} --species {shlex.quote(name)}"]
            self.tell(0, name, f"net of {name}", here, there, lambda: map(Command, do))
        elif ours is None:
            self.alter("species", mine, calibration=thresholds[1])
        else:
            self.tell(
                0, name, f"thresholds of {name}", f"set here ({self.here.by(ours.seq)})",
                f"set there ({self.there.by(own.seq)})", lambda: iter([Command("reid calibrate")]),
            )

    def _embeddings(self, nets: dict[int, int]) -> None:
        for theirs, mine in self.photos.items():
            rows = self.theirs.ask("SELECT net_id, vector FROM embedding WHERE photo_id = ?", (theirs,))
            self.change.put_many(
                "INSERT OR IGNORE INTO embedding (photo_id, net_id, seq, vector) VALUES (?, ?, ?, ?)",
                ((mine, nets[net], self.change.seq, vector) for net, vector in rows),
            )

    def _check(self) -> None:
        """Whatever the two galleries held, no photo may be left with an individual that is not there."""
        left = self.change.ask(
            "SELECT p.id, i.id FROM individual i JOIN photo p ON p.individual_id = i.id"
            " WHERE p.removed_seq IS NULL AND i.removed_seq IS NOT NULL LIMIT 1"
        )
        if left:
            raise GalleryError(
                f"merging would leave photo {left[0][0]} with individual #{left[0][1]}, which is not there: nothing was changed; "
                "`reid doctor` on both galleries tells whether one of them is damaged"
            )
