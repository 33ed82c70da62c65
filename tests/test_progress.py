"""What tells how far a run is tells it in the protocol's words, and nobody hears the silent one."""

import inspect

import pytest

from reid.progress import SILENT, Progress, Silent
from reid.terminal import Bars

WORDS = ("start", "advance", "say", "finish")


def test_the_silent_one_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    SILENT.start("photos", 3)
    SILENT.advance(2, "loss 0.3")
    SILENT.say("a line")
    SILENT.finish()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [Silent, Bars])
@pytest.mark.parametrize("word", WORDS)
def test_every_progress_takes_what_the_protocol_says(kind: type, word: str) -> None:
    wanted = [(one.name, one.default) for one in inspect.signature(getattr(Progress, word)).parameters.values()]
    assert [(one.name, one.default) for one in inspect.signature(getattr(kind, word)).parameters.values()] == wanted
