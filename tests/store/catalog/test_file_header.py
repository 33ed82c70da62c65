"""The first bytes of a file say whether it is a catalogue of ours; nothing is touched to find out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reid.errors import GalleryError, GalleryTooNew
from reid.store import Gallery
from reid.store.catalog.file_header import has_tables
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


@pytest.mark.parametrize(("head", "text"), [(b"SQLite format 3\0" + bytes(83), "no SQLite file"), (b"x" * 100, "no SQLite file")])
def test_what_is_cut_off_or_of_something_else_is_no_catalogue(tmp_path: Path, head: bytes, text: str) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(head)
    with pytest.raises(GalleryError, match=f"is damaged, it is {text}: restore the gallery"):
        has_tables(tmp_path / "catalog.sqlite")


def test_a_file_that_a_kill_left_without_tables_is_a_catalogue_to_be_finished(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"")
    assert not has_tables(tmp_path / "catalog.sqlite")
    (tmp_path / "catalog.sqlite").write_bytes(b"SQLite format 3\0" + bytes(84))
    assert not has_tables(tmp_path / "catalog.sqlite")
    with pytest.raises(GalleryError, match="cannot be read"):
        has_tables(tmp_path)
