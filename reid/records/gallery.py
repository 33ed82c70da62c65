"""What goes into a gallery and what comes out of it: frozen records."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid.records.photos import SIDE_NET, Box, Photo
from reid.records.sightings import Sighting

Ids = NDArray[np.int64]
"""Permanent photo ids; -1 = none."""
UNIT = 1e-3
"""A vector whose length is further than this from 1 is none of ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Enrollment:
    """One photo to enroll under one individual.

    sha256: hex digest of the file's bytes; with the photo's box it keeps a photo from being enrolled twice.
    width, height: of the whole upright photo, pixels. vector: (D,) float32, unit length, of the species' current net.
    again: though it was removed from the gallery.
    """

    individual: str
    photo: Photo
    sha256: str
    width: int
    height: int
    vector: NDArray[np.float32]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of one `Enrollment`.

    status "added": enrolled now. "already": it was there, under this individual. "conflict": the same photo is enrolled
    under ANOTHER individual; that one is named in this record and was left as it is. "merged": no enrolled individual has the
    name, and the last that had it was merged into another one, named here; nothing was enrolled (photo_id 0), for a new
    individual of this name would part again what a person put together. "removed": a person took this photo out of the gallery;
    nothing was enrolled, and `removal` says when, by whom and how it comes back. Photos of an enrollment that was undone
    are enrolled again.
    """

    photo_id: int
    individual: str
    status: str
    removal: str = ""


@dataclass(frozen=True, slots=True)
class EnrolledPhoto:
    """One photo of the gallery; "" or None = not known. `path` is where the file was when it was enrolled."""

    id: int
    individual_id: int
    individual: str
    species: str
    path: Path
    near_path: str
    """From the gallery's folder, with forward slashes; `Gallery.locate` uses it when the disk was moved."""
    sha256: str
    box: Box | None
    captured_at: datetime | None
    encounter: str
    camera: str
    side: str
    season: str
    notes: Mapping[str, str]
    width: int
    height: int
    removed: bool = False
    """True for a photo taken out again: its id still says what it was."""

    @property
    def side_predicted(self) -> bool:
        """Whether a net said the side, and nobody else."""
        return bool(self.side and self.notes.get(SIDE_NET))


@dataclass(frozen=True, slots=True)
class KeptSighting:
    """One decision of a query that was kept. seq: of the change that kept it; asking again and the same leaves it.

    species: whose gallery was searched first. individual_id: that was reported, 0 = none.
    """

    id: int
    seq: int
    species: str
    individual_id: int
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class SpeciesSummary:
    """One species of the gallery. sides counts photos by side ("" = not known); first and last are capture times."""

    id: int
    name: str
    fingerprint: str
    """Of the current embedding net; "" if it has none."""
    dimension: int
    individuals: int
    photos: int
    sides: Mapping[str, int]
    seasons: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    calibrated: bool


@dataclass(frozen=True, slots=True)
class IndividualSummary:
    """One individual. sides counts photos by side; seasons and years are those of its photos, sorted."""

    id: int
    species: str
    name: str
    photos: int
    sides: Mapping[str, int]
    seasons: tuple[str, ...]
    years: tuple[int, ...]
    first: datetime | None
    last: datetime | None
    removed: bool = False
    merged_into: int = 0
    """The id of the individual it was merged into; 0 = none."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which enrolled photos a search may return. Empty = all of them.

    side: photos of that side or of unknown side. individuals, seasons, cameras: only these (None = any).
    after, before: captured at or after, captured earlier than; compared by the camera's clock, a time zone is not
    looked at; photos without a date do not pass once either is set.
    exclude_sha256, exclude_encounters: leave these out ("" is no encounter, and excludes nothing).
    """

    side: str = ""
    individuals: frozenset[str] | None = None
    seasons: frozenset[str] | None = None
    cameras: frozenset[str] | None = None
    after: datetime | None = None
    before: datetime | None = None
    exclude_sha256: frozenset[str] = frozenset()
    exclude_encounters: frozenset[str] = frozenset()

    def picks(self) -> bool:
        """True if photos must have something to pass (beside not being excluded)."""
        some = self.individuals is not None or self.seasons is not None or self.cameras is not None
        return bool(self.side) or some or self.after is not None or self.before is not None

    def composed(self) -> Where:
        """The same with names as the gallery keeps them: accents composed (NFC)."""
        if self.individuals is None:
            return self
        return replace(self, individuals=frozenset(unicodedata.normalize("NFC", name) for name in self.individuals))


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The enrolled photos most like each query.

    scores (Q, k) float32: cosine, falling along each row; ties go to the lower photo id. photo_ids (Q, k) int64.
    Where fewer than k photos pass: score -inf and id -1 at the end of the row.
    """

    scores: NDArray[np.float32]
    photo_ids: Ids


@dataclass(frozen=True, slots=True)
class Alteration:
    """One value that a change altered. kind: species, individual, photo, sighting or meta; id: of the thing."""

    kind: str
    id: int
    column: str
    before: str | int | None
    after: str | int | None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change of the gallery: when (UTC), who, the verb, why, and JSON of what was and what is.

    summary: in one line. undoes: the entry that this one undid, undone_by: the one that undid this one; 0 = none.
    """

    seq: int
    at: datetime
    who: str
    what: str
    why: str
    before: str
    after: str
    summary: str = ""
    undoes: int = 0
    undone_by: int = 0
    warnings: tuple[str, ...] = ()
    """Of an undo that was just made: what a person should look at."""


@dataclass(frozen=True, slots=True)
class Detail:
    """An entry with every value it altered. added: how many rows it added, by table."""

    entry: JournalEntry
    altered: tuple[Alteration, ...]
    added: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a change of identities did. seq: of its entry, 0 = there was nothing to change.

    individual: whom it concerns, by its name now, with its permanent id; other: the second one of a merge, a split or a
    move. photo_ids: those that changed. warnings: what a person should look at.
    """

    seq: int
    what: str
    species: str
    individual_id: int
    individual: str
    photo_ids: tuple[int, ...] = ()
    other_id: int = 0
    other: str = ""
    warnings: tuple[str, ...] = ()


def are_unit(vectors: NDArray[np.float32]) -> bool:
    """Whether every row is finite and of unit length."""
    if len(vectors) == 1:
        return bool(abs(vectors[0].dot(vectors[0]) - 1) <= 2 * UNIT)
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("nd,nd->n", vectors, vectors)  # one is within 2 x UNIT where the length is within UNIT
        return bool((np.abs(squares - 1) <= 2 * UNIT).all())
