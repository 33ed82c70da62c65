"""Problems as one table: row, column, what, how to fix."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reid.records import Problem

PROBLEM_COLUMNS = ("file", "row", "column", "photo", "what", "how_to_fix")
_ORIGIN = re.compile(r"(?P<file>.*?), (?:row|image) (?P<row>\d+)")


def problem_rows(problems: Iterable[Problem]) -> list[tuple[str, ...]]:
    """One row for each problem, in the order given; "" where it is of no row or column.

    A reason is "column: what; how to fix", as `cells.BadCell` and its like write it.
    """
    rows: list[tuple[str, ...]] = []
    for problem in problems:
        origin = _ORIGIN.fullmatch(problem.origin)
        file, row = (origin["file"], origin["row"]) if origin else (problem.origin, "")
        text = problem.reason.removeprefix(f"{problem.column}: ") if problem.column else problem.reason
        what, _, fix = text.rstrip(".").partition("; ")
        rows.append((file, row, problem.column, problem.path, what, fix))
    return rows
