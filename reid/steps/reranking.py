"""A closer look at a shortlist: its photos are opened again and matched with the query place by place."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np

from reid.nets.inference import Runtime
from reid.records import Picture
from reid.steps.embedded_photos import LocalEmbedder, Reopened, Unavailable, inputs, openable, reopened
from reid.steps.local_matching import WEIGHT, Compared, compare
from reid.steps.search import Listed, Shortlist
from reid.store import EnrolledPhoto, Map
from reid.store.contract_files import FeatureMaps, PhotoFiles

MAPS_KEPT = 2048
"""Maps of enrolled photos kept in memory, so that the next query does not open them again: 24 kB each at 192 x 256."""


class MapKeeping(PhotoFiles, Protocol):
    """What re-ranking needs of a gallery."""

    def maps(self, fingerprint: str) -> FeatureMaps:
        """The maps kept on disk."""


class Reranker:
    """Feature maps of the enrolled photos of one gallery by one net, made when first needed and kept, in memory and on disk."""

    def __init__(self, gallery: MapKeeping, net: Runtime) -> None:
        """Of a gallery, by the embedding net of one of its species."""
        self._gallery, self._net = gallery, net
        self._disk = gallery.maps(net.card.fingerprint)
        self._kept: OrderedDict[int, Map] = OrderedDict()
        self._lock = threading.Lock()

    def rerank(self, found: Shortlist, query: Map, individuals: int) -> Shortlist:
        """The shortlist with its first individuals in the order of cosine and place-by-place score together.

        An individual counts by its best photo among those on its list (`Listed.best`): measured, that beats the mean of
        its best two. The cosines, on which the calibration rests, stay as they are: only order and photo change.

        Args:
            found: of the query.
            query: its feature map.
            individuals: how many of the list are looked at.

        Returns:
            The same individuals. One whose photos are all gone, or no longer the ones enrolled, keeps its place; the
            others fill their own places in falling order of `Listed.fused`.
        """
        looked, pairs = found.listed[:individuals], []
        compared, rows = self.compare(query, [photo for listed in looked for photo, _ in listed.best])
        for place, listed in enumerate(looked):
            values = [
                (score + WEIGHT * float(compared.scores[rows[photo.id]]), float(compared.scores[rows[photo.id]]), photo)
                for photo, score in listed.best
                if photo.id in rows
            ]
            if values:
                fused, local, photo = max(values, key=lambda value: value[0])
                pairs.append((place, replace(listed, photo=photo, local=local, fused=fused)))
        falling = sorted((listed for _, listed in pairs), key=_fused, reverse=True)
        order = list(found.listed)
        for (place, _), listed in zip(pairs, falling, strict=True):
            order[place] = listed
        return replace(found, listed=tuple(order))

    def picture_of(self, photo: EnrolledPhoto, shortest: int) -> Picture | Unavailable:
        """An enrolled photo opened again, its shorter side so many pixels long; or why it cannot be."""
        (answer,) = reopened(self._gallery, [photo], openable(shortest=shortest))
        return answer.opened.picture if isinstance(answer, Reopened) else answer

    def map_of(self, picture: Picture) -> Map:
        """The feature map of a picture, cut to the animal."""
        found: Map = self._net.maps(inputs(self._net, [picture]))[0]
        return found

    def compare(self, query: Map, photos: Sequence[EnrolledPhoto]) -> tuple[Compared, dict[int, int]]:
        """Match a query's map with enrolled photos; the second answer is each photo id's row, without those that are gone."""
        maps = self.maps(photos)
        rows = {number: row for row, number in enumerate(maps)}
        stacked = np.stack(list(maps.values())) if maps else np.zeros((0, *query.shape), np.float32)
        return compare(query, stacked), rows

    def maps(self, photos: Sequence[EnrolledPhoto]) -> dict[int, Map]:
        """The map of each photo by its id; those whose file is gone, damaged or another one now are left out."""
        with self._lock:
            known = {photo.id: self._kept[photo.id] for photo in photos if photo.id in self._kept}
        known |= self._disk.get([photo for photo in photos if photo.id not in known])
        missing = [photo for photo in photos if photo.id not in known]
        made = self._made(missing)
        self._disk.put(missing, made)
        known |= made
        with self._lock:
            for number, one in known.items():
                self._kept[number] = one
                self._kept.move_to_end(number)
            while len(self._kept) > MAPS_KEPT:
                self._kept.popitem(last=False)
        return {photo.id: known[photo.id] for photo in photos if photo.id in known}

    def _made(self, photos: Sequence[EnrolledPhoto]) -> dict[int, Map]:
        """Open photos and make their maps, in the precision in which they are kept."""
        embed = partial(LocalEmbedder(self._net).embed, maps=True)
        made: dict[int, Map] = {}
        for answer in reopened(self._gallery, photos, embed):
            if isinstance(answer, Reopened) and answer.opened.map is not None:
                made[answer.enrolled.id] = answer.opened.map.astype(np.float16).astype(np.float32)
        return made


def _fused(listed: Listed) -> float:
    assert listed.fused is not None
    return listed.fused
