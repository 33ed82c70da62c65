"""The flow photo -> species -> embedding -> search -> decision -> sighting, over one gallery as it was at one moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from reid.errors import UsageError
from reid.formats.readers.megadetector import FOUND_NOTHING
from reid.nets import inference, net_files
from reid.records import EMPTY, Calibration, Photo, Problem, Sighting, Size, SpeciesGuess, Vectors
from reid.settings import QuerySettings
from reid.steps import species as species_step
from reid.steps.embedded_photos import EmbeddedPhoto, classify, embedded_photos, opened_batches, sizes_of
from reid.steps.encounters import encounters
from reid.steps.photos import Opened, dated
from reid.steps.reranking import Reranker
from reid.steps.search import SHORTLIST, Shortlist, ShortlistQuery, comparable, eligible, shortlist
from reid.steps.side import sided
from reid.steps.sightings import SearchContext, SearchedPhoto, sight
from reid.store import Map, Where
from reid.store.contract import GalleryStore

OnDecided = Callable[[Sequence[SearchedPhoto], Sighting], None]
"""Called with every decision and the searched photos that it rests on."""


class Identifier:
    """Identifies photos by the nets, calibrations and numbers of individuals that a gallery had when this was made.

    May be used by several threads at once. For a gallery that changes meanwhile see `identification.Identification`.
    """

    def __init__(
        self, gallery: GalleryStore, settings: QuerySettings, where: Where | None = None, *, before: Identifier | None = None
    ) -> None:
        """Load the species net; embedding nets are loaded when a photo is first routed to them.

        Args:
            gallery: open.
            settings: how to identify.
            where: restrict which enrolled photos may match (the side of each query is added to it).
            before: of the same gallery at an earlier moment: its feature maps are used again where the net is the same.

        Raises:
            UsageError: an unknown species was given, there is no species net and several species, or `settings.returning` is
                no share.
        """
        if not 0.0 <= settings.returning < 1.0:
            raise UsageError(f"returning is {settings.returning:g}; wanted a share in (0, 1), or 0 where it is not known")
        self.gallery, self.settings, self.where = gallery, settings, where or Where()
        self.enrolled, calibrations = _nets_and_calibrations(gallery)
        self.only_species = settings.species
        if self.only_species and self.only_species not in self.enrolled:
            raise UsageError(
                f"species {self.only_species!r} is not in the gallery; there are {sorted(self.enrolled) or 'none'}"
            )
        self.species_net = None
        fingerprint = gallery.species_net()
        if not self.only_species and fingerprint is not None:
            self.species_net = inference.load(gallery.nets.path(fingerprint), settings.device)
        elif not self.only_species:
            self.only_species = _only_species(self.enrolled)
        side_net = gallery.sides.net()
        self.side_net = inference.load(gallery.nets.path(side_net), settings.device) if side_net else None
        self.nets = {name: gallery.nets.path(fingerprint) for name, fingerprint in self.enrolled.items()}
        returning = dict.fromkeys(self.enrolled, settings.returning) if settings.returning else {}
        self.known = SearchContext(calibrations, dict(self.enrolled), returning)
        self.counts: dict[tuple[str, str], tuple[int, float]] = {}
        self._lock = threading.Lock()
        self._rerankers = before.rerankers_of(self.enrolled) if before else {}

    def closer(self, species: str) -> Reranker:
        """Re-ranking of the photos of a species; it keeps their maps as long as this object lives."""
        with self._lock:
            if species not in self._rerankers:
                self._rerankers[species] = Reranker(self.gallery, inference.load(self.nets[species], self.settings.device))
            return self._rerankers[species]

    def rerankers_of(self, nets: Mapping[str, str]) -> dict[str, Reranker]:
        """Those made so far for species that have the same net in `nets`, fingerprints by species."""
        with self._lock:
            return {name: one for name, one in self._rerankers.items() if nets.get(name) == self.enrolled[name]}

    def identify(
        self, photos: Sequence[Photo], on_decided: OnDecided | None = None
    ) -> Iterator[tuple[int, Sighting | Problem]]:
        """Identify photos; yields (photos done, decision or problem).

        With `settings.encounters` the photos of an encounter are taken together, in the order of their first photos.

        Args:
            photos: whose labels are not looked at.
            on_decided: called with every decision and all that it rests on, before it is yielded.
        """
        waiting: list[SearchedPhoto] = []
        done = 0
        for done, item in self.search(photos):
            if isinstance(item, Problem):
                yield done, item
                continue
            if waiting and not (self.settings.encounters and waiting[0].encounter == item.encounter):
                yield done, self._decided(waiting, on_decided)
                waiting = []
            waiting.append(item)
        if waiting:
            yield done, self._decided(waiting, on_decided)

    def search(self, photos: Sequence[Photo]) -> Iterator[tuple[int, SearchedPhoto | Problem]]:
        """Both stages for each photo, nothing decided yet; yields (photos done, searched photo or problem)."""
        ordered = self._in_order(photos)
        names = iter([encounter for _, encounter in ordered])
        done = 0
        for batch in opened_batches((photo for photo, _ in ordered), self._sizes(), batch=self.settings.batch):
            encounter = [next(names) for _ in batch]
            searched = iter(self._searched_batch(
                [(item, name) for item, name in zip(batch, encounter, strict=True) if isinstance(item, Opened)]
            ))  # fmt: skip
            for item in batch:
                done += 1
                yield done, item if isinstance(item, Problem) else next(searched)

    def _decided(self, searched: Sequence[SearchedPhoto], on_decided: OnDecided | None) -> Sighting:
        decision = sight(searched, self.known, top=self.settings.top)
        if on_decided is not None:
            on_decided(searched, decision)
        return decision

    def _in_order(self, photos: Sequence[Photo]) -> list[tuple[Photo, str]]:
        """Photos without their labels, with their encounters; encounter by encounter where each gets one decision."""
        anonymous = [
            replace(photo, side=photo.side or self.settings.side, species="", individual="") for photo in dated(photos)
        ]
        groups = encounters(anonymous, minutes=self.settings.encounter_minutes)
        pairs = list(zip(anonymous, groups, strict=True))
        if not self.settings.encounters:
            return pairs
        first: dict[str, int] = {}
        for row, group in enumerate(groups):
            first.setdefault(group, row)
        return sorted(pairs, key=lambda pair: first[pair[1]])

    def _sizes(self) -> tuple[Size, ...]:
        """Of every net that a photo may meet: it is decoded once for all of them, though most may never be loaded."""
        cards = [net_files.read_card(path) for path in sorted(set(self.nets.values()))]
        return sizes_of(self.species_net, *cards, self.side_net)

    def _searched_batch(self, batch: Sequence[tuple[Opened, str]]) -> list[SearchedPhoto]:
        """Both stages for photos with their encounters: species of all at once, then each species' photos through its net."""
        opened = [item for item, _ in batch]
        guesses = self._route(opened)
        opened = sided(self.side_net, opened, [guess.name for guess in guesses])
        wanted = [species_step.galleries(guess, tuple(self.enrolled), self.settings) for guess in guesses]
        embedded = self._embedded(opened, wanted)
        return [
            self._searched(item, encounter, guess, by_species)
            for item, (_, encounter), guess, by_species in zip(opened, batch, guesses, embedded, strict=True)
        ]

    def _embedded(self, opened: Sequence[Opened], wanted: Sequence[tuple[str, ...]]) -> list[dict[str, EmbeddedPhoto]]:
        """Each photo embedded by the net of each species that is wanted for it, by species in the order wanted."""
        answers: list[dict[str, EmbeddedPhoto]] = [{} for _ in opened]
        with_net = [[name for name in names if name in self.nets] for names in wanted]
        for name in sorted({name for names in with_net for name in names}):
            rows = [row for row, names in enumerate(with_net) if name in names]
            net = inference.load(self.nets[name], self.settings.device)
            for row, item in zip(rows, embedded_photos(net, [opened[row] for row in rows], maps=True), strict=True):
                answers[row][name] = item
        return [{name: by_species[name] for name in names} for by_species, names in zip(answers, with_net, strict=True)]

    def _route(self, opened: Sequence[Opened]) -> list[SpeciesGuess]:
        """Stage 1: the species of each photo; what the detector says is empty is not shown to the net."""
        nothing = [all(item.photo.column(name) == value for name, value in FOUND_NOTHING.items()) for item in opened]
        asked = [item for item, none in zip(opened, nothing, strict=True) if not none]
        if self.species_net is None:
            guesses = [SpeciesGuess(self.only_species, 1.0, (), "species given")] * len(asked)
        else:
            answer = classify(self.species_net, [item.picture for item in asked]) if asked else None
            boxed = [item.photo.box is not None for item in asked]
            guesses = species_step.route(self.species_net.card, answer, self.settings, boxed) if answer else []
        rest = iter(guesses)
        return [SpeciesGuess(EMPTY, 1.0, (), "the detector found no animal") if none else next(rest) for none in nothing]

    def _searched(
        self, item: Opened, encounter: str, guess: SpeciesGuess, embedded: Mapping[str, EmbeddedPhoto]
    ) -> SearchedPhoto:
        """One photo searched in the galleries of the species that it was embedded for."""
        photo, sha256 = item.photo, item.picture.sha256
        already = self.gallery.find(sha256, photo.box.key() if photo.box else "") if embedded else None
        where = replace(
            self.where,
            side=photo.side,
            exclude_sha256=self.where.exclude_sha256 | {sha256},
            exclude_encounters=self.where.exclude_encounters | ({photo.encounter} if already else frozenset()),
        )
        vectors: dict[str, Vectors] = {name: np.ascontiguousarray(one.vector[None]) for name, one in embedded.items()}
        lists = tuple(
            self._shortlist(name, vectors[name], where, one.map, photo.captured_at) for name, one in embedded.items()
        )
        size = item.picture.width, item.picture.height
        return SearchedPhoto(photo, sha256, encounter, guess, lists, already, vectors, size)

    def _shortlist(self, species: str, vector: Vectors, where: Where, place: Map | None, when: datetime | None) -> Shortlist:
        """The individuals of a species most like a photo, re-ranked by its feature map where that helps."""
        key = (species, where.side)
        if key not in self.counts:
            self.counts[key] = (eligible(self.gallery, species, where), comparable(self.gallery, species, where))
        enrolled, share = self.counts[key]
        wanted = max(SHORTLIST, self.settings.top, self.settings.rerank)
        question = ShortlistQuery(self.enrolled[species], where, enrolled, wanted, when, self.settings.fade, share)
        listed = shortlist(self.gallery, species, vector, question)
        learned = self.known.calibrations.get(species)
        helps = learned is None or learned.of_side(where.side).closer is not None
        if self.settings.rerank < 1 or not helps or place is None:
            return listed
        return self.closer(species).rerank(listed, place, self.settings.rerank)


def _nets_and_calibrations(gallery: GalleryStore) -> tuple[dict[str, str], dict[str, Calibration | None]]:
    """Fingerprints of the embedding nets by species, and what was learned about the scores of these very nets.

    Another process may give a species a new net between the two questions, so the nets are asked for again.
    """
    while True:
        nets = gallery.embedding_nets()
        calibrations = {name: gallery.calibration(name) for name in nets}
        if gallery.embedding_nets() == nets:
            return nets, calibrations


def _only_species(enrolled: Mapping[str, str]) -> str:
    if len(enrolled) == 1:
        return next(iter(enrolled))
    raise UsageError(
        f"the gallery has no species net and {len(enrolled)} species; give --species, or train one: "
        "`reid train PHOTOS --stage species`"
    )
