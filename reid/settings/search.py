"""Options of how a gallery is searched."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How a gallery is searched; `Gallery.open` takes them from the REID_* variables unless they are given."""

    exact_numbers: int = 80_000_000
    """Up to so many numbers (photos times D) of a species every vector is looked at: 312,500 photos at D = 256."""
    probes: int = 640
    """Above it: inverted lists looked into, of about the square root of the number of photos."""
    candidates: int = 384
    """Above it: photos whose vectors themselves are compared, at least."""
    rewrite_photos: int = 1000
    rewrite_share: float = 0.1
    """The cache is written again when the photos changed since are more than both this many and this share of it."""
