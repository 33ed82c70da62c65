"""Changes of the catalogue: one entry of the journal each, whole or not at all, and what was no change leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.errors import GalleryError
from reid.store.catalog import catalog as module
from reid.store.catalog.catalog import CLOCK_BACK, Catalog

SPECIES = "INSERT INTO species (name, seq) VALUES (?, ?)"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    Catalog.create(tmp_path / "catalog.sqlite", wait=1)
    opened = Catalog.open(tmp_path / "catalog.sqlite", wait=1)
    yield opened
    opened.close()


def add(catalog: Catalog, name: str) -> None:
    with catalog.change("add", f"for {name}") as change:
        change.put(SPECIES, (name, change.seq))
        change.before, change.after = {"é": 1}, {"species": name}


def names(catalog: Catalog) -> list[str]:
    return [row[0] for row in catalog.ask("SELECT name FROM species ORDER BY id")]


def test_making_a_catalogue_twice_leaves_the_first(catalog: Catalog) -> None:
    add(catalog, "zebra")
    Catalog.create(catalog.path, wait=1)
    assert (names(catalog), catalog.format(), catalog.unsound(9)) == (["zebra"], 2, [])


def test_a_change_is_one_entry_with_who_why_before_and_after(catalog: Catalog) -> None:
    catalog.user = "Zoë"
    add(catalog, "zebra")
    [(seq, who, what, why, before, after, mark)] = catalog.ask("SELECT seq, who, what, why, before, after, mark FROM journal")
    assert (seq, who, what, why, before, json.loads(after)) == (1, "Zoë", "add", "for zebra", '{"é":1}', {"species": "zebra"})
    assert (catalog.head(), catalog.mark(1), catalog.mark(2)) == (1, mark, "") and len(mark) == 16


def test_a_change_without_an_after_and_one_that_fails_leave_nothing(catalog: Catalog) -> None:
    with catalog.change("look", "") as change:
        change.put(SPECIES, ("zebra", change.seq))
    with pytest.raises(ZeroDivisionError), catalog.change("fail", "") as change:
        change.put(SPECIES, ("zebra", change.seq))
        change.after = {"never": 1 // 0}
    assert (names(catalog), catalog.head()) == ([], 0)


def test_changes_together_are_all_there_or_none_is(catalog: Catalog) -> None:
    with catalog.together():
        add(catalog, "zebra")
        add(catalog, "lion")
    with pytest.raises(KeyError), catalog.together():
        add(catalog, "giraffe")
        raise KeyError
    assert (names(catalog), catalog.head(), catalog.gathering) == (["zebra", "lion"], 2, False)
    with catalog.together():
        add(catalog, "kudu")
        with pytest.raises(KeyError), catalog.change("fail", ""):
            raise KeyError  # only its own part is taken back
    assert (names(catalog), catalog.head()) == (["zebra", "lion", "kudu"], 3)


def test_a_clock_that_went_back_is_marked_in_the_entry(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    for moment in ("2024-05-02T00:00:00.000+00:00", "2024-05-01T00:00:00.000+00:00"):
        monkeypatch.setattr(module, "now", lambda moment=moment: moment)
        add(catalog, moment)
    marks = [json.loads(row[0]).get(CLOCK_BACK) for row in catalog.ask("SELECT after FROM journal ORDER BY seq")]
    assert marks == [None, "2024-05-02T00:00:00.000+00:00"]
    assert catalog.last_clock() == "2024-05-01T00:00:00.000+00:00"


def test_the_version_differs_after_a_change_here_and_in_another_connection(catalog: Catalog) -> None:
    seen = [catalog.version()]
    add(catalog, "zebra")
    seen.append(catalog.version())
    other = Catalog.open(catalog.path, wait=1)
    assert catalog.version() == seen[1]
    add(other, "lion")
    other.close()
    seen.append(catalog.version())
    assert len(set(seen)) == 3


def test_one_moment_is_read_whatever_others_write_meanwhile(catalog: Catalog) -> None:
    other = Catalog.open(catalog.path, wait=1)
    with catalog.reading():
        assert names(catalog) == []
        add(other, "zebra")
        with catalog.reading():
            assert names(catalog) == []
    other.close()
    assert names(catalog) == ["zebra"]


def test_many_rows_come_in_pieces_and_in_order(catalog: Catalog) -> None:
    with catalog.change("add", "") as change:
        change.put_many(SPECIES, ((f"{n}", change.seq) for n in range(5)))
        change.after = {}
    with catalog.reading():
        pieces = list(catalog.chunks("SELECT name FROM species WHERE id > ? ORDER BY id", (1,), 2))
    assert pieces == [[("1",), ("2",)], [("3",), ("4",)]]


def test_what_is_only_read_says_why_and_what_to_do(catalog: Catalog) -> None:
    opened = Catalog.open(catalog.path, wait=1, unsafe="it lies on a network disk")
    with pytest.raises(GalleryError, match=r"open for reading only \(it lies on a network disk\): give .*, then add again"):
        add(opened, "zebra")
    assert (names(opened), opened.writable) == ([], False)
    opened.close()


def test_a_copy_is_the_catalogue_as_it_was_last_committed(catalog: Catalog, tmp_path: Path) -> None:
    add(catalog, "zebra")
    catalog.copy_to(tmp_path / "copy.sqlite")
    add(catalog, "lion")
    assert not (tmp_path / "copy.sqlite-wal").exists()
    copy = Catalog.open(tmp_path / "copy.sqlite", wait=1)
    assert (names(copy), copy.meta("gallery"), copy.strange()) == (["zebra"], catalog.meta("gallery"), [])
    copy.close()
