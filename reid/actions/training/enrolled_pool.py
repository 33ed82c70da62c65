"""Enrolled photos to compare and to learn from: those of individuals that a net was not trained on."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reid.calibration import score_calibration
from reid.calibration.score_calibration import Mapped
from reid.errors import ModelMismatch
from reid.evaluation.metrics import Pool
from reid.nets import inference
from reid.nets.net_files import NetCard
from reid.progress import Progress
from reid.records import Photo, Vectors
from reid.settings import QuerySettings
from reid.steps.embedded_photos import BATCH
from reid.steps.encounters import encounters, stays
from reid.steps.reranking import Reranker
from reid.store import Map
from reid.store.contract import GalleryStore


def composed(text: str) -> str:
    """A name in the form in which the gallery keeps it (Unicode NFC)."""
    return unicodedata.normalize("NFC", text)


@dataclass(frozen=True, slots=True, eq=False)
class Learnable:
    """Photos to learn thresholds from, and feature maps of those that could be opened; no maps where none could."""

    pool: Pool
    mapped: Mapped | None


def mapped_rows(maps: Mapping[int, Map]) -> Mapped | None:
    """Feature maps by row, as calibration takes them; None where there are none."""
    return Mapped(np.asarray(list(maps), np.int64), np.stack(list(maps.values())).astype(np.float16)) if maps else None


@dataclass(frozen=True, slots=True)
class EnrolledPool:
    """Enrolled photos as a pool, with their ids, rising, row by row."""

    ids: tuple[int, ...]
    pool: Pool


def enrolled_pool(
    gallery: GalleryStore, species: str, fingerprint: str, individuals: Collection[str], *, coming_back: bool = False
) -> EnrolledPool:
    """The photos of these individuals that have an embedding of a net, which may be none.

    Photos of one encounter are found as when they were trained on; `coming_back`: their groups are stays (`steps.encounters`).
    """
    try:
        ids, vectors = gallery.vectors(species, fingerprint)
    except ModelMismatch:
        return EnrolledPool((), comparison_pool(np.zeros((0, 1), np.float32), [], [], coming_back=coming_back))
    row = {int(number): place for place, number in enumerate(ids)}
    found = [one for one in gallery.photos(species) if one.individual in individuals and one.id in row]
    photos = [
        Photo(one.path, one.species, one.individual, one.captured_at, one.encounter, one.camera, one.side, one.season)
        for one in found
    ]
    hashes = [one.sha256 + (one.box.key() if one.box else "") for one in found]
    pool = comparison_pool(vectors[[row[one.id] for one in found]], photos, hashes, coming_back=coming_back)
    return EnrolledPool(tuple(one.id for one in found), pool)


def learnable(
    gallery: GalleryStore, species: str, fingerprint: str, individuals: Collection[str], net: Callable[[], inference.Runtime],
    progress: Progress,
) -> Learnable:
    """Enrolled photos of these individuals to learn thresholds from, at most as many as calibration takes.

    Args:
        gallery: where they are enrolled.
        species, fingerprint: whose embeddings by which net; photos without one are left out.
        individuals: that the net was not trained on.
        net: gives that net, and is called only where a photo's file is there.
        progress: called for every photo opened.
    """
    found = enrolled_pool(gallery, species, fingerprint, individuals, coming_back=True)
    chosen = score_calibration.sampled_rows(found.pool)
    pool = found.pool.subset(chosen)
    photos = gallery.photos_by_id([found.ids[row] for row in chosen])
    there = [(place, one) for place, one in enumerate(photos) if gallery.locate(one) is not None]
    if not there:
        return Learnable(pool, None)
    closer = Reranker(gallery, net())
    progress.start(f"{species}: opening for re-ranking", len(there))
    maps: dict[int, Map] = {}
    for start in range(0, len(there), BATCH):
        part = there[start : start + BATCH]
        made = closer.maps([one for _, one in part])
        maps |= {place: made[one.id] for place, one in part if one.id in made}
        progress.advance(start + len(part))
    return Learnable(pool, mapped_rows(maps))


def comparison_pool(vectors: Vectors, photos: Sequence[Photo], hashes: Sequence[str], *, coming_back: bool) -> Pool:
    """Photos with their embeddings, to be compared; `coming_back`: their groups are visits, as of animals that come back."""
    groups = encounters(photos, minutes=QuerySettings().encounter_minutes)
    groups = stays(photos, groups) if coming_back else groups
    return Pool(vectors, [one.individual for one in photos], [one.side for one in photos], groups, hashes)


def unseen_individuals(card: NetCard, shown: set[str]) -> set[str]:
    """The individuals the net was not trained on, as its card tells.

    A shared net has seen none of them. The card of an older reid names only those held out: of the others, enrolled or
    not, nobody knows.
    """
    if not card.species:
        return shown
    data = card.training.get("data")
    data = data if isinstance(data, Mapping) else {}
    if "trained_individuals" in data:
        return shown - {composed(str(one)) for one in data["trained_individuals"]}
    held = {composed(str(one)) for one in data.get("held_out_individuals", ())}
    return held & shown
