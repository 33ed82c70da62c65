"""A season in figures made by hand, and a gallery in memory with a few enrolled zebras."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np

from reid.actions.season_report.results import CameraPlace, IndividualFigures, SeasonCount, SpeciesSeason
from reid.records import Photo
from reid.records.gallery import Enrollment
from reid.survey.capture_history import CaptureHistory
from reid.survey.effort import Occasion
from tests.store.in_memory import Disk, InMemoryGallery

NET, DIMENSION = "ab" * 8, 2


def occasion(season: str, number: int = 1, *, effort: float | None = None, days: int = 10) -> Occasion:
    """Occasions of so many days from 1 May of the season's year on."""
    first = 1 + (number - 1) * days
    return Occasion(season, number, date(int(season), 5, first), date(int(season), 5, first + days - 1), effort)


def animal(name: str, status: str, cells: tuple[int | None, ...], first: datetime = datetime(2023, 5, 1)) -> IndividualFigures:
    return IndividualFigures(name, status, cells, 1, 1, ("C1",), first, first, None, ("2024",))


def season_count(season: str) -> SeasonCount:
    return SeasonCount(season, date(int(season), 5, 1), date(int(season), 5, 20), None, 3, 2, 1, 1, ((1, 1.0), (2, 1.0)))


def figures(
    occasions: tuple[Occasion, ...], *, animals: tuple[IndividualFigures, ...] = (), places: tuple[CameraPlace, ...] = (),
    season: str = "2024",
) -> SpeciesSeason:  # fmt: skip
    history = CaptureHistory("zebra", occasions, (), (), (), "all")
    counts = tuple(season_count(name) for name in history.seasons)
    return SpeciesSeason("zebra", season, "", history, animals, counts, places, ((1, 1), (2, 1)), ((1, 1.0), (2, 1.0)))


def photo(name: str, year: int, *, day: int = 2, side: str = "left", species: str = "zebra", path: Path | None = None) -> Photo:
    when = datetime(year, 5, day, 9) if year else None
    return Photo(path or Path(f"/cards/{name}-{year}-{day}-{side}.jpg"), species, name, when, camera="C1", side=side)


def content(of: Photo) -> str:
    return sha256(of.path.read_bytes() if of.path.is_file() else str(of.path).encode()).hexdigest()


def gallery(folder: Path, photos: list[tuple[Photo, float]]) -> InMemoryGallery:
    """A gallery of these photos, each with a vector of so many degrees."""
    opened = InMemoryGallery(Disk(folder))
    for species in sorted({one.species for one, _ in photos}):
        opened.set_embedding_net(species, NET, DIMENSION, calibration=None)
        items = [
            Enrollment(
                one.individual, one, content(one), 96, 64,
                np.asarray([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32),
            )
            for one, degrees in photos if one.species == species
        ]  # fmt: skip
        opened.enroll(species, NET, items)
    return opened
