"""What the search reads from the catalogue: vectors of live photos, what changed since, whom a filter names or leaves out."""

from __future__ import annotations

import numpy as np
import pytest

from reid.errors import ModelMismatch
from reid.store import Gallery, Where
from reid.store.catalog.catalog import Catalog
from reid.store.search import vector_source
from tests.store.stock import NET, VECTORS, digest, item, unit


@pytest.fixture
def catalog(herd: Gallery) -> Catalog:
    return herd._catalog


def test_the_vectors_of_photos_that_are_there_come_by_rising_id_with_their_facts(
    herd: Gallery, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_source, "_CHUNK", 2)  # several pieces
    herd.corrections.remove([2])
    facts: list[tuple[object, ...]] = []
    live = vector_source.live_photos(catalog, 1, 1, 32, facts.extend)
    assert (live.ids.tolist(), live.gone.tolist()) == ([1, 3, 4, 5, 6], [])
    np.testing.assert_array_equal(live.vectors, VECTORS[[0, 2, 3, 4, 5]])
    assert [row[:4] for row in facts] == [(n, "left", "2024", "") for n in (1, 1, 2, 2, 3)]
    assert [row[4] for row in facts] == [f"2024-05-0{n}T00:00:00.000000" for n in (1, 3, 4, 5, 6)]


def test_what_changed_after_an_entry_is_each_photo_once_live_or_gone(herd: Gallery, catalog: Catalog) -> None:
    since = herd.head()
    herd.corrections.remove([2])
    herd.corrections.move([4], "Ida")
    herd.enroll("zebra", NET, [item("Neo", 7, unit(7, 1)[0])])
    changed = vector_source.changed(catalog, 1, 1, 32, since)
    assert (changed.gone.tolist(), changed.ids.tolist(), [row[0] for row in changed.facts]) == ([2], [4, 7], [3, 4])
    np.testing.assert_array_equal(changed.vectors, [VECTORS[3], unit(7, 1)[0]])
    assert vector_source.count_changed(catalog, 1, 1, since) >= 3
    assert vector_source.last_change(catalog, 1) == herd.head()
    assert vector_source.count_changed(catalog, 1, 1, herd.head()) == 0
    assert len(vector_source.changed(catalog, 1, 1, 32, herd.head()).ids) == 0


def test_an_embedding_that_came_after_its_photo_counts_as_a_change_of_its_net_alone(herd: Gallery, catalog: Catalog) -> None:
    since = herd.head()
    herd.embeddings.add("zebra", "newer", 8, {5: unit(1, 1, 8)[0]})
    (newer,) = catalog.ask("SELECT id FROM net WHERE fingerprint = 'newer'")[0]
    assert vector_source.changed(catalog, 1, newer, 8, since).ids.tolist() == [5]
    assert vector_source.changed(catalog, 1, 1, 32, since).ids.tolist() == []


def test_names_of_a_filter_are_the_ids_of_those_who_are_there_in_the_species(herd: Gallery, catalog: Catalog) -> None:
    herd.set_embedding_net("lion", "lions", 8, calibration=None)
    herd.enroll("lion", "lions", [item("Max", 1, unit(1, 1, 8)[0])])
    herd.identities.remove("Ida")
    assert vector_source.individual_ids(catalog, 1, {"Max", "Zoë", "Ida", "nobody"}).tolist() == [1, 2]


def test_photos_are_left_out_by_content_and_by_encounter_but_not_by_having_none(herd: Gallery, catalog: Catalog) -> None:
    herd.corrections.correct([2, 5], encounter="e1")
    herd.corrections.remove([5])
    for where, ids in (
        (Where(exclude_sha256=frozenset({digest(3), digest("x")})), [3]), (Where(exclude_encounters=frozenset({"e1", ""})), [2]),
        (Where(exclude_sha256=frozenset({digest(2), digest(6)}), exclude_encounters=frozenset({"e1"})), [2, 6]), (Where(), []),
    ):
        assert vector_source.excluded(catalog, 1, where).tolist() == ids


def test_vectors_of_a_net_that_the_gallery_never_had_are_refused(catalog: Catalog) -> None:
    assert vector_source.vectors_of(catalog, "zebra", NET)[0].tolist() == [1, 2, 3, 4, 5, 6]
    with pytest.raises(ModelMismatch, match="has no embedding net 'other': 'zebra' uses"):
        vector_source.vectors_of(catalog, "zebra", "other")
