"""Sightings as they stand on a page: photos made small, decisions in words. Used by `seasons` and `demo`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from reid import images
from reid.errors import PhotoError
from reid.pages.html import OUTCOMES, Answer, Shown
from reid.records import Box, Match, Outcome, Problem, Sighting

LONGEST = 300
"""Longest side of a picture on a page, in pixels."""


def picture(
    path: str | Path, box: Box | None = None, *, longest: int = LONGEST, quality: int = 85, sha256: str = ""
) -> bytes | None:
    """A photo (cut to the box) as a small JPEG; None if it cannot be read, or is not the file of this content ("" = any)."""
    try:
        read = images.read(Path(path), box=box, shortest=longest)
    except PhotoError:
        return None
    if sha256 and read.sha256 != sha256:
        return None
    return images.jpeg_bytes(read.pixels, longest=longest, quality=quality)


def facts(side: str, when: datetime | None, *others: str) -> str:
    """One line about a photo: side, date and time, camera, season, whatever is known."""
    date = when.strftime("%Y-%m-%d %H:%M") if when else ""
    return " · ".join(part for part in (side, date, *others) if part)


def shown(path: str | Path, title: str, *lines: str, sha256: str = "") -> Shown:
    """A photo with its title and its lines; empty lines are left out. sha256: as for `picture`."""
    return Shown(picture(path, sha256=sha256), title, tuple(line for line in lines if line))


def match(best: Match) -> Shown:
    """A match with its score and probability."""
    chance = f"probability {best.probability:.2f}" if best.probability is not None else ""
    about = (f"score {best.score:.2f}", chance, facts(best.side, best.captured_at))
    return shown(best.photo, best.individual, *about, sha256=best.sha256)


def headline(sighting: Sighting) -> str:
    """The decision in a few words, the outcome first."""
    word = OUTCOMES[sighting.decision.outcome.value][0]
    name = sighting.decision.individual
    if sighting.decision.outcome == Outcome.REVIEW and name:
        return f"{word}: perhaps {name}"
    return f"{word}: {name}" if name else word


def answer(sighting: Sighting, *, matches: int = 3, truth: str = "", right: bool | None = None) -> Answer:
    """A sighting beside its best matches."""
    guess = sighting.species
    route = f"{guess.name} {guess.probability:.2f}"
    queries = [
        shown(path, Path(path).name, facts(sighting.side, sighting.captured_at, sighting.camera), route)
        for path in (sighting.photos or (sighting.photo,))[:3]
    ]
    return Answer(
        tuple(queries),
        tuple(match(best) for best in sighting.matches[:matches]),
        sighting.decision.outcome.value,
        headline(sighting),
        sighting.decision.reason,
        truth,
        right,
    )


def failures(problems: Sequence[Problem], truth: str = "") -> tuple[Answer, ...]:
    """Inputs that could not be used, as they stand on a page."""
    return tuple(
        Answer(
            (Shown(None, Path(problem.path).name),), (), "failed", "Failed: could not be read", problem.reason, truth
        )
        for problem in problems
    )
