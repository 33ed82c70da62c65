"""The shortlist: the best photo of each individual, however many photos one of them has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reid.errors import ModelMismatch
from reid.records import Photo, Vectors
from reid.steps.search import FIRST_LOOK, SHORTLIST, Searchable, ShortlistQuery, comparable, eligible, shortlist
from reid.store import Enrollment, Gallery, Where
from tests.steps.stock import InMemory, enrolled_photo

NET = "0123456789abcdef"
DIMENSION = 8
ANYWHERE = Where()


def unit(rows: NDArray[np.float64]) -> Vectors:
    found: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


def crowd(counts: dict[str, int], seed: int = 0) -> tuple[list[str], list[str], Vectors]:
    """(individual of each photo, its side, vectors): an individual's photos lie around a direction of its own."""
    rng = np.random.default_rng(seed)
    names = [name for name, count in counts.items() for _ in range(count)]
    centres = {name: rng.standard_normal(DIMENSION) for name in counts}
    vectors = unit(np.stack([centres[name] + 0.3 * rng.standard_normal(DIMENSION) for name in names]))
    order = rng.permutation(len(names))
    return [names[row] for row in order], [("left", "right", "")[row % 3] for row in order], vectors[order]


def fake(names: list[str], sides: list[str], vectors: Vectors) -> InMemory:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names), start=1)}
    photos = [
        enrolled_photo(row + 1, name, numbers[name], side=side) for row, (name, side) in enumerate(zip(names, sides, strict=True))
    ]
    return InMemory(photos, vectors)


def real(folder: Path, names: list[str], sides: list[str], vectors: Vectors) -> Gallery:
    gallery = Gallery.open(folder, create=True)
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
    gallery.enroll(
        "zebra",
        NET,
        [
            Enrollment(name, Photo(Path(f"/p/{row}.jpg"), side=side), f"{row:064x}", 9, 9, vector)
            for row, (name, side, vector) in enumerate(zip(names, sides, vectors, strict=True))
        ],
    )
    return gallery


COUNTS = {"Ada": 300, "Bo": 5, "Çelik": 40, **{f"n{number}": 1 for number in range(30)}}


@pytest.fixture(params=["in memory", "on disk"])
def searched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Searchable, list[str], list[str], Vectors]]:
    stock = crowd(COUNTS)
    if request.param == "in memory":
        yield fake(*stock), *stock
    else:
        with real(tmp_path / "g", *stock) as gallery:
            yield gallery, *stock


def by_hand(names: list[str], sides: list[str], vectors: Vectors, query: Vectors, side: str) -> list[tuple[str, float]]:
    best: dict[str, float] = {}
    for name, photo_side, vector in zip(names, sides, vectors, strict=True):
        if not side or photo_side in (side, ""):
            best[name] = max(best.get(name, -2.0), float(vector @ query[0]))
    return sorted(best.items(), key=lambda item: -item[1])


@pytest.mark.parametrize("side", ["", "left", "right"])
def test_each_individual_stands_once_with_its_best_photo(
    searched: tuple[Searchable, list[str], list[str], Vectors], side: str
) -> None:
    gallery, names, sides, vectors = searched
    rng = np.random.default_rng(5)
    for query in (
        vectors[[names.index("Ada")]],
        vectors[[names.index("n3")]],
        unit(rng.standard_normal((1, DIMENSION))),
    ):
        where = Where(side=side)
        count = eligible(gallery, "zebra", where)
        wanted = by_hand(names, sides, vectors, query, side)
        assert count == len(wanted)
        found = shortlist(gallery, "zebra", query, ShortlistQuery(NET, where, count))
        told = [(one.individual, one.score) for one in found.listed]
        assert found.enrolled == count
        assert len(told) >= min(SHORTLIST, count)
        assert [name for name, _ in told] == [name for name, _ in wanted[: len(told)]]
        assert [score for _, score in told] == pytest.approx([score for _, score in wanted[: len(told)]], abs=1e-6)
        assert all(one.photo.individual == one.individual for one in found.listed)
        assert all(one.photo.side in (side, "") or not side for one in found.listed)


def test_a_listed_individual_has_its_three_most_alike_photos_falling() -> None:
    names, sides, vectors = crowd({"Ada": 20, "Bo": 2})
    found = shortlist(fake(names, sides, vectors), "zebra", vectors[:1], ShortlistQuery(NET, ANYWHERE, 2))
    for listed in found.listed:
        own = sorted((float(v @ vectors[0]) for v, name in zip(vectors, names, strict=True) if name == listed.individual))
        assert [score for _, score in listed.best] == pytest.approx(own[::-1][:3], abs=1e-6)
        assert listed.best[0] == (listed.photo, listed.score)
        assert {photo.individual for photo, _ in listed.best} == {listed.individual}


def test_more_photos_are_asked_for_when_one_individual_fills_the_first_look() -> None:
    names, sides, vectors = crowd(COUNTS)
    gallery = fake(names, sides, vectors)
    query = vectors[[names.index("Ada")]]
    found = shortlist(gallery, "zebra", query, ShortlistQuery(NET, ANYWHERE, len(COUNTS)))
    assert gallery.asked[0] == FIRST_LOOK
    assert gallery.asked == [FIRST_LOOK * 4**turn for turn in range(len(gallery.asked))]
    assert len(gallery.asked) > 1
    assert found.listed[0].individual == "Ada"


def test_one_look_is_enough_where_all_who_could_match_are_on_it() -> None:
    gallery = fake(*crowd({"Ada": 20, "Bo": 20}))
    shortlist(gallery, "zebra", gallery.vectors[:1], ShortlistQuery(NET, ANYWHERE, 2))
    assert gallery.asked == [FIRST_LOOK]


def test_it_ends_when_the_gallery_has_fewer_than_was_counted() -> None:
    gallery = fake(*crowd({"Ada": 20, "Bo": 20}))
    found = shortlist(gallery, "zebra", gallery.vectors[:1], ShortlistQuery(NET, ANYWHERE, 90))
    assert {one.individual for one in found.listed} == {"Ada", "Bo"}


def test_ties_go_to_the_photo_enrolled_first(tmp_path: Path) -> None:
    names, sides = ["Bo", "Ada", "Ada"], ["", "", ""]
    same = unit(np.ones((3, DIMENSION)))
    with real(tmp_path / "g", names, sides, same) as gallery:
        found = shortlist(gallery, "zebra", same[:1], ShortlistQuery(NET, ANYWHERE, 2))
        assert [(one.individual, one.photo.path) for one in found.listed] == [
            ("Bo", Path("/p/0.jpg")),
            ("Ada", Path("/p/1.jpg")),
        ]


def test_an_empty_gallery_gives_an_empty_list(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
        assert eligible(gallery, "zebra", ANYWHERE) == 0
        found = shortlist(gallery, "zebra", unit(np.ones((1, DIMENSION))), ShortlistQuery(NET, ANYWHERE, 0))
        assert (found.enrolled, found.listed) == (0, ())


def test_a_query_of_another_net_is_refused(tmp_path: Path) -> None:
    with (
        real(tmp_path / "g", *crowd({"Ada": 2})) as gallery,
        pytest.raises(ModelMismatch, match="embed it with the gallery's net"),
    ):
        shortlist(gallery, "zebra", unit(np.ones((1, DIMENSION))), ShortlistQuery("f" * 16, ANYWHERE, 1))


def test_who_could_match_is_counted_by_side_and_name(tmp_path: Path) -> None:
    names, sides = ["Ada", "Bo", "Cy", "Ada"], ["left", "right", "", "left"]
    with real(tmp_path / "g", names, sides, unit(np.eye(DIMENSION)[:4])) as gallery:
        for searched in (fake(names, sides, unit(np.eye(DIMENSION)[:4])), gallery):
            assert [eligible(searched, "zebra", Where(side=side)) for side in ("", "left", "right")] == [3, 2, 2]
            assert eligible(searched, "zebra", Where(side="left", individuals=frozenset({"Ada", "Bo"}))) == 1
        assert eligible(gallery, "zebra", Where(side="left", exclude_sha256=frozenset({f"{0:064x}", f"{3:064x}"}))) == 2
        assert eligible(gallery, "zebra", Where(seasons=frozenset({"2024"}))) == 0


def test_older_photos_weigh_less_where_scores_fade() -> None:
    gallery = fake(["Ada", "Ada", "Bo"], ["left"] * 3, np.stack([turned(0), turned(30), turned(20)]))
    dates = (datetime(2019, 5, 1), datetime(2024, 5, 1), None)
    gallery.rows = {
        number: replace(photo, captured_at=when) for (number, photo), when in zip(gallery.rows.items(), dates, strict=True)
    }
    asked = turned(0)[None]
    found = shortlist(gallery, "zebra", asked, ShortlistQuery(NET, ANYWHERE, 2))
    assert [(one.individual, one.photo.id) for one in found.listed] == [("Ada", 1), ("Bo", 3)]
    when = datetime(2024, 5, 1)
    faded = shortlist(gallery, "zebra", asked, ShortlistQuery(NET, ANYWHERE, 2, when=when, fade=0.05))
    assert [(one.individual, one.photo.id) for one in faded.listed] == [("Bo", 3), ("Ada", 2)]
    assert [photo.id for photo, _ in faded.listed[1].best] == [2, 1]
    assert faded.listed[1].best[1][1] == pytest.approx(1.0 - 0.05 * 5, abs=1e-3)
    undated = shortlist(gallery, "zebra", asked, ShortlistQuery(NET, ANYWHERE, 2, when=None, fade=0.05))
    assert undated == found


def turned(degrees: float) -> Vectors:
    """A direction in the first two dimensions."""
    found = np.zeros(DIMENSION, np.float32)
    found[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return found


def test_the_other_side_of_an_animal_cannot_be_compared() -> None:
    names, sides = ["both", "both", "half", "other half", "any"], ["left", "right", "left", "left", ""]
    world = fake(names, sides, unit(np.eye(5, DIMENSION)))
    assert comparable(world, "zebra", Where(side="left")) == 1.0
    assert comparable(world, "zebra", Where(side="right")) == 0.5
    assert comparable(world, "zebra", ANYWHERE) == 0.75  # a photo of unknown side shows either
    assert comparable(fake([], [], unit(np.eye(1, DIMENSION))[:0]), "zebra", Where(side="left")) == 1.0  # nobody is missed
