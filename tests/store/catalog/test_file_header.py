"""The first bytes of a file say whether it is a catalogue of ours; nothing is touched to find out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reid.errors import GalleryError, GalleryTooNew
from reid.store import Gallery
from tests.store.stock import content


@pytest.mark.parametrize("where", ["manifest", "catalogue"])
def test_a_newer_format_is_refused_and_nothing_changed(gallery: Gallery, where: str) -> None:
    gallery.close()
    if where == "manifest":
        path = gallery.folder / "gallery.json"
        path.write_text(path.read_text("utf-8").replace('"format": 2', '"format": 3'), "utf-8")
    else:
        connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
        connection.execute("PRAGMA user_version=3")
        connection.close()
    before = content(gallery.folder)
    for create in (False, True):
        with pytest.raises(GalleryTooNew, match="has format 3, this reid knows formats up to 2: update reid"):
            Gallery.open(gallery.folder, create=create)
    assert content(gallery.folder) == before


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "catalog.sqlite")
    connection.execute("CREATE TABLE mine (x)")
    connection.execute("PRAGMA user_version=7")
    connection.close()
    before = content(tmp_path)
    with pytest.raises(GalleryError, match="is the database of another program"):
        Gallery.open(tmp_path, create=True)
    assert content(tmp_path) == before
