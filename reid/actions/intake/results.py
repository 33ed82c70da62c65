"""What enrolling and importing answer with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from reid.records import Problem


@dataclass(frozen=True, slots=True)
class EnrollReport:
    """What `enroll` did.

    added: photos enrolled now, by species. already: photos that were enrolled before, under the same individual.
    unlabelled: photos without species or individual, which cannot be enrolled; `query` can identify them.
    new_individuals: (species, name) of those enrolled for the first time. sides_predicted: photos enrolled now whose side the
    side net predicted, by side. closing: all of it in one line.
    """

    gallery: Path
    added: dict[str, int]
    already: int
    unlabelled: int
    new_individuals: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    sides_predicted: dict[str, int] = field(default_factory=dict)
    closing: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was found. Counts are of photos, a box of a frame being one. first, last: the earliest and the latest date.

    problems_table: where the problems were written; None = nowhere. enrolled: None for a dry run. closing: all in one line.
    """

    photos: int
    labelled: int
    empty: int
    undated: int
    without_camera: int
    sides: dict[str, int]
    species: tuple[str, ...]
    individuals: int
    cameras: tuple[str, ...]
    seasons: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    problems_table: Path | None = None
    enrolled: EnrollReport | None = None
    closing: str = ""
