"""`reid query`: who is this animal? Each photo, or each encounter, gets one decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from reid import settings as options
from reid.actions.identification.explain import explain
from reid.actions.identification.unresolved_sightings import to_keep
from reid.actions.intake.closing_line import closing_line, outcome_counts
from reid.actions.intake.taking_photos import take_photos
from reid.errors import UsageError
from reid.files import check_writable, make_folder
from reid.formats.readers.megadetector import FOUND_NOTHING
from reid.nets import inference, net_files
from reid.progress import SILENT, Progress
from reid.records import EMPTY, Photo, Problem, Sighting, Size, SpeciesGuess, Vectors
from reid.settings import QuerySettings
from reid.steps import species as species_step
from reid.steps.embedded_photos import EmbeddedPhoto, classify, embedded_photos, opened_batches, sizes_of
from reid.steps.encounters import encounters
from reid.steps.photos import Opened, dated
from reid.steps.reranking import Reranker
from reid.steps.search import SHORTLIST, Shortlist, comparable, eligible, shortlist
from reid.steps.side import sided
from reid.steps.sightings import SearchContext, SearchedPhoto, sight
from reid.store import Map, NotKept, Where
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery


@dataclass(frozen=True, slots=True)
class QueryReport:
    """The decisions in the order of the photos (of the encounters' first photos), and the photos that failed.

    explained: the pictures written for `why`. closing: all of it in one line.
    """

    sightings: tuple[Sighting, ...]
    problems: tuple[Problem, ...]
    explained: tuple[Path, ...] = ()
    closing: str = ""


def query(
    photos: Sequence[Path],
    *,
    gallery: Path | None = None,
    settings: QuerySettings | None = None,
    record: bool = False,
    as_of: datetime | date | None = None,
    why: Path | None = None,
    progress: Progress = SILENT,
    on_sighting: Callable[[Sighting], None] | None = None,
) -> QueryReport:
    """Identify photos against the gallery.

    Args:
        photos: files, folders or manifests; labels in them are not looked at.
        gallery: its folder; None = REID_GALLERY or indexes/default.
        settings: None = defaults and REID_* variables.
        record: keep the decisions in the gallery as sightings, in the place of older ones of the same animals. A decision that
            was kept for a whole encounter stays unless all of its photos are asked about: that is told as a problem.
        as_of: answer as on that day (to its end) or at that moment: with the individuals, names, photos, nets and
            thresholds that the gallery had then.
        why: a folder, made if absent, for one JPEG a decision that shows query, best match and the places that agree.
        progress: told of every photo.
        on_sighting: given every decision as soon as it is made.

    Raises:
        UsageError: no photo, the species given is not in the gallery, a picture for `why` cannot be written, the gallery
            knows nothing of the day `as_of`, or its answer was to be recorded.
        GalleryError, NetError, ModelMismatch: gallery or net cannot be used.
        ManifestError: the photos' table cannot be read.
    """
    settings = options.resolve(QuerySettings(), {}) if settings is None else settings
    if record and as_of is not None:
        raise UsageError("an answer of the past is no new sighting: ask with as_of or with record, not with both")
    if why is not None:
        check_writable(why)
    taken = take_photos(photos, settings)
    sightings: list[Sighting] = []
    problems = list(taken.problems)
    drawn: list[Path] = []
    with open_gallery(options.gallery_folder(gallery), as_of=as_of) as opened:
        if record:
            opened.check_writable("query --record")  # told before hours of looking
        progress.start("identifying", len(taken.photos))
        for note in (*taken.notes, *taken.dates_missing()):
            progress.say(note)
        identifier = Identifier(opened, settings)
        if why is not None:
            identifier.on_decided = partial(_explain, identifier, why, drawn)
        for done, item in identifier.identify(taken.photos):
            if isinstance(item, Problem):
                problems.append(item)
            else:
                sightings.append(item)
                if on_sighting is not None:
                    on_sighting(item)
            progress.advance(done)
        unread = len(problems)
        if record:
            problems += not_kept(opened.add_sightings(to_keep(sightings), looked_at(taken.photos, problems)))
    progress.finish()
    closing = closing_line(
        outcome_counts(sightings), nothing="nothing decided", undated=taken.undated, unread=unread,
        left={"decisions not kept": len(problems) - unread},
    )
    return QueryReport(tuple(sightings), tuple(problems), tuple(drawn), closing)


def looked_at(given: Iterable[Photo], failed: Iterable[Problem]) -> list[Path]:
    """The photos that were asked about and could be read."""
    unread = {one.path for one in failed}
    return [photo.path for photo in given if str(photo.path) not in unread]


def not_kept(left: Iterable[NotKept]) -> list[Problem]:
    """What is told of decisions that were not kept."""
    return [Problem(one.sighting.photo, str(one)) for one in left]


def _explain(identifier: Identifier, folder: Path, drawn: list[Path], looks: Sequence[SearchedPhoto], one: Sighting) -> None:
    """Draw a decision into the folder; numbers in the names keep photos of one name apart."""
    if not one.matches:
        return
    try:
        make_folder(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made ({error.strerror}); name a folder that can be written to") from error
    path = folder / f"{len(drawn) + 1:04d} {Path(one.photo).stem}.jpg"
    if explain(looks, one, identifier.closer(one.matches[0].species), path):
        drawn.append(path)


class Identifier:
    """The flow photo -> species -> embedding -> search -> decision -> sighting, over one open gallery."""

    def __init__(self, gallery: GalleryStore, settings: QuerySettings, where: Where | None = None) -> None:
        """Load the species net; embedding nets are loaded when a photo is first routed to them.

        Args:
            gallery: open.
            settings: how to identify.
            where: restrict which enrolled photos may match (the side of each query is added to it).

        Raises:
            UsageError: an unknown species was given, there is no species net and several species, or `settings.returning` is
                no share.
        """
        if not 0.0 <= settings.returning < 1.0:
            raise UsageError(f"returning is {settings.returning:g}; wanted a share in (0, 1), or 0 where it is not known")
        self.gallery, self.settings, self.where = gallery, settings, where or Where()
        self.enrolled = gallery.embedding_nets()
        self.given = settings.species
        if self.given and self.given not in self.enrolled:
            raise UsageError(
                f"species {self.given!r} is not in the gallery; there are {sorted(self.enrolled) or 'none'}"
            )
        self.species_net = None
        fingerprint = gallery.species_net()
        if not self.given and fingerprint is not None:
            self.species_net = inference.load(gallery.nets.path(fingerprint), settings.device)
        elif not self.given:
            self.given = self._only_species()
        side_net = gallery.sides.net()
        self.side_net = inference.load(gallery.nets.path(side_net), settings.device) if side_net else None
        self.nets = {name: gallery.nets.path(fingerprint) for name, fingerprint in self.enrolled.items()}
        returning = dict.fromkeys(self.enrolled, settings.returning) if settings.returning else {}
        self.known = SearchContext({name: gallery.calibration(name) for name in self.enrolled}, dict(self.enrolled), returning)
        self.counts: dict[tuple[str, str], tuple[int, float]] = {}
        self.on_decided: Callable[[Sequence[SearchedPhoto], Sighting], None] | None = None
        """Told of every decision with all that it rests on."""
        self._closer: dict[str, Reranker] = {}

    def closer(self, species: str) -> Reranker:
        """The closer look at the photos of a species; it keeps their maps as long as this object lives."""
        if species not in self._closer:
            self._closer[species] = Reranker(self.gallery, inference.load(self.nets[species], self.settings.device))
        return self._closer[species]

    def _only_species(self) -> str:
        if len(self.enrolled) == 1:
            return next(iter(self.enrolled))
        raise UsageError(
            f"the gallery has no species net and {len(self.enrolled)} species; give --species, or train one: "
            "`reid train PHOTOS --stage species`"
        )

    def identify(self, photos: Sequence[Photo]) -> Iterator[tuple[int, Sighting | Problem]]:
        """Identify photos; yields (photos done, decision or problem).

        With `settings.encounters` the photos of an encounter are taken together, in the order of their first photos.
        """
        waiting: list[SearchedPhoto] = []
        done = 0
        for done, item in self.look(photos):
            if isinstance(item, Problem):
                yield done, item
                continue
            if waiting and not (self.settings.encounters and waiting[0].encounter == item.encounter):
                yield done, self._decided(waiting)
                waiting = []
            waiting.append(item)
        if waiting:
            yield done, self._decided(waiting)

    def look(self, photos: Sequence[Photo]) -> Iterator[tuple[int, SearchedPhoto | Problem]]:
        """Both stages for each photo, nothing decided yet; yields (photos done, photo looked at or problem)."""
        ordered = self._in_order(photos)
        batches = opened_batches((photo for photo, _ in ordered), self._sizes(), batch=self.settings.batch)
        names = iter([encounter for _, encounter in ordered])
        done = 0
        for batch in batches:
            for item in self._look(batch, list(islice(names, len(batch)))):
                done += 1
                yield done, item

    def _decided(self, looks: Sequence[SearchedPhoto]) -> Sighting:
        decided = sight(looks, self.known, top=self.settings.top)
        if self.on_decided is not None:
            self.on_decided(looks, decided)
        return decided

    def _in_order(self, photos: Sequence[Photo]) -> list[tuple[Photo, str]]:
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

    def _look(self, batch: Sequence[Opened | Problem], encounter: Sequence[str]) -> Iterable[SearchedPhoto | Problem]:
        """Both stages for one batch: species of all photos at once, then each species' photos through its net."""
        opened = [(item, name) for item, name in zip(batch, encounter, strict=True) if isinstance(item, Opened)]
        guesses = self._route([item for item, _ in opened])
        seen_from = sided(self.side_net, [item for item, _ in opened], [guess.name for guess in guesses])
        opened = [(item, name) for item, (_, name) in zip(seen_from, opened, strict=True)]
        wanted = [species_step.galleries(guess, tuple(self.enrolled), self.settings) for guess in guesses]
        seen: dict[tuple[int, str], EmbeddedPhoto] = {}
        for name in sorted({name for names in wanted for name in names if name in self.nets}):
            rows = [row for row, names in enumerate(wanted) if name in names]
            net = inference.load(self.nets[name], self.settings.device)
            embedded = embedded_photos(net, [opened[row][0] for row in rows], maps=True)
            seen |= {(row, name): item for row, item in zip(rows, embedded, strict=True)}
        looks = iter(
            [
                self._looked(
                    item, name, guess, {species: seen[row, species] for species in names if species in self.nets}
                )
                for row, ((item, name), guess, names) in enumerate(zip(opened, guesses, wanted, strict=True))
            ]
        )
        return [item if isinstance(item, Problem) else next(looks) for item in batch]

    def _route(self, opened: Sequence[Opened]) -> list[SpeciesGuess]:
        nothing = [all(item.photo.column(name) == value for name, value in FOUND_NOTHING.items()) for item in opened]
        asked = [item for item, none in zip(opened, nothing, strict=True) if not none]
        if self.species_net is None:
            guesses = [SpeciesGuess(self.given, 1.0, (), "species given")] * len(asked)
        else:
            answer = classify(self.species_net, [item.picture for item in asked]) if asked else None
            boxed = [item.photo.box is not None for item in asked]
            guesses = species_step.route(self.species_net.card, answer, self.settings, boxed) if answer else []
        rest = iter(guesses)
        return [SpeciesGuess(EMPTY, 1.0, (), "the detector found no animal") if none else next(rest) for none in nothing]

    def _looked(self, item: Opened, encounter: str, guess: SpeciesGuess, seen: dict[str, EmbeddedPhoto]) -> SearchedPhoto:
        photo, sha256 = item.photo, item.picture.sha256
        already = self.gallery.find(sha256, photo.box.key() if photo.box else "") if seen else None
        where = replace(
            self.where,
            side=photo.side,
            exclude_sha256=self.where.exclude_sha256 | {sha256},
            exclude_encounters=self.where.exclude_encounters | ({photo.encounter} if already else frozenset()),
        )
        vectors: dict[str, Vectors] = {name: np.ascontiguousarray(item.vector[None]) for name, item in seen.items()}
        lists = tuple(self._search(name, vectors[name], where, item.map, photo.captured_at) for name, item in seen.items())
        size = item.picture.width, item.picture.height
        return SearchedPhoto(photo, sha256, encounter, guess, lists, already, vectors, size)

    def _search(self, species: str, vector: Vectors, where: Where, seen: Map | None, when: datetime | None) -> Shortlist:
        key = (species, where.side)
        if key not in self.counts:
            self.counts[key] = (eligible(self.gallery, species, where), comparable(self.gallery, species, where))
        enrolled, share = self.counts[key]
        found = shortlist(
            self.gallery,
            species,
            vector,
            fingerprint=self.enrolled[species],
            where=where,
            enrolled=enrolled,
            wanted=max(SHORTLIST, self.settings.top, self.settings.rerank),
            when=when,
            fade=self.settings.fade,
            share=share,
        )
        learned = self.known.calibrations.get(species)
        helps = learned is None or learned.of_side(where.side).closer is not None
        if self.settings.rerank < 1 or not helps or seen is None:
            return found
        return self.closer(species).rerank(found, seen, self.settings.rerank)
