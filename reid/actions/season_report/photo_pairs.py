"""The best pair of photos of each animal that came back, for a season's page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import numpy as np

from reid.actions.season_report.histories import SeasonPhotos
from reid.actions.season_report.results import PhotoPair, SeasonSightings, SpeciesSeason
from reid.records import Vectors
from reid.store import EnrolledPhoto
from reid.store.contract import GalleryStore


def pairs(
    gallery: GalleryStore, figures: SpeciesSeason, enrolled: SeasonPhotos, decisions: Sequence[SeasonSightings]
) -> tuple[PhotoPair, ...]:
    """For each animal that came back, its two photos, one of before and one of the season, that are most alike.

    Photos of one side are compared with photos of that side and of unknown side. An animal whose photos of the season show
    the other side only, or have no embedding of the net in use, has no pair. One of whom no photo of the season is enrolled is
    shown by the decisions that say it was there, with the enrolled photo that was most like.
    """
    ids, vectors = gallery.vectors(figures.species)
    row = {int(number): at for at, number in enumerate(ids)}
    occasions = figures.history.occasions
    start = min(occasion.start for occasion in occasions if occasion.season == figures.season)
    back = {animal.name for animal in figures.animals if animal.status in ("returned", "reappeared")}
    shown = []
    for history in figures.history.histories:
        if history.individual in back:
            photos = [(enrolled.row_of.get(one.photo.origin), occasions[one.occasion]) for one in history.captures]
            embedded = [(photo, occasion) for photo, occasion in photos if photo is not None and photo.id in row]
            now = [photo for photo, occasion in embedded if occasion.season == figures.season]
            before = [photo for photo, occasion in embedded if occasion.season != figures.season and occasion.start < start]
            pair = _most_alike(before, now, vectors, row)
            shown += [pair] if pair else []
    shown += _by_decision(gallery, figures, decisions, back - {pair.individual for pair in shown}, start)
    return tuple(sorted(shown, key=lambda pair: pair.individual))


def _most_alike(
    before: Sequence[EnrolledPhoto], now: Sequence[EnrolledPhoto], vectors: Vectors, row: Mapping[int, int]
) -> PhotoPair | None:
    """The two photos of one individual, one of each, that are most alike; None where no two may be of one side."""
    fits = np.array([[not old.side or not new.side or old.side == new.side for new in now] for old in before])
    if not fits.any():
        return None
    scores = vectors[[row[old.id] for old in before]] @ vectors[[row[new.id] for new in now]].T
    scores = np.where(fits, scores, -np.inf)
    first, second = divmod(int(scores.argmax()), len(now))
    return PhotoPair(now[0].individual, before[first], now[second], float(scores[first, second]))


def _by_decision(
    gallery: GalleryStore, figures: SpeciesSeason, decisions: Sequence[SeasonSightings], names: Collection[str], start: date
) -> list[PhotoPair]:
    """The likest pair of each of these animals, of what was asked and the photo of before that it matched."""
    photos = {(one.sha256, one.individual): one for one in gallery.photos(figures.species)}
    best: dict[str, PhotoPair] = {}
    for one in decisions:
        after = next((photo for photo in one.photos if str(photo.path) == one.sighting.photo), one.photos[0])
        if one.individual not in names or one.species != figures.species or one.season != figures.season:
            continue
        for match in one.sighting.matches:
            before = photos.get((match.sha256, match.individual))
            fits = before is not None and before.captured_at is not None and before.captured_at.date() < start
            known = best.get(one.individual)
            if before is not None and fits and match.individual == one.individual and (not known or match.score > known.score):
                best[one.individual] = PhotoPair(one.individual, before, after, match.score)
    return list(best.values())
