from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from reid.errors import GalleryError, UsageError
from reid.store import Gallery, Where
from reid.store.catalog import catalog
from tests.store.stock import LEARNT, NET, item, seen, unit

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


class Clock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.shows = "2026-05-01T12:00:00.000+00:00"

    def __call__(self) -> str:
        return self.shows


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    shown = Clock()
    monkeypatch.setattr(catalog, "now", shown)
    return shown


@pytest.mark.parametrize("year", [1916, 1970, 1995])
def test_a_day_is_the_journal_before_the_first_later_entry_whatever_a_clock_showed_after(
    clock: Clock, folder: Path, year: int
) -> None:
    with Gallery.open(folder, create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, 32, calibration=None)  # entry 1, 2026
        gallery.enroll("zebra", NET, [item("a", 1, VECTORS[1])])  # entry 2, 2026
        clock.shows = f"{year}-01-01T00:00:00.000+00:00"
        gallery.enroll("zebra", NET, [item("b", 2, VECTORS[2])])  # entry 3, the battery was empty
        clock.shows = "2026-06-01T12:00:00.000+00:00"
        gallery.enroll("zebra", NET, [item("c", 3, VECTORS[3])])  # entry 4
        marked = [(entry.seq, entry.summary) for entry in gallery.log(10) if "clock went back" in entry.summary]
        assert marked == [(3, "zebra: 1 photos, 1 new individuals "
                              "[the clock went back: the entry before it was made at 2026-05-01T12:00:00.000+00:00]")]
        assert gallery.history.clocks() == (
            f"entry 3 is dated {year}-01-01T00:00:00.000+00:00, and the entry before it 2026-05-01T12:00:00.000+00:00: a clock "
            "was wrong",
        )
    with pytest.raises(UsageError, match=r"knows nothing of 2010-01-01T.*: its first change was made at 2026-05-01T12:00"):
        Gallery.open(folder, as_of=date(2010, 1, 1))
    with Gallery.open(folder, as_of=date(2026, 5, 2)) as past:  # entry 3 came before the first entry of June
        assert (past.head(), [one.name for one in past.individuals()]) == (3, ["a", "b"])


def test_what_follows_an_entry_dated_2200_is_later_than_any_day_before_and_a_warning_says_so(
    clock: Clock, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Gallery.open(folder, create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, 32, calibration=None)
        clock.shows = "2200-01-01T00:00:00.000+00:00"
        gallery.enroll("zebra", NET, [item("a", 1, VECTORS[1])])
        clock.shows = "2026-06-01T12:00:00.000+00:00"
        gallery.enroll("zebra", NET, [item("b", 2, VECTORS[2])])
        assert gallery.history.clocks() == (
            "entry 3 is dated 2026-06-01T12:00:00.000+00:00, and the entry before it 2200-01-01T00:00:00.000+00:00: a clock was "
            "wrong", "entry 2 is dated 2200-01-01T00:00:00.000+00:00, which is to come: a clock was wrong",
        )
    with Gallery.open(folder, as_of=date(2026, 7, 1)) as past:
        assert (past.head(), past.individuals()) == (1, ())
    assert "entries after entry 2 are dated by 2026-07-01" in caplog.text and "ends with entry 1" in caplog.text
    with Gallery.open(folder, as_of=date(2201, 1, 1)) as past:
        assert past.head() == 3


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_day_at_the_ends_of_the_calendar_is_answered_in_words(gallery: Gallery, day: date) -> None:
    try:
        with Gallery.open(gallery.folder, as_of=day) as past:
            assert past.head() == 1
    except UsageError as error:
        assert "knows nothing of" in str(error) or "no moment that a gallery can know of" in str(error)
