"""The best pair of photos of each animal that came back, for a season's page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np

from reid.actions.season_report.histories import SeasonPhotos
from reid.actions.season_report.results import PhotoPair, SeasonSightings, SpeciesSeason
from reid.store import Gallery


def pairs(
    gallery: Gallery, figures: SpeciesSeason, enrolled: SeasonPhotos, told: Sequence[SeasonSightings]
) -> tuple[PhotoPair, ...]:
    """For each animal that came back, its two photos, one of before and one of the season, that are most alike.

    Photos of one side are compared with photos of that side and of unknown side. An animal whose photos of the season show
    the other side only, or have no embedding of the net in use, has no pair. One of whom no photo of the season is enrolled is
    shown by the decisions that say it was there (`told`), with the enrolled photo that was most like.
    """
    ids, vectors = gallery.vectors(figures.species)
    row = {int(number): at for at, number in enumerate(ids)}
    start = min(one.start for one in figures.history.occasions if one.season == figures.season)
    back = {one.name for one in figures.animals if one.status in ("returned", "reappeared")}
    found = []
    for history in figures.history.histories:
        if history.individual not in back:
            continue
        now, before = [], []
        for capture in history.captures:
            photo, occasion = enrolled.row_of.get(id(capture.photo)), figures.history.occasions[capture.occasion]
            if photo is None:
                continue
            if photo.id in row and occasion.season == figures.season:
                now.append(photo)
            elif photo.id in row and occasion.start < start:
                before.append(photo)
        if not (now and before):
            continue
        scores = vectors[[row[one.id] for one in before]] @ vectors[[row[one.id] for one in now]].T
        fits = np.array([[not one.side or not two.side or one.side == two.side for two in now] for one in before])
        if not fits.any():
            continue
        scores = np.where(fits, scores, -np.inf)
        at = divmod(int(scores.argmax()), len(now))
        found.append(PhotoPair(history.individual, before[at[0]], now[at[1]], float(scores[at])))
    found += _by_decision(gallery, figures, told, back - {one.individual for one in found}, start)
    return tuple(sorted(found, key=lambda one: one.individual))


def _by_decision(
    gallery: Gallery, figures: SpeciesSeason, told: Sequence[SeasonSightings], names: Collection[str], start: date
) -> list[PhotoPair]:
    """The likest pair of each of these animals, of what was asked and the photo of before that it matched."""
    photos = {(one.sha256, one.individual): one for one in gallery.photos(figures.species)}
    best: dict[str, PhotoPair] = {}
    for one in told:
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
