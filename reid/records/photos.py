"""Photos as they come in and as pixels, and what was wrong with one: frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

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
    exif_read: bool = field(default=False, compare=False)
    """Whether date and camera were looked for: nobody opens the file for them again."""

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
