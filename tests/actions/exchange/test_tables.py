"""A merge of galleries as rows."""

from __future__ import annotations

from dataclasses import replace

from reid.actions.exchange.tables import merged
from reid.store import Merged
from reid.store.sync.three_way import Conflict

CONFLICT = Conflict("zebra", "name of #3", "Ada (entry 4)", "Adah (entry 6)", "reid individuals rename Ada Adah")
MERGED = Merged(9, 3, 2, 0, 1, 1, 0, (CONFLICT,))


def test_each_conflict_is_a_row_with_both_sides_and_the_command_that_takes_theirs() -> None:
    ((title, columns, rows),) = merged(MERGED)
    assert title == "Changed by both: stays as it is here"
    assert [dict(zip(columns, row, strict=True)) for row in rows] == [{
        "species": "zebra", "what": "name of #3", "here": "Ada (entry 4)", "there": "Adah (entry 6)",
        "to take their side": "reid individuals rename Ada Adah",
    }]  # fmt: skip


def test_a_merge_without_conflicts_shows_no_table() -> None:
    assert merged(replace(MERGED, conflicts=())) == []
