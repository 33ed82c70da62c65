"""What came of comparing seasons, and of individuals made from nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reid.evaluation.appearance_drift import Drifted
from reid.records import Outcome, Problem, Sighting
from reid.steps.season.joint_identification import Animal

PROPOSAL_STATUSES = {Outcome.NEW: "new", Outcome.REVIEW: "review", Outcome.KNOWN: "known"}

SEASON_STATUSES = ("returned", "reappeared", "new", "review", "doubtful", "not seen", "not decided")
SEASON_MEANING = {
    "returned": "seen in both seasons",
    "reappeared": "known from another season before the second, not from the first, and seen again",
    "new": "nobody enrolled before; each row is one proposed individual, with what ties its encounters together",
    "review": "a person must look; each row is one animal as far as its photos say so",
    "doubtful": "seen in the first season, perhaps in the second: it is the best match of an animal under review",
    "not seen": "seen in the first season, and nothing of the second may show it; it may live on unseen",
    "not decided": "seen in the first season; photos of the second that wait for a person may show it",
    "not identified": "unknown species or empty frames; they count for nobody",
}
SEASON_COLUMNS = (
    "status",
    "species",
    "individual",
    "probability",
    "photos",
    "encounters",
    "last_before",
    "first_again",
    "last_again",
    "photo_before",
    "photo_again",
    "reason",
    "proposal",
    "sides",
    "link_probability",
    "link_score",
    "link_photos",
    "events",
)


@dataclass(frozen=True, slots=True)
class SeasonRow:
    """One individual, or one animal that got no name. Dates are None where not known.

    before: its last photo of the first season (or of any other season before); again: of the second season.
    individual: of a review the name it may be; "" of a new one. proposal: the name proposed for one without a name, by
    species in the order of their first photos; of a doubtful individual, the one under review that is most like it.
    sides: that anything shows of it: left, right, both, or "" = not known. link: its weakest one between encounters:
    probability, cosine of the two photos most alike, and those photos. events: independent ones of the second season, see
    `steps.encounters.events`.
    """

    status: str
    species: str
    individual: str
    probability: float | None
    photos: int
    encounters: int
    last_before: datetime | None
    first_again: datetime | None
    last_again: datetime | None
    photo_before: str
    photo_again: str
    reason: str
    proposal: str = ""
    sides: str = ""
    link_probability: float | None = None
    link_score: float | None = None
    link_photos: tuple[str, ...] = ()
    events: int = 0


@dataclass(frozen=True, slots=True)
class SeasonsReport:
    """Season against season. skipped: photos given that are of another season or undated. csv, html: where it is written.

    animals: of the photos given, each with its encounters and what ties them; sightings: their decisions.
    notes: what a reader of the table must know. drift: (species, individual whose newest enrolled photos fit its oldest badly).
    closing: all of it in one line.
    """

    first: str
    second: str
    rows: tuple[SeasonRow, ...]
    sightings: tuple[Sighting, ...]
    skipped: int
    problems: tuple[Problem, ...]
    csv: Path | None
    html: Path | None
    animals: tuple[Animal, ...] = ()
    notes: tuple[str, ...] = ()
    drift: tuple[tuple[str, Drifted], ...] = ()
    closing: str = ""

    def count(self, status: str) -> int:
        """Rows of a status."""
        return sum(row.status == status for row in self.rows)


@dataclass(frozen=True, slots=True)
class SeasonPair:
    """How many animals of one species came back from one season to a later one; see `SEASON_MEANING`."""

    first: str
    second: str
    species: str
    returned: int
    reappeared: int
    new: int
    review: int
    doubtful: int
    not_seen: int
    not_decided: int = 0


@dataclass(frozen=True, slots=True)
class Presence:
    """One individual with its encounters in each season, in the order of `AllSeasonsReport.seasons`."""

    species: str
    individual: str
    encounters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AllSeasonsReport:
    """Every season against every later one. seasons: by their first photo. rows: of each (first, second).

    skipped: photos given that are undated and in no season. files: what was written. notes, drift, closing: as of `seasons`.
    """

    seasons: tuple[str, ...]
    pairs: tuple[SeasonPair, ...]
    individuals: tuple[Presence, ...]
    rows: Mapping[tuple[str, str], tuple[SeasonRow, ...]]
    skipped: int
    problems: tuple[Problem, ...]
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    drift: tuple[tuple[str, Drifted], ...] = ()
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One animal of the cards, by all that holds it together.

    status: "new", a proposed individual; "review", perhaps one that is enrolled (`individual` tells whom, with `probability`;
    `proposal` is what it would be called); "known", one that is. sides: left, right, both, or "" = not known. link: the
    weakest one between its encounters: probability, cosine of the two photos most alike, and those photos.
    """

    status: str
    species: str
    individual: str
    proposal: str
    probability: float | None
    photos: tuple[Path, ...]
    encounters: int
    sides: str
    first: datetime | None
    last: datetime | None
    link_probability: float | None
    link_score: float | None
    link_photos: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class DiscoverReport:
    """What `discover` found. proposals: new ones first, each species by first photo; left: photos of no animal or species.

    animals: beside the proposals, one for one. enrolled: photos put into the gallery; entries: of its journal, one for each
    species. closing: all of it in one line.
    """

    gallery: Path
    proposals: tuple[Proposal, ...]
    animals: tuple[Animal, ...]
    left: int
    enrolled: int
    entries: tuple[int, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    files: tuple[Path, ...] = ()
    closing: str = ""

    def count(self, status: str) -> int:
        """Animals of a status."""
        return sum(one.status == status for one in self.proposals)
