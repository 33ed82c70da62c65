"""How a long run tells how far it is. The terminal shows it with bars; as a library nothing is shown unless asked."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where a verb tells how far it is; `SILENT` tells nobody."""

    def start(self, task: str, total: int) -> None:
        """A new task begins, of `total` steps; it takes the place of the one before."""

    def advance(self, done: int, note: str = "") -> None:
        """`done` steps of the task are done in all; `note` is the newest figure."""

    def say(self, text: str) -> None:
        """One line that should stay on the screen."""

    def finish(self) -> None:
        """No task runs any more."""


class Silent:
    """A `Progress` that shows nothing."""

    def start(self, task: str, total: int) -> None:
        """Show nothing."""

    def advance(self, done: int, note: str = "") -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""

    def finish(self) -> None:
        """Show nothing."""


SILENT = Silent()
