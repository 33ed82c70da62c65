"""One stream of embedded photos: in order, past what cannot be read; and enrolled photos opened again, or why not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid import images, synthetic
from reid.nets import inference, net_files
from reid.nets.inference import SpeciesAnswer
from reid.nets.net_files import NetCard
from reid.records import Box, Photo, Picture, Pixels, Problem, Vectors
from reid.steps import embedded_photos
from reid.steps.embedded_photos import (
    BATCH,
    EmbeddedPhoto,
    LocalEmbedder,
    Missing,
    Reopened,
    Replaced,
    Unreadable,
    openable,
    opened_batches,
    reopened,
)
from reid.steps.photos import Opened, open_photos
from reid.store import EnrolledPhoto
from tests.steps.stock import enrolled_photo

ORIGINALS = Path(__file__).parents[3] / "shared" / "data" / "originals"


def flat(grey: int, height: int = 40, width: int = 60) -> Pixels:
    return np.full((height, width, 3), grey, np.uint8)


class Greys:
    """Stands for a net: an embedding is the photo's grey, a map is full of it; it counts what it is given at once."""

    card = NetCard("embedding", "mobilenet_v2", (32, 64), dimension=1)

    def __init__(self) -> None:
        self.batches: list[int] = []

    def embed_and_map(self, pixels: list[Pixels]) -> tuple[Vectors, Any]:
        self.batches.append(len(pixels))
        greys = np.asarray([[float(photo[0, 0, 0])] for photo in pixels], np.float32)
        return greys, np.repeat(greys, 8, axis=1).reshape(-1, 2, 2, 2)


class Shelf:
    """Stands for a gallery: a photo is where it was enrolled, or gone."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def locate(self, photo: EnrolledPhoto) -> Path | None:
        self.asked.append(photo.id)
        return photo.path if photo.path.is_file() else None


def written(folder: Path, count: int, broken: tuple[int, ...] = ()) -> list[Photo]:
    """Photos of grey 0, 1, 2 ..., some of them no photos at all."""
    for number in range(count):
        path = folder / f"{number} é.png"
        if number in broken:
            path.write_bytes(b"no photo at all")
        else:
            images.write_png(path, flat(number))
    return [Photo(folder / f"{number} é.png", origin=f"row {number}") for number in range(count)]


def stored(folder: Path, count: int) -> list[EnrolledPhoto]:
    photos = written(folder, count)
    return [
        replace(enrolled_photo(10 + at, f"z{at}", at), path=one.path, sha256=hashlib.sha256(one.path.read_bytes()).hexdigest())
        for at, one in enumerate(photos)
    ]


def test_photos_are_embedded_in_order_and_a_broken_one_stops_no_other(tmp_path: Path) -> None:
    photos, net = written(tmp_path, 2 * BATCH + 3, broken=(0, 5, 2 * BATCH + 2)), Greys()
    answers = list(LocalEmbedder(net).embed(photos))  # type: ignore[arg-type]
    for number, (photo, answer) in enumerate(zip(photos, answers, strict=True)):
        if number in (0, 5, 2 * BATCH + 2):
            assert isinstance(answer, Problem) and (answer.path, answer.origin) == (str(photo.path), f"row {number}")
        else:
            assert isinstance(answer, EmbeddedPhoto) and answer.photo == photo
            assert (answer.vector.tolist(), answer.map) == ([number], None)
            assert answer.picture.sha256 == hashlib.sha256(photo.path.read_bytes()).hexdigest()
    assert net.batches == [BATCH - 2, BATCH, 2], "what cannot be read takes its place in a batch"


def test_maps_come_where_they_are_asked_for_and_other_nets_find_their_size(tmp_path: Path) -> None:
    other = replace(Greys.card, image_size=(8, 8))
    embedder = LocalEmbedder(Greys(), others=[None, other], shortest=20, batch=2)  # type: ignore[arg-type]
    assert embedder.card == Greys.card
    answers = list(embedder.embed(written(tmp_path, 5), maps=True))
    assert embedder.net.batches == [2, 2, 1]  # type: ignore[attr-defined]
    for number, answer in enumerate(answers):
        assert isinstance(answer, EmbeddedPhoto) and answer.map is not None
        assert answer.map.tolist() == np.full((2, 2, 2), number).tolist()
        assert sorted(answer.picture.inputs) == [(8, 8), (32, 64)] and answer.picture.pixels.shape == (20, 30, 3)


def test_nothing_asked_and_nothing_readable_ask_no_net(tmp_path: Path) -> None:
    net: Any = Greys()
    assert list(LocalEmbedder(net).embed([])) == []
    (answer,) = LocalEmbedder(net).embed([Photo(tmp_path / "none.jpg")])
    assert isinstance(answer, Problem) and net.batches == []


def test_photos_that_nobody_embeds_come_in_batches_with_those_that_cannot_be_read(tmp_path: Path) -> None:
    photos = written(tmp_path, 5, broken=(1,))
    batches = list(opened_batches(photos, [(8, 8)], batch=2))
    assert [[isinstance(item, Opened) for item in batch] for batch in batches] == [[True, False], [True, True], [True]]


def test_enrolled_photos_open_again_in_order_each_or_why_not(tmp_path: Path) -> None:
    photos, shelf = stored(tmp_path, 7), Shelf()
    for at in (0, 3, 6):
        photos[at].path.unlink()
    photos[2].path.write_bytes(b"no photo at all")
    images.write_png(photos[4].path, flat(200))
    net: Any = Greys()
    answers = list(reopened(shelf, iter(photos), LocalEmbedder(net).embed))
    kinds = [Missing, Reopened, Unreadable, Missing, Replaced, Reopened, Missing]
    assert [type(answer) for answer in answers] == kinds
    for photo, answer in zip(photos, answers, strict=True):
        if isinstance(answer, Reopened):
            assert answer.enrolled is photo and answer.opened.vector.tolist() == [photo.id - 10]
        else:
            assert (answer.photo, answer.path) == (photo, photo.path)
    reasons = [answer.reason for answer in answers if not isinstance(answer, Reopened)]
    assert reasons[0] == "its file is gone" and reasons[3] == "this is no longer the photo that was enrolled"
    assert "image" in reasons[1] and shelf.asked == [photo.id for photo in photos]


def test_the_same_picture_in_other_bytes_is_not_the_photo_that_was_enrolled(tmp_path: Path) -> None:
    (photo,) = stored(tmp_path, 1)
    photo.path.write_bytes(photo.path.read_bytes() + b"x")
    (answer,) = reopened(Shelf(), [photo], openable(shortest=8))
    assert isinstance(answer, Replaced)


def test_an_enrolled_photo_is_opened_where_it_is_now_and_cut_to_its_box(tmp_path: Path) -> None:
    (photo,) = stored(tmp_path, 1)
    moved = photo.path.rename(tmp_path / "moved.png")

    class Moved(Shelf):
        def locate(self, photo: EnrolledPhoto) -> Path | None:
            return moved

    (answer,) = reopened(Moved(), [replace(photo, box=Box(0.0, 0.0, 0.5, 1.0))], openable(shortest=40))
    assert isinstance(answer, Reopened)
    assert (answer.opened.photo.path, answer.opened.photo.origin) == (moved, "photo 10")
    assert answer.opened.picture.pixels.shape == (40, 30, 3)


def test_of_no_enrolled_photo_nothing_comes_and_all_may_be_gone(tmp_path: Path) -> None:
    assert list(reopened(Shelf(), [], openable(shortest=8))) == []
    gone = [enrolled_photo(number, "z", 1) for number in (1, 2)]
    assert [answer.photo.id for answer in reopened(Shelf(), gone, openable(shortest=8)) if isinstance(answer, Missing)] == [1, 2]


class _Net:
    """A stand-in that answers with what it was given."""

    card = NetCard("embedding", "mobilenet_v2", (32, 64), dimension=2)

    def embed(self, pixels: list[Pixels]) -> Vectors:
        return np.asarray([[photo.shape[0], photo.shape[1]] for photo in pixels], np.float32)

    def classify(self, pixels: list[Pixels]) -> SpeciesAnswer:
        return SpeciesAnswer(self.embed(pixels), np.ones(len(pixels), np.float32))


def test_pictures_are_resized_to_the_nets_input() -> None:
    net: Any = _Net()
    pictures = [Picture(flat(9, 40, 60), "", 60, 40), Picture(flat(9, 80, 20), "", 20, 80)]
    assert embedded_photos.embed(net, pictures).tolist() == [[32, 64], [32, 64]]
    assert embedded_photos.classify(net, pictures).probabilities.tolist() == [[32, 64], [32, 64]]


def test_a_picture_decoded_for_the_net_is_taken_as_it_is() -> None:
    net: Any = _Net()
    ready = flat(7, 32, 64)
    decoded = Picture(flat(9, 40, 60), "", 60, 40, inputs={(32, 64): ready})
    found = embedded_photos.inputs(net, [decoded, Picture(ready, "", 64, 32)])
    assert found[0] is ready and np.array_equal(found[1], ready)


def test_input_sizes_of_nets_are_named_once_each_in_their_order() -> None:
    net: Any = _Net()
    card = NetCard("embedding", "mobilenet_v2", (96, 32), dimension=2)
    assert embedded_photos.sizes_of(net, None, card, net, card) == ((32, 64), (96, 32))


def _large_jpegs(folder: Path) -> Iterator[Path]:
    yield from sorted(ORIGINALS.iterdir()) if ORIGINALS.is_dir() else []
    size: dict[str, Any] = {"encounters": 2, "photos_per_encounter": 1, "width": 720, "height": 480}
    for number, (_, pixels) in enumerate(synthetic.draw_season(["zebra"], [0], season=0, **size)):
        images.write_jpeg(folder / f"{number}.jpg", images.resize(pixels, 1920, 2880))
        yield folder / f"{number}.jpg"


def test_embeddings_of_photos_scaled_while_decoding_are_those_of_the_whole_decode(tmp_path: Path) -> None:
    net = inference.load(net_files.BASE, "cpu")
    for path in _large_jpegs(tmp_path):
        [opened] = open_photos([Photo(path)], sizes=embedded_photos.sizes_of(net))
        assert isinstance(opened, Opened)
        whole = images.read(path)
        one, two = embedded_photos.embed(net, [opened.picture, whole])
        assert float(one @ two) > 0.99, path
        assert opened.picture.sha256 == whole.sha256


@pytest.mark.parametrize(("sizes", "wanted"), [([(32, 64)], 64), ([(32, 64), (192, 96)], 192), ([(32, 64), None], 64)])
def test_photos_are_decoded_large_enough_for_the_largest_net(sizes: list[Any], wanted: int) -> None:
    nets: list[Any] = []
    for size in sizes:
        net: Any = _Net()
        net.card = NetCard("embedding", "mobilenet_v2", size or (32, 32), dimension=2)
        nets.append(net if size else None)
    assert embedded_photos.shortest_side(*nets) == wanted
