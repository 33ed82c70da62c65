"""A catalogue that is not defined as reid defines it is read and not written, with what is strange and what mends it."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from reid.errors import GalleryError
from reid.store import Gallery
from tests.store.stock import NET, item, unit


@pytest.mark.parametrize(("made", "name"), [
    ("CREATE TRIGGER evil AFTER UPDATE ON individual BEGIN UPDATE photo SET side = 'left'; END", "trigger 'evil'"),
    ("CREATE VIEW w AS SELECT 1; CREATE TRIGGER evil INSTEAD OF INSERT ON w BEGIN SELECT 1; END", "trigger 'evil'"),
    ("CREATE UNIQUE INDEX evil ON photo(path)", "index 'evil'"),
    ("CREATE INDEX evil ON photo(camera || side)", "index 'evil'"),
    ("CREATE TABLE evil (photo INTEGER REFERENCES \"photo\"(id))", "table 'evil'"),
    ("DROP TRIGGER photo_moved; CREATE TRIGGER photo_moved AFTER UPDATE ON photo BEGIN SELECT 1; END", "trigger 'photo_moved'"),
])
def test_beside_a_trigger_that_is_not_ours_nothing_is_written_and_everything_read(
    gallery: Gallery, made: str, name: str
) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.executescript(made)
    connection.close()
    wanted = rf"the {name} was not made by reid.*\): `reid doctor` .*`DROP .* then rename again"
    with Gallery.open(gallery.folder) as opened:
        with pytest.raises(GalleryError, match=wanted):
            opened.identities.rename("a", "b")
        assert [(one.individual, one.side) for one in opened.photos()] == [("a", "")]
        assert not opened.writable


def test_without_one_of_our_triggers_nothing_is_written_for_it_would_not_be_kept(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.executescript("DROP TRIGGER photo_history; DROP TRIGGER journal_update")
    connection.close()
    with Gallery.open(gallery.folder) as opened:
        with pytest.raises(GalleryError, match=r"the trigger 'journal_update' is missing, so that changes would not be kept"):
            opened.identities.rename("a", "b")
        assert [one.individual for one in opened.photos()] == ["a"]


def test_no_connection_trusts_a_catalogue_but_one_whose_triggers_are_ours(gallery: Gallery) -> None:
    def trust(opened: Gallery) -> int:
        return int(opened._catalog.ask("PRAGMA trusted_schema")[0][0])

    with Gallery.open(gallery.folder) as writer:
        assert (trust(writer), writer.writable) == (1, True)
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.execute("CREATE TRIGGER evil AFTER INSERT ON meta BEGIN SELECT 1; END")
    connection.close()
    with Gallery.open(gallery.folder) as reader:
        assert (trust(reader), reader.writable) == (0, False)


def defined_anew(connection: sqlite3.Connection, table: str, old: str, new: str) -> None:
    """What a person does who makes a table anew, in one step."""
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute("UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = ?", (old, new, table))
    connection.commit()


@pytest.mark.parametrize(("table", "old", "new"), [
    ("photo", "side TEXT NOT NULL", "side TEXT NOT NULL CHECK (side <> 'right')"),
    ("photo", "season TEXT NOT NULL", "season TEXT NOT NULL DEFAULT 'dry'"),
    ("photo", "sha256 TEXT NOT NULL", "sha256 TEXT COLLATE NOCASE NOT NULL"),
    ("journal", "seq INTEGER PRIMARY KEY AUTOINCREMENT", "seq INTEGER PRIMARY KEY"),
    ("individual", "origin TEXT)", "origin TEXT, nickname TEXT CHECK (nickname <> 'x'))"),
    ("species", "name TEXT NOT NULL UNIQUE", "name TEXT NOT NULL UNIQUE ON CONFLICT REPLACE"),
])
def test_a_table_that_is_not_defined_as_ours_is_read_and_not_written(gallery: Gallery, table: str, old: str, new: str) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    defined_anew(connection, table, old, new)
    connection.close()
    with Gallery.open(gallery.folder) as opened:
        with pytest.raises(GalleryError, match=rf"the table {table!r} is not defined as reid defines it.* restore the gallery"):
            opened.identities.rename("a", "b")
        assert [one.individual for one in opened.photos()] == ["a"]
        assert any(one.reason.startswith(f"the table {table!r}") for one in opened.checkup.damage())


def test_a_view_a_table_and_an_index_that_a_person_made_for_looking_change_nothing(gallery: Gallery, tmp_path: Path) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    then = gallery.log(1)[0].at
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.executescript(
        "CREATE VIEW zebras AS SELECT p.path, i.name FROM photo p JOIN individual i ON i.id = p.individual_id;"
        "CREATE VIEW sexes AS SELECT json_extract(notes, '$.sex') AS sex FROM photo;"
        "CREATE TABLE my_notes (photo INTEGER, note TEXT); CREATE INDEX my_notes_photo ON my_notes(photo);"
        "CREATE INDEX mine ON photo(camera, captured_at DESC); ANALYZE;"
    )
    connection.close()
    with Gallery.open(gallery.folder) as opened:
        assert opened.writable and opened.checkup.damage() == []
        assert opened.identities.rename("a", "b").individual == "b"
        opened.history.undo()
        copy = opened.exchange.copy_to(tmp_path / "copy").folder
    for folder in (gallery.folder, copy):
        with Gallery.open(folder) as again, Gallery.open(folder, as_of=then) as past:
            assert again.writable and [one.name for one in (*again.individuals(), *past.individuals())] == ["a", "a"]


def test_columns_that_a_person_added_are_named_with_what_drops_them_and_nothing_is_lost(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.executescript("ALTER TABLE photo ADD COLUMN note TEXT; ALTER TABLE photo ADD seen")
    with Gallery.open(gallery.folder) as opened:
        [told] = opened.checkup.damage()
        with pytest.raises(GalleryError, match="is not defined as reid defines it"):
            opened.identities.rename("a", "b")
    found = re.search("`(ALTER.*)`", told.reason)
    assert found and found[1] == 'ALTER TABLE "photo" DROP COLUMN "note"; ALTER TABLE "photo" DROP COLUMN "seen"'
    connection.executescript(found[1])
    connection.close()
    with Gallery.open(gallery.folder) as opened:
        assert opened.checkup.damage() == []
        opened.identities.rename("a", "b")
        assert [one.name for one in opened.individuals()] == ["b"]


def test_an_index_by_which_sqlite_reads_nothing_any_more_is_named(gallery: Gallery) -> None:
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.execute("CREATE INDEX evil ON photo(json_extract(notes, '$.sex'))")
    connection.close()
    told = r"drop it in any SQLite program|`DROP INDEX \"evil\"`"  # not every SQLite takes that function for unsafe
    with pytest.raises(GalleryError, match=told), Gallery.open(gallery.folder) as opened:
        opened.check_writable("rename")
