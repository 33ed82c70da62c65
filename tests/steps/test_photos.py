"""Photos opened ahead: in order, with what EXIF knows, past the ones that cannot be read; and resized for the nets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid import images, synthetic, threads
from reid.nets import inference, net_files
from reid.nets.inference import SpeciesAnswer
from reid.nets.net_files import NetCard
from reid.records import Photo, Picture, Pixels, Problem, Vectors
from reid.steps import embedded_photos as embedding
from reid.steps.photos import Opened, open_photos

ORIGINALS = Path(__file__).parents[3] / "shared" / "data" / "originals"


def flat(grey: int, height: int = 40, width: int = 60) -> Pixels:
    return np.full((height, width, 3), grey, np.uint8)


def test_photos_come_in_order_and_a_broken_one_stops_no_other(tmp_path: Path) -> None:
    photos = []
    for number in range(30):
        path = tmp_path / f"{number} é.png"
        if number == 7:
            path.write_bytes(b"no photo at all")
        elif number != 11:
            images.write_png(path, flat(8 * number))
        photos.append(Photo(path, origin=f"row {number}"))
    found = list(open_photos(photos, 20))
    assert len(found) == 30
    for number, one in enumerate(found):
        if number in (7, 11):
            assert isinstance(one, Problem)
            assert (one.path, one.origin) == (str(photos[number].path), f"row {number}")
        else:
            assert isinstance(one, Opened)
            assert one.photo == photos[number]
            assert one.picture.pixels.shape == (20, 30, 3)
            assert int(one.picture.pixels[0, 0, 0]) == 8 * number


def test_exif_fills_what_the_manifest_does_not_say_and_never_overrules_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    taken, said = datetime(2023, 4, 5, 6, 7, 8), datetime(2020, 1, 1)
    images.write_jpeg(path, flat(90), captured_at=taken)
    silent, told = open_photos([Photo(path), Photo(path, captured_at=said, camera="C9")], 32)
    assert isinstance(silent, Opened)
    assert isinstance(told, Opened)
    assert silent.photo.captured_at == taken
    assert (told.photo.captured_at, told.photo.camera) == (said, "C9")


def test_only_a_few_photos_are_opened_ahead_of_the_reader(tmp_path: Path) -> None:
    asked = []

    def endless() -> Iterator[Photo]:
        number = 0
        while True:
            asked.append(number)
            yield Photo(tmp_path / f"{number}.png")
            number += 1

    reader = open_photos(endless(), 32)
    first = next(iter(reader))
    assert isinstance(first, Problem)
    assert first.path == str(tmp_path / "0.png")
    assert len(asked) == 4 * threads.cores()
    reader.close()  # type: ignore[attr-defined]


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
    assert embedding.embed(net, pictures).tolist() == [[32, 64], [32, 64]]
    assert embedding.classify(net, pictures).probabilities.tolist() == [[32, 64], [32, 64]]


def test_a_picture_decoded_for_the_net_is_taken_as_it_is() -> None:
    net: Any = _Net()
    ready = flat(7, 32, 64)
    found = embedding.inputs(net, [Picture(flat(9, 40, 60), "", 60, 40, inputs={(32, 64): ready}), Picture(ready, "", 64, 32)])
    assert found[0] is ready and np.array_equal(found[1], ready)


def test_input_sizes_of_nets_are_named_once_each_in_their_order() -> None:
    net: Any = _Net()
    card = NetCard("embedding", "mobilenet_v2", (96, 32), dimension=2)
    assert embedding.sizes_of(net, None, card, net, card) == ((32, 64), (96, 32))


def _large_jpegs(folder: Path) -> Iterator[Path]:
    yield from sorted(ORIGINALS.iterdir()) if ORIGINALS.is_dir() else []
    size: dict[str, Any] = {"encounters": 2, "photos_per_encounter": 1, "width": 720, "height": 480}
    for number, (_, pixels) in enumerate(synthetic.draw_season(["zebra"], [0], season=0, **size)):
        images.write_jpeg(folder / f"{number}.jpg", images.resize(pixels, 1920, 2880))
        yield folder / f"{number}.jpg"


def test_embeddings_of_photos_scaled_while_decoding_are_those_of_the_whole_decode(tmp_path: Path) -> None:
    net = inference.load(net_files.BASE, "cpu")
    for path in _large_jpegs(tmp_path):
        [opened] = open_photos([Photo(path)], sizes=embedding.sizes_of(net))
        assert isinstance(opened, Opened)
        whole = images.read(path)
        one, two = embedding.embed(net, [opened.picture, whole])
        assert float(one @ two) > 0.99, path
        assert opened.picture.sha256 == whole.sha256


@pytest.mark.parametrize(("sizes", "wanted"), [([(32, 64)], 64), ([(32, 64), (192, 96)], 192), ([(32, 64), None], 64)])
def test_photos_are_decoded_large_enough_for_the_largest_net(sizes: list[Any], wanted: int) -> None:
    nets: list[Any] = []
    for size in sizes:
        net: Any = _Net()
        net.card = NetCard("embedding", "mobilenet_v2", size or (32, 32), dimension=2)
        nets.append(net if size else None)
    assert embedding.shortest_side(*nets) == wanted
