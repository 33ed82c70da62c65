"""What held-out photos taught about scores: frozen records, and how they are written as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


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


def _size(bounds: Bounds) -> int:
    return bounds.size


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
    """The stated error the threshold was set for: share of queries decided KNOWN with a wrong individual."""
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
        return any(part is not None and part.closer is not None for part in (self, self.left, self.right))

    def bounds_for(self, size: int) -> Bounds:
        """The thresholds where `size` individuals could match: the stricter ones of the two checked sizes around it."""
        if not self.bounds:
            return Bounds(size, self.known_at, self.new_at)
        below = max((checked for checked in self.bounds if checked.size <= size), key=_size, default=self.bounds[0])
        above = min((checked for checked in self.bounds if checked.size >= size), key=_size, default=self.bounds[-1])
        nearer = below if size * size <= below.size * above.size else above  # in the logarithm
        return replace(nearer, size=size, known_at=max(below.known_at, above.known_at), new_at=max(below.new_at, above.new_at))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, the names of the fields."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values |= {"bounds": [bounds.to_json() for bounds in self.bounds], "more_slopes": list(self.more_slopes)}
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
        fields["bounds"] = tuple(Bounds.from_json(bounds) for bounds in values.get("bounds", ()))
        fields["more_slopes"] = tuple(float(number) for number in values.get("more_slopes", ()))
        for part in _PARTS:
            fields[part] = Calibration.from_json(values[part]) if values.get(part) else None
        return Calibration(**fields)
