"""What the command line shows: progress bars and notes on stderr, tables and lines on stdout. The only rich."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any


class Bars:
    """A `reid.progress.Progress` with a bar, the newest figure and the time left, on stderr."""

    def __init__(self) -> None:
        """Nothing is shown before the first task starts."""
        self._bar: Any = None
        self._task: Any = None

    def start(self, task: str, total: int) -> None:
        """A new bar; the one before stays on the screen as it was."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        if self._bar is None:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
                console=Console(stderr=True),
            )
            self._bar.start()
        self._task = self._bar.add_task(task, total=total, note="")

    def advance(self, done: int, note: str = "") -> None:
        """Move the bar."""
        if self._bar is not None:
            changes = {"note": note} if note else {}
            self._bar.update(self._task, completed=done, **changes)

    def say(self, text: str) -> None:
        """One line above the bars."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=sys.stderr)

    def finish(self) -> None:
        """Take the bars down."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on stdout; numbers stand to the right."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title, title_justify="left")
    for index, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) or row[index] == "" for row in rows)
        shown.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(cell(value) for value in row))
    Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 160).print(shown)


def cell(value: object) -> str:
    """A cell: floats to three decimals, None as nothing."""
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def markdown(page: str) -> None:
    """A Markdown page on stdout: set for reading in a terminal, as it is elsewhere."""
    if not sys.stdout.isatty():
        print(page.rstrip(), flush=True)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(page, hyperlinks=False))


def out(line: str) -> None:
    """One line on stdout."""
    print(line, flush=True)


def complain(line: str) -> None:
    """One line on stderr."""
    print(line, file=sys.stderr, flush=True)
