"""Problems as one table: row, column, what, how to fix."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reid.records import Problem

COLUMNS = ("file", "row", "column", "photo", "what", "how_to_fix")
_ORIGIN = re.compile(r"(?P<file>.*?), (?:row|image) (?P<row>\d+)")
_COLUMN = re.compile(r"(?P<column>[A-Za-z][\w.,]*): (?P<rest>.*)", re.DOTALL)


def problem_rows(problems: Iterable[Problem]) -> list[tuple[str, ...]]:
    """One row for each problem, in the order given; "" where it is of no row or column.

    A reason is "column: what; how to fix", as `cells.BadCell` and its like write it.
    """
    rows: list[tuple[str, ...]] = []
    for one in problems:
        origin, found = _ORIGIN.fullmatch(one.origin), _COLUMN.fullmatch(one.reason)
        file, row = (origin["file"], origin["row"]) if origin else (one.origin, "")
        column, text = (found["column"], found["rest"]) if found and origin else ("", one.reason)
        what, _, fix = text.rstrip(".").partition("; ")
        rows.append((file, row, column, one.path, what, fix))
    return rows
