"""Options of identification."""

from __future__ import annotations

from dataclasses import dataclass

from reid.settings.intake import IntakeSettings

ENCOUNTER_MINUTES = 30.0
"""Photos of one camera closer in time than this belong to one encounter, wherever nothing else is asked for."""
FASTEST = 80.0
"""Kilometres an hour that no animal travels, wherever nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class QuerySettings(IntakeSettings):
    """How photos are identified."""

    top: int = 5
    species: str = ""
    """Skip stage 1 and take this species."""
    side: str = ""
    """The side of photos whose manifest names none."""
    encounters: bool = False
    """One decision per encounter instead of one per photo."""
    encounter_minutes: float = ENCOUNTER_MINUTES
    """Photos of one camera closer in time than this belong to one encounter."""
    min_species_probability: float = 0.6
    """Below it a photo is of unknown species and stage 2 is not run."""
    min_pair_probability: float = 0.85
    """Unless the best two species together reach this: then it is one of the two, and both galleries are searched."""
    close_species_ratio: float = 2.0
    """When the best species is less than this many times as likely as the second, both galleries are searched."""
    rerank: int = 20
    """So many individuals of a shortlist get a closer look, their photos matched place by place; 0 = none.

    It is taken where held-out photos have shown that it helps to tell individuals apart (`Calibration.closer`),
    and where nothing is calibrated. It needs the enrolled photos' files; those that are gone count by their cosine."""
    fade: float = 0.0
    """What a year between two photos takes off their score, so that recent seasons weigh more; 0 = nothing. Nobody has calibrated
    it: with 0.05, a photo five years old must be 0.25 more alike."""
    independent_minutes: float = ENCOUNTER_MINUTES
    """Photos of an individual at one camera closer than this to the last that counted are no event of their own."""
    returning: float = 0.0
    """Share of the animals asked about that are enrolled already, in (0, 1): the more they are, the surer NEW must be. 0 = not
    stated: a query takes 0.5, `seasons` and `discover` estimate it from all animals of the photos given."""
    link: float = 0.65
    """A link between two encounters of a season needs at least this probability of being right, in (0, 1].

    This and the next two are of `scripts/benchmarks/seasons.py` (figures in README.md there): the surest links that put animals
    together about as well as any."""
    discover_link: float = 0.75
    """The same for what `discover` proposes, where seldom anybody is known who says what a link is worth."""
    enroll_link: float = 0.85
    """The same for what `discover` enrolls: a false merge costs more than a split, which `reid individuals merge` mends."""
    kilometres_an_hour: float = FASTEST
    """No animal travels faster, so that nobody is at two far places at once."""
    batch: int = 16
