"""A closer look reorders a shortlist by what is in the photos, and leaves in place what it cannot open."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from reid import images
from reid.nets.inference import Runtime
from reid.nets.net_files import NetCard
from reid.records import Picture, Pixels
from reid.steps import reranking as closer_module
from reid.steps.embedded_photos import Missing, Replaced, Unreadable
from reid.steps.local_matching import WEIGHT
from reid.steps.reranking import Reranker
from reid.steps.search import Listed, Shortlist
from reid.store import EnrolledPhoto, MapCache
from tests.steps.stock import enrolled_photo

SIZE = (96, 128)


class Blocks:
    """Stands for a net: its maps are the photo's own 8 x 8 blocks, and it counts the photos it was given."""

    card = NetCard("embedding", "mobilenet_v2", SIZE, "gem", 8)

    def __init__(self) -> None:
        self.photos = 0

    def maps(self, pixels: list[Pixels]) -> NDArray[np.float32]:
        self.photos += len(pixels)
        stacked = np.stack(pixels).astype(np.float32).mean(axis=3)
        rows, columns = SIZE[0] // 8, SIZE[1] // 8
        blocks = stacked.reshape(-1, rows, 8, columns, 8).swapaxes(2, 3)
        return blocks.reshape(len(stacked), rows, columns, 64)

    def embed_and_map(self, pixels: list[Pixels]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return np.ones((len(pixels), 8), np.float32), self.maps(pixels)


class Shelf:
    """Stands for a gallery: a photo is where it was enrolled, or gone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def maps(self, fingerprint: str) -> MapCache:
        return MapCache(self.folder / f"{fingerprint}.maps")

    def locate(self, photo: EnrolledPhoto) -> Path | None:
        return photo.path if photo.path.is_file() else None


def coat(animal: int, grain: int = 0) -> Pixels:
    """Random marks of an animal; `grain` adds the noise of one photo."""
    marks = np.random.default_rng(animal).integers(0, 256, (*SIZE, 3))
    noise = np.random.default_rng(1000 + grain).integers(-40, 41, (*SIZE, 3)) if grain else 0
    return np.clip(marks + noise, 0, 255).astype(np.uint8)


def seen(pixels: Pixels) -> NDArray[np.float32]:
    """The map of a query."""
    return Blocks().maps([pixels])[0]


class World:
    """Photos of animals 1, 2 and 3 on disk, listed with falling cosines 0.9, 0.8, 0.7; number 3 has two photos."""

    def __init__(self, folder: Path) -> None:
        self.net = Blocks()
        self.photos: dict[int, EnrolledPhoto] = {}
        for number, animal in ((1, 1), (2, 2), (3, 33), (4, 3)):
            path = folder / f"{number} é.png"
            images.write_png(path, coat(animal, grain=number))
            name = f"animal-{min(number, 3)}"
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            self.photos[number] = replace(enrolled_photo(number, name, min(number, 3)), path=path, sha256=sha256)
        self.closer = Reranker(Shelf(folder), cast(Runtime, self.net))
        of = ((self.photos[1], 0.9),), ((self.photos[2], 0.8),), ((self.photos[3], 0.7), (self.photos[4], 0.65))
        self.found = Shortlist("zebra", 3, tuple(Listed(one[0][0].individual, one[0][1], one[0][0], one) for one in of))

    def names(self, query: Pixels, individuals: int = 20) -> list[str]:
        return [one.individual for one in self.closer.rerank(self.found, seen(query), individuals).listed]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_animal_whose_places_match_comes_first_with_the_photo_that_matched(world: World) -> None:
    first = world.closer.rerank(world.found, seen(coat(3, grain=9)), 20).listed[0]
    assert (first.individual, first.photo.id, first.score) == ("animal-3", 4, 0.7)
    assert first.local is not None and first.fused is not None
    assert first.local > 0.3
    assert first.fused == pytest.approx(0.65 + WEIGHT * first.local)


def test_where_no_place_matches_the_order_is_that_of_the_cosines(world: World) -> None:
    assert world.names(coat(50)) == ["animal-1", "animal-2", "animal-3"]


def test_individuals_beyond_the_number_asked_for_keep_their_places(world: World) -> None:
    assert world.names(coat(3, grain=9), 2) == ["animal-1", "animal-2", "animal-3"]
    listed = world.closer.rerank(world.found, seen(coat(2, grain=9)), 2).listed
    assert [one.individual for one in listed] == ["animal-2", "animal-1", "animal-3"]
    assert listed[2] == world.found.listed[2]


def test_an_animal_whose_photo_is_gone_keeps_its_place(world: World) -> None:
    world.photos[1].path.unlink()
    listed = world.closer.rerank(world.found, seen(coat(3, grain=9)), 20).listed
    assert [one.individual for one in listed] == ["animal-1", "animal-3", "animal-2"]
    assert (listed[0].local, listed[0].fused) == (None, None)


def test_another_picture_under_the_same_name_is_not_taken_for_the_enrolled_one(world: World) -> None:
    images.write_png(world.photos[2].path, coat(3, grain=9))
    listed = world.closer.rerank(world.found, seen(coat(3, grain=9)), 20).listed
    assert [(one.individual, one.local is None) for one in listed] == [
        ("animal-3", False), ("animal-2", True), ("animal-1", False),
    ]  # fmt: skip


def test_a_photo_that_cannot_be_read_any_more_has_no_map_and_keeps_its_place(world: World) -> None:
    world.photos[2].path.write_bytes(b"no photo")
    assert sorted(world.closer.maps(list(world.photos.values()))) == [1, 3, 4]
    listed = world.closer.rerank(world.found, seen(coat(3, grain=9)), 20).listed
    assert [(one.individual, one.local is None) for one in listed] == [
        ("animal-3", False), ("animal-2", True), ("animal-1", False),
    ]  # fmt: skip


def test_a_picture_is_opened_again_only_where_it_is_the_enrolled_one(world: World) -> None:
    opened = world.closer.picture_of(world.photos[1], 48)
    assert isinstance(opened, Picture) and opened.pixels.shape == (48, 64, 3)
    images.write_png(world.photos[1].path, coat(3, grain=9))
    world.photos[2].path.write_bytes(b"no photo")
    world.photos[3].path.unlink()
    kinds = [type(world.closer.picture_of(world.photos[number], 48)) for number in (1, 2, 3)]
    assert kinds == [Replaced, Unreadable, Missing]


def test_when_every_photo_is_gone_the_shortlist_is_as_it_was(world: World) -> None:
    for photo in world.photos.values():
        photo.path.unlink()
    assert world.closer.rerank(world.found, seen(coat(3)), 20) == world.found


def test_enrolled_photos_are_opened_once(world: World) -> None:
    before = world.names(coat(3, grain=9))
    assert world.net.photos == 4
    for photo in world.photos.values():
        photo.path.unlink()
    assert world.names(coat(3, grain=9)) == before
    assert world.net.photos == 4


def test_no_more_maps_are_kept_than_there_is_room_for(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(closer_module, "MAPS_KEPT", 2)
    assert world.names(coat(3, grain=9))[0] == "animal-3"
    assert world.names(coat(3, grain=9))[0] == "animal-3"
    assert len(world.closer._kept) == 2
    assert world.net.photos == 4  # the others are read back from the disk


def test_another_process_does_not_open_the_photos_again(world: World, tmp_path: Path) -> None:
    before = world.names(coat(3, grain=9))
    for photo in world.photos.values():
        photo.path.unlink()
    again = Reranker(Shelf(tmp_path), cast(Runtime, world.net))
    assert [one.individual for one in again.rerank(world.found, seen(coat(3, grain=9)), 20).listed] == before
    assert world.net.photos == 4
