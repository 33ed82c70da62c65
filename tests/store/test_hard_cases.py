"""Corrections that meet each other: what a review of the journal found, each case once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reid.errors import UndoConflict
from reid.store import Gallery, catalog
from tests.store.stock import NET, item, unit
from tests.store.test_past import START, Days

VECTORS = unit(1, 12)


@pytest.fixture
def trio(monkeypatch: pytest.MonkeyPatch, gallery: Gallery) -> Gallery:
    """a #1, b #2, c #3 with one photo each. Entry n is made on day n - 1 from START."""
    monkeypatch.setattr(catalog, "now", Days())
    gallery.enroll("zebra", NET, [item(name, n, VECTORS[n], side="left") for n, name in enumerate("abc")])  # 2
    return gallery


def owners(gallery: Gallery) -> dict[str, list[int]]:
    return {one.name: [photo.id for photo in gallery.photos("zebra", one.name)] for one in gallery.individuals()}


def test_the_past_is_shown_behind_names_that_went_round(trio: Gallery) -> None:
    told = [owners(trio)]
    for name, other in (("a", "x"), ("b", "a"), ("x", "b"), ("c", "y"), ("a", "c")):
        trio.identities.rename(name, other)
        told.append(owners(trio))
    trio.corrections.remove([1])
    trio.enroll("zebra", NET, [item("c", 9, VECTORS[9])])
    for day, expected in enumerate(told):
        with Gallery.open(trio.folder, as_of=START + timedelta(days=day, hours=1)) as past:
            assert owners(past) == expected


def test_a_merge_is_not_undone_from_under_a_later_removal(trio: Gallery) -> None:
    trio.identities.merge("a", "b")  # 3
    trio.identities.remove("b")  # 4
    with pytest.raises(UndoConflict, match=r"later entry 4 \(remove.*removed photo 1 together with 'b'") as told:
        trio.history.undo(3)
    assert (told.value.entry, trio.head()) == (4, 4)
    trio.history.undo(4)
    trio.history.undo(3)
    assert owners(trio) == {"a": [1], "b": [2], "c": [3]}


def test_a_move_is_not_undone_from_under_a_later_removal(trio: Gallery) -> None:
    trio.corrections.move([1], "b")  # 3
    trio.identities.remove("b")  # 4
    with pytest.raises(UndoConflict, match=r"later entry 4 \(remove.*removed photo 1 together with 'b'"):
        trio.history.undo(3)
    trio.history.undo(4)
    trio.corrections.remove([1])  # 6: by itself, not together with its individual
    trio.history.undo(3)
    assert owners(trio) == {"a": [], "b": [2], "c": [3]}
