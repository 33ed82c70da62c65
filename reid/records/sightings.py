"""What the steps hand to each other: frozen records, in the words of the glossary (README, "Words")."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # numpy is not loaded for `reid --help`
    import numpy as np
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"
"""(N, D) float32, every row of unit length."""
Pixels: TypeAlias = "NDArray[np.uint8]"
"""(H, W, 3) uint8, RGB, upright."""
Size: TypeAlias = tuple[int, int]
"""(height, width) in pixels."""

SIDES = ("left", "right", "")
"""Which flank a photo shows; "" = not known or neither."""
SIDE_NET, SIDE_PROBABILITY = "side_net", "side_probability"
"""Notes of a photo whose side a net predicted: the net's fingerprint, and how sure it was, in [0, 1]."""
EMPTY = "empty"
"""The species name of a frame that shows no animal."""
MISSING = ("", "NA", "NaN", "nan")
"""What R, pandas and Camtrap DP write for an empty cell: a name like this would be lost to their readers."""
UNKNOWN_SPECIES = "unknown"
"""The species name of a photo that stage 1 could not place."""


class Outcome(StrEnum):
    """What was decided about one sighting."""

    KNOWN = "known"
    REVIEW = "review"
    NEW = "new"
    UNKNOWN_SPECIES = "unknown_species"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Box:
    """Where the animal is in the upright photo: left, top, width, height as fractions of the frame, each in [0, 1]."""

    x: float
    y: float
    width: float
    height: float

    def key(self) -> str:
        """Text that is equal for equal boxes, to five decimals."""
        return f"{self.x:.5f},{self.y:.5f},{self.width:.5f},{self.height:.5f}"


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo on disk with what its manifest, its folder or its EXIF says of it; "" or None = not known."""

    path: Path
    species: str = ""
    individual: str = ""
    captured_at: datetime | None = None
    encounter: str = ""
    camera: str = ""
    side: str = ""
    season: str = ""
    box: Box | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    """Every other column of the manifest, by name (split columns too)."""
    origin: str = ""
    """Where this record comes from, for messages: "photos.csv, row 12" or the folder."""
    exif_read: bool = field(default=False, compare=False)  # date and camera were looked for: nobody opens the file for them again

    @property
    def side_predicted(self) -> bool:
        """Whether a net said the side, and nobody else."""
        return bool(self.side and self.notes.get(SIDE_NET))

    def column(self, name: str) -> str:
        """The value of a manifest column that is no field of its own; "" if absent, or if the cell says that it is (MISSING)."""
        value = self.notes.get(name, "")
        return "" if value in MISSING else value


@dataclass(frozen=True, slots=True)
class Problem:
    """One input that could not be used: which, why, and where it was named.

    column: of the table, where it lies in one cell; the reason then begins with its name.
    """

    path: str
    reason: str
    origin: str = ""
    column: str = ""

    def __str__(self) -> str:
        """One line for the user."""
        where = f" ({self.origin})" if self.origin else ""
        return f"{self.path}{where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Season:
    """A named span of days, both ends in it."""

    name: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Deployment:
    """One camera at one place for a span of days, both ends in it.

    Position: latitude and longitude in degrees (WGS 84), or x and y in metres of a projection; None = not known.
    off: days within the span on which it did not work.
    """

    camera: str
    start: date
    end: date
    latitude: float | None = None
    longitude: float | None = None
    x: float | None = None
    y: float | None = None
    off: frozenset[date] = frozenset()
    season: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Every other column of the table, by name."""

    def works(self, day: date) -> bool:
        """Whether the camera worked on that day."""
        return self.start <= day <= self.end and day not in self.off


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded photo.

    pixels: (H, W, 3) uint8 RGB, upright, cropped to the box if one was given, perhaps scaled down while decoding.
    sha256: hex digest of the file's bytes. width, height: of the whole upright photo in pixels before any scaling.
    inputs: the same, squashed to each size that a net asked for, straight from what was decoded.
    """

    pixels: Pixels
    sha256: str
    width: int
    height: int
    captured_at: datetime | None = None
    camera: str = ""
    inputs: Mapping[Size, Pixels] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class Bounds:
    """The thresholds for a gallery in which `size` individuals could match; see `Calibration` for both.

    With o the odds against "nobody enrolled is shown" at even priors, slope ln o + intercept is the ln of how many times likelier
    that is of an enrolled animal than of one never enrolled; and where the probability of nobody reaches the first of a pair of
    `missed`, it is never taken for less than the second: more was not held out. () = not known, of an older reid.
    """

    size: int
    known_at: float
    new_at: float
    slope: float = 1.0
    intercept: float = 0.0
    missed: tuple[tuple[float, float], ...] = ()

    def to_json(self) -> list[Any]:
        """A row of numbers and pairs, as short as an older reid wrote it where it knew no more."""
        learned = [self.slope, self.intercept, [list(pair) for pair in self.missed]] if self.missed else []
        return [self.size, self.known_at, self.new_at, *learned]

    @staticmethod
    def from_json(row: Sequence[Any]) -> Bounds:
        """The record that `to_json` wrote, of an older reid too."""
        size, known_at, new_at, slope, intercept, missed = (*row, 1.0, 0.0, ()) if len(row) == 3 else row
        return Bounds(int(size), known_at, new_at, slope, intercept, tuple((at, lost) for at, lost in missed))


_PARTS = ("left", "right", "closer")
"""Fields of a calibration that are calibrations."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What held-out photos of one species taught about the scores of one embedding net.

    The evidence of a score s that two photos show the same individual is ln LR(s) = min(slope * s + intercept, ceiling),
    natural logarithm of P(s | same individual) / P(s | another individual). `steps.decision` turns the evidence of a whole
    shortlist into probabilities that know the gallery's size.
    """

    slope: float
    intercept: float
    ceiling: float
    """The largest ln LR the held-out comparisons can support: no score proves more than was seen."""
    known_at: float
    """KNOWN needs at least this probability, in (0, 1], whatever the gallery's size; a value on the bound counts as reached."""
    new_at: float
    """NEW needs at least this probability that nobody enrolled is shown, whatever the gallery's size."""
    prior: float
    """Share of queries taken to show an enrolled animal, in (0, 1)."""
    max_false_match: float
    """The stated error the threshold was set for: share of queries told KNOWN with a wrong individual."""
    false_match: float
    """The same share as measured on the held-out photos with these thresholds, cross-validated by individual."""
    false_new: float
    """Share of enrolled animals called NEW, on the same photos."""
    individuals: int
    photos: int
    comparisons: int
    checked_up_to: int = 0
    """So many individuals may be enrolled before chance look-alikes outgrow what was held out; 0 = not known."""
    bounds: tuple[Bounds, ...] = ()
    """By rising size of the gallery; known_at and new_at are the largest of them. () = the same for every size."""
    more_slopes: tuple[float, ...] = ()
    """Of further kinds of score beside the cosine, in ln LR for each unit; () = the cosine alone is used."""
    left: Calibration | None = None
    right: Calibration | None = None
    """Of photos of one side, where enough of them were held out; None = this one serves that side, too."""
    closer: Calibration | None = None
    """Of individuals that a closer look was taken at, by cosine and place-by-place score; None = it showed no gain, or was not
    tried."""

    def of_side(self, side: str) -> Calibration:
        """The calibration for photos of a side; this one where the side has none of its own or is not known."""
        return {"left": self.left, "right": self.right}.get(side) or self

    @property
    def looks_closer(self) -> bool:
        """Whether closer looks are calibrated, for some side at least."""
        return any(one is not None and one.closer is not None for one in (self, self.left, self.right))

    def bounds_for(self, size: int) -> Bounds:
        """The thresholds where `size` individuals could match: the stricter ones of the two checked sizes around it."""
        if not self.bounds:
            return Bounds(size, self.known_at, self.new_at)
        below = max((one for one in self.bounds if one.size <= size), key=lambda one: one.size, default=self.bounds[0])
        above = min((one for one in self.bounds if one.size >= size), key=lambda one: one.size, default=self.bounds[-1])
        nearer = below if size * size <= below.size * above.size else above  # in the logarithm
        return replace(nearer, size=size, known_at=max(below.known_at, above.known_at), new_at=max(below.new_at, above.new_at))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, the names of the fields."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values |= {"bounds": [one.to_json() for one in self.bounds], "more_slopes": list(self.more_slopes)}
        return values | {part: values[part].to_json() if values[part] else None for part in _PARTS}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Calibration:
        """The record that `to_json` wrote, of an older reid too. Raises KeyError where a field it always had is missing."""
        whole = ("individuals", "photos", "comparisons")
        fields: dict[str, Any] = {
            name: int(values[name]) if name in whole else float(values[name])
            for name, about in Calibration.__dataclass_fields__.items() if about.default is dataclasses.MISSING
        }
        fields["checked_up_to"] = int(values.get("checked_up_to", 0))
        fields["bounds"] = tuple(Bounds.from_json(one) for one in values.get("bounds", ()))
        fields["more_slopes"] = tuple(float(one) for one in values.get("more_slopes", ()))
        for part in _PARTS:
            fields[part] = Calibration.from_json(values[part]) if values.get(part) else None
        return Calibration(**fields)
