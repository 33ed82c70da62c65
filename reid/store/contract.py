"""What a gallery is to the rest of the house: protocols in plain records, without a folder and without SQL.

Verbs, steps and measures take these. `store.gallery.Gallery` keeps them in a folder; another store answers the same calls with
the same values, which `tests/store/contract` holds every store to.

Common to all calls: names are compared with their accents composed (NFC). Ids are permanent and never used again. A change is
whole and durable when its call returns, or nothing of it is; it is one entry of the journal and moves `version` and `head`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from reid.records import Calibration, Photo, Sighting, Vectors
from reid.records.gallery import (
    Enrolled,
    EnrolledPhoto,
    Enrollment,
    Found,
    Ids,
    IndividualSummary,
    JournalEntry,
    KeptSighting,
    SpeciesSummary,
    Where,
)
from reid.store.contents.keep_sightings import NotKept
from reid.store.contract_corrections import GalleryHistory, IndividualCorrections, PendingEmbeddings, PhotoCorrections, SideNet
from reid.store.contract_files import FeatureMaps, NetFiles, PhotoFiles, Workspace

ANYWHERE = Where()
"""Every enrolled photo of the species."""


class GalleryContents(Protocol):
    """What is in the gallery."""

    def species(self) -> tuple[SpeciesSummary, ...]:
        """Every species, by name."""

    def individuals(self, species: str | None = None, *, removed: bool = False) -> tuple[IndividualSummary, ...]:
        """Every individual (of one species), or those removed and merged, by species, name and id."""

    def known_individuals(self, species: str, names: Collection[str]) -> frozenset[str]:
        """Those of some names that are individuals of a species now."""

    def photos(
        self, species: str | None = None, individual: str | None = None, *, removed: bool = False
    ) -> tuple[EnrolledPhoto, ...]:
        """The enrolled photos (of one species, of one individual), or those removed, by id."""

    def photos_by_id(self, photo_ids: Sequence[int] | Ids) -> tuple[EnrolledPhoto, ...]:
        """The photos with these ids in this order, also those removed since. Raises UsageError for an id that never was."""

    def find(self, sha256: str, box_key: str = "", species: str | None = None) -> EnrolledPhoto | None:
        """The enrolled photo with this content and box ("" = whole frame), None if there is none."""

    def enrolled_at(self, paths: Sequence[Path]) -> dict[str, tuple[EnrolledPhoto, ...]]:
        """The enrolled photos whose file lay at one of these paths, by path with forward slashes."""

    def enrolled_sightings(self, species: str | None = None) -> tuple[Photo, ...]:
        """Every enrolled animal in a photo (of one species), by photo id, as a record of the intake; origin is "photo 12"."""

    def sightings(self) -> tuple[KeptSighting, ...]:
        """The decisions of queries that were kept, the oldest first."""

    def vectors(self, species: str, fingerprint: str | None = None) -> tuple[Ids, Vectors]:
        """Ids (N,), rising, and embeddings (N, D) of the enrolled photos of a species by one net; None = the current one.

        Raises UsageError: no such species. ModelMismatch: no such net in this gallery.
        """

    def calibration(self, species: str) -> Calibration | None:
        """What was learned about the scores of a species' current net; None if nothing."""

    def embedding_net(self, species: str) -> str | None:
        """Fingerprint of a species' current embedding net; None if it has none or is not in the gallery."""

    def embedding_nets(self) -> dict[str, str]:
        """Fingerprint of the current embedding net of every species that has one, by name of the species."""

    def species_net(self) -> str | None:
        """Fingerprint of the stage-1 net; None if none is set."""

    def head(self) -> int:
        """The seq of the last change, 0 in an empty gallery."""

    def version(self) -> tuple[int, int]:
        """Something that differs after every change, made by this process or another; cheap enough to ask before each query."""


class GallerySearch(Protocol):
    """The gallery searched by cosine."""

    def search(self, species: str, queries: Vectors, k: int, *, where: Where = ANYWHERE, fingerprint: str | None = None) -> Found:
        """Find the k enrolled photos of a species most like each query.

        Args:
            species: its name.
            queries: (Q, D) float32 embeddings, unit length.
            k: photos for each query, at least 1.
            where: which photos may be found.
            fingerprint: of the net that made the queries; None = not checked.

        Returns:
            Scores falling along each row, ties to the lower photo id; -inf and -1 where fewer than k photos pass.

        Raises:
            UsageError: no such species, or k below 1. ShapeError: queries are not (Q, D), finite and of unit length.
            ModelMismatch: the species' net is not `fingerprint`, or has another D.
        """

    def count_individuals(self, species: str, where: Where = ANYWHERE) -> int:
        """How many individuals of a species have a photo that a search may find. Raises UsageError: no such species."""

    def settle(self) -> None:
        """Wait until nothing derived is being written; searches need not wait."""


class GalleryWriting(Protocol):
    """Nets, calibrations, photos and decisions put into the gallery."""

    @property
    def writable(self) -> bool:
        """False where nothing can be written: reading works, whatever writes raises GalleryError."""

    def check_writable(self, what: str) -> None:
        """Raise GalleryError where the gallery cannot be written, with the reason; `what` is the command to repeat."""

    def enroll(self, species: str, fingerprint: str, items: Sequence[Enrollment], *, why: str = "") -> tuple[Enrolled, ...]:
        """Enroll photos under individuals, who are added where they are new. What became of each item, in order.

        A photo is known by its content and its box: the same one again is not enrolled twice. One that has no embedding of the
        net in use is given this one.

        Raises:
            ModelMismatch: fingerprint or dimension are not those of the species' current net.
            ShapeError: a vector is not (D,), not finite, or not of unit length. UsageError: a blank name, no sha256, an unknown
                side. In every case nothing was enrolled.
        """

    def set_embedding_net(
        self, species: str, fingerprint: str, dimension: int, *, calibration: Calibration | None,
        vectors: Mapping[int, NDArray[np.float32]] | None = None, leaving: Collection[int] = (), why: str = "",
        expected: str | None = None,
    ) -> None:
        """Make `fingerprint` the embedding net of a species, which is added if it is new.

        Args:
            species: its name.
            fingerprint: of the net.
            dimension: D, numbers in one of its embeddings.
            calibration: what was learned about this net's scores; it takes the place of any calibration there was.
            vectors: photo id -> (D,) float32, unit length: needed for every enrolled photo of the species that has no
                embedding of this net yet. Embeddings of other nets are kept.
            leaving: ids of photos that may go without one: they stay enrolled, but no search finds them.
            why: for the journal.
            expected: the net that it takes the place of, "" = none; None = whichever is in use.

        Raises:
            ModelMismatch: another net than `expected` is in use by now, enrolled photos would be without an embedding (with
                their number), or the fingerprint is known as another kind of net. Nothing was changed.
            ShapeError: a vector is not (D,), not finite, or not of unit length. UsageError: a blank name, one of no photo here.
        """

    def set_species_net(self, fingerprint: str, *, why: str = "") -> None:
        """Make `fingerprint` the stage-1 net. Raises ModelMismatch if it is an embedding net here."""

    def set_calibrations(self, learned: Mapping[str, tuple[str, Calibration]], *, why: str = "") -> None:
        """Set the thresholds of species: species -> (fingerprint of its net, calibration).

        Raises ModelMismatch where a species is not here or uses another net by now; nothing was changed.
        """

    def add_sightings(self, sightings: Sequence[Sighting], looked_at: Sequence[Path] = ()) -> tuple[NotKept, ...]:
        """Keep the decisions of queries in the place of those of the same animals; those that were not kept, with the reason."""

    def together(self) -> AbstractContextManager[None]:
        """What is written inside is one transaction: all of its entries, or, where an error comes out of it, none."""


class GalleryStore(GalleryContents, GallerySearch, GalleryWriting, PhotoFiles, Protocol):
    """A gallery that is open. May be used from several threads; a context manager that closes it."""

    @property
    def name(self) -> str:
        """What people call it, for titles."""

    @property
    def where(self) -> str:
        """What a person gives as --gallery to open it again."""

    @property
    def identities(self) -> IndividualCorrections:
        """Correcting who is who."""

    @property
    def corrections(self) -> PhotoCorrections:
        """Correcting what photos show."""

    @property
    def sides(self) -> SideNet:
        """The net that predicts sides."""

    @property
    def embeddings(self) -> PendingEmbeddings:
        """Embeddings of a net to come."""

    @property
    def history(self) -> GalleryHistory:
        """The journal."""

    @property
    def nets(self) -> NetFiles:
        """The files of its nets."""

    @property
    def workspace(self) -> Workspace:
        """Folders for what can be made again."""

    def maps(self, fingerprint: str) -> FeatureMaps:
        """The feature maps of enrolled photos by one net, for re-ranking."""

    def log(self, limit: int = 100) -> tuple[JournalEntry, ...]:
        """The last `limit` changes, the newest first."""

    def close(self) -> None:
        """Let go of it. May be called again."""

    def __enter__(self) -> Self:
        """Itself."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close."""
