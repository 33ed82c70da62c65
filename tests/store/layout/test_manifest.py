"""gallery.json tells what the catalogue holds, and is published again where it does not."""

from __future__ import annotations

import pytest

from reid.store import Gallery
from reid.store.catalog.catalog import Catalog
from reid.store.layout import manifest as published
from tests.store.stock import DIMENSION, LEARNT, NET, item, manifest, unit


def test_the_manifest_tells_what_the_catalogue_holds(gallery: Gallery) -> None:
    gallery.set_species_net("router", why="trained")
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=LEARNT)
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    told = manifest(gallery)
    assert (told["format"], told["seq"], told["species_net"]) == (2, 4, {"fingerprint": "router"})
    assert told["counts"] == {"species": 1, "individuals": 1, "photos": 1}
    assert told["species"] == {"zebra": {
        "embedding_net": {"fingerprint": NET, "dimension": DIMENSION}, "thresholds": LEARNT.to_json(),
        "individuals": 1, "photos": 1,
    }}
    assert gallery.species_net() == "router"


@pytest.mark.parametrize("damage", ["missing", "old", "no json"])
def test_the_manifest_is_published_again_from_the_catalogue(
    gallery: Gallery, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = gallery.folder / "gallery.json"
    old = path.read_bytes()
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    right = path.read_bytes()
    gallery.close()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(old if damage == "old" else b"{")
    Gallery.open(gallery.folder).close()
    assert path.read_bytes() == right
    assert ("is missing, it is made again" in caplog.text) == (damage == "missing")


def test_a_slow_publisher_does_not_leave_an_older_manifest(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    make, late = published._manifest, unit(1, 2)

    def overtaken(catalog: Catalog) -> tuple[int, bytes]:
        made = make(catalog)
        monkeypatch.setattr(published, "_manifest", make)
        with Gallery.open(gallery.folder) as other:  # commits and publishes between our reading and our writing
            other.enroll("zebra", NET, [item("b", 2, late[1])])
        return made

    monkeypatch.setattr(published, "_manifest", overtaken)
    gallery.enroll("zebra", NET, [item("a", 1, late[0])])
    assert manifest(gallery)["counts"] == {"species": 1, "individuals": 2, "photos": 2}
