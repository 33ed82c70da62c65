from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reid.errors import UsageError
from reid.store import Gallery
from reid.store.catalog import catalog
from reid.store.history.purge import PURGED
from tests.store.stock import NET, item, unit

VECTORS = unit(1, 8)


def set_clock(monkeypatch: pytest.MonkeyPatch, shows: str) -> None:
    monkeypatch.setattr(catalog, "now", lambda: f"{shows}T12:00:00.000+00:00")


def enrolled(gallery: Gallery) -> list[int]:
    return [photo.id for photo in (*gallery.photos(), *gallery.photos(removed=True))]


def test_only_what_is_removed_is_deleted_and_counted_beforehand(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item(name, n, VECTORS[n]) for n, name in enumerate("aab")])
    gallery.corrections.remove([1])
    gallery.identities.remove("b")
    plan = gallery.history.purge(only_plan=True)
    assert (plan.seq, plan.photos, plan.individuals, plan.sightings, plan.embeddings, plan.until) == (0, 2, 1, 0, 2, 4)
    assert len(enrolled(gallery)) == 3
    done = gallery.history.purge(until=plan.until, why="agreed")
    assert (done.seq, done.photos, done.individuals, done.embeddings, done.empty) == (5, 2, 1, 2, False)
    assert enrolled(gallery) == [2] and gallery.exchange._catalog.meta(PURGED) == "5"
    assert gallery.history.purge(only_plan=True).empty and gallery.checkup.damage() == []


def test_what_was_removed_after_a_plan_stays(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item(name, n, VECTORS[n]) for n, name in enumerate("abc")])
    gallery.corrections.remove([1])
    plan = gallery.history.purge(only_plan=True)
    gallery.corrections.remove([2])
    gallery.history.purge(until=plan.until)
    assert enrolled(gallery) == [3, 2]


@pytest.mark.parametrize("year", [1916, 1970, 1995])
def test_an_entry_of_an_empty_battery_deletes_nothing_that_was_removed_lately(
    monkeypatch: pytest.MonkeyPatch, folder: Path, year: int
) -> None:
    set_clock(monkeypatch, "2026-05-01")
    with Gallery.open(folder, create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, 32, calibration=None)
        gallery.enroll("zebra", NET, [item(name, n, VECTORS[n]) for n, name in enumerate("abc")])
        gallery.corrections.remove([1])  # in 2026
        set_clock(monkeypatch, f"{year}-01-01")
        gallery.corrections.correct([2], side="left")  # the last entry that is dated before 2010
        with pytest.raises(UsageError, match="knows nothing of 2010-01-01"):
            gallery.history.purge(before=date(2010, 1, 1))
        assert enrolled(gallery) == [2, 3, 1]
        assert gallery.corrections.restore([1]).photo_ids == (1,)


def test_a_day_deletes_what_was_removed_before_the_first_later_entry(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    set_clock(monkeypatch, "2026-05-01")
    with Gallery.open(folder, create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, 32, calibration=None)
        gallery.enroll("zebra", NET, [item(name, n, VECTORS[n]) for n, name in enumerate("abcd")])
        gallery.corrections.remove([1])
        set_clock(monkeypatch, "2200-01-01")
        gallery.corrections.remove([2])
        set_clock(monkeypatch, "2026-06-01")
        gallery.corrections.remove([3])
        done = gallery.history.purge(before=date(2026, 12, 31))
        assert (done.photos, done.until) == (1, 3) and enrolled(gallery) == [4, 2, 3]
