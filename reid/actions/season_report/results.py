"""What is on the page of a season, and what it was made from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from reid.records import Deployment, Outcome, Photo, Problem, Sighting
from reid.steps.encounters import season
from reid.store import EnrolledPhoto
from reid.survey.capture_history import CaptureHistory, LeftOut

REPORT_STATUSES = ("returned", "reappeared", "new", "not seen", "not seen for longer", "not decided")
REPORT_MEANING = {
    "returned": "seen in the season before, and in this one",
    "reappeared": "seen in an earlier season, not in the one before, and in this one again",
    "new": "seen for the first time",
    "not seen": "seen in the season before, not in this one; it may live on unseen",
    "not seen for longer": "seen in an earlier season, and in neither of the last two",
    "not decided": "seen in an earlier season; unresolved sightings of this one may show it",
}


@dataclass(frozen=True, slots=True)
class SeasonSightings:
    """A decision about photos that are not enrolled. individual: whom they are said to show, "" = none of those enrolled.

    sighting: by the names of today. photos: all that it rests on, each in its season, individual "".
    entry: of the journal, that kept it; of a decision made just now, the last one.
    """

    species: str
    outcome: Outcome
    individual: str
    sighting: Sighting
    photos: tuple[Photo, ...]
    entry: int = 0

    @property
    def season(self) -> str:
        """Of its first photo; "" without a date."""
        return season(self.photos[0])


@dataclass(frozen=True, slots=True)
class IndividualFigures:
    """One individual. cells: encounters on each occasion of the study, None where no camera worked.

    photos, encounters, cameras: of the page's season. before: when it was last seen before that season. perhaps: the numbers
    of the unresolved sightings of the season that may show it, where it was not seen in it.
    """

    name: str
    status: str
    cells: tuple[int | None, ...]
    photos: int
    encounters: int
    cameras: tuple[str, ...]
    first: datetime
    last: datetime
    before: datetime | None
    seasons: tuple[str, ...]
    perhaps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CameraPlace:
    """One camera at one place in one season. worked: days; off: days on which it did not work; None = not known."""

    camera: str
    deployment: Deployment | None
    worked: int | None
    off: int | None
    encounters: int
    individuals: int


@dataclass(frozen=True, slots=True)
class SeasonCount:
    """A season in numbers; new: individuals seen for the first time in the study. effort: camera-days, None = not known."""

    season: str
    start: date
    end: date
    effort: float | None
    photos: int
    encounters: int
    individuals: int
    new: int
    curve: tuple[tuple[int, float], ...]
    """(encounters, individuals expected in so many of the season's)."""


@dataclass(frozen=True, slots=True)
class SpeciesSeason:
    """Everything on the page of one species but its photographs. discovered: (encounters so far, individuals so far)."""

    species: str
    season: str
    before: str
    """The season before it, "" = it is the first."""
    history: CaptureHistory
    animals: tuple[IndividualFigures, ...]
    seasons: tuple[SeasonCount, ...]
    places: tuple[CameraPlace, ...]
    discovered: tuple[tuple[int, int], ...]
    expected: tuple[tuple[int, float], ...]

    def count(self, status: str) -> int:
        """Animals of a status."""
        return sum(one.status == status for one in self.animals)


@dataclass(frozen=True, slots=True)
class PhotoPair:
    """A returning animal on its two most alike photos of before and of the season; score: cosine in [-1, 1].

    after: a `Photo` where a decision alone says that it shows the animal.
    """

    individual: str
    before: EnrolledPhoto
    after: EnrolledPhoto | Photo
    score: float


@dataclass(frozen=True, slots=True)
class Unenrolled:
    """Decisions about photos of the season that are not enrolled. known, new: how many; animals: named by one of the known.

    fresh: those decided as new, by date. The known count on the page as if their photos were enrolled; the new do not.
    """

    species: str
    known: int
    new: int
    animals: tuple[str, ...]
    fresh: tuple[SeasonSightings, ...] = ()


@dataclass(frozen=True, slots=True)
class UnresolvedSighting:
    """A decision that a person must make. photos: all that it rests on, with their boxes; number: on the page, from 1.

    entry: of the journal, see `SeasonSightings`. Numbers are those of one page: commands name the `key`.
    """

    number: int
    sighting: Sighting
    photos: tuple[Photo, ...]
    entry: int = 0

    @property
    def contents(self) -> tuple[str, ...]:
        """The SHA-256 of each photo's file, in their order; "" where it was not kept."""
        listed = [content.partition(" ")[0] for content in self.sighting.contents]
        if len(listed) == len(self.photos):
            return tuple(listed)
        return tuple(self.sighting.sha256 if str(photo.path) == self.sighting.photo else "" for photo in self.photos)

    @property
    def key(self) -> str:
        """Names it on every page, by what the photos hold, by the best guess and by the entry: no other one has this key."""
        box = self.sighting.box.key() if self.sighting.box else ""
        guess = (self.sighting.counted_species, best_guess(self.sighting))
        parts = (self.sighting.sha256, box, *sorted(self.sighting.contents), *guess)
        return f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:12]}-{self.entry}"


@dataclass(frozen=True, slots=True)
class SeasonSummary:
    """A page in one line. individuals: species -> status -> how many; doubts: how many."""

    page: Path
    season: str
    size: int
    individuals: dict[str, dict[str, int]]
    doubts: int
    doubts_table: Path | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeasonPage:
    """What is on the page. size: of the HTML file in bytes. doubts_table: None = there are no doubts."""

    page: Path
    season: str
    size: int
    species: tuple[SpeciesSeason, ...]
    pairs: dict[str, tuple[PhotoPair, ...]]
    doubts: tuple[UnresolvedSighting, ...]
    doubts_table: Path | None
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    unenrolled: tuple[Unenrolled, ...] = ()

    def summary(self) -> SeasonSummary:
        """The page in one line."""
        return SeasonSummary(
            self.page, self.season, self.size,
            {one.species: {status: one.count(status) for status in REPORT_STATUSES} for one in self.species},
            len(self.doubts), self.doubts_table, self.notes,
        )  # fmt: skip


def best_guess(sighting: Sighting) -> str:
    """Whom it may show: the individual that the decision names, else the best match; "" where there is none."""
    return sighting.decision.individual or (sighting.matches[0].individual if sighting.matches else "")
