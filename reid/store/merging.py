"""Two galleries with a common past brought together: what only one of them changed is taken, what both did is told.

The common past ends where the journals' marks differ, or where the other gallery was merged last.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace

from reid.errors import GalleryError, UsageError
from reid.store.camps import Camps, Conflict
from reid.store.catalog import Catalog
from reid.store.entries import undone_by


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge of galleries did, or would do. seq: of its entry here; 0 = nothing was changed.

    common: the last entry here that both know. entries: of the other journal, kept here too. not_searched: photos that came
    without an embedding of the net in use here; `reid upgrade` with that net embeds them.
    """

    seq: int
    common: int
    entries: int
    new_individuals: int
    new_photos: int
    altered: int
    not_searched: int
    conflicts: tuple[Conflict, ...]


def common_past(ours: Catalog, theirs: Catalog) -> tuple[int, int]:
    """The last changes that both know: (seq here, seq there).

    Raises:
        UsageError: the two have no common past, or are one and the same.
    """
    marks = [[row[0] for row in one.ask("SELECT mark FROM journal ORDER BY seq")] for one in (ours, theirs)]
    same = next((at for at, pair in enumerate(zip(*marks, strict=False)) if pair[0] != pair[1]), min(map(len, marks)))
    if not same:
        raise UsageError("the two galleries have no common past: they did not start as copies of one gallery")
    best = (same, same)
    there = {mark: at for at, mark in enumerate(marks[1], start=1)}
    undone = undone_by(ours)
    for seq, after in ours.ask("SELECT seq, after FROM journal WHERE what = 'merge_galleries' ORDER BY seq"):
        at = there.get(json.loads(after)["other_mark"], 0)
        if at > best[1] and seq in undone:
            raise UsageError(
                f"this gallery was merged with that one by entry {seq}, which entry {undone[seq]} undid: "
                f"`reid undo {undone[seq]}` brings it back, and then the merge goes on from there"
            )
        if at > best[1]:
            best = (seq, at)
    return best


def merge(ours: Catalog, theirs: Catalog, name: str, why: str, *, only_plan: bool = False) -> Merged:
    """Bring what changed in `theirs` since the common past into `ours`, in one transaction; see `Gallery.merge_from`."""
    with theirs.reading():
        common = common_past(ours, theirs)
        if theirs.head() == common[1]:
            return Merged(0, common[0], 0, 0, 0, 0, 0, ())
        try:
            with ours.change("merge_galleries", why) as change:
                told = _Merge(change, theirs, name, *common).run()
                if only_plan:
                    raise _OnlyPlan
        except _OnlyPlan:
            return replace(told, seq=0)
    return told


class _OnlyPlan(Exception):
    """Leaves the transaction, which is rolled back."""


class _Merge(Camps):
    def run(self) -> Merged:
        known = self.theirs.ask("SELECT id, fingerprint, kind, dimension FROM net ORDER BY id")
        nets = {number: self._net(*net) for number, *net in known}
        self._species(nets)
        people = self.changed("individual")
        for row in people:
            self.person(row)
        photos = self.changed("photo")
        self.refuse(people, photos)
        for row in photos:
            self.photo(row)
        for row in people:
            self.status(row)
        self._embeddings(nets)
        self._settle()
        self._check()
        entries = self.theirs.ask(
            "SELECT seq, at, who, what, why, before, after, mark FROM journal WHERE seq > ? ORDER BY seq", (self.their_seq,)
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
        told = Merged(
            self.change.seq, self.seq, len(entries), self.new_individuals, self.new_photos, self.altered, lacking,
            tuple(self.conflicts),
        )
        self.change.before = {"common": self.seq}
        self.change.after = {
            "other": self.name, "other_seq": entries[-1][0], "other_mark": entries[-1][-1], "entries": len(entries),
            "conflicts": [[one.what, one.ours, one.theirs, one.do] for one in self.conflicts],
            "summary": f"{self.name}: {self.new_individuals} individuals, {self.new_photos} photos, {self.altered} values, "
                       f"{len(self.conflicts)} conflicts",
        }
        return told

    def _net(self, fingerprint: str, kind: str, dimension: int | None) -> int:
        found = self.change.ask("SELECT id, kind, dimension FROM net WHERE fingerprint = ?", (fingerprint,))
        if found and found[0][1:] != (kind, dimension):
            raise GalleryError(f"net {fingerprint} is another kind of net in {self.name}: one of the two galleries is damaged")
        insert = "INSERT INTO net (fingerprint, kind, dimension, seq) VALUES (?, ?, ?, ?)"
        return int(found[0][0]) if found else self.change.put(insert, (fingerprint, kind, dimension, self.change.seq))

    def _species(self, nets: dict[int, int]) -> None:
        """Species that are new here come with their net; a net that differs is told, not changed."""
        for number, name, net, calibration, seq in self.theirs.ask("SELECT id, name, net_id, calibration, seq FROM species"):
            found = self.change.ask("SELECT id, net_id FROM species WHERE name = ?", (name,))
            if found and found[0][1] is not None:
                self.species[number] = (found[0][0], name)
                if net is not None and nets[net] != found[0][1] and seq > self.their_seq:
                    pair = "SELECT (SELECT fingerprint FROM net WHERE id = ?), (SELECT fingerprint FROM net WHERE id = ?)"
                    here, there = self.change.ask(pair, (found[0][1], nets[net]))[0]
                    do = f"reid upgrade --net {there} --species {shlex.quote(name)}"
                    self.tell(name, f"net of {name}", here, there, do)
                continue
            if not found:
                self.change.put("INSERT INTO species (name, seq) VALUES (?, ?)", (name, self.change.seq))
            (mine,) = self.change.ask("SELECT id FROM species WHERE name = ?", (name,))[0]
            self.change.put(
                "UPDATE species SET net_id = ?, calibration = ? WHERE id = ?", (nets[net] if net else None, calibration, mine)
            )
            self.species[number] = (mine, name)

    def _embeddings(self, nets: dict[int, int]) -> None:
        for theirs, mine in self.photos.items():
            rows = self.theirs.ask("SELECT net_id, vector FROM embedding WHERE photo_id = ?", (theirs,))
            self.change.put_many(
                "INSERT OR IGNORE INTO embedding (photo_id, net_id, seq, vector) VALUES (?, ?, ?, ?)",
                ((mine, nets[net], self.change.seq, vector) for net, vector in rows),
            )

    def _settle(self) -> None:
        """A photo that came back there stays removed here where its individual did: the two belong together."""
        for photo, owner, species in self.change.ask(
            "SELECT p.id, i.id, s.name FROM individual i JOIN photo p ON p.individual_id = i.id"
            " JOIN species s ON s.id = p.species_id"
            " WHERE p.removed_seq IS NULL AND i.removed_seq IS NOT NULL AND p.seq = ?", (self.change.seq,),
        ):
            self.change.put("UPDATE photo SET removed_seq = ? WHERE id = ?", (self.change.seq, photo))
            self.tell(
                species, f"photo {photo} of individual #{owner}", f"removed, as {self._name(owner)} is", "there",
                f"reid individuals restore '#{owner}', then reid photos restore {photo}",
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
