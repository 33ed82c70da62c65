"""Photos opened ahead: in order, with what EXIF knows, past the ones that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from reid import images, threads
from reid.records import Photo, Pixels, Problem
from reid.steps.photos import Opened, open_photos


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
