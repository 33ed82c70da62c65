"""What an exchange of galleries came to, as tables of plain values."""

from __future__ import annotations

from reid.store import Merged
from reid.tables.plain_table import PlainTable, Rows


def merged(merge: Merged) -> list[PlainTable]:
    """The conflicts of a merge of galleries, each with both sides."""
    rows: Rows = [(one.species, one.what, one.ours, one.theirs, one.do) for one in merge.conflicts]
    columns = ("species", "what", "here", "there", "to take their side")
    return [("Changed by both: stays as it is here", columns, rows)] if rows else []
