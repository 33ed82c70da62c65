"""Which individual a name or an id means, the removed and the merged too."""

from __future__ import annotations

import pytest

from reid.errors import UsageError
from reid.store import Gallery
from tests.store.stock import NET, VECTORS, item, unit


def test_accents_written_in_two_ways_are_one_individual(gallery: Gallery) -> None:
    vectors = unit(5, 2)
    gallery.enroll("zebra", NET, [item("Zoe\u0308", "x", vectors[0]), item("Zoë", "y", vectors[1])])
    assert [(one.name, one.photos) for one in gallery.individuals()] == [("Zoë", 2)]
    assert len(gallery.photos(individual="Zoe\u0308")) == 2


def test_a_name_that_begins_like_an_id_is_a_name(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0]), item("a", 2, unit(2, 1)[0])])
    assert gallery.corrections.move([1], "#c", new=True).individual == "#c"
    assert gallery.corrections.move([2], "#2", new=True).individual == "#c"


def test_a_name_of_two_species_is_not_restored_by_chance(herd: Gallery) -> None:
    herd.set_embedding_net("lion", NET, 32, calibration=None)
    herd.enroll("lion", NET, [item("Max", 9, VECTORS[0])])
    herd.identities.remove("Max", species="zebra")
    herd.identities.remove("Max", species="lion")
    with pytest.raises(UsageError, match="removed individuals of lion, zebra: say which with --species"):
        herd.identities.restore("Max")
    assert herd.identities.restore("Max", species="lion").species == "lion"
