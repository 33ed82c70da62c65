"""A search finds those photos only that its filter lets pass; what photos are picked by, as columns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from reid.records import SIDES
from reid.store import EnrolledPhoto, Gallery, Where
from reid.store.search.filter_columns import NameCodes, merged, read_facts
from tests.store.search.stock import assert_same
from tests.store.stock import NET, Vectors, brute_force, digest, item, unit

FILTERS: dict[str, tuple[Where, Callable[[EnrolledPhoto], bool]]] = {
    "side": (Where(side="left"), lambda p: p.side in ("left", "")),
    "individuals": (
        Where(individuals=frozenset({"animal 3", "animal 9"})), lambda p: p.individual in ("animal 3", "animal 9")
    ),
    "no individual": (Where(individuals=frozenset()), lambda p: False),
    "seasons": (Where(seasons=frozenset({"2021", "1999"})), lambda p: p.season == "2021"),
    "cameras": (Where(cameras=frozenset({"c1", "c2"})), lambda p: p.camera in ("c1", "c2")),
    "after": (
        Where(after=datetime(2024, 6, 6)), lambda p: p.captured_at is not None and p.captured_at >= datetime(2024, 6, 6)
    ),
    "before": (
        Where(before=datetime(2024, 6, 6)), lambda p: p.captured_at is not None and p.captured_at < datetime(2024, 6, 6)
    ),
    "photos": (Where(exclude_sha256=frozenset({digest(7), digest(8), "x"})), lambda p: p.id not in (8, 9)),
    "encounters": (Where(exclude_encounters=frozenset({"e3", ""})), lambda p: p.encounter != "e3"),
    "all of it": (
        Where("right", None, frozenset({"2020", "2021"}), None, datetime(2024, 2, 1), datetime(2024, 12, 1),
              frozenset({digest(1)}), frozenset({"e5"})),
        lambda p: p.side in ("right", "") and p.season in ("2020", "2021") and p.captured_at is not None
        and datetime(2024, 2, 1) <= p.captured_at < datetime(2024, 12, 1) and p.id != 2 and p.encounter != "e5",
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_is_obeyed_number_by_number(full: Gallery, vectors: Vectors, name: str) -> None:
    where, passes = FILTERS[name]
    left = {photo.id: vectors[photo.id - 1] for photo in full.photos() if passes(photo)}
    queries = np.concatenate([unit(2, 8), vectors[:4]])
    for k in (1, 10, 150):
        assert_same(full.search("zebra", queries, k, where=where), brute_force(left, queries, k))
    more = unit(9, 2)
    told = full.enroll("zebra", NET, [item("animal 3", f"new {n}", v, side="left") for n, v in enumerate(more)])
    left |= {one.photo_id: v for one, v in zip(told, more, strict=True) if passes(full.photo(one.photo_id))}
    assert_same(full.search("zebra", queries, 10, where=where), brute_force(left, queries, 10))


def test_a_bound_in_time_is_read_off_the_cameras_clock(gallery: Gallery) -> None:
    taken = datetime.fromisoformat("2024-05-01T10:00:00.5+02:00")
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0], captured_at=taken)])
    assert gallery.photo(1).captured_at == taken
    for where, found in (
        (Where(after=datetime(2024, 5, 1, 10, 0, 0, 500_000)), 1), (Where(after=datetime(2024, 5, 1, 10, 0, 1)), -1),
        (Where(after=datetime(2024, 5, 1, 10, 0, 0, 600_000)), -1),
        (Where(before=datetime(2024, 5, 1, 10, 0, 0, 600_000)), 1),
        (Where(before=datetime(2024, 5, 1, 10, 0, 0, 500_000)), -1), (Where(before=datetime(2024, 5, 1, 10, 0, 1)), 1),
    ):
        assert gallery.search("zebra", unit(1, 1), 1, where=where).photo_ids.tolist() == [[found]]


ROWS = [(7, "left", "2024", "é", "2024-05-01T10:00:00.250000+02:00"), (8, "", "2023", "", None), (7, "right", "2024", "b", None)]


def test_columns_are_read_as_they_were_written_and_not_taken_for_those_of_other_photos(tmp_path: Path) -> None:
    books = NameCodes()
    books.write(tmp_path / "facts.npz", books.facts(ROWS))
    facts, again = read_facts(tmp_path / "facts.npz", 3)
    assert (facts.individual.tolist(), facts.side.tolist()) == ([7, 8, 7], [SIDES.index(row[1]) for row in ROWS])
    assert [again.cameras.all()[n] for n in facts.camera] == ["é", "", "b"]
    assert str(facts.taken[0]) == "2024-05-01T10:00:00.250000" and np.isnat(facts.taken[1:]).all()
    with pytest.raises(ValueError, match="is of other photos"):
        read_facts(tmp_path / "facts.npz", 4)
    (tmp_path / "facts.npz").write_bytes((tmp_path / "facts.npz").read_bytes()[:200])
    with pytest.raises(ValueError, match="is damaged"):
        read_facts(tmp_path / "facts.npz", 3)


def test_columns_of_several_parts_have_one_set_of_names() -> None:
    first, second = NameCodes(), NameCodes()
    some = [(first.facts(ROWS), first), (second.facts(ROWS[::-1]), second)]
    facts, books = merged(some, [np.array([0, 1]), np.array([0, 2])])
    assert [books.cameras.all()[n] for n in facts.camera] == ["é", "", "b", "é"]
    assert [books.seasons.all()[n] for n in facts.season] == ["2024", "2023", "2024", "2024"]
    assert books.pass_(facts, Where(seasons=frozenset({"2024", "9"}), side="left"), None).tolist() == [True, False, False, True]
