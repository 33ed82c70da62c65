"""Photos are moved, removed, brought back, and what is known of them is corrected."""

from __future__ import annotations

from datetime import datetime

import pytest

from reid.errors import UsageError
from reid.store import Gallery, Where
from tests.store.stock import NET, VECTORS, item, nearest, owners, unit


def test_photos_move_to_who_they_show(herd: Gallery) -> None:
    told = herd.corrections.move([1, 4], "Max")
    assert (told.individual, told.photo_ids) == ("Max", (1,))
    assert owners(herd) == {"Ida": [6], "Max": [1, 4, 5], "Zoë": [2, 3]}
    with pytest.raises(UsageError, match="no individual 'Maks' of species 'zebra' is in this gallery"):
        herd.corrections.move([1], "Maks")
    assert herd.corrections.move([1], "Neo", new=True).individual_id == 4
    assert herd.corrections.move([2], "Neo", new=True).individual_id == 4
    assert herd.corrections.move([2], "Neo").seq == 0
    with pytest.raises(UsageError, match="no photo with id 99 was ever enrolled"):
        herd.corrections.move([99], "Max")


def test_removed_photos_come_back_to_whom_they_were_with(herd: Gallery) -> None:
    herd.corrections.remove([1, 6])
    assert owners(herd) == {"Ida": [], "Max": [4, 5], "Zoë": [2, 3]}
    assert [one.id for one in herd.photos(removed=True)] == [1, 6]
    assert not {1, 6} & set(nearest(herd))
    with pytest.raises(UsageError, match="photo 1 was removed by entry 3: `reid photos restore 1` first"):
        herd.corrections.move([1], "Max")
    with pytest.raises(UsageError, match="no photo was named"):
        herd.corrections.restore([])
    with pytest.raises(UsageError, match="photo 2 is not removed"):
        herd.corrections.restore([1, 2])
    herd.identities.remove("Ida")
    with pytest.raises(UsageError, match="photo 6 belongs to 'Ida', who was removed: `reid individuals restore '#3'` first"):
        herd.corrections.restore([1, 6])
    herd.corrections.restore([1])
    assert owners(herd)["Zoë"] == [1, 2, 3]


def test_what_is_known_of_photos_is_corrected(herd: Gallery) -> None:
    told = herd.corrections.correct([1, 2], side="right", captured_at=datetime(2023, 1, 2, 3, 4))
    assert told.photo_ids == (1, 2)
    first = herd.photo(1)
    assert (first.side, first.captured_at, first.season, first.camera) == ("right", datetime(2023, 1, 2, 3, 4), "2023", "")
    assert herd.search("zebra", VECTORS[:1], 2, where=Where(side="right")).photo_ids[0, :2].tolist() == [1, 2]
    assert herd.corrections.correct([1], side="right").seq == 0
    with pytest.raises(UsageError, match="side 'top' is none of"):
        herd.corrections.correct([1], side="top")
    with pytest.raises(UsageError, match="nothing to correct was given"):
        herd.corrections.correct([1])


def test_a_date_can_be_cleared(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0], captured_at=datetime(2024, 5, 1))])
    gallery.corrections.correct([1], captured_at="")
    assert gallery.photo(1).captured_at is None
