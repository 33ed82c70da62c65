"""The part of the contract about files: of nets, of photos, and of what can be made again; see `store.contract`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reid.records.gallery import EnrolledPhoto


class NetFiles(Protocol):
    """The files of nets; `GalleryStore.nets`. A net is known by its fingerprint, 16 hex digits."""

    def path(self, fingerprint: str) -> Path:
        """Its weights as a file of this machine, fetched first where they lie elsewhere; absent if the gallery has none.

        The card lies beside it as .json, and what is exported of the net too.
        """

    def put(self, weights: Path) -> Path:
        """Take a net in, its card lies beside it; durable on return. A copy that is here already and
        differs from these weights is damaged, and is replaced: the caller has checked these.

        Raises NetError: no card, or none of ours.
        """

    def known(self) -> tuple[str, ...]:
        """Fingerprints of the nets whose weights are here, sorted."""


class FeatureMaps(Protocol):
    """Feature maps of enrolled photos by one net, for re-ranking: derived, may be lost at any time."""

    def get(self, photos: Sequence[EnrolledPhoto]) -> dict[int, NDArray[np.float32]]:
        """The (h, w, C) maps that are here, by photo id."""

    def put(self, photos: Sequence[EnrolledPhoto], maps: Mapping[int, NDArray[np.float32]]) -> None:
        """Keep the maps of photos, by their ids."""


class Workspace(Protocol):
    """Folders of this machine for what can be made again; `GalleryStore.workspace`. They may be emptied between two runs."""

    @property
    def checkpoints(self) -> Path:
        """Of trainings that were interrupted."""

    @property
    def cache(self) -> Path:
        """Of decoded photos."""


class PhotoFiles(Protocol):
    """Where the files of enrolled photos are."""

    def locate(self, photo: EnrolledPhoto) -> Path | None:
        """The photo's file on this machine now; None if it is gone. Whether it still shows the same is the caller's to check."""
