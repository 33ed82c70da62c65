"""Every store that keeps the contract, by name. A new store is one more entry of `STORES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery
from tests.store.in_memory import Disk, InMemoryGallery
from tests.store.stock import DIMENSION, NET


@dataclass(frozen=True)
class Store:
    """A place for one gallery, which may be opened several times."""

    opened: Callable[..., GalleryStore]
    left: list[GalleryStore]

    def open(self, who: str | None = None, as_of: datetime | date | None = None) -> GalleryStore:
        self.left.append(self.opened(who, as_of))
        return self.left[-1]


def local(place: Path) -> Callable[..., GalleryStore]:
    return lambda who, as_of: open_gallery(place / "indexes" / "Été", create=as_of is None, who=who, as_of=as_of)


def in_memory(place: Path) -> Callable[..., Any]:
    disk = Disk(place / "Été")
    return lambda who, as_of: InMemoryGallery(disk, who=who or "me", as_of=as_of)


STORES = {"local": local, "in memory": in_memory}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    place = Store(STORES[request.param](tmp_path), [])
    yield place
    for gallery in place.left:
        gallery.close()


@pytest.fixture
def gallery(store: Store) -> GalleryStore:
    """Open, with a net for zebras."""
    gallery = store.open()
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
    return gallery
