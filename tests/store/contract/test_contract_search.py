"""The search of every store: order, ties, filters, and what two nets must never do."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from reid.errors import ModelMismatch, ShapeError, UsageError
from reid.store import Where
from tests.store.contract.test_contract_contents import JUNE, MAY, ROWS, herd
from tests.store.stock import NET, brute_force, digest, item, unit


def test_scores_fall_and_are_those_of_sums(gallery):
    vectors, queries = unit(3, 40), unit(4, 5)
    gallery.enroll("zebra", NET, [item(f"Z{row % 7}", row, vector) for row, vector in enumerate(vectors)])
    ids = [photo.id for photo in gallery.photos()]
    scores, photos = brute_force(dict(zip(ids, vectors, strict=True)), queries, 6)
    found = gallery.search("zebra", queries, 6, fingerprint=NET)
    np.testing.assert_allclose(found.scores, scores, atol=1e-6)
    np.testing.assert_array_equal(found.photo_ids, photos)
    assert (np.diff(found.scores, axis=1) <= 0).all()


def test_ties_go_to_the_lower_photo_id(gallery):
    gallery.enroll("zebra", NET, [item(name, name, ROWS[0]) for name in ("c", "a", "b")])
    ids = [photo.id for photo in gallery.photos()]
    assert gallery.search("zebra", ROWS[:1], 3).photo_ids.tolist() == [ids]


def test_where_fewer_pass_the_row_ends_with_none(gallery):
    herd(gallery)
    found = gallery.search("zebra", ROWS[:1], 5)
    assert found.photo_ids.shape == (1, 5) and found.photo_ids[0, 3:].tolist() == [-1, -1]
    assert np.isneginf(found.scores[0, 3:]).all()
    assert gallery.search("zebra", ROWS[:0], 2).photo_ids.shape == (0, 2)


@pytest.mark.parametrize(
    ("where", "passing"),
    [
        (Where(), "abc"),
        (Where(side="left"), "ac"),
        (Where(side="right"), "bc"),
        (Where(individuals=frozenset({"Zuri"})), "c"),
        (Where(individuals=frozenset()), ""),
        (Where(seasons=frozenset({"2024"})), "b"),
        (Where(cameras=frozenset({"A"})), "ac"),
        (Where(after=datetime(2024, 1, 1)), "b"),
        (Where(before=datetime(2024, 1, 1)), "ac"),
        (Where(after=MAY, before=MAY), ""),
        (Where(after=MAY, before=JUNE), "ac"),
        (Where(exclude_sha256=frozenset({digest("a")})), "bc"),
        (Where(exclude_encounters=frozenset({"e1", "e2"})), "c"),
        (Where(side="left", seasons=frozenset({"2023"}), exclude_encounters=frozenset({"e3"})), "a"),
    ],
)
def test_filters_pass_what_they_say(gallery, where, passing):
    names = dict(zip(herd(gallery), "abc", strict=True))
    found = gallery.search("zebra", ROWS[:1], 3, where=where).photo_ids[0]
    assert sorted(names[number] for number in found.tolist() if number > 0) == list(passing)
    owners = {"a": "Amara", "b": "Amara", "c": "Zuri"}
    assert gallery.count_individuals("zebra", where) == len({owners[name] for name in passing})


def test_a_search_sees_what_was_changed_since(store, gallery):
    ids = herd(gallery)
    other = store.open()
    assert other.search("zebra", ROWS[:1], 1).photo_ids.tolist() == [[ids[0]]]
    gallery.corrections.remove([ids[0]])
    assert ids[0] not in other.search("zebra", ROWS[:1], 3).photo_ids
    gallery.corrections.restore([ids[0]])
    assert other.search("zebra", ROWS[:1], 1).photo_ids.tolist() == [[ids[0]]]


def test_questions_that_make_no_sense_are_refused(gallery):
    herd(gallery)
    with pytest.raises(UsageError, match="1 or more"):
        gallery.search("zebra", ROWS[:1], 0)
    with pytest.raises(UsageError):
        gallery.search("lion", ROWS[:1], 1)
    with pytest.raises(UsageError):
        gallery.count_individuals("lion")
    for queries in (ROWS[0], ROWS[:1] * 2, np.zeros((1, 32), np.float32), np.zeros((1, 32), int)):
        with pytest.raises(ShapeError):
            gallery.search("zebra", queries, 1)
    with pytest.raises(ModelMismatch):
        gallery.search("zebra", unit(1, 1, 16), 1)
    with pytest.raises(ModelMismatch):
        gallery.search("zebra", ROWS[:1], 1, fingerprint="0" * 16)
