"""The answer of a query: what was decided about one animal in one photo or encounter. Frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reid.records.photos import Box


class Outcome(StrEnum):
    """What was decided about one sighting."""

    KNOWN = "known"
    REVIEW = "review"
    NEW = "new"
    UNKNOWN_SPECIES = "unknown_species"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class SpeciesGuess:
    """Stage 1's answer for one photo. probability is calibrated, in [0, 1]; alternatives fall in probability."""

    name: str
    probability: float
    alternatives: tuple[tuple[str, float], ...] = ()
    reason: str = ""
    fingerprint: str = ""
    """Of the species net; "" when the species was given by the caller."""


@dataclass(frozen=True, slots=True)
class Match:
    """One individual of the gallery that the query may show; rank 1 is the best."""

    species: str
    individual: str
    rank: int
    score: float
    probability: float | None
    photo: str
    """Path of the individual's enrolled photo that is most like the query."""
    side: str = ""
    captured_at: datetime | None = None
    sha256: str = ""
    local: float | None = None
    """How well photo and query match place by place, in [0, 1]; None where no closer look was taken."""


@dataclass(frozen=True, slots=True)
class Decision:
    """KNOWN (with an individual), REVIEW (a person must look) or NEW, with the probability and the reason."""

    outcome: Outcome
    individual: str | None
    probability: float | None
    """Calibrated chance in [0, 1]: of KNOWN and REVIEW that the best match is right, of NEW that nobody enrolled is shown."""
    reason: str
    nobody: float | None = None
    """Calibrated chance in [0, 1] that nobody it was compared with is shown, whatever was decided; None = not known."""
    new: float | None = None
    """The chance in [0, 1] of an animal never enrolled: see `steps.novelty`; None = not known."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One animal in one photo with one decision: the answer of a query."""

    photo: str
    sha256: str
    species: SpeciesGuess
    decision: Decision
    matches: tuple[Match, ...]
    side: str
    captured_at: datetime | None
    encounter: str
    camera: str
    season: str
    embedding_fingerprint: str
    """Of the embedding net used; "" if stage 2 was not run."""
    searched: tuple[str, ...] = ()
    """The species whose galleries were searched, the routed one first."""
    photos: tuple[str, ...] = ()
    """All photos of the encounter where it is a decision for one, without empty frames, which are no sighting of the animal."""
    side_net: str = ""
    """Fingerprint of the net that predicted the side; "" where the side is known, or nobody knows it."""
    box: Box | None = None
    """Of the animal in `photo`; None = the whole frame."""
    boxes: tuple[Box | None, ...] = ()
    """Of the animal in each of `photos`; () = not known but for `photo`."""
    contents: tuple[str, ...] = ()
    """Of an encounter: what each of `photos` shows, its sha256 and, after a space, the key of its box; () for one photo."""

    @property
    def counted_species(self) -> str:
        """By its best match; by stage 1 where there is none, or where nobody enrolled is shown."""
        return self.matches[0].species if self.matches and self.decision.outcome != Outcome.NEW else self.species.name
