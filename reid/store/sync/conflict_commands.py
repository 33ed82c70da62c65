"""The commands that conflicts name, after a dry run: each is carried out on the merged gallery first, and taken back.

So the ones after it are worked out from what a person will have who runs them all in their order, and none is refused.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType

from reid.errors import UsageError
from reid.store.catalog.catalog import Catalog, Change
from reid.store.contents.correct_individuals import Identities
from reid.store.contents.correct_photos import Corrections
from reid.store.contents.reading import when


@dataclass(frozen=True, slots=True)
class Command:
    """One command. text: as it is typed. run: what it does; None = something that no later command depends on."""

    text: str
    run: Callable[[DryRun], object] | None = None


class DryRun(Catalog):
    """The catalogue inside a transaction that is not finished: what is changed in the `with` block is taken back at its end."""

    def __init__(self, catalog: Catalog, change: Change) -> None:
        """Of the transaction `change` of `catalog`, which has written all that it will."""
        super().__init__(catalog.path, catalog._connection, writable=True, wait=catalog._wait)
        self._lock, self._around, self.gathering = catalog._lock, change, True
        self.identities, self.corrections = Identities(self, _nothing), Corrections(self, _nothing)

    def __enter__(self) -> DryRun:
        """Itself, with the entry that the transaction will have: the next change is numbered after it."""
        self._around.put("SAVEPOINT dry_run")
        self._around.put("INSERT INTO journal VALUES (?, '', '', 'dry run', '', '{}', '{}', '')", (self._around.seq,))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Take back all that was changed."""
        self._around.put("ROLLBACK TO dry_run")
        self._around.put("RELEASE dry_run")

    def texts(self, commands: Iterator[Command]) -> Iterator[str]:
        """The texts of some commands, each carried out before the next is asked for.

        One that is refused, which none should be, is the last of them: anyone who runs it reads why, and nothing is lost.
        """
        for command in commands:
            yield command.text
            try:
                if command.run:
                    command.run(self)
            except UsageError:
                return


def _nothing() -> None:
    """Nothing outside hears of a dry run."""


def rename(mine: int, name: str) -> Command:
    """An individual gets a name; one that begins like an option is kept from being read as one."""
    text = f"reid individuals rename {'-- ' if name.startswith('-') else ''}'#{mine}' {shlex.quote(name)}"
    return Command(text, lambda run: run.identities.rename(f"#{mine}", name))


def merge(mine: int, into: int) -> Command:
    """Two are one."""
    return Command(f"reid individuals merge '#{mine}' '#{into}'", lambda run: run.identities.merge(f"#{mine}", f"#{into}"))


def split(into: int, mine: int) -> Command:
    """An individual that was merged into another comes back."""
    return Command(f"reid individuals split '#{into}' '#{mine}'", lambda run: run.identities.split(f"#{into}", f"#{mine}"))


def remove(mine: int) -> Command:
    """An individual goes with its photos."""
    return Command(f"reid individuals remove '#{mine}'", lambda run: run.identities.remove(f"#{mine}"))


def restore(mine: int) -> Command:
    """A removed individual comes back with the photos that went with it."""
    return Command(f"reid individuals restore '#{mine}'", lambda run: run.identities.restore(f"#{mine}"))


def move_photo(number: int, target: int) -> Command:
    """A photo goes to an individual."""
    return Command(f"reid photos move {number} --to '#{target}'", lambda run: run.corrections.move([number], f"#{target}"))


def remove_photo(number: int) -> Command:
    """A photo goes."""
    return Command(f"reid photos remove {number}", lambda run: run.corrections.remove([number]))


def restore_photo(number: int, target: int | None = None) -> Command:
    """A removed photo comes back, to another individual perhaps."""
    to = "" if target is None else f"#{target}"
    text = f"reid photos restore {number}" + (f" --to '{to}'" if to else "")
    return Command(text, lambda run: run.corrections.restore([number], to=to or None))


def correct_photo(number: int, option: str, value: str) -> Command:
    """An attribute of a photo is corrected. option: of the command."""
    text = f"reid photos correct {number} --{option}={shlex.quote(value)}"
    if option == "date":
        return Command(text, lambda run: run.corrections.correct([number], captured_at=when(value) or ""))
    return Command(text, lambda run: run.corrections.correct([number], **{option: value}))  # type: ignore[arg-type]
