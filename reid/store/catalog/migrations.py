"""How a catalogue of an older format becomes one of the present format, each step inside a transaction of the caller."""

from __future__ import annotations

import json
from collections.abc import Mapping

from reid.store.catalog.catalog import Change, to_json
from reid.store.catalog.schema import HISTORY


def to_2(change: Change) -> None:
    """Format 1 to 2: the history of what format 1 could change: nets and thresholds of a species, and the species net."""
    change.put("ALTER TABLE individual ADD COLUMN merged_into INTEGER REFERENCES individual(id)")
    change.put("ALTER TABLE individual ADD COLUMN origin TEXT")
    change.put("DROP INDEX IF EXISTS photo_individual")
    for statement in HISTORY:
        change.put(statement)
    rows: list[tuple[int, str, int, Mapping[str, object]]] = []
    for seq, what, before, after in change.ask("SELECT seq, what, before, after FROM journal ORDER BY seq"):
        was, now = json.loads(before), json.loads(after)
        if what == "set_species_net":
            pair = [str(net) if net else None for net in (was.get("net_id"), now.get("net_id"))]
            rows.append((seq, "meta", 0, {"species_net": pair}))
        elif what in ("set_embedding_net", "set_calibrations"):
            many = what == "set_calibrations"
            both = zip(was["species"], now["species"], strict=True) if many else [(was, now)]
            rows += [(seq, "species", new["species_id"], _pairs(old, new)) for old, new in both]
    change.put_many(
        "INSERT INTO history (seq, kind, row, changed) VALUES (?, ?, ?, ?)",
        ((seq, kind, row, to_json(changed)) for seq, kind, row, changed in rows if changed),
    )


def _pairs(old: dict[str, object], new: dict[str, object]) -> dict[str, list[object]]:
    pairs: dict[str, list[object]] = {}
    for column in ("net_id", "calibration"):
        values = [row.get(column) for row in (old, new)]
        if values[0] != values[1]:
            pairs[column] = [to_json(value) if isinstance(value, dict) else value for value in values]
    return pairs
