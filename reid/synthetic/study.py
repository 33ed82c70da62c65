"""A drawn study with a known truth: who lived when, which camera stood where and worked when, and every photo it took.

The plan alone, without a pixel; `synthetic.cards` draws and writes it. The same seed gives the same study.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from reid.errors import UsageError
from reid.synthetic.noise import stream
from reid.synthetic.scenes import FLANKS, SPECIES
from reid.synthetic.seasons import individual_name, light_at

FIRST_YEAR, FIRST_MONTH = 2021, 5
"""The first season begins on 1 May 2021, each later one a year after the one before."""
SPACING = 2.0
"""Kilometres between neighbouring cameras, and the standard deviation of how far an animal is met from its centre."""
MIDDLE = (-1.45, 35.05)
"""Latitude and longitude of the study's middle."""
WRONG_CLOCKS = (timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1), timedelta(hours=-13))
"""What a wrong clock shows too much: daylight saving, the wrong day, another continent."""
FILE_STATES = ("whole", "cut off", "no picture", "nothing in it")
"""Of a file on a card: whole, or one of the ways in which it cannot be read."""


@dataclass(frozen=True, slots=True)
class Study:
    """How large a study is, and what goes wrong in it. Shares are in [0, 1]."""

    species: str = "zebra"
    individuals: int = 100
    """That live in the area in some season at least; the first season's share is `founders`."""
    founders: float = 0.6
    survival: float = 0.85
    """Share of the animals that are there again in the next season; who is not never comes back."""
    seasons: int = 5
    days: int = 60
    """Of a season."""
    cameras: int = 20
    off: float = 0.35
    """Share of the deployments with a span of days on which the camera did not work."""
    visits: float = 3.0
    """Mean number of times that an animal walks past a camera in a season; one in twelve is shy, with a fifth of it."""
    burst: int = 3
    """Photos of one visit, at most, seconds apart."""
    pairs: float = 0.10
    """Share of the visits in which a second animal stands in the frame."""
    empty: float = 0.15
    """Empty frames, as a share of those with animals."""
    people: float = 0.02
    """Frames in which the detector tells a person, as a share of those with animals (drawn empty)."""
    wrong_clocks: float = 0.10
    """Share of the cameras whose clock is wrong, all through the study."""
    corrupt: float = 0.05
    """Share of the files that cannot be read."""
    width: int = 480
    height: int = 320
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if self.species not in SPECIES:
            raise UsageError(f"species is {self.species!r}; drawn species are {', '.join(SPECIES)}")
        if min(self.individuals, self.seasons, self.cameras, self.days, self.burst) < 1:
            raise UsageError("individuals, seasons, cameras, days and burst must be at least 1")


@dataclass(frozen=True, slots=True)
class StudyCamera:
    """One camera for all seasons. clock_error: what its clock shows too much; east, north: kilometres from the middle."""

    name: str
    number: int
    east: float
    north: float
    clock_error: timedelta

    @property
    def latitude(self) -> float:
        """In degrees, to five decimals."""
        return round(MIDDLE[0] + self.north / 110.57, 5)

    @property
    def longitude(self) -> float:
        """In degrees, to five decimals."""
        return round(MIDDLE[1] + self.east / (111.32 * math.cos(math.radians(MIDDLE[0]))), 5)


@dataclass(frozen=True, slots=True)
class StudyDeployment:
    """A camera in one season. off: the days of it on which the camera did not work."""

    camera: StudyCamera
    season: str
    start: date
    end: date
    off: frozenset[date]

    def working(self) -> list[date]:
        """The days on which it worked."""
        days = [self.start + timedelta(days=at) for at in range((self.end - self.start).days + 1)]
        return [day for day in days if day not in self.off]


@dataclass(frozen=True, slots=True)
class StudyAnimal:
    """One animal. seasons: the numbers (from 0) of those in which it lives in the area, without a gap."""

    name: str
    number: int
    seasons: tuple[int, ...]
    shy: bool


@dataclass(frozen=True, slots=True)
class StudyFrame:
    """One photo on a card: animals () = empty; the second one stands beside the first. taken: by the right clock.

    state: one of FILE_STATES. person: the detector tells a person. path: from the study's folder, forward slashes.
    """

    deployment: StudyDeployment
    taken: datetime
    animals: tuple[StudyAnimal, ...]
    sides: tuple[str, ...]
    visit: str
    scene: int
    hour: int
    light: str
    path: str = ""
    state: str = "whole"
    person: bool = False

    @property
    def clock(self) -> datetime:
        """What the camera's clock showed."""
        return self.taken + self.deployment.camera.clock_error


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """The whole study; frames by season, camera and time."""

    study: Study
    cameras: tuple[StudyCamera, ...]
    deployments: tuple[StudyDeployment, ...]
    animals: tuple[StudyAnimal, ...]
    frames: tuple[StudyFrame, ...]

    @property
    def seasons(self) -> tuple[str, ...]:
        """Their names: years."""
        return tuple(str(FIRST_YEAR + number) for number in range(self.study.seasons))


def plan_study(study: Study) -> StudyPlan:
    """Everything that is true of a study."""
    cameras = _cameras(study)
    deployments = tuple(
        _deployment(study, camera, season) for season in range(study.seasons) for camera in cameras
    )
    animals = _animals(study)
    frames: list[StudyFrame] = []
    for season in range(study.seasons):
        standing = [one for one in deployments if one.season == str(FIRST_YEAR + season)]
        there = [animal for animal in animals if season in animal.seasons]
        frames += _named(study, season, list(_season(study, season, standing, there)))
    return StudyPlan(study, cameras, deployments, animals, tuple(frames))


def _cameras(study: Study) -> tuple[StudyCamera, ...]:
    """A grid that people walked: nobody puts a camera exactly where the map says."""
    rng = stream("study cameras", study.seed)
    wide = math.ceil(math.sqrt(study.cameras))
    wrong = set(rng.permutation(study.cameras)[: round(study.wrong_clocks * study.cameras)].tolist())
    middle = (wide - 1) / 2
    found = []
    for number in range(study.cameras):
        east, north = (SPACING * (at - middle + float(rng.normal(0, 0.12))) for at in (number % wide, number // wide))
        error = WRONG_CLOCKS[int(rng.integers(len(WRONG_CLOCKS)))] if number in wrong else timedelta()
        found.append(StudyCamera(f"CAM-{number + 1:02d}", number, round(east, 3), round(north, 3), error))
    return tuple(found)


def _deployment(study: Study, camera: StudyCamera, season: int) -> StudyDeployment:
    """Put up and taken down within a few days; some stop for a while, or for good when the battery is empty."""
    rng = stream("study deployment", study.seed, season, camera.number)
    first = date(FIRST_YEAR + season, FIRST_MONTH, 1)
    late = int(rng.integers(min(4, study.days)))
    start, end = first + timedelta(days=late), first + timedelta(days=study.days - 1)
    off: frozenset[date] = frozenset()
    length = (end - start).days + 1
    if rng.random() < study.off and length > 2:
        begins = int(rng.integers(1, length - 1))
        lasts = int(rng.integers(2, max(3, study.days // 4)))
        off = frozenset(start + timedelta(days=at) for at in range(begins, min(length, begins + lasts)))
    return StudyDeployment(camera, str(FIRST_YEAR + season), start, end, off)


def _animals(study: Study) -> tuple[StudyAnimal, ...]:
    """Founders, then the same number of newcomers each season, as far as the numbers allow; each lives on by chance."""
    founders = study.individuals if study.seasons == 1 else max(1, round(study.founders * study.individuals))
    found = []
    for number in range(study.individuals):
        rng = stream("study animal", study.seed, number)
        late = (number - founders) * (study.seasons - 1) // max(1, study.individuals - founders) + 1
        arrives = 0 if number < founders else late
        lives = [arrives]
        while lives[-1] + 1 < study.seasons and rng.random() < study.survival:
            lives.append(lives[-1] + 1)
        name = individual_name(study.species, number)
        found.append(StudyAnimal(name, number, tuple(lives), bool(rng.random() < 1 / 12)))
    return tuple(found)


def _season(
    study: Study, season: int, deployments: list[StudyDeployment], animals: list[StudyAnimal]
) -> Iterator[StudyFrame]:
    """The frames of one season, without their paths."""
    working = [(one, one.working()) for one in deployments]
    places = [(one, days) for one, days in working if days]
    count = 0
    for animal in animals:
        rng = stream("study visits", study.seed, season, animal.number)
        centre = stream("study home", study.seed, animal.number).uniform(-0.5, 0.5, 2) * SPACING * math.sqrt(study.cameras)
        near = np.array([_nearness(one, centre) * len(days) for one, days in places])
        for _ in range(int(rng.poisson(study.visits * (0.2 if animal.shy else 1.0)))):
            deployment, days = places[int(rng.choice(len(places), p=near / near.sum()))]
            others = [one for one in animals if one != animal]
            together: tuple[StudyAnimal, ...] = (animal,)
            if others and rng.random() < study.pairs:
                together = (animal, others[int(rng.integers(len(others)))])
            burst = list(_burst(study, rng, deployment, days, together))
            count += len(burst)
            yield from burst
    rng = stream("study empty", study.seed, season)
    for share, person in ((study.empty, False), (study.people, True)):
        for _ in range(round(share * count)):
            deployment, days = places[int(rng.integers(len(places)))]
            yield from (replace(one, person=person) for one in _burst(study, rng, deployment, days, ()))


def _nearness(deployment: StudyDeployment, centre: np.ndarray) -> float:
    """How often an animal passes a camera, against one at its centre (half-normal, as in secr); never quite 0."""
    away = math.dist((deployment.camera.east, deployment.camera.north), centre) / SPACING
    return math.exp(-(away**2) / 2) + 1e-6


def _burst(
    study: Study, rng: np.random.Generator, deployment: StudyDeployment, days: list[date], animals: tuple[StudyAnimal, ...]
) -> Iterator[StudyFrame]:
    """The photos of one visit; an animal shows one flank all through it."""
    day = days[int(rng.integers(len(days)))]
    taken = datetime(day.year, day.month, day.day) + timedelta(seconds=int(rng.integers(120, 86100)))  # ends on its day
    sides = tuple(FLANKS[int(rng.integers(2))] for _ in animals)
    hour, light = int(rng.integers(2**31)), light_at(taken)
    visit = f"{deployment.season}/{deployment.camera.name}/{taken:%m%d-%H%M%S}"
    for _ in range(1 + int(rng.integers(study.burst)) if animals else 1):
        yield StudyFrame(deployment, taken, animals, sides, visit, int(rng.integers(2**31)), hour, light)
        taken += timedelta(seconds=int(rng.integers(1, 9)))


def _named(study: Study, season: int, frames: list[StudyFrame]) -> list[StudyFrame]:
    """Frames by camera and time, numbered as a camera numbers them; some of the files are spoilt."""
    frames.sort(key=lambda one: (one.deployment.camera.name, one.taken, one.scene))
    rng = stream("study files", study.seed, season)
    count: dict[str, int] = {}
    found = []
    for one in frames:
        camera, year = one.deployment.camera.name, one.deployment.season
        count[camera] = count.get(camera, 0) + 1
        path = f"cards/{year}/{camera}/DCIM/100EK113/IMG_{count[camera]:04d}.JPG"
        state = FILE_STATES[1 + int(rng.integers(3))] if rng.random() < study.corrupt else FILE_STATES[0]
        found.append(replace(one, path=path, state=state))
    return found
