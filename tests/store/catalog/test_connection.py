"""How a catalogue is opened: to write, to read, and to read where its folder cannot be written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reid.errors import GalleryError
from reid.store.catalog.catalog import Catalog
from reid.store.catalog.connection import connect, connected


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "é #1?.sqlite"  # what must be quoted in an address
    Catalog.create(made, wait=1)
    return made


def value(opened: sqlite3.Connection, pragma: str) -> object:
    return opened.execute(f"PRAGMA {pragma}").fetchone()[0]


def test_what_is_written_is_on_disk_before_a_change_is_done_and_references_are_checked(path: Path) -> None:
    opened, room = connected(path, 1, write=True)
    with closing(opened):
        assert room and (value(opened, "journal_mode"), value(opened, "synchronous")) == ("wal", 2)
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            opened.execute("INSERT INTO embedding (photo_id, net_id, seq, vector) VALUES (7, 7, 1, x'00')")


def test_a_connection_to_read_writes_nothing(path: Path) -> None:
    opened, room = connected(path, 1, write=False)
    with closing(opened):
        assert opened.execute("SELECT count(*) FROM meta").fetchone() == (2,) and room
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            opened.execute("DELETE FROM meta")


def test_no_connection_trusts_what_a_catalogue_defines(path: Path) -> None:
    with closing(connect(path, "mode=ro", 1)) as opened:
        assert value(opened, "trusted_schema") == 0


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    for write in (False, True):
        with pytest.raises(sqlite3.OperationalError, match="unable to open"):
            connected(tmp_path / "none.sqlite", 1, write=write)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def closed(path: Path) -> Path:
    """A catalogue with a log, beside which SQLite cannot make its files (a broken link is in the place of one)."""
    connected(path, 1, write=True)[0].close()
    path.with_name(path.name + "-shm").symlink_to("no folder/file")
    return path


def test_where_nothing_can_be_made_beside_it_a_catalogue_without_a_log_is_read_as_it_is(closed: Path) -> None:
    with closing(connect(closed, "mode=ro", 1)) as plain, pytest.raises(sqlite3.OperationalError, match="unable to open"):
        plain.execute("SELECT count(*) FROM meta")
    opened, _ = connected(closed, 1, write=False)
    with closing(opened):
        assert opened.execute("SELECT count(*) FROM meta").fetchone() == (2,)


def test_changes_that_are_in_the_log_alone_are_not_passed_over(closed: Path) -> None:
    closed.with_name(closed.name + "-wal").write_bytes(b"changes")
    with pytest.raises(GalleryError, match="holds changes that are not merged yet, and its folder cannot be written: copy the"):
        connected(closed, 1, write=False)
