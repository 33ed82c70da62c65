from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from reid.errors import GalleryError
from reid.records import Box
from reid.store import Enrolled, Gallery
from tests.store.stock import DIMENSION, NET, digest, item, unit


def test_what_was_enrolled_is_there_after_reopening(gallery: Gallery) -> None:
    vectors = unit(1, 3)
    taken = datetime(2024, 5, 1, 10, 0, 0, 250_000)
    facts = {
        "captured_at": taken, "encounter": "e1", "camera": "gué 3", "side": "left", "season": "2024",
        "box": Box(0.1, 0.2, 1 / 3, 0.4), "notes": {"météo": "pluie"},
    }
    told = gallery.enroll("zebra", NET, [
        item("Zoë", "a", vectors[0], **facts), item("Zoë", "b", vectors[1]), item("Max", "c", vectors[2]),
    ])
    assert told == (Enrolled(1, "Zoë", "added"), Enrolled(2, "Zoë", "added"), Enrolled(3, "Max", "added"))
    gallery.close()
    with Gallery.open(gallery.folder) as again:
        first = again.photo(1)
        assert (first.individual, first.species, first.path) == ("Zoë", "zebra", Path("/photos/a.jpg"))
        assert {name: getattr(first, name) for name in facts} == facts
        assert (first.sha256, first.width, first.height, first.removed) == (digest("a"), 640, 480, False)
        assert again.photos("zebra", "Zoë") == again.photos_by_id([1, 2])
        ids, found = again.vectors("zebra")
        assert ids.tolist() == [1, 2, 3]
        np.testing.assert_array_equal(found, vectors)
        assert again.find(digest("a"), facts["box"].key()) == first  # type: ignore[attr-defined]
        assert again.find(digest("a")) is None


def test_a_damaged_embedding_is_told(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    with connection:
        connection.execute("UPDATE embedding SET vector = zeroblob(128)")
    connection.close()
    with pytest.raises(GalleryError, match=r"embedding of a photo is damaged in catalog.sqlite: restore"):
        gallery.search("zebra", unit(1, 1), 1)


def test_every_change_is_in_the_journal(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_USER", "Zoë")
    start = datetime.now(UTC)
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0]), item("b", 2, unit(2, 1)[0])], why="summer survey")
    last, first = gallery.log()
    assert (last.seq, last.who, last.what, last.why) == (gallery.head(), "Zoë", "enroll", "summer survey")
    assert abs((last.at - start).total_seconds()) < 60
    assert json.loads(last.after)["new_individuals"] == {"1": "a", "2": "b"}
    assert (first.seq, first.what) == (1, "set_embedding_net")
    assert gallery.log(1) == (last,)


def test_a_photo_is_found_again_after_the_disk_was_moved(tmp_path: Path) -> None:
    (tmp_path / "disk" / "photos").mkdir(parents=True)
    file = tmp_path / "disk" / "photos" / "à b.jpg"
    file.write_bytes(b"x")
    with Gallery.open(tmp_path / "disk" / "gallery", create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
        gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0], path=file)])
        assert gallery.locate(gallery.photo(1)) == file
    (tmp_path / "disk").rename(tmp_path / "elsewhere")
    with Gallery.open(tmp_path / "elsewhere" / "gallery") as gallery:
        assert gallery.locate(gallery.photo(1)) == tmp_path / "elsewhere" / "photos" / "à b.jpg"
        (tmp_path / "elsewhere" / "photos" / "à b.jpg").unlink()
        assert gallery.locate(gallery.photo(1)) is None
