"""Each thing that can be wrong with a catalogue is found and named, whatever else is right."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reid.errors import GalleryError
from reid.settings import SearchSettings
from reid.store import Gallery
from reid.store.search import cache_files
from tests.store.stock import NET, item, unit

DAMAGES = (
    ("UPDATE individual SET removed_seq = 2 WHERE id = 1", "a photo of an individual that is not there: 2, first id 1"),
    ("UPDATE photo SET species_id = 2 WHERE id = 2", "a photo whose species is not that of its individual: 1, first id 2"),
    ("UPDATE embedding SET vector = x'00' WHERE photo_id = 3", "an embedding of another length than its net's: 1, first id 3"),
    ("DROP TRIGGER journal_delete; DELETE FROM journal WHERE seq = 2", "an entry missing from the journal: 1, first id 3"),
    ("UPDATE species SET photos = 9 WHERE id = 1", "a species whose count of photos is wrong: 1, first id 1"),
    ("UPDATE species SET individuals = 9 WHERE id = 1", "a species whose count of individuals is wrong: 1, first id 1"),
    ("UPDATE photo SET individual_id = 99 WHERE id = 1", "1 rows point to rows that are not there, first in photo"),
    ("CREATE TRIGGER evil AFTER INSERT ON photo BEGIN DELETE FROM photo; END", "the trigger 'evil' was not made by reid"),
    ("DROP TRIGGER photo_history", "the trigger 'photo_history' is missing"),
    ("DROP INDEX photo_key", "the unique index 'photo_key' is missing"),
    ("CREATE UNIQUE INDEX evil ON photo(path)", "the index 'evil' was not made by reid"),
)


@pytest.mark.parametrize(("damage", "told"), DAMAGES)
def test_a_damage_of_the_catalogue_is_told_and_not_repaired(gallery: Gallery, damage: str, told: str) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0]), item("a", 2, unit(2, 1)[0]), item("b", 3, unit(3, 1)[0])])
    gallery.set_embedding_net("lion", "lions", 8, calibration=None)
    assert gallery.checkup.damage() == []
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.executescript(damage)
    connection.close()
    found = gallery.checkup.damage()
    assert any(one.reason.startswith(told) for one in found), found
    assert not any(one.derived for one in found)
    assert gallery.checkup.damage() == found


@pytest.mark.parametrize("table", ["journal", "history", "photo", "merged_journal", "embedding"])
def test_a_table_that_is_gone_is_told_by_whatever_asks_for_it_and_by_the_checkup(gallery: Gallery, table: str) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.execute(f"DROP TABLE {table}")
    connection.close()
    gallery.close()
    with Gallery.open(gallery.folder) as opened:
        assert any(f"the table {table!r} is missing" in one.reason for one in opened.checkup.damage())
        with pytest.raises(GalleryError, match=rf"the table {table!r} is missing|not whole \(no such table: (main\.)?{table}\)"):
            opened.log()
            opened.history.detail(1)
            opened.photos()
            opened.vectors("zebra")
            opened.identities.rename("a", "b")


def test_a_file_that_is_gone_before_it_is_looked_at_is_neither_left_over_nor_an_error(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    (gallery.folder / "cache").mkdir(exist_ok=True)
    (gallery.folder / "cache" / "zebra.json.new-1").symlink_to("gone")  # is listed, and is not there
    assert gallery.checkup.damage() == []


def test_an_index_that_is_written_anew_while_it_is_looked_at_is_not_told_to_be_damaged(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = unit(1, 40)
    with Gallery.open(gallery.folder, search=SearchSettings(rewrite_photos=1, rewrite_share=0.0)) as writer:

        def enroll(first: int) -> None:
            writer.enroll("zebra", NET, [item("a", number, vectors[number]) for number in range(first, first + 20)])
            writer.search("zebra", vectors, 3)
            writer.settle()

        enroll(0)
        before = sorted(path.name for path in (gallery.folder / "cache").iterdir())
        later, real = iter([20]), cache_files._sum

        def sum_of(path: Path) -> int:
            for first in later:  # once, in the middle
                enroll(first)
            return real(path)

        monkeypatch.setattr(cache_files, "_sum", sum_of)
        assert gallery.checkup.damage() == []
        assert before != sorted(path.name for path in (gallery.folder / "cache").iterdir())
