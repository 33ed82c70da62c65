"""Seasons and proposals as tables of plain values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reid.actions.seasons.results import (
    SEASON_COLUMNS,
    SEASON_MEANING,
    SEASON_STATUSES,
    AllSeasonsReport,
    DiscoverReport,
    Proposal,
    SeasonPair,
    SeasonRow,
    SeasonsReport,
)
from reid.evaluation.appearance_drift import Drifted
from reid.pages.html import PageTable
from reid.steps.encounters import season
from reid.steps.season.joint_identification import Animal
from reid.tables.plain_table import PlainTable, Rows

PAIR_COLUMNS = ("first", "second", "species", *(status.replace(" ", "_") for status in SEASON_STATUSES))

PROPOSAL_COLUMNS = (
    "status", "species", "individual", "proposal", "probability", "encounters", "sides", "first", "last", "link_probability",
    "link_score", "link_photos", "reason",
)  # fmt: skip
PROPOSED_PHOTO_COLUMNS = (
    "path", "species", "individual", "captured_at", "encounter", "camera", "side", "season", "x", "y", "width", "height"
)


def cells(row: Any, columns: Sequence[str] = SEASON_COLUMNS) -> tuple[str, ...]:
    """The fields of a row as text: dates to the second, numbers to four decimals, several photos parted by " | "."""
    return tuple(_text(getattr(row, name)) for name in columns)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, tuple):
        return " | ".join(str(one) for one in value)
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def comparison(report: SeasonsReport) -> list[PlainTable]:
    """Each animal of two seasons, for the terminal."""
    columns = ("status", "species", "individual", "photos", "encounters", "sides", "probability", "reason")
    rows: Rows = [
        (row.status, row.species, called(row.status, row.individual, row.proposal), row.photos, row.encounters, row.sides,
         row.probability, row.reason)
        for row in report.rows
    ]  # fmt: skip
    return [(f"Season {report.first} to {report.second}", columns, rows)]


def season_pairs(report: AllSeasonsReport) -> list[PlainTable]:
    """The counts of every two seasons, for the terminal."""
    rows: Rows = [tuple(getattr(pair, name) for name in PAIR_COLUMNS) for pair in report.pairs]
    return [("From season to season", PAIR_COLUMNS, rows)]


def discovery(report: DiscoverReport) -> list[PlainTable]:
    """Each animal that was made of unlabelled photos, for the terminal."""
    columns = ("status", "species", "individual", "photos", "encounters", "sides", "weakest link", "reason")
    rows: Rows = [
        (one.status, one.species, called(one.status, one.individual, one.proposal), len(one.photos), one.encounters, one.sides,
         one.link_probability, one.reason)
        for one in report.proposals
    ]  # fmt: skip
    return [("Individuals", columns, rows)]


def pair_cells(pair: SeasonPair) -> tuple[str, ...]:
    """The counts of two seasons as text, in the order of `PAIR_COLUMNS`."""
    return tuple(str(getattr(pair, name)) for name in PAIR_COLUMNS)


def counts(rows: Sequence[SeasonRow]) -> PageTable:
    """How many animals of each species have which status."""
    return PageTable(
        "Animals by species",
        ("species", *SEASON_STATUSES),
        tuple(
            (name, *(str(sum(row.species == name and row.status == status for row in rows)) for status in SEASON_STATUSES))
            for name in sorted({row.species for row in rows})
        ),
        note="; ".join(f"{status}: {SEASON_MEANING[status]}" for status in SEASON_STATUSES),
    )


def drift_table(found: Sequence[tuple[str, Drifted]]) -> PageTable:
    """Individuals that no longer look like themselves, the worst of each species first."""
    return PageTable(
        "Changed, or two animals under one name", ("species", "individual", "oldest", "newest", "score", "probability"),
        tuple(
            (name, one.individual, one.oldest, one.newest, f"{one.score:.2f}", f"{one.probability:.2f}") for name, one in found
        ),
        note="The newest enrolled photos of these individuals fit their oldest badly: score is the best cosine, probability "
        "that of one animal. `reid doctor` tells the photos.",
    )


def called(status: str, individual: str, proposal: str) -> str:
    """What people are shown as the name of a row or proposal: whom it is, what it would be called, or both where it is open."""
    if status == "review":
        return f"{proposal}, perhaps {individual}" if individual else proposal
    return proposal if status == "new" else individual


def proposed_photo_rows(one: Proposal, animal: Animal) -> list[tuple[object, ...]]:
    """The rows of a manifest; an animal under review has no name there."""
    name = {"new": one.proposal, "known": one.individual}.get(one.status, "")
    rows = []
    for look in animal.looks:
        photo, box = look.photo, look.photo.box
        sides = (box.x, box.y, box.width, box.height) if box else ("", "", "", "")
        rows.append((
            photo.path.absolute().as_posix(), one.species, name, photo.captured_at, look.encounter, photo.camera, photo.side,
            season(photo), *sides,
        ))
    return rows
