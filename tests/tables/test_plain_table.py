"""A result as a plain table: a title, the names of the columns, and rows as wide as those."""

from typing import get_args

import pytest

from reid import terminal
from reid.actions.curation import tables as curation
from reid.actions.exchange import tables as exchange
from reid.records.gallery import IndividualSummary
from reid.store import Merged
from reid.tables.plain_table import PlainTable, Rows

ZOE = IndividualSummary(1, "zebra", "Zoë", 3, {"left": 3}, (), (), None, None)


@pytest.mark.parametrize("shown", [
    curation.individuals([ZOE]), curation.photos([]), exchange.merged(Merged(0, 4, 0, 0, 0, 0, 0, ())),
], ids=["individuals", "photos", "merge"])  # fmt: skip
def test_tables_of_results_have_rows_as_wide_as_their_head(shown: list[PlainTable]) -> None:
    for title, columns, rows in shown:
        assert isinstance(title, str) and isinstance(columns, tuple) and isinstance(rows, list)
        assert all(isinstance(row, tuple) and len(row) == len(columns) for row in rows)


def test_a_plain_table_is_title_columns_and_rows_as_the_terminal_takes_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert get_args(PlainTable) == (str, tuple[str, ...], Rows)
    ((title, columns, rows),) = curation.individuals([ZOE])
    terminal.table(title, columns, rows)
    shown = capsys.readouterr().out
    assert title in shown and all(name in shown for name in columns) and "Zoë" in shown
