"""What a season needs of the gallery to put encounters together: what links are worth, and who was where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

import numpy as np

from reid import synthetic
from reid.actions.identification.identifier import Identifier
from reid.actions.training.enrolled_pool import enrolled_pool, unseen_individuals
from reid.calibration.link_calibration import worth
from reid.evaluation.metrics import Pool
from reid.nets import inference, net_files
from reid.progress import Progress
from reid.records import Box, Deployment, Photo, Picture, Pixels, Problem
from reid.settings import QuerySettings
from reid.steps.cannot_link import LocatedDetection, Position, place_of
from reid.steps.embedded_photos import embed
from reid.steps.season.assignment import Name
from reid.steps.season.clustering import LinkCalibration
from reid.steps.season.joint_identification import Animal, Rules, identify_jointly
from reid.steps.sightings import SearchContext, SearchedPhoto
from reid.store import EnrolledPhoto
from reid.store.contract import GalleryStore

DRAWN, DRAWN_ANIMALS = ("zebra", "leopard"), 12
AROUND = timedelta(days=1)
"""Enrolled photos of so long before and after the photos given can say where an animal was."""


@dataclass(frozen=True, slots=True)
class SeasonSearch:
    """Photos looked at, and all that joint identification of them uses.

    enrolled: enrolled photos that may bar a name. problems: photos that could not be read. notes: what must be said of links.
    """

    looks: tuple[SearchedPhoto, ...]
    known: SearchContext
    enrolled: Mapping[Name, Sequence[LocatedDetection]]
    rules: Rules
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    def animals(self, link: float) -> tuple[Animal, ...]:
        """The animals, where a link needs this probability; deciding again at another one opens no photo again."""
        return identify_jointly(self.looks, self.known, replace(self.rules, link_at=link), self.enrolled)


def search_season(
    gallery: GalleryStore,
    photos: Sequence[Photo],
    enrolled: Sequence[EnrolledPhoto],
    settings: QuerySettings,
    progress: Progress,
    *,
    deployments: Sequence[Deployment] = (),
    drawn: bool = False,
) -> SeasonSearch:
    """Look at the photos of a season, and find out what a link is worth.

    Args:
        gallery: open.
        photos: of the season.
        enrolled: photos of every season.
        settings: of the identification.
        progress: called for every photo.
        deployments: where each camera stood, for photos whose own columns do not say.
        drawn: where enrolled individuals do not tell what a link is worth, count on drawn animals.
    """
    identifier = Identifier(gallery, settings)
    looks, problems = search_photos(identifier, photos, progress)
    worth_of: dict[str, LinkCalibration | None] = {}
    notes = []
    for name in sorted({name for look in looks for name in look.vectors}):
        worth_of[name] = link_worth(gallery, name)
        if drawn and worth_of[name] is None:
            worth_of[name] = synthetic_links(inference.load(gallery.nets.path(identifier.enrolled[name]), settings.device))
            found = "was counted on drawn animals: look at each" if worth_of[name] else "is not known: encounters stay alone"
            notes.append(f"{name}: too few individuals are known that its net was not trained on; what a link is worth {found}")
    place = places(deployments)
    rules = Rules(worth_of, 1.0, place, settings.kilometres_an_hour, settings.top)
    return SeasonSearch(
        tuple(looks), identifier.known, near_in_time(enrolled, looks, place), rules, tuple(problems), tuple(notes)
    )


def link_worth(gallery: GalleryStore, species: str) -> LinkCalibration | None:
    """What a link is worth, counted on the enrolled individuals that the species' net was not trained on.

    None where there is no net, or too few such individuals with several encounters.
    """
    fingerprint = gallery.embedding_net(species)
    if fingerprint is None:
        return None
    card = net_files.read_card(gallery.nets.path(fingerprint))
    unseen = unseen_individuals(card, {one.name for one in gallery.individuals(species)})
    return worth(enrolled_pool(gallery, species, fingerprint, unseen).pool)


def synthetic_links(net: inference.Runtime) -> LinkCalibration | None:
    """What a link is worth, counted on drawn animals: for cards of a species of which nobody is known yet.

    Stripes and spots, each animal four times. Where the shared net was measured on real animals, its links became right
    from about the same scores on (`scripts/benchmarks/README.md`); of a species that looks unlike all of them nothing is known.
    """
    photos, pictures = _drawn()
    vectors = embed(net, pictures)
    numbers = [str(at) for at in range(len(photos))]
    pool = Pool(vectors, [one.individual for one in photos], [one.side for one in photos], numbers, numbers)
    return worth(pool, drawn=True)


@cache
def _drawn() -> tuple[list[synthetic.DrawnPhoto], list[Picture]]:
    """Drawn animals cut to their boxes, each in four encounters of one photo; always the same ones."""
    frames = [
        frame
        for kind in DRAWN
        for frame in synthetic.draw_season(
            [kind], range(DRAWN_ANIMALS), season=0, encounters=4, photos_per_encounter=1, width=240, height=160, seed=5
        )
    ]
    pictures = [Picture(_cropped(pixels, photo.box), "", 240, 160) for photo, pixels in frames]
    return [photo for photo, _ in frames], pictures


def _cropped(pixels: Pixels, box: Box | None) -> Pixels:
    high, wide = pixels.shape[:2]
    box = box or Box(0, 0, 1, 1)
    top, left = int(box.y * high), int(box.x * wide)
    bottom, right = top + max(1, round(box.height * high)), left + max(1, round(box.width * wide))
    return np.ascontiguousarray(pixels[top:bottom, left:right])


def search_photos(
    identifier: Identifier, photos: Sequence[Photo], progress: Progress
) -> tuple[list[SearchedPhoto], list[Problem]]:
    """Photos after both stages, and those that could not be read."""
    looks: list[SearchedPhoto] = []
    problems: list[Problem] = []
    for done, item in identifier.search(photos):
        if isinstance(item, Problem):
            problems.append(item)
        else:
            looks.append(item)
        progress.advance(done)
    return looks, problems


def places(deployments: Sequence[Deployment]) -> Callable[[Photo], Position | None]:
    """Where a photo was taken: by its own columns, else by the deployments of its camera."""
    by_camera: dict[str, list[Deployment]] = defaultdict(list)
    for deployment in deployments:
        by_camera[deployment.camera].append(deployment)
    return lambda photo: place_of(photo, by_camera.get(photo.camera, ()))


def near_in_time(
    photos: Sequence[EnrolledPhoto], looks: Sequence[SearchedPhoto], place: Callable[[Photo], Position | None]
) -> dict[Name, list[LocatedDetection]]:
    """Enrolled photos that may bar a name: of frames given, or taken within a day of the photos given at a known place."""
    files = {look.sha256 for look in looks}
    dates = [when.replace(tzinfo=None) for look in looks if (when := look.photo.captured_at) is not None]
    early, late = (min(dates) - AROUND, max(dates) + AROUND) if dates else (None, None)
    found: dict[Name, list[LocatedDetection]] = defaultdict(list)
    for one in photos:
        when = one.captured_at
        then = early is not None and late is not None and when is not None and early <= when.replace(tzinfo=None) <= late
        if not then and one.sha256 not in files:
            continue
        photo = Photo(one.path, captured_at=when, camera=one.camera, notes=one.notes)
        found[one.species, one.individual].append(LocatedDetection(one.sha256, one.box, when, place(photo)))
    return dict(found)
