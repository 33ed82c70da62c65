"""Photos of one species, opened and embedded for an evaluation: as they are, and with their animal taken out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reid import images
from reid.evaluation.background import without_animal
from reid.evaluation.metrics import Pool
from reid.evaluation.near_duplicates import BITS, Pictures, picture_bits
from reid.evaluation.reranked_pools import Maps
from reid.nets.inference import Runtime
from reid.progress import Progress
from reid.records import Box, Photo, Picture, Problem, Vectors
from reid.settings import QuerySettings
from reid.steps.embedded_photos import EmbeddedPhoto, Item, LocalEmbedder, embed, opened_batches, shortest_side, sizes_of
from reid.steps.encounters import encounters
from reid.steps.photos import Opened

EXAMPLES = 6
"""Photos without their animal that are kept to be shown."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Embedded photos: what may be compared (`pool`) and what they look like (`pictures`), row by row.

    maps: for re-ranking; None where nothing is re-ranked.
    """

    pool: Pool
    pictures: Pictures
    maps: Maps | None = None


@dataclass(frozen=True, slots=True)
class Background:
    """Embeddings of photos without their animal; photos of one frame bear one hash.

    examples: some of the frames with the photo they were made from, small JPEGs.
    """

    pool: Pool
    boxes: int
    ellipses: int
    examples: tuple[tuple[Path, bytes], ...]


class Opener:
    """Opens photos batch by batch, tells progress, and puts aside what cannot be read."""

    def __init__(self, progress: Progress, problems: dict[str, Problem]) -> None:
        """problems: where those met are put, by their text."""
        self.progress, self.problems = progress, problems

    def opened(self, task: str, photos: Sequence[Photo], net: Runtime) -> Iterator[list[tuple[int, Opened]]]:
        """(row, photo) in order, a batch at a time, large enough for the net."""
        sizes, done = sizes_of(net), 0
        self.progress.start(task, len(photos))
        for batch in opened_batches(photos, sizes, shortest=shortest_side(net)):
            readable = list(self._readable(enumerate(batch, start=done)))
            if readable:
                yield readable
            done += len(batch)
            self.progress.advance(done)

    def embedded(
        self, task: str, photos: Sequence[Photo], net: Runtime, *, maps: bool = False
    ) -> Iterator[tuple[int, EmbeddedPhoto]]:
        """(row, photo) in order, embedded, its picture large enough for the net."""
        self.progress.start(task, len(photos))
        answers = enumerate(LocalEmbedder(net, shortest=shortest_side(net)).embed(photos, maps=maps))
        for row, item in self._readable(answers):
            self.progress.advance(row + 1)
            yield row, item
        self.progress.advance(len(photos))

    def _readable(self, answers: Iterable[tuple[int, Item | Problem]]) -> Iterator[tuple[int, Item]]:
        for row, item in answers:
            if isinstance(item, Problem):
                self.problems[str(item)] = item
            else:
                yield row, item


def encounters_of(asked: Sequence[Photo], known: Sequence[Photo]) -> tuple[list[str], list[str]]:
    """The encounter of each query and of each gallery photo, found together: one split between the two stays one."""
    groups = encounters([*asked, *known], minutes=QuerySettings().encounter_minutes)
    return list(groups[: len(asked)]), list(groups[len(asked) :])


def embedded(
    name: str, photos: Sequence[Photo], groups: Sequence[str], net: Runtime, opener: Opener, *, closer: bool = False
) -> Embedded:
    """Embed photos, cut to their boxes.

    Args:
        name: of the species, for progress.
        photos: with their individual.
        groups: the encounter of each photo, see `encounters_of`.
        net: of the species.
        opener: a photo it cannot read is left out.
        closer: make the maps for re-ranking too.
    """
    vectors: list[Vectors] = [np.zeros((0, net.card.dimension), np.float32)]
    maps: list[Maps] = []
    rows: list[int] = []
    sha256: list[str] = []
    bits = [np.zeros((0, BITS), np.bool_)]
    for row, item in opener.embedded(f"{name}: embedding", photos, net, maps=closer):
        rows.append(row)
        vectors.append(item.vector[None])
        if item.map is not None:
            maps.append(item.map.astype(np.float16))
        sha256.append(item.picture.sha256)
        bits.append(picture_bits(item.picture.pixels)[None])
    kept = [photos[row] for row in rows]
    pool = Pool(
        np.concatenate(vectors),
        [photo.individual for photo in kept],
        [photo.side for photo in kept],
        [groups[row] for row in rows],
        [text + (photo.box.key() if photo.box else "") for text, photo in zip(sha256, kept, strict=True)],
    )
    return Embedded(pool, Pictures(kept, sha256, np.concatenate(bits)), np.stack(maps) if maps else None)


def background(name: str, found: Embedded, boxes: Mapping[Path, Sequence[Box]], net: Runtime, opener: Opener) -> Background:
    """Embed the whole frames of photos without their animals.

    Args:
        name: of the species, for progress.
        found: the photos, embedded as they are.
        boxes: of every animal known in a frame, by the photo's path; a frame without one loses its middle.
        net: of the species.
        opener: a photo it cannot read is left out.
    """
    vectors: list[Vectors] = [np.zeros((0, net.card.dimension), np.float32)]
    rows: list[int] = []
    examples: list[tuple[Path, bytes]] = []
    frames = [replace(photo, box=None) for photo in found.pictures.photos]
    for batch in opener.opened(f"{name}: background only", frames, net):
        empty = [without_animal(item.picture.pixels, boxes.get(item.photo.path, ())) for _, item in batch]
        vectors.append(embed(net, [_with_pixels(item.picture, pixels) for (_, item), pixels in zip(batch, empty, strict=True)]))
        rows += [row for row, _ in batch]
        if len(examples) < EXAMPLES:
            examples.append((batch[0][1].photo.path, images.jpeg_bytes(empty[0], longest=300)))
    whole = found.pool.subset(rows)
    pool = replace(whole, vectors=np.concatenate(vectors), hashes=[found.pictures.sha256[row] for row in rows])
    with_box = sum(bool(boxes.get(found.pictures.photos[row].path)) for row in rows)
    return Background(pool, with_box, len(rows) - with_box, tuple(examples))


def boxes_of(photos: Sequence[Photo]) -> dict[Path, list[Box]]:
    """The boxes of every photo that has one, by path."""
    found: dict[Path, list[Box]] = defaultdict(list)
    for photo in photos:
        if photo.box is not None and photo.box not in found[photo.path]:
            found[photo.path].append(photo.box)
    return found


def _with_pixels(picture: Picture, pixels: np.ndarray) -> Picture:
    return replace(picture, pixels=pixels, inputs={})
