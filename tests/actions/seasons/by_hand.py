"""Animals, rows and enrolled photos of seasons, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from reid.actions.seasons.results import Proposal, SeasonRow
from reid.records import Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.steps.season.joint_identification import Animal, Link
from reid.steps.sightings import SearchedPhoto
from reid.store import EnrolledPhoto
from tests.steps.season.searched import look
from tests.steps.stock import enrolled_photo

MAY = datetime(2024, 5, 1, 12)


def enrolled(number: int, name: str, season: str, *, side: str = "left", species: str = "zebra") -> EnrolledPhoto:
    """A photo of 1 May of the season's year."""
    row = enrolled_photo(number, name, number, species, side)
    return replace(row, season=season, captured_at=datetime(int(season), 5, 1, 12), camera="C1")


def sighting(outcome: Outcome, name: str = "", *, photo: str = "q.jpg", probability: float | None = 0.9) -> Sighting:
    """A decision about zebras; `name` is that of its best match, "" = there is none."""
    matches = (Match("zebra", name, 1, 0.8, probability, f"{name}.jpg", "left", datetime(2023, 5, 1)),) if name else ()
    named = name if outcome == Outcome.KNOWN else None
    return Sighting(
        photo, "a" * 64, SpeciesGuess("zebra", 0.9), Decision(outcome, named, probability, "a test", 0.05), matches, "left", MAY,
        "", "C1", "2024", "", ("zebra",), (photo,),
    )  # fmt: skip


def animal(
    outcome: Outcome, name: str = "", photos: Sequence[str] = ("q.jpg",), *, sides: tuple[str, ...] = ("left",),
    ties: tuple[Link, ...] = (), when: datetime = MAY, probability: float | None = 0.9,
) -> Animal:  # fmt: skip
    """An animal with one encounter for each photo."""
    looks: tuple[SearchedPhoto, ...] = tuple(look(one, {"Ada": 0.8}, when=when, file=one.ljust(64, "0")) for one in photos)
    parts = tuple(sighting(outcome, name, photo=one, probability=probability) for one in photos)
    return Animal(parts[0], looks, parts, ties, sides, when, when)


def row(status: str, individual: str = "", proposal: str = "", **others: object) -> SeasonRow:
    made = SeasonRow(status, "zebra", individual, 0.9, 2, 1, None, MAY, MAY, "", "", "a test", proposal, "left")
    return replace(made, **others)


def proposal(status: str, name: str, *, individual: str = "", sides: str = "left", **others: object) -> Proposal:
    made = Proposal(
        status, "zebra", individual, name, 0.9, (Path("q.jpg"),), 1, sides, MAY, MAY, None, None, (), "a test"
    )  # fmt: skip
    return replace(made, **others)
