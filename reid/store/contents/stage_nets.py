"""The nets that belong to the whole gallery: of stage 1, and for the side. Which is in use is a value of the table meta."""

from __future__ import annotations

from reid.store.catalog.catalog import Catalog, Change, to_json

STAGE_NETS = ("species_net", "side_net")
"""Names in meta. The catalogue calls both nets "species": it separates nets with an embedding from nets without one."""
_BY_TRIGGER = ("species_net",)
"""Those whose every value a trigger of the schema keeps in `history`; of the others it is written here."""


def net_of(source: Catalog | Change, name: str) -> str | None:
    """Fingerprint of the net in use; None if none is."""
    found = source.ask(
        "SELECT n.fingerprint FROM meta m JOIN net n ON n.id = CAST(m.value AS INTEGER) WHERE m.name = ?", (name,)
    )
    return str(found[0][0]) if found else None


def value_of(source: Catalog | Change, name: str) -> str | None:
    """What meta holds: the id of the net as text, None if none is in use."""
    found = source.ask("SELECT nullif(value, '') FROM meta WHERE name = ?", (name,))
    return found[0][0] if found else None


def put_value(change: Change, name: str, value: str | None) -> None:
    """Write it, with what it was, unless it is the same."""
    before = value_of(change, name)
    if before == value:
        return
    change.put(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value or "")
    )
    if name not in _BY_TRIGGER:
        change.put(
            "INSERT INTO history (seq, kind, row, changed) VALUES (?, 'meta', 0, ?)",
            (change.seq, to_json({name: [before, value]})),
        )



def known_nets(source: Catalog | Change) -> tuple[str, ...]:
    """Fingerprints of all nets that the catalogue knows, of every kind, in the order in which they came."""
    return tuple(row[0] for row in source.ask("SELECT fingerprint FROM net ORDER BY id"))
