from __future__ import annotations

import pytest

from reid.errors import UsageError
from reid.store import Gallery
from reid.store.history.entries import added_by, altered_by, row_of, summary, undone_by
from tests.store.stock import NET, item, unit


def test_an_undo_that_was_undone_itself_does_not_count(gallery: Gallery) -> None:
    catalog = gallery.exchange._catalog
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])  # 2
    gallery.identities.rename("a", "b")  # 3
    gallery.history.undo(3)  # 4
    assert undone_by(catalog) == {3: 4}
    gallery.history.undo(4)  # 5
    assert undone_by(catalog) == {4: 5}
    assert altered_by(catalog, 3) == [("individual", 1, {"name": ["a", "b"]})]
    assert (added_by(catalog, "photo", 2), added_by(catalog, "photo", 3)) == ([1], [])
    assert row_of(catalog, 3)[3] == "rename"
    with pytest.raises(UsageError, match="the journal has no entry 9"):
        row_of(catalog, 9)


def test_an_entry_is_summed_up_in_one_line() -> None:
    enrolled = {"species": "zebra", "photos": 3, "new_individuals": [1]}
    assert summary("enroll", {}, enrolled) == "zebra: 3 photos, 1 new individuals"
    assert summary("add_sightings", {}, {"sightings": 4, "replaced": 2}) == "4 sightings, in place of 2"
    assert summary("set_species_net", {}, {"fingerprint": "f0"}) == "net f0"
    assert summary("undo", {"undone": 3, "what": "rename", "summary": "a -> b"}, {}) == "entry 3 undone (rename: a -> b)"
