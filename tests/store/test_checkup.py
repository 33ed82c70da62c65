"""Each thing that can be wrong with a catalogue is found and named, whatever else is right."""

from __future__ import annotations

import sqlite3

import pytest

from reid.errors import GalleryError
from reid.store import Gallery
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
    ("CREATE VIEW evil AS SELECT 1", "the view 'evil' was not made by reid"),
    ("DROP TRIGGER photo_history", "the trigger 'photo_history' is missing"),
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


@pytest.mark.parametrize(("made", "name"), [
    ("CREATE TRIGGER evil AFTER UPDATE ON individual BEGIN UPDATE photo SET side = 'left'; END", "trigger 'evil'"),
    ("CREATE VIEW evil AS SELECT 1", "view 'evil'"),
    ("DROP TRIGGER photo_moved; CREATE TRIGGER photo_moved AFTER UPDATE ON photo BEGIN SELECT 1; END", "trigger 'photo_moved'"),
])
def test_beside_a_trigger_that_is_not_ours_nothing_is_written_and_everything_read(
    gallery: Gallery, made: str, name: str
) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.executescript(made)
    connection.close()
    with Gallery.open(gallery.folder) as opened:
        with pytest.raises(GalleryError, match=rf"the {name} was not made by reid\): `reid doctor` .* then rename again"):
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
    connection.execute("CREATE VIEW evil AS SELECT 1")
    connection.close()
    with Gallery.open(gallery.folder) as reader:
        assert (trust(reader), reader.writable) == (0, False)
