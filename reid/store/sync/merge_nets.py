"""What another replica changed since the common past: its nets, species and thresholds, and embeddings of photos that came in."""

from __future__ import annotations

import shlex

from reid.errors import GalleryError
from reid.store.contents.stage_nets import STAGE_NETS, put_value, value_of
from reid.store.sync.conflict_commands import Command
from reid.store.sync.three_way import ThreeWay


class NetMerge:
    """The nets of a merge: the first part, for all others need the species; its embeddings are written after the photos."""

    def __init__(self, both: ThreeWay) -> None:
        """Of the replicas of one merge."""
        self._both = both
        self._nets: dict[int, int] = {}
        """Their net's id -> ours."""

    def plan(self) -> None:
        """Every net of theirs is known here from now on."""
        for number, fingerprint, kind, dimension in self._both.other.ask(
            "SELECT id, fingerprint, kind, dimension FROM net ORDER BY id"
        ):
            self._nets[number] = self._net(fingerprint, kind, dimension)

    def _net(self, fingerprint: str, kind: str, dimension: int | None) -> int:
        both = self._both
        rows = both.change.ask("SELECT id, kind, dimension FROM net WHERE fingerprint = ?", (fingerprint,))
        if rows and rows[0][1:] != (kind, dimension):
            raise GalleryError(f"net {fingerprint} is another kind of net in {both.name}: one of the two galleries is damaged")
        insert = "INSERT INTO net (fingerprint, kind, dimension, seq) VALUES (?, ?, ?, ?)"
        return int(rows[0][0]) if rows else both.change.put(insert, (fingerprint, kind, dimension, both.change.seq))

    def settle(self) -> None:
        """Nets of the whole gallery are taken where only they set them; species that are new here come with theirs."""
        self._stage_nets()
        self._species()

    def _stage_nets(self) -> None:
        """The nets of the whole gallery are taken where only they set them; where both did, ours stay."""
        both = self._both
        for name in STAGE_NETS:
            value = value_of(both.other, name)
            theirs = both.theirs.local_change("meta", [(0, 0)], (name,), both.past.their_seq)
            wanted = str(self._nets[int(value)]) if value else None
            if theirs is None or not theirs.altered({name: value}) or value_of(both.change, name) == wanted:
                continue
            if both.ours.local_change("meta", [(0, 0)], (name,), both.theirs.last_synchronised(theirs.seq)) is None:
                put_value(both.change, name, wanted)
                both.altered += 1

    def _species(self) -> None:
        """Species new here come with their net; a net that only they changed is reported, not changed; so are thresholds."""
        both = self._both
        for number, name, net, calibration in both.other.ask("SELECT id, name, net_id, calibration FROM species ORDER BY id"):
            rows = both.change.ask("SELECT id, net_id, calibration FROM species WHERE name = ?", (name,))
            if rows and rows[0][1] is not None:
                both.species[number] = (rows[0][0], name)
                if net is not None:
                    self._net_of(number, (rows[0][1], self._nets[net]), (rows[0][2], calibration))
                continue
            if not rows:
                both.change.put("INSERT INTO species (name, seq) VALUES (?, ?)", (name, both.change.seq))
            (mine,) = both.change.ask("SELECT id FROM species WHERE name = ?", (name,))[0]
            both.change.put(
                "UPDATE species SET net_id = ?, calibration = ? WHERE id = ?",
                (self._nets[net] if net else None, calibration, mine),
            )
            both.species[number] = (mine, name)
            both.altered += net is not None

    def _net_of(self, number: int, net: tuple[int, int], thresholds: tuple[str | None, str | None]) -> None:
        """A net that they changed needs its embeddings of our photos: reported with the upgrade. Thresholds of one net are taken.

        number: of their species. net, thresholds: ours and theirs.
        """
        both = self._both
        mine, name = both.species[number]
        column = "net_id" if net[0] != net[1] else "calibration"
        theirs = both.theirs.local_change("species", [(number, 0)], (column,), both.past.their_seq)
        if theirs is None or (column == "calibration" and thresholds[0] == thresholds[1]):
            return
        ours = both.ours.local_change("species", [(mine, 0)], (column,), both.theirs.last_synchronised(theirs.seq))
        if column == "net_id":
            now, then = both.change.ask(
                "SELECT (SELECT fingerprint FROM net WHERE id = ?), (SELECT fingerprint FROM net WHERE id = ?)", net
            )[0]
            upgrade = Command(f"reid upgrade --net {then} --species {shlex.quote(name)}")
            both.report(0, name, f"net of {name}", now, then, lambda: iter([upgrade]))
        elif ours is None:
            both.alter("species", mine, calibration=thresholds[1])
        else:
            both.report(
                0, name, f"thresholds of {name}", f"set here ({both.ours.author(ours.seq)})",
                f"set there ({both.theirs.author(theirs.seq)})", lambda: iter([Command("reid calibrate")]),
            )

    def write(self, photos: dict[int, int]) -> None:
        """Take the embeddings of photos by every net. photos: their photo's id -> ours."""
        both = self._both
        for theirs, mine in photos.items():
            rows = both.other.ask("SELECT net_id, vector FROM embedding WHERE photo_id = ?", (theirs,))
            both.change.put_many(
                "INSERT OR IGNORE INTO embedding (photo_id, net_id, seq, vector) VALUES (?, ?, ?, ?)",
                ((mine, self._nets[net], both.change.seq, vector) for net, vector in rows),
            )
