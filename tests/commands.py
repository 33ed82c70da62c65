"""Running `reid` as the command line does, and what it answers."""

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reid import cli


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def command(*arguments: object) -> Answer:
    """Run `reid` in this process, exactly as the command line does."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.run([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return Answer(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class World:
    """Two drawn seasons and the gallery of the first. `train` holds the options it was trained with."""

    first: Path
    second: Path
    gallery: Path
    trained: Answer
    enrolled: Answer


TRAIN = ("--epochs", 6, "--species-epochs", 2, "--image-size", "96x128")
