from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reid.errors import UsageError
from reid.store import Gallery
from tests.store.stock import NET, item, seen, unit


def test_the_log_says_who_when_why_before_and_after(herd: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_USER", "Zoë M.")
    herd.identities.rename("Zoë", "Zoé", why="typing error")
    (entry,) = herd.log(1)
    assert (entry.who, entry.what, entry.why, entry.summary) == (
        "Zoë M.", "rename", "typing error", "zebra: #1 'Zoë' -> 'Zoé'",
    )
    assert abs((datetime.now(UTC) - entry.at).total_seconds()) < 60
    (altered,) = herd.history.detail(3).altered
    assert (altered.kind, altered.id, altered.column, altered.before, altered.after) == ("individual", 1, "name", "Zoë", "Zoé")
    assert herd.history.detail(2).added == {"individual": 3, "photo": 6}
    herd.corrections.move([4], "Zoé")
    assert [one.seq for one in herd.history.log(individual_id=1)] == [4, 3, 2]
    assert [one.seq for one in herd.history.log(individual_id=2)] == [4, 2]
    assert [one.seq for one in herd.history.log(individual_id=3)] == [2]
    with pytest.raises(UsageError, match="the journal has no entry 9"):
        herd.history.undo(9)


def test_going_back_to_an_entry_undoes_all_later_ones_at_once_and_can_be_taken_back(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0]), item("b", 2, unit(2, 1)[0])])  # 2
    before = seen(gallery)
    gallery.identities.rename("a", "Amara")  # 3
    gallery.identities.merge("b", "Amara")  # 4
    gallery.history.undo(3)  # 5, "a" again
    gallery.enroll("zebra", NET, [item("c", 3, unit(3, 1)[0])])  # 6
    after = seen(gallery)
    undos = gallery.history.undo_to(2, why="one command")
    assert [(one.seq, one.undoes, one.why) for one in undos] == [(7, 6, "one command"), (8, 4, "one command")]
    assert seen(gallery) == before and gallery.checkup.damage() == []
    with pytest.raises(UsageError, match="nothing was changed after entry 2 that is not undone"):
        gallery.history.undo_to(2)
    gallery.history.undo_to(6)
    assert seen(gallery) == after


def test_an_undo_of_an_older_entry_is_undone_on_the_way_back(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])  # 2
    gallery.identities.rename("a", "Amara")  # 3
    gallery.enroll("zebra", NET, [item("b", 2, unit(2, 1)[0])])  # 4
    gallery.history.undo(3)  # 5
    assert [one.undoes for one in gallery.history.undo_to(4)] == [5]
    assert [one.name for one in gallery.individuals()] == ["Amara", "b"]


def test_nothing_is_undone_where_one_of_the_later_entries_cannot_be(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0]), item("b", 2, unit(2, 1)[0])])  # 2
    gallery.corrections.remove([1])  # 3
    gallery.history.purge()  # 4
    gallery.identities.rename("b", "Bela")  # 5
    with pytest.raises(UsageError, match=r"entry 4 \(purge\) cannot be undone: go back to 4 at most"):
        gallery.history.undo_to(2)
    assert (gallery.head(), [one.name for one in gallery.individuals()]) == (5, ["Bela", "a"])
    with pytest.raises(UsageError, match="the journal has no entry 9"):
        gallery.history.undo_to(9)
    assert [one.undoes for one in gallery.history.undo_to(4)] == [5]
