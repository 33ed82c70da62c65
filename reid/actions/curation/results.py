"""What is in a gallery, and what the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reid.nets import net_files
from reid.records import Calibration
from reid.store import EnrolledPhoto, IndividualSummary, JournalEntry, SpeciesSummary


@dataclass(frozen=True, slots=True)
class SpeciesInGallery:
    """One species: what is enrolled, with which net, calibrated how. card: None when the net's file is missing."""

    summary: SpeciesSummary
    card: net_files.NetCard | None
    calibration: Calibration | None


@dataclass(frozen=True, slots=True)
class GallerySummary:
    """The whole gallery. classes: what the species net can tell apart; () without one. side_net: "" without one."""

    folder: Path
    species: tuple[SpeciesInGallery, ...]
    species_net: str
    classes: tuple[str, ...]
    individuals: int
    photos: int
    side_net: str = ""


@dataclass(frozen=True, slots=True)
class IndividualShown:
    """One individual. photos: that it has now. merged: who was merged into it. entries: the journal's, newest first."""

    summary: IndividualSummary
    photos: tuple[EnrolledPhoto, ...]
    merged: tuple[IndividualSummary, ...]
    entries: tuple[JournalEntry, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor points at.

    kind: a word for it. level: "broken" (the gallery cannot be trusted), "derived" (`fix` makes it again), "missing" (files
    that are gone) or "look" (a person should). do: the command that would act on it; "" = none alone.
    """

    level: str
    kind: str
    species: str
    reason: str
    individuals: tuple[str, ...] = ()
    photos: tuple[int, ...] = ()
    score: float = 0.0
    do: str = ""


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What was found, the worst first. fixed: derived things that were thrown away to be made again."""

    gallery: Path
    findings: tuple[Finding, ...]
    fixed: int
    photos: int
    notes: tuple[str, ...]

    @property
    def broken(self) -> tuple[Finding, ...]:
        """What keeps the gallery from being trusted, or what is derived and was not fixed."""
        return tuple(one for one in self.findings if one.level == "broken" or (one.level == "derived" and not self.fixed))
