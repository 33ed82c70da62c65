"""The decisions of queries that another replica kept since the common past: brought in by content, with the rest of the merge.

Of a photo that both asked about since, each without knowing of the other's answer, the decisions made here stay: of an encounter
those for any of its photos.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from reid.store.catalog.catalog import Change, Row, to_json
from reid.store.sync.three_way import ThreeWay

_SAME = ("sha256", "species", "outcome", "individual", "probability", "reason", "captured_at", "encounter", "side", "fingerprint")
_MORE = ("camera", "season", "path", "details", "individual_id")
_COLUMNS = (*_SAME, *_MORE)


class SightingMerge:
    """The kept decisions of a merge, whose individuals are written already."""

    def __init__(self, both: ThreeWay) -> None:
        """Of the replicas of one merge."""
        self._both = both
        self._fresh: list[Row] = []
        self._contents: dict[int, set[str]] = {}
        """What each of the fresh decisions' photos show."""
        self._left: set[int] = set()
        """Theirs that do not come in."""
        self._ours_stay: set[str] = set()
        """Contents of which the decisions made here stay."""
        self.new = 0
        """Decisions that came in."""

    @property
    def left(self) -> int:
        """Decisions that did not come in, because the photo was asked about here, too."""
        return len(self._left)

    def plan(self) -> None:
        """Find the decisions that were kept there, and are no echo of ours."""
        rows = self._theirs("seq > ? AND removed_seq IS NULL")
        self._fresh = [row for row in rows if row[1] not in self._both.theirs.echoes]
        self._contents = {number: _contents(values) for number, _, _, *values in self._fresh}

    def settle(self) -> None:
        """Where both asked about a photo, each without knowing of the other's answer, ours stays."""
        ours = self._ours()
        for number, seq, *_ in self._fresh:
            last = max(at for content in self._contents[number] for at in ours.get(content, [0]))
            if last > self._both.theirs.last_seen(seq):
                self._left.add(number)
        self._ours_stay = set[str]().union(*(self._contents[number] for number in self._left))

    def write(self) -> None:
        """Add what is new there, and take back here what was taken back there (or the other way round)."""
        both, paths = self._both, _Paths(self._both.change, self._both.name)
        for number, _, _, *values in self._fresh:
            if number not in self._left and not self._same(values):
                self._add(paths, dict(zip(_COLUMNS, values, strict=True)))
                self.new += 1
        for number, seq, removed, *values in self._theirs("id IN (SELECT row FROM history WHERE kind = 'sighting' AND seq > ?)"):
            theirs = both.theirs.local_change("sighting", [(number, seq)], ("removed_seq",), both.past.their_seq)
            stays = not self._ours_stay.isdisjoint(_contents(values))  # what took its place did not come in
            if theirs and theirs.altered({"removed_seq": removed}) and not stays:
                self._take_back(values, removed is not None, both.theirs.last_seen(theirs.seq))

    def _theirs(self, wanted: str) -> list[Row]:
        """Rows of theirs: id, seq and removed_seq, then `_COLUMNS`. wanted: with a place for the last entry that we knew."""
        columns = ", ".join(_COLUMNS)
        sql = f"SELECT id, seq, removed_seq, {columns} FROM sighting WHERE {wanted} ORDER BY id"
        return self._both.other.ask(sql, (self._both.past.their_seq,))

    def _ours(self) -> dict[str, list[int]]:
        """Of each content that was asked about here since the common past: the entries of its decisions, but for theirs."""
        entries: dict[str, list[int]] = {}
        columns = ", ".join(_COLUMNS)
        for seq, *values in self._both.change.ask(
            f"SELECT seq, {columns} FROM sighting WHERE seq > ? AND seq < ? AND removed_seq IS NULL",
            (self._both.past.start, self._both.change.seq),
        ):
            if seq not in self._both.ours.echoes:
                for content in _contents(values):
                    entries.setdefault(content, []).append(seq)
        return entries

    def _same(self, values: list[Any]) -> list[tuple[int, int, int | None]]:
        """(id, seq, removed_seq) of the same decision here."""
        same = " AND ".join(f"{column} IS ?" for column in _SAME)
        rows = self._both.change.ask(
            f"SELECT id, seq, removed_seq, details FROM sighting WHERE {same} ORDER BY id", values[: len(_SAME)]
        )
        shown = _shown(values[_COLUMNS.index("details")])
        return [(number, seq, removed) for number, seq, removed, details in rows if _shown(details) == shown]

    def _add(self, paths: _Paths, values: dict[str, Any]) -> None:
        individual = values["individual_id"]
        details = json.loads(values["details"])
        if paths.clash(values["path"], values["sha256"]):
            values["path"] = paths.theirs(values["path"])
            details["photos"] = [paths.theirs(path) for path in details["photos"]]
        mine = None if individual is None else self._both.individual_of(individual)
        values |= {"individual_id": mine, "details": to_json(details), "seq": self._both.change.seq}
        self._both.change.put(
            f"INSERT INTO sighting ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values())
        )

    def _take_back(self, values: list[Any], gone: bool, seen: int) -> None:
        """seen: our last entry that they knew; what we did since stays."""
        both = self._both
        for number, seq, removed in self._same(values):
            if gone != (removed is not None) and not both.ours.local_change("sighting", [(number, seq)], ("removed_seq",), seen):
                both.change.put("UPDATE sighting SET removed_seq = ? WHERE id = ?", (both.change.seq if gone else None, number))
                both.altered += 1


def _contents(values: Sequence[Any]) -> set[str]:
    """What a decision's photos show, as far as that was kept."""
    kept = json.loads(values[_COLUMNS.index("details")]).get("contents") or ()
    return {values[0], *(content.partition(" ")[0] for content in kept)}


def _shown(details: str) -> tuple[Any, Any]:
    kept = json.loads(details)
    return kept.get("box"), kept.get("contents")


class _Paths:
    """Which contents are known here under a path: another replica's machine may have the same path for another photo."""

    def __init__(self, change: Change, name: str) -> None:
        """name: of the other gallery."""
        self._change, self._name = change, name
        self._asked: dict[str, set[str]] = {}
        for path, sha256 in change.ask("SELECT path, sha256 FROM sighting WHERE removed_seq IS NULL"):
            self._asked.setdefault(path, set()).add(sha256)

    def clash(self, path: str, sha256: str) -> bool:
        """Whether a path is that of another photo here."""
        enrolled = self._change.ask("SELECT sha256 FROM photo WHERE path = ? AND removed_seq IS NULL", (path,))
        return bool((self._asked.get(path, set()) | {content for (content,) in enrolled}) - {sha256})

    def theirs(self, path: str) -> str:
        """A path of theirs, other than the same one here."""
        return f"{self._name}:{path}"
