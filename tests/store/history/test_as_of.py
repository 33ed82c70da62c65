from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from reid.errors import GalleryError, UsageError
from reid.store import Gallery, Where
from reid.store.catalog import catalog
from tests.store.history.test_journal import LEARNT, seen
from tests.store.stock import NET, item, unit

VECTORS = unit(1, 8)
START = datetime(2025, 3, 1, 12, tzinfo=UTC)


class Days:
    """A clock that goes on by a day with every change."""

    def __init__(self) -> None:
        self.day = -1

    def __call__(self) -> str:
        self.day += 1
        return (START + timedelta(days=self.day)).isoformat(timespec="milliseconds")


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "now", Days())


def answers(gallery: Gallery) -> object:
    found = [
        gallery.search("zebra", VECTORS, 4, where=where)
        for where in (Where(), Where(side="left"), Where(seasons=frozenset({"2024"})))
    ] if gallery.species() and gallery.species()[0].dimension == VECTORS.shape[1] else []
    return seen(gallery), [(one.scores.tolist(), one.photo_ids.tolist()) for one in found], gallery.log(100)


def test_every_day_of_the_past_is_shown_as_it_was(days: None, folder: Path) -> None:
    gallery = Gallery.open(folder, create=True)  # the first reading of the clock makes the gallery, on 1 March
    told = []

    def did(_: object) -> None:
        told.append(answers(gallery))

    did(gallery.set_embedding_net("zebra", NET, 32, calibration=None))
    did(gallery.enroll("zebra", NET, [
        item(name, n, VECTORS[n], side="left" if n % 2 else "", season="2024" if n < 3 else "2025")
        for n, name in enumerate("aabbc")
    ]))
    did(gallery.set_species_net("router"))
    did(gallery.identities.rename("a", "Amara"))
    did(gallery.corrections.correct([1], side="right", season="2025"))
    did(gallery.set_calibrations({"zebra": (NET, LEARNT)}))
    did(gallery.identities.merge("b", "c"))
    did(gallery.corrections.remove([2, 5]))
    did(gallery.enroll("zebra", NET, [item("d", 6, VECTORS[6]), item("c", 1, VECTORS[1], again=True)]))
    did(gallery.history.undo(7))
    did(gallery.set_species_net("router 2"))
    did(gallery.identities.remove("Amara"))
    newer = dict(zip(range(1, 8), unit(5, 7, 8), strict=True))
    did(gallery.set_embedding_net("zebra", "newer", 8, calibration=None, vectors=newer))
    did(gallery.identities.split("b", "e", photos=[3]))
    cache = sorted(path.name for path in gallery.cache_folder.iterdir())
    for day, expected in enumerate(told):
        moment = START + timedelta(days=1 + day, hours=1)
        with Gallery.open(folder, as_of=moment) as past:
            then = answers(past)
            assert not past.writable
        assert then[:2] == expected[:2], day  # type: ignore[index]
        assert [(one.seq, one.summary) for one in then[2]] == [(one.seq, one.summary) for one in expected[2]]  # type: ignore[index]
    assert answers(gallery) == told[-1]
    assert sorted(path.name for path in gallery.cache_folder.iterdir()) == cache
    gallery.close()


def test_a_day_is_meant_to_its_end_and_days_before_the_first_are_told(days: None, folder: Path) -> None:
    with Gallery.open(folder, create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, 32, calibration=None)  # 2 March
        gallery.enroll("zebra", NET, [item("a", 1, VECTORS[1])])  # 3 March
    with Gallery.open(folder, as_of=date(2025, 3, 3)) as past:
        assert past.head() == 2
    with Gallery.open(folder, as_of=date(2025, 3, 2)) as past:
        assert (past.head(), past.photos()) == (1, ())
    with pytest.raises(UsageError, match=r"knows nothing of 2025-03-01T.*: its first change was made at 2025-03-02T12:00"):
        Gallery.open(folder, as_of=date(2025, 3, 1))


def test_the_past_cannot_be_changed(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, VECTORS[1])])
    with Gallery.open(gallery.folder, as_of=datetime.now(UTC)) as past:
        with pytest.raises(GalleryError, match=r"open for reading only \(it is shown as it was after entry 2 of its journal"):
            past.identities.rename("a", "b")
        gallery.identities.rename("a", "c")
        assert [one.name for one in past.individuals()] == ["a"]
    assert not past.cache_folder.exists()


def test_a_past_beyond_a_purge_is_refused(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, VECTORS[1])])
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    with connection:
        entry = (3, "2999-01-01", "me", "purge", "", "{}", '{"in_use": [[2, 3]]}', "x")
        connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entry)
    connection.close()
    with pytest.raises(GalleryError, match=r"cannot be shown as it was after entry 2: entry 3 .* purged photos or embeddings"):
        Gallery.open(gallery.folder, as_of=datetime.now(UTC))
