"""The part of the contract that corrects a gallery and tells its history; see `store.contract`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from reid.records.gallery import Correction, Detail, EnrolledPhoto, JournalEntry
from reid.store.history.purge import Purge


class KnownIndividual(Protocol):
    """An individual as a correction finds it: its permanent id and its name by now."""

    @property
    def id(self) -> int:
        """Permanent, from 1."""

    @property
    def species(self) -> str:
        """Name of its species."""

    @property
    def name(self) -> str:
        """Its name by now."""

    @property
    def merged_into(self) -> int:
        """Id of the individual it was merged into; 0 = none."""


class IndividualCorrections(Protocol):
    """Who is who, corrected; `GalleryStore.identities`. Each raises UsageError with the remedy where it cannot be done."""

    def find(self, individual: str, *, species: str | None = None) -> KnownIndividual:
        """The individual of a name or of an id ("#7"), also one removed or merged."""

    def rename(self, individual: str, name: str, *, species: str | None = None, why: str = "") -> Correction:
        """Give an individual another name, which must be free."""

    def merge(self, individual: str, into: str, *, species: str | None = None, why: str = "") -> Correction:
        """Two individuals are one animal: the photos of the first go to the second; `split` takes it apart again exactly."""

    def split(
        self, individual: str, name: str, *, photos: Sequence[int] = (), species: str | None = None, why: str = ""
    ) -> Correction:
        """One individual is two animals: take a merge apart, or give `photos` to a new individual."""

    def remove(self, individual: str, *, species: str | None = None, why: str = "") -> Correction:
        """Take an individual out with its photos; `restore` brings both back."""

    def restore(self, individual: str, *, species: str | None = None, why: str = "") -> Correction:
        """Bring a removed individual back with the photos that were removed together with it."""


class PhotoCorrections(Protocol):
    """What photos show, corrected; `GalleryStore.corrections`. Each raises UsageError with the remedy where it cannot be done."""

    def move(self, photos: Sequence[int], to: str, *, new: bool = False, why: str = "") -> Correction:
        """Photos show another individual of the same species; new: make it, if there is none of this name."""

    def remove(self, photos: Sequence[int], *, why: str = "") -> Correction:
        """Take photos out; `restore` brings them back."""

    def restore(self, photos: Sequence[int], *, to: str | None = None, why: str = "") -> Correction:
        """Bring removed photos back to the individual they were with, or to another one."""

    def correct(
        self, photos: Sequence[int], *, side: str | None = None, captured_at: datetime | Literal[""] | None = None,
        camera: str | None = None, encounter: str | None = None, season: str | None = None, why: str = "",
    ) -> Correction:
        """Correct what is known of photos; None leaves a fact as it is, "" says that it is not known."""

    def predict_sides(self, sides: Mapping[int, tuple[str, float]], fingerprint: str, *, why: str = "") -> Correction:
        """The sides that a net sees: photo id -> (left or right, how sure in [0, 1]); a side that is known stays."""


class SideNet(Protocol):
    """The net that predicts sides; `GalleryStore.sides`."""

    def net(self) -> str | None:
        """Fingerprint of the side net; None if none is set."""

    def use_net(self, fingerprint: str, *, why: str = "") -> None:
        """Make `fingerprint` the side net. Raises ModelMismatch if it is an embedding net here."""


class PendingEmbeddings(Protocol):
    """Embeddings of a net to come, beside those in use; `GalleryStore.embeddings`."""

    def missing(self, species: str, fingerprint: str | None = None) -> tuple[EnrolledPhoto, ...]:
        """The enrolled photos without an embedding of a net, by id; None = of the current net. Raises UsageError."""

    def add(self, species: str, fingerprint: str, dimension: int, vectors: Mapping[int, NDArray[np.float32]]) -> None:
        """Keep embeddings (photo id -> (D,) float32, unit length); one that is here already is left as it is.

        Raises UsageError: no such species, or no photo of it. ModelMismatch: another kind of net. ShapeError: no vector.
        """


class GalleryHistory(Protocol):
    """What was changed, by whom, and undoing it; `GalleryStore.history`."""

    def log(self, limit: int = 100, *, individual_id: int | None = None) -> tuple[JournalEntry, ...]:
        """The last `limit` changes (that concern one individual), the newest first."""

    def detail(self, seq: int) -> Detail:
        """One entry with every value it altered. Raises UsageError: no such entry."""

    def clocks(self) -> tuple[str, ...]:
        """Entries whose clock was wrong, a sentence each: the order of the journal counts, not its dates."""

    def undo(self, seq: int | None = None, *, why: str = "") -> JournalEntry:
        """Take one change back, by a change of its own; None = the last that was not undone.

        Raises UsageError: no such entry, or none is left. UndoConflict: a later entry builds on it, which is named.
        """

    def undo_to(self, seq: int, *, why: str = "") -> tuple[JournalEntry, ...]:
        """Undo all that was changed after an entry, the newest first: all of it, or nothing.

        Raises UsageError: no such entry, nothing to undo, or a purge after it. UndoConflict: as `undo`.
        """

    def purge(
        self, *, before: datetime | date | None = None, old_vectors: bool = False, only_plan: bool = False, why: str = "",
        until: int = 0,
    ) -> Purge:
        """Delete for good what was removed: the only real delete, which cannot be undone. Merged individuals stay."""
