"""Entries of the journal, read: what each one altered and added, and which are undone."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from reid.errors import UsageError
from reid.records.gallery import JournalEntry
from reid.store.catalog.catalog import CLOCK_BACK, Catalog, Change, Row

ADDED = {"individual": "added_seq", "photo": "added_seq", "sighting": "seq"}
"""The tables whose rows can be taken back, and the column that says which change added them."""
FINAL = ("purge", "embed")
"""Verbs that cannot be undone: what was purged is gone, and an embedding beside the others changes no answer."""

ENTRY = "SELECT seq, at, who, what, why, before, after FROM journal "


def undone_by(source: Catalog | Change) -> dict[int, int]:
    """Entry -> the entry that undid it, for all that are undone now (an undo that was undone itself does not count)."""
    pairs = source.ask("SELECT seq, json_extract(after, '$.undone') FROM journal WHERE what = 'undo' ORDER BY seq DESC")
    undone: dict[int, int] = {}
    for seq, target in pairs:  # the newest first: whether an undo stands is known before its target is looked at
        if seq not in undone:
            undone.setdefault(target, seq)
    return undone


def row_of(source: Catalog | Change, seq: int) -> Row:
    """The row of one entry. Raises UsageError for one that never was."""
    found = source.ask(ENTRY + "WHERE seq = ?", (seq,))
    if not found:
        raise UsageError(f"the journal has no entry {seq}: `reid log` lists them")
    return found[0]


def entry_of(row: Row, undone: dict[int, int]) -> JournalEntry:
    """A row as an entry; undone: by `undone_by`."""
    seq, at, who, what, why, before, after = row
    values = json.loads(after)
    text = summary(what, json.loads(before), values)
    if CLOCK_BACK in values:
        text += f" [the clock went back: the entry before it was made at {values[CLOCK_BACK]}]"
    return JournalEntry(
        seq, datetime.fromisoformat(at), who, what, why, before, after, text,
        int(values.get("undone", 0)) if what == "undo" else 0, undone.get(seq, 0),
    )


def summary(what: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """One line about an entry."""
    if what == "undo":
        return f"entry {before['undone']} undone ({before['what']}: {before['summary']})"
    if what == "enroll":
        fresh = len(after["new_individuals"])
        return f"{after['species']}: {after['photos']} photos, {fresh} new individuals"
    if what in ("set_species_net", "set_side_net"):
        return f"net {after['fingerprint']}"
    if what == "set_embedding_net":
        return f"{after['species']}: net {before.get('fingerprint') or 'none'} -> {after['fingerprint']}"
    if what == "set_calibrations":
        return ", ".join(one["species"] for one in after["species"])
    if what == "add_sightings":
        replaced = after.get("replaced", 0)
        return f"{after['sightings']} sightings" + (f", in place of {replaced}" if replaced else "")
    return str(after.get("summary", ""))


def altered_by(source: Catalog | Change, seq: int) -> list[tuple[str, int, dict[str, Any]]]:
    """(table, id, column -> [before, after]) of every row that an entry altered."""
    rows = source.ask("SELECT kind, row, changed FROM history WHERE seq = ? ORDER BY id", (seq,))
    return [(kind, row, json.loads(changed)) for kind, row, changed in rows]


def added_by(source: Catalog | Change, table: str, seq: int) -> list[int]:
    """The ids of the rows of a table that an entry added."""
    return [row[0] for row in source.ask(f"SELECT id FROM {table} WHERE {ADDED[table]} = ?", (seq,))]
