"""Stage 2: one stream of photos opened and embedded, and enrolled photos opened again. The only place that opens photos for nets.

Photos are decoded ahead of the nets and embedded in batches; one that cannot be read never stops the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from reid import images
from reid.nets.inference import Runtime, SpeciesAnswer
from reid.nets.net_files import NetCard
from reid.records import Photo, Picture, Pixels, Problem, Size, Vectors
from reid.steps.photos import Opened, open_photos
from reid.store import EnrolledPhoto, Map
from reid.store.contract_files import PhotoFiles

BATCH = 16
"""Photos that a net sees at once, where nothing else is asked for."""

Item = TypeVar("Item", bound=Opened)


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedPhoto(Opened):
    """An opened photo with its embedding.

    vector: (D,) float32, unit length. map: (h, w, C) float32, the feature map for re-ranking; None where none was asked for.
    """

    vector: NDArray[np.float32]
    map: Map | None = None


class Embedder(Protocol):
    """Photos in, unit vectors out; in this process, or on a cluster."""

    @property
    def card(self) -> NetCard:
        """Of the embedding net that answers."""

    def embed(self, photos: Iterable[Photo], *, maps: bool = False) -> Iterator[EmbeddedPhoto | Problem]:
        """For each photo, in order, itself embedded (with its feature map) or the problem with it."""


class LocalEmbedder:
    """One net of this process, fed by photos that are decoded ahead of it."""

    def __init__(
        self, net: Runtime, *, others: Sequence[Runtime | NetCard | None] = (), shortest: int | None = None, batch: int = BATCH
    ) -> None:
        """By one embedding net.

        Args:
            net: of the species.
            others: nets that see the same pictures afterwards; each photo is decoded once for all of them.
            shortest: as for `open_photos`: pictures are kept at this size too.
            batch: photos that the net sees at once.
        """
        self.net, self.shortest, self.batch = net, shortest, batch
        self.sizes = sizes_of(net, *others)

    @property
    def card(self) -> NetCard:
        """Of its net."""
        return self.net.card

    def embed(self, photos: Iterable[Photo], *, maps: bool = False) -> Iterator[EmbeddedPhoto | Problem]:
        """For each photo, in order, itself embedded (with its feature map) or the problem with it."""
        for batch in opened_batches(photos, self.sizes, shortest=self.shortest, batch=self.batch):
            opened = [item for item in batch if isinstance(item, Opened)]
            embedded = iter(embedded_photos(self.net, opened, maps=maps))
            for item in batch:
                yield item if isinstance(item, Problem) else next(embedded)


def opened_batches(
    photos: Iterable[Photo], sizes: Sequence[Size], *, shortest: int | None = None, batch: int = BATCH
) -> Iterator[list[Opened | Problem]]:
    """Photos opened in order, so many at a time: for nets that are asked about photos that nobody embeds.

    Args:
        photos: what to open.
        sizes: the input sizes of the nets that will see them, see `sizes_of`.
        shortest: as for `open_photos`.
        batch: photos at once, those that cannot be read among them.
    """
    answers = open_photos(photos, shortest, sizes=sizes)
    while items := list(islice(answers, batch)):
        yield items


def embedded_photos(net: Runtime, opened: Sequence[Opened], *, maps: bool = False) -> list[EmbeddedPhoto]:
    """Opened photos with their embeddings, and their feature maps where these are asked for; one pass through the net."""
    if not opened:
        return []
    vectors, made = embed_and_map(net, [item.picture for item in opened])
    return [
        EmbeddedPhoto(item.photo, item.picture, vector, place if maps else None)
        for item, vector, place in zip(opened, vectors, made, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Reopened(Generic[Item]):
    """An enrolled photo and its file, opened (and embedded) again: it is the one that was enrolled."""

    enrolled: EnrolledPhoto
    opened: Item


@dataclass(frozen=True, slots=True)
class Unavailable:
    """An enrolled photo that cannot be opened again. path: of its file, where it is or was; reason: for people."""

    photo: EnrolledPhoto
    path: Path
    reason: str


class Missing(Unavailable):
    """Its file is gone."""

    __slots__ = ()


class Unreadable(Unavailable):
    """Its file is there and cannot be read."""

    __slots__ = ()


class Replaced(Unavailable):
    """Its file is another picture by now, or holds other bytes: it must not be taken for the one that was enrolled."""

    __slots__ = ()


def reopened(
    gallery: PhotoFiles, enrolled: Iterable[EnrolledPhoto], opening: Callable[[Iterable[Photo]], Iterator[Item | Problem]]
) -> Iterator[Reopened[Item] | Missing | Unreadable | Replaced]:
    """Open enrolled photos again, each checked against the content that was enrolled.

    Args:
        gallery: says where the files are.
        enrolled: the photos.
        opening: opens them: `Embedder.embed`, or `open_photos` with the sizes that a net wants (`openable`).

    Yields:
        For each photo, in order, itself opened, or why it cannot be. What to do then is the caller's.
    """
    asked: deque[tuple[EnrolledPhoto, Path | None]] = deque()

    def files() -> Iterator[Photo]:
        for photo in enrolled:
            path = gallery.locate(photo)
            asked.append((photo, path))
            if path is not None:
                yield _as_photo(photo, path)

    for item in opening(files()):
        photo, path = asked.popleft()
        while path is None:
            yield _missing(photo)
            photo, path = asked.popleft()
        yield _checked(photo, path, item)
    yield from (_missing(photo) for photo, _ in asked)


def openable(
    *nets: Runtime | NetCard | None, shortest: int | None = None
) -> Callable[[Iterable[Photo]], Iterator[Opened | Problem]]:
    """What `reopened` opens with where nothing is embedded: photos at the sizes of these nets, or no larger than `shortest`."""
    return lambda photos: open_photos(photos, shortest, sizes=sizes_of(*nets))


def _as_photo(photo: EnrolledPhoto, path: Path) -> Photo:
    return Photo(path, photo.species, photo.individual, side=photo.side, box=photo.box, origin=f"photo {photo.id}")


def _missing(photo: EnrolledPhoto) -> Missing:
    return Missing(photo, photo.path, "its file is gone")


def _checked(photo: EnrolledPhoto, path: Path, item: Item | Problem) -> Reopened[Item] | Unreadable | Replaced:
    if isinstance(item, Problem):
        return Unreadable(photo, path, item.reason)
    if item.picture.sha256 != photo.sha256:
        return Replaced(photo, path, "this is no longer the photo that was enrolled")
    return Reopened(photo, item)


def embed(net: Runtime, pictures: Sequence[Picture]) -> Vectors:
    """Embed pictures, resized to the net's input, `BATCH` at a time: (N, D) float32, unit length."""
    ready = inputs(net, pictures)
    parts = [net.embed(ready[start : start + BATCH]) for start in range(0, max(len(ready), 1), BATCH)]
    return np.concatenate(parts)


def embed_and_map(net: Runtime, pictures: Sequence[Picture]) -> tuple[Vectors, NDArray[np.float32]]:
    """Embed at least one picture, with the feature maps for re-ranking: (B, D) and (B, h, w, C) float32."""
    return net.embed_and_map(inputs(net, pictures))


def classify(net: Runtime, pictures: Sequence[Picture]) -> SpeciesAnswer:
    """What the species net says of pictures, resized to its input."""
    return net.classify(inputs(net, pictures))


def inputs(net: Runtime, pictures: Sequence[Picture]) -> list[Pixels]:
    """The pictures at the net's input size: as they were decoded for it, else resized now."""
    size = net.card.image_size
    return [picture.inputs[size] if size in picture.inputs else images.resize(picture.pixels, *size) for picture in pictures]


def sizes_of(*nets: Runtime | NetCard | None) -> tuple[Size, ...]:
    """The input sizes of nets or of their cards, each once, in their order."""
    cards = [net if isinstance(net, NetCard) else net.card for net in nets if net is not None]
    return tuple(dict.fromkeys(card.image_size for card in cards))


def shortest_side(*nets: Runtime | None) -> int:
    """The shorter side in pixels that a photo must be decoded to so that no net's input is scaled up."""
    return max(max(net.card.image_size) for net in nets if net is not None)
