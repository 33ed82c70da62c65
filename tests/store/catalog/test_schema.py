"""Triggers of the catalogue keep history, counts and the journal, whoever writes."""

from __future__ import annotations

import sqlite3

import pytest

from reid.store import Gallery


def test_the_journal_is_append_only_even_for_other_programs(herd: Gallery) -> None:
    connection = sqlite3.connect(herd.folder / "catalog.sqlite")
    for statement in ("DELETE FROM journal WHERE seq = 2", "UPDATE journal SET who = 'nobody'"):
        with pytest.raises(sqlite3.IntegrityError, match="the journal is append-only"):
            connection.execute(statement)
    connection.close()


def test_what_another_program_alters_is_kept_in_the_history_too(herd: Gallery) -> None:
    connection = sqlite3.connect(herd.folder / "catalog.sqlite")
    with connection:
        connection.execute("""UPDATE photo SET notes = '{"by": "hand"}', season = '1999' WHERE id = 2""")
    kept = connection.execute("SELECT seq, kind, row, changed FROM history ORDER BY id DESC LIMIT 1").fetchone()
    connection.close()
    assert kept == (3, "photo", 2, '{"season":["2024","1999"],"notes":["{}","{\\"by\\": \\"hand\\"}"]}')


def test_the_counts_of_a_species_follow_whatever_alters_its_photos_and_individuals(herd: Gallery) -> None:
    connection = sqlite3.connect(herd.folder / "catalog.sqlite")

    def counts() -> tuple[int, int]:
        return connection.execute("SELECT individuals, photos FROM species WHERE name = 'zebra'").fetchone()

    assert counts() == (3, 6)
    for statement, expected in (
        ("UPDATE photo SET removed_seq = 9 WHERE id < 3", (3, 4)), ("UPDATE photo SET removed_seq = 10 WHERE id < 3", (3, 4)),
        ("UPDATE photo SET removed_seq = NULL WHERE id = 1", (3, 5)),
        ("UPDATE individual SET removed_seq = 9 WHERE id = 3", (2, 5)),
    ):
        connection.execute(statement)
        assert counts() == expected, statement
    connection.close()
