"""Options of exports and counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reid.settings.query import ENCOUNTER_MINUTES

EXPORT_FORMATS = ("mark", "secr", "capture", "camtrapr", "camtrap-dp", "wildbook", "csv", "xlsx", "folders")
SIDE_RULES = ("all", "left", "right", "best", "both-linked")
"""How an export counts half-known animals; see `survey.capture_history`."""
SAMPLING_DESIGNS = ("simpleRandom", "systematicRandom", "clusteredRandom", "experimental", "targeted", "opportunistic")
"""Those that Camtrap DP knows."""


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What goes into an export. See `survey.capture_history` for occasions, sides, groups and covariates."""

    species: str = ""
    """Only this species; "" = each species by itself."""
    seasons: tuple[str, ...] = ()
    """Each NAME=START..END, or a table with name, start, end; () = as the photos say."""
    days: int = 0
    """Length of an occasion; 0 = a season is one occasion."""
    deployments: Path | None = None
    clocks: tuple[str, ...] = ()
    """Each CAMERA=OFFSET, what to add to that camera's clock; it goes before the deployments table's,
    which is for photos given and not for enrolled ones (they were corrected when they came in)."""
    side: str = "all"
    group: str = ""
    covariates: tuple[str, ...] = ()
    independent_minutes: float = 0.0
    """camtrapR: records of an individual at a station closer than this are one event."""
    encounter_minutes: float = ENCOUNTER_MINUTES
    time_zone: str = ""
    scientific: Mapping[str, str] = field(default_factory=dict)
    """Species as we call it -> its scientific name."""
    copy: bool = False
    """Camtrap DP: copy the photos into the package."""
    title: str = "Individuals identified with reid"
    contributor: str = "unknown"
    sampling_design: str = "opportunistic"
    dates: str = ""
    """How dates as 3/4/2020 are read in tables: day-first or month-first; "" = they are refused."""


@dataclass(frozen=True, slots=True)
class CountSettings:
    """How animals are counted. species, seasons, days, deployments, clocks, dates and side as in `ExportSettings`."""

    species: str = ""
    seasons: tuple[str, ...] = ()
    days: int = 0
    deployments: Path | None = None
    clocks: tuple[str, ...] = ()
    side: str = "all"
    method: str = ""
    """The estimator that says which photos to look at; "" = chapman for two occasions, chao for more."""
    draws: int = 200
    """Histories drawn from the probabilities of doubtful sightings; 0 = none."""
    look: int = 10
    """So many photos to look at next are listed."""
    compare: bool = True
    """Compare doubtful photos with each other, for which they are opened: else one new animal counts as many."""
    seed: int = 0
    dates: str = ""
