"""What training, calibration and upgrade answer with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reid.calibration.reliability import Bin
from reid.records import Calibration, Problem


@dataclass(frozen=True, slots=True)
class SpeciesCalibration:
    """What became of one species.

    individuals, photos: that the thresholds were learned from. enrolled: individuals in the gallery now. trained_on: left
    out, the net was trained on them. after: None = it stays as before, `reason` says why. bins and calibration_error: of
    the probability of the best match in a trial in which nobody is judged by a fit that saw them.
    """

    species: str
    fingerprint: str
    individuals: int
    photos: int
    enrolled: int
    trained_on: tuple[str, ...]
    before: Calibration | None
    after: Calibration | None
    reason: str
    bins: tuple[Bin, ...]
    calibration_error: float


@dataclass(frozen=True, slots=True)
class CalibrateReport:
    """What `calibrate` did. page: the HTML page, if one was asked for; failures: species that stay as they were."""

    gallery: Path
    max_false_match: float
    species: tuple[SpeciesCalibration, ...]
    page: Path | None
    problems: tuple[Problem, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """Each species without new thresholds, and why."""
        return tuple(f"{one.species}: {one.reason}" for one in self.species if one.after is None)


@dataclass(frozen=True, slots=True)
class TrainedNet:
    """One net that is now in use. species: "" for the species net and the side net. figures: on photos held out of its training.

    shared: the species has too few individuals and uses the net that ships.
    """

    stage: str
    species: str
    fingerprint: str
    photos: int
    individuals: int
    epochs: int
    seconds: float
    figures: dict[str, float]
    calibrated: bool
    shared: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What `train` did. failures: species whose net could not be trained, with the reason. closing: all of it in one line."""

    gallery: Path
    nets: tuple[TrainedNet, ...]
    problems: tuple[Problem, ...]
    failures: tuple[str, ...]
    closing: str = ""


@dataclass(frozen=True, slots=True)
class NearestChange:
    """One photo whose most alike photo of another encounter shows another individual with the new net."""

    photo_id: int
    individual: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SpeciesUpgrade:
    """What the new net means for one species.

    embedded: photos embedded now; those of an interrupted upgrade were there already. left: photos that keep the old net,
    which no search finds until their files are back, each with the reason. compared: photos whose nearest individual was
    looked up with both nets, each against the photos of other encounters; changes: those that it changed for. rank_1: the
    share of those compared, with another encounter of their individual, whose nearest individual is the right one.
    swapped: the species uses the new net now.
    """

    species: str
    before: str
    after: str
    embedded: int
    left: tuple[Problem, ...]
    compared: int
    changes: tuple[NearestChange, ...]
    rank_1_before: float
    rank_1_after: float
    calibration_before: Calibration | None
    calibration_after: Calibration | None
    swapped: bool


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """What `upgrade` found, by species, and whether it was put to use."""

    gallery: Path
    net: str
    species: tuple[SpeciesUpgrade, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The photos that keep the old net."""
        return tuple(problem for one in self.species for problem in one.left)
