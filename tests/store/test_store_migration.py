"""A gallery of format 1, as that reid wrote it, is brought forward; the copy that is kept is the gallery as it was."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from reid.errors import GalleryError
from reid.store import Gallery
from reid.store.layout import folder as folders
from tests.store.stock import LEARNT

DUMP = Path(__file__).with_name("format_1.sql")


@pytest.fixture
def old(folder: Path) -> Path:
    folder.mkdir(parents=True)
    connection = sqlite3.connect(folder / "catalog.sqlite")
    connection.executescript(DUMP.read_text("utf-8"))
    connection.close()
    return folder


def rows(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_a_gallery_of_format_1_is_brought_forward_and_a_copy_kept(old: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = rows(old / "catalog.sqlite")
    with Gallery.open(old) as gallery:
        assert [(one.name, one.photos) for one in gallery.individuals()] == [("Max", 2), ("Zoë", 1)]
        assert gallery.search("zebra", np.eye(4, dtype=np.float32), 1).photo_ids[:, 0].tolist() == [3, 1, 1, 2]
        assert (gallery.embedding_net("zebra"), gallery.species_net()) == ("net-2", "router-2")
        assert gallery.identities.merge("Max", "Zoë").individual_id == 1
    assert "was brought from format 1 to 2; catalog.sqlite.format-1 is a copy of it as it was" in caplog.text
    assert rows(old / "catalog.sqlite.format-1") == before
    caplog.clear()
    Gallery.open(old).close()
    assert "format" not in caplog.text


def test_what_format_1_changed_can_be_undone_and_shown(old: Path) -> None:
    with Gallery.open(old) as gallery:
        assert [entry.what for entry in gallery.log()] == [
            "enroll", "set_embedding_net", "set_species_net", "set_calibrations", "enroll", "set_embedding_net",
            "set_species_net",
        ]
        fourth = gallery.log()[3].at
        for _ in range(3):
            gallery.history.undo()
        assert (gallery.embedding_net("zebra"), gallery.species_net()) == ("net-1", "router")
        assert gallery.calibration("zebra") == LEARNT
        assert [one.photos for one in gallery.individuals()] == [1, 1]
        for _ in range(4):
            gallery.history.undo()
        assert (gallery.species(), gallery.species_net()) == ((), None)
    with Gallery.open(old, as_of=fourth) as past:
        assert past.head() >= 4
    with Gallery.open(old, as_of=datetime.now(UTC)) as past:
        assert past.species() == ()


def test_no_room_for_the_copy_leaves_the_old_gallery_as_it_is(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(old / "catalog.sqlite")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "atomic_replace", full)
    with pytest.raises(GalleryError, match=r"the copy to keep, cannot be written .*No space left"):
        Gallery.open(old)
    monkeypatch.undo()
    assert rows(old / "catalog.sqlite") == before
    with Gallery.open(old) as gallery:
        assert len(gallery.photos()) == 3


def test_a_copy_from_before_is_never_replaced(old: Path) -> None:
    (old / "catalog.sqlite.format-1").write_bytes(b"an earlier one")
    before = rows(old / "catalog.sqlite")
    Gallery.open(old).close()
    assert (old / "catalog.sqlite.format-1").read_bytes() == b"an earlier one"
    assert rows(old / "catalog.sqlite.format-1-2") == before


def test_a_gallery_of_format_1_is_defined_as_a_new_one_once_it_was_brought_forward(old: Path) -> None:
    Gallery.open(old).close()
    for _ in range(2):
        with Gallery.open(old) as gallery:
            assert gallery.writable and gallery.checkup.damage() == []


def test_what_is_strange_in_a_table_of_format_1_is_told_when_it_was_brought_forward(old: Path) -> None:
    connection = sqlite3.connect(old / "catalog.sqlite")
    connection.execute("ALTER TABLE photo ADD COLUMN mine TEXT DEFAULT 'x'")
    connection.close()
    with Gallery.open(old) as gallery, pytest.raises(GalleryError, match="the table 'photo' is not defined as reid defines it"):
        gallery.identities.rename("Max", "Maxi")


def test_a_trigger_of_somebody_elses_in_format_1_is_the_reason_told(old: Path) -> None:
    connection = sqlite3.connect(old / "catalog.sqlite")
    connection.execute("CREATE TRIGGER evil AFTER INSERT ON photo BEGIN SELECT 1; END")
    connection.close()
    with pytest.raises(GalleryError, match=r"written \(the trigger 'evil' was not made by reid\).*`DROP TRIGGER \"evil\"`"):
        Gallery.open(old)
