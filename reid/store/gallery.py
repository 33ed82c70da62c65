"""A gallery on disk, `indexes/<name>/`: the one thing of the store that other layers use."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType

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
from reid.settings import SearchSettings, resolve
from reid.store.catalog.catalog import Catalog
from reid.store.contents import keep_sightings, reading, writing
from reid.store.contents.correct_individuals import Identities
from reid.store.contents.correct_photos import Corrections
from reid.store.contents.pending_embeddings import Embeddings
from reid.store.contents.side_net import Sides
from reid.store.contents.sightings import kept_sightings, known_sighting
from reid.store.contents.stage_nets import net_of
from reid.store.contract import ANYWHERE
from reid.store.history import as_of as past
from reid.store.history.journal import History
from reid.store.integrity import Checkup
from reid.store.layout import manifest
from reid.store.layout.folder import CACHE, CATALOG, MANIFEST, NETS, open_catalog
from reid.store.layout.net_folder import LocalWorkspace, NetFolder
from reid.store.search import vector_source
from reid.store.search.feature_maps import MapCache
from reid.store.search.searcher import Searches
from reid.store.sync.exchange import Exchange

BUSY_SECONDS = 30.0
"""How long a writer waits for another one. SQLite is not fair to waiters: four busy writers made one wait 4 s."""


class Gallery:
    """The known individuals of one or more species, with their photos and embeddings.

    May be used from several threads and several processes at once. Ids are permanent. Everything written is on the disk
    when the call returns, or nothing of it is. Use as a context manager, or call `close`.
    """

    def __init__(self, folder: Path, catalog: Catalog, search: SearchSettings, *, cache: Path | None = None) -> None:
        """Use `Gallery.open`."""
        self.folder = folder
        self.nets_folder = folder / NETS
        self.cache_folder = cache or folder / CACHE
        self.nets = NetFolder(self.nets_folder)
        self.workspace = LocalWorkspace(self.nets_folder, self.cache_folder)  # what can be made again
        self._catalog = catalog
        self.history = History(catalog, self._publish, self.cache_folder)  # what was changed, and undoing it
        self.identities = Identities(catalog, self._publish)  # correcting who is who
        self.corrections = Corrections(catalog, self._publish)  # correcting what photos show
        self.sides = Sides(catalog, self._publish)  # the net that predicts them, and what it predicted
        self.embeddings = Embeddings(catalog, self._publish)  # of a net to come, beside those in use
        self.checkup = Checkup(catalog, self.cache_folder)  # whether the gallery is whole
        self.exchange = Exchange(catalog, self.folder, self._publish)  # copies, and other replicas
        self._searches = Searches(catalog, self.cache_folder, search)
        self._cleared: Callable[[], None] = lambda: None

    @classmethod
    def open(
        cls, folder: Path, *, create: bool = False, wait: float = BUSY_SECONDS, as_of: datetime | date | None = None,
        search: SearchSettings | None = None, who: str | None = None,
    ) -> Gallery:
        """Open the gallery in `folder`, for reading only where the folder cannot be written.

        Args:
            folder: of the gallery, e.g. indexes/serengeti.
            create: make a gallery there if there is none; the folder must then be empty or absent.
            wait: seconds to wait for another process that is writing.
            as_of: show the gallery as it was at that moment (a day: at its end), for reading only.
            search: how it is searched; None = by the REID_* variables and the defaults.
            who: whose changes the journal names; None = REID_USER, else the login name.

        Raises:
            UsageError: `as_of` is before the gallery's first change.
            GalleryError: no gallery, not whole, damaged, or (create) the folder holds other things.
            GalleryTooNew: written by a newer reid; nothing was changed.
            GalleryBusy: another process held the catalogue for longer than `wait`.
        """
        search = resolve(SearchSettings(), {}) if search is None else search
        folder = Path(folder).absolute()
        catalog = open_catalog(folder, create=create, wait=wait)
        catalog.user = who
        try:
            if as_of is not None:
                past.show_as_of(catalog, past.seq_at(catalog, as_of))
        except BaseException:
            catalog.close()
            raise
        if as_of is None:
            return cls(folder, catalog, search)
        aside = tempfile.TemporaryDirectory(prefix="reid-as-of-", ignore_cleanup_errors=True)
        gallery = cls(folder, catalog, search, cache=Path(aside.name))  # what is made of that day must not replace today's
        gallery._cleared = aside.cleanup
        return gallery

    @staticmethod
    def exists(folder: Path) -> bool:
        """Whether there is a gallery in `folder`; nothing is made or read."""
        return (Path(folder) / CATALOG).exists()

    def close(self) -> None:
        """Let go of the files, once a cache that is being written is whole. May be called again."""
        self._searches.close()
        self._catalog.close()
        self._cleared()

    def __enter__(self) -> Gallery:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close."""
        self.close()

    def maps(self, fingerprint: str) -> MapCache:
        """The feature maps of enrolled photos that are kept for re-ranking by one net."""
        return MapCache(self.cache_folder / f"{fingerprint}.maps")

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def where(self) -> str:
        """Its folder, as a person gives it to open the gallery again."""
        return str(self.folder)

    @property
    def writable(self) -> bool:
        """False where the folder cannot be written: reading works, whatever writes raises GalleryError."""
        return self._catalog.writable

    def check_writable(self, what: str) -> None:
        """Raise GalleryError where the gallery cannot be written, with the reason; `what` is the command to repeat."""
        self._catalog.check_writable(what)

    def species_net(self) -> str | None:
        """Fingerprint of the stage-1 net; None if none is set."""
        return net_of(self._catalog, "species_net")

    def embedding_net(self, species: str) -> str | None:
        """Fingerprint of a species' current embedding net; None if it has none or is not in the gallery."""
        found = reading.species_rows(self._catalog, _composed(species))
        return found[0].fingerprint or None if found else None

    def embedding_nets(self) -> dict[str, str]:
        """Fingerprint of the current embedding net of every species that has one, by name of the species."""
        return {row.name: row.fingerprint for row in reading.species_rows(self._catalog) if row.fingerprint}

    def calibration(self, species: str) -> Calibration | None:
        """What was learnt about the scores of a species' current net; None if nothing."""
        found = reading.species_rows(self._catalog, _composed(species))
        return reading.calibration_of(found[0]) if found else None

    def set_species_net(self, fingerprint: str, *, why: str = "") -> None:
        """Make `fingerprint` the stage-1 net. Raises ModelMismatch if it is an embedding net here."""
        writing.set_stage_net(self._catalog, "species_net", fingerprint, why)
        self._publish()

    def set_embedding_net(
        self,
        species: str,
        fingerprint: str,
        dimension: int,
        *,
        calibration: Calibration | None,
        vectors: Mapping[int, NDArray[np.float32]] | None = None,
        leaving: Collection[int] = (),
        why: str = "",
        expected: str | None = None,
    ) -> None:
        """Make `fingerprint` the embedding net of a species, which is added if it is new; see `contract.GalleryWriting`."""
        writing.set_embedding_net(
            self._catalog, species, fingerprint, dimension, calibration, vectors, leaving, why, expected
        )
        self._publish()

    def set_calibrations(self, learned: Mapping[str, tuple[str, Calibration]], *, why: str = "") -> None:
        """Set the thresholds of species: species -> (fingerprint of its net, calibration). One transaction.

        Raises ModelMismatch where a species is not here or uses another net by now; nothing was changed.
        """
        writing.set_calibrations(self._catalog, learned, why)
        self._publish()

    def enroll(
        self, species: str, fingerprint: str, items: Sequence[Enrollment], *, why: str = ""
    ) -> tuple[Enrolled, ...]:
        """Enroll photos under individuals, who are added where they are new; see `contract.GalleryWriting`."""
        results = writing.enroll(self._catalog, self.folder, species, fingerprint, items, why)
        if any(one.status == "added" for one in results):
            self._publish()
        return results

    def species(self) -> tuple[SpeciesSummary, ...]:
        """Every species of the gallery, by name."""
        return reading.species_summaries(self._catalog)

    def individuals(self, species: str | None = None, *, removed: bool = False) -> tuple[IndividualSummary, ...]:
        """Every individual (of one species), or those removed and merged, by species and name."""
        return reading.individual_summaries(self._catalog, _composed(species), removed)

    def known_individuals(self, species: str, names: Collection[str]) -> frozenset[str]:
        """Those of some names that are individuals of a species, as the gallery writes them; however many others it has."""
        return reading.known_individuals(self._catalog, writing.canonical(species), [writing.canonical(name) for name in names])

    def photos(
        self, species: str | None = None, individual: str | None = None, *, removed: bool = False
    ) -> tuple[EnrolledPhoto, ...]:
        """The enrolled photos (of one species, of one individual), or those removed, by id."""
        return reading.photos(self._catalog, _composed(species), _composed(individual), removed)

    def photo(self, photo_id: int) -> EnrolledPhoto:
        """The photo with this id, also one removed since. Raises UsageError for an id that never was."""
        return self.photos_by_id([photo_id])[0]

    def photos_by_id(self, photo_ids: Sequence[int] | Ids) -> tuple[EnrolledPhoto, ...]:
        """The photos with these ids in this order, also those removed since. Raises UsageError for an id that never was."""
        return reading.photos_by_id(self._catalog, [int(number) for number in photo_ids])

    def find(self, sha256: str, box_key: str = "", species: str | None = None) -> EnrolledPhoto | None:
        """The enrolled photo with this content and box ("" = whole frame), None if there is none."""
        return reading.find(self._catalog, sha256, box_key, _composed(species))

    def enrolled_at(self, paths: Sequence[Path]) -> dict[str, tuple[EnrolledPhoto, ...]]:
        """The enrolled photos whose file lay at one of these paths, by path with forward slashes."""
        return self.checkup.enrolled_at(paths)

    def enrolled_sightings(self, species: str | None = None) -> tuple[Photo, ...]:
        """Every enrolled animal in a photo (of one species), by photo id: what is known of who was seen, where and when.

        Fields as in `records.Photo`: path (where the file is now; where it was, if it is gone), species, individual, captured_at,
        encounter, camera, side, season ("" where enrolling filled in the year), box, and notes, the manifest's
        other columns (`side_net` where a net predicted the side). origin is "photo 12", its id.
        """
        return tuple(known_sighting(one, self.locate(one) or one.path) for one in self.photos(species))

    def locate(self, photo: EnrolledPhoto) -> Path | None:
        """Where the photo's file is now: as when it was enrolled, or in the same place seen from the gallery."""
        near = [self.folder / photo.near_path] if photo.near_path else []
        return next((path.resolve() for path in (photo.path, *near) if path.is_file()), None)

    def vectors(self, species: str, fingerprint: str | None = None) -> tuple[Ids, Vectors]:
        """Ids (N,), rising, and embeddings (N, D) of the enrolled photos of a species.

        Args:
            species: its name.
            fingerprint: of the net; None = the current one. An older net has vectors of the photos of its time only.

        Raises:
            UsageError: no such species. ModelMismatch: no such net in this gallery.
        """
        return vector_source.vectors_of(self._catalog, _composed(species), fingerprint)

    def search(
        self, species: str, queries: Vectors, k: int, *, where: Where = ANYWHERE, fingerprint: str | None = None
    ) -> Found:
        """Find the k enrolled photos of a species most like each query; see `contract.GallerySearch`.

        Commits of other processes are seen. A query has the same answer alone and in any batch, number by number.
        """
        return self._searches.search(_composed(species), queries, k, where.composed(), fingerprint)

    def count_individuals(self, species: str, where: Where = ANYWHERE) -> int:
        """How many individuals of a species have a photo that a search may find. Raises UsageError: no such species."""
        return self._searches.count_individuals(_composed(species), where.composed())

    def settle(self) -> None:
        """Wait until no cache is being written. Searches need not wait: they go on with what was there before."""
        self._searches.settle()

    def add_sightings(self, sightings: Sequence[Sighting], looked_at: Sequence[Path] = ()) -> tuple[keep_sightings.NotKept, ...]:
        """Keep the decisions of queries, in one transaction, in the place of those of the same animals; see `keep_sightings`."""
        return keep_sightings.keep_sightings(self._catalog, sightings, looked_at)

    def sightings(self) -> tuple[KeptSighting, ...]:
        """The decisions that were kept, the oldest first. Raises GalleryError: of the day shown some were purged since."""
        return kept_sightings(self._catalog)

    def head(self) -> int:
        """The seq of the last change, 0 in an empty gallery; it moves with every change."""
        return self._catalog.head()

    def version(self) -> tuple[int, int]:
        """Something that differs after every change, ours or another process'; 5 microseconds."""
        return self._catalog.version()

    def log(self, limit: int = 100) -> tuple[JournalEntry, ...]:
        """The last `limit` changes, the newest first."""
        return self.history.log(limit)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is one transaction: all of its entries, or, where an error comes out of it, none."""
        with self._catalog.together():
            yield
        self._publish()

    def _publish(self) -> None:
        if not self._catalog.gathering:
            manifest.publish(self._catalog, self.folder / MANIFEST)


def _composed(name: str | None) -> str:
    return unicodedata.normalize("NFC", name) if name is not None else None  # type: ignore[return-value]
