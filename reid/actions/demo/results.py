"""What the demo made and measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from reid.records import Problem, Sighting
from reid.settings import TrainSettings

DEMO_KINDS = {
    "returning animal": "known, under its own name",
    "animal never enrolled": "new",
    "empty frame": "empty",
    "species nobody trained on": "unknown species",
    "corrupt file": "reported and skipped",
}


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """How large the demo is. individuals are numbered; those of season two that season one lacks are new."""

    species: tuple[str, ...] = ("zebra", "leopard", "deer")
    first_season: tuple[int, ...] = tuple(range(12))
    second_season: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15)
    encounters: tuple[int, int] = (4, 2)
    photos_per_encounter: int = 2
    empty_frames: tuple[int, int] = (24, 6)
    untrained: int = 4
    """Photos in season two of a species that nobody trained on."""
    train: TrainSettings = field(default_factory=lambda: TrainSettings(
        image_size=(160, 224), species_image_size=(128, 192), epochs=20, species_epochs=3, patience=20, validation_share=0.34,
    ))


@dataclass(frozen=True, slots=True)
class DemoRow:
    """How one kind of photo of season two was decided; right, review and wrong add up to photos."""

    what: str
    photos: int
    right: int
    review: int
    wrong: int
    note: str


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo made and measured. page: the HTML page; figures: name and value, as text."""

    folder: Path
    page: Path
    lines: tuple[DemoRow, ...]
    figures: tuple[tuple[str, str], ...]
    seasons_page: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class DemoCase:
    """One photo of season two with the truth about it and what came of it: right, review or wrong."""

    kind: str
    truth: str
    verdict: str
    sighting: Sighting | None
    problem: Problem | None = None
