"""Options of how photos come in, whichever command they are given to."""

from __future__ import annotations

from dataclasses import dataclass, field

CHANGED = ("tell", "add")


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How photos are made of videos; `read_photos` takes them from the REID_* variables unless they are given."""

    video: str = "every=2"
    """`every=SECONDS`, or `scenes`: where the picture changes (`scenes=SHARE`: by that share of the grey range, on average)."""
    frames: str = ""
    """Folder for the frames; "" = beside each video, NAME.frames."""


@dataclass(frozen=True, slots=True)
class IntakeSettings(VideoSettings):
    """How photos come in, whichever verb they are given to."""

    box_confidence: float | None = None
    """A detector's box counts from here on, in [0, 1]; None = what its file recommends."""
    clocks: tuple[str, ...] = ()
    """Each CAMERA=OFFSET: what to add to that camera's clock."""
    seasons: tuple[str, ...] = ()
    """Each NAME=START..END, or a table with name, start, end; a photo in none of them keeps its own."""
    deployments: str = ""
    """Path of a table of the cameras; its clock offsets and seasons count."""
    side_path: tuple[str, ...] = ()
    """Each left=PATTERN or right=PATTERN, for photos whose path says their side; see `photo_selection.sides_by_path`."""
    device: str = "auto"
    dates: str = field(default="", kw_only=True)
    """How a table's dates as 3/4/2020 are read: day-first or month-first; "" = they are refused."""


@dataclass(frozen=True, slots=True)
class EnrollSettings(IntakeSettings):
    """How labelled photos are enrolled and imported."""

    column: str = ""
    """Use only the rows whose column of this name has the value `only`; "" = all rows."""
    only: str = "train"
    changed: str = "tell"
    """A file that was enrolled with another content: `tell`: report it and leave it, or `add` it as another photo."""
