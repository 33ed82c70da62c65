"""Two replicas of one gallery for the tests of the parts of a merge: each part inside a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from reid.store import Gallery
from reid.store.sync.merge import common_past
from reid.store.sync.three_way import ThreeWay
from tests.store.stock import NET, item, unit

VECTORS = unit(1, 40)
Pair = tuple[Gallery, Gallery]


class _Done(Exception):
    """Leaves the transaction."""


def enroll(gallery: Gallery, **photos: list[int]) -> None:
    gallery.enroll("zebra", NET, [item(name, n, VECTORS[n], again=True) for name, numbers in photos.items() for n in numbers])


@pytest.fixture
def replicas(gallery: Gallery, tmp_path: Path) -> Iterator[Pair]:
    """a #1 with photos 1-3, b #2 with 4 and 5, c #3 with 6; the common past ends at entry 2."""
    enroll(gallery, a=[0, 1, 2], b=[3, 4], c=[5])
    with Gallery.open(gallery.exchange.copy_to(tmp_path / "north").folder) as theirs:
        yield gallery, theirs


@contextmanager
def merging(ours: Gallery, theirs: Gallery) -> Iterator[ThreeWay]:
    """The two inside a transaction of ours, as a merge begins: species are known, nothing else is done."""
    mine, other = ours.exchange._catalog, theirs.exchange._catalog
    past = common_past(mine, other)
    with suppress(_Done), other.reading(), mine.change("merge_galleries", "") as change:
        both = ThreeWay(change, other, "north", past)
        both.species[1] = (1, "zebra")
        yield both
        raise _Done
