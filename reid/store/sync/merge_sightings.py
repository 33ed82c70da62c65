"""The decisions of queries that another gallery kept since the common past: brought in by content, with the rest of the merge.

Of a photo that both asked about since, each without knowing of the other's answer, the decisions made here stay: of an encounter
those for any of its photos.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reid.store.catalog.catalog import Row, to_json
from reid.store.sync.three_way import Camps

_SAME = ("sha256", "species", "outcome", "individual", "probability", "reason", "captured_at", "encounter", "side", "fingerprint")
_MORE = ("camera", "season", "path", "details", "individual_id")
_COLUMNS = (*_SAME, *_MORE)


@dataclass(frozen=True, slots=True)
class Brought:
    """new: decisions that came in. left: that did not, because the photo was asked about here, too."""

    new: int
    left: int


def bring(camps: Camps) -> Brought:
    """Bring in what is new there, and take back here what was taken back there (or the other way round)."""
    fresh = [row for row in _theirs(camps, "seq > ? AND removed_seq IS NULL") if row[1] not in camps.there.echoes]
    ours, paths = _ours(camps), _Paths(camps)
    shown = {number: _contents(values) for number, _, _, *values in fresh}
    left = {
        number for number, seq, *_ in fresh
        if max(at for content in shown[number] for at in ours.get(content, [0])) > camps.there.knew(seq)
    }
    new, ours_stay = 0, set[str]().union(*(shown[number] for number in left))
    for number, _, _, *values in fresh:
        if number not in left and not _here(camps, values):
            _add(camps, paths, dict(zip(_COLUMNS, values, strict=True)))
            new += 1
    for number, seq, removed, *values in _theirs(camps, "id IN (SELECT row FROM history WHERE kind = 'sighting' AND seq > ?)"):
        own = camps.there.news("sighting", [(number, seq)], ("removed_seq",), camps.past.their_seq)
        stays = not ours_stay.isdisjoint(_contents(values))  # what took its place did not come in
        if own and own.altered({"removed_seq": removed}) and not stays:
            _take_back(camps, values, removed is not None, camps.there.knew(own.seq))
    return Brought(new, len(left))


def _theirs(camps: Camps, wanted: str) -> list[Row]:
    """Rows of theirs: id, seq and removed_seq, then `_COLUMNS`. wanted: with a place for the last entry that we knew."""
    columns = ", ".join(_COLUMNS)
    sql = f"SELECT id, seq, removed_seq, {columns} FROM sighting WHERE {wanted} ORDER BY id"
    return camps.theirs.ask(sql, (camps.past.their_seq,))


def _ours(camps: Camps) -> dict[str, list[int]]:
    """Of each content that was asked about here since the common past: the entries of its decisions, but for theirs."""
    found: dict[str, list[int]] = {}
    columns = ", ".join(_COLUMNS)
    for seq, *values in camps.change.ask(
        f"SELECT seq, {columns} FROM sighting WHERE seq > ? AND seq < ? AND removed_seq IS NULL",
        (camps.past.start, camps.change.seq),
    ):
        if seq not in camps.here.echoes:
            for content in _contents(values):
                found.setdefault(content, []).append(seq)
    return found


def _contents(values: Sequence[Any]) -> set[str]:
    """What a decision's photos show, as far as that was kept."""
    told = json.loads(values[_COLUMNS.index("details")]).get("contents") or ()
    return {values[0], *(one.partition(" ")[0] for one in told)}


def _here(camps: Camps, values: list[Any]) -> list[tuple[int, int, int | None]]:
    """(id, seq, removed_seq) of the same decision here."""
    same = " AND ".join(f"{column} IS ?" for column in _SAME)
    rows = camps.change.ask(f"SELECT id, seq, removed_seq, details FROM sighting WHERE {same} ORDER BY id", values[: len(_SAME)])
    shown = _shown(values[_COLUMNS.index("details")])
    return [(number, seq, removed) for number, seq, removed, details in rows if _shown(details) == shown]


def _shown(details: str) -> tuple[Any, Any]:
    told = json.loads(details)
    return told.get("box"), told.get("contents")


class _Paths:
    """Which contents are known here under a path: another camp's machine may have the same path for another photo."""

    def __init__(self, camps: Camps) -> None:
        self._change = camps.change
        self._asked: dict[str, set[str]] = {}
        for path, sha256 in camps.change.ask("SELECT path, sha256 FROM sighting WHERE removed_seq IS NULL"):
            self._asked.setdefault(path, set()).add(sha256)

    def clash(self, path: str, sha256: str) -> bool:
        enrolled = self._change.ask("SELECT sha256 FROM photo WHERE path = ? AND removed_seq IS NULL", (path,))
        return bool((self._asked.get(path, set()) | {content for (content,) in enrolled}) - {sha256})


def _add(camps: Camps, paths: _Paths, values: dict[str, Any]) -> None:
    told = values["individual_id"]
    details = json.loads(values["details"])
    if paths.clash(values["path"], values["sha256"]):
        values["path"] = f"{camps.name}:{values['path']}"
        details["photos"] = [f"{camps.name}:{path}" for path in details["photos"]]
    mine = None if told is None else camps.individual_of(told)
    values |= {"individual_id": mine, "details": to_json(details), "seq": camps.change.seq}
    camps.change.put(
        f"INSERT INTO sighting ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values())
    )


def _take_back(camps: Camps, values: list[Any], gone: bool, heard: int) -> None:
    """heard: our last entry that they knew; what we did since stays."""
    for number, seq, removed in _here(camps, values):
        if gone != (removed is not None) and not camps.here.news("sighting", [(number, seq)], ("removed_seq",), heard):
            camps.change.put("UPDATE sighting SET removed_seq = ? WHERE id = ?", (camps.change.seq if gone else None, number))
            camps.altered += 1
