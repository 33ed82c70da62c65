"""What the steps hand to each other: frozen records, in the words of the glossary (`reid manual glossary`).

All of them can be imported from here, but those of `records.gallery`, which need numpy.
"""

from reid.records.calibration import Bounds, Calibration
from reid.records.photos import (
    EMPTY,
    MISSING,
    SIDE_NET,
    SIDE_PROBABILITY,
    SIDES,
    UNKNOWN_SPECIES,
    Box,
    Photo,
    Picture,
    Pixels,
    Problem,
    Size,
    Vectors,
)
from reid.records.sightings import Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.records.survey import Deployment, Season

__all__ = [
    "EMPTY",
    "MISSING",
    "SIDES",
    "SIDE_NET",
    "SIDE_PROBABILITY",
    "UNKNOWN_SPECIES",
    "Bounds",
    "Box",
    "Calibration",
    "Decision",
    "Deployment",
    "Match",
    "Outcome",
    "Photo",
    "Picture",
    "Pixels",
    "Problem",
    "Season",
    "Sighting",
    "Size",
    "SpeciesGuess",
    "Vectors",
]
