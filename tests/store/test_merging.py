from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reid.errors import UsageError
from reid.store import Gallery, Merged
from tests.store.stock import NET, item, unit
from tests.store.test_identities import owners
from tests.store.test_journal import seen

VECTORS = unit(1, 40)


def enroll(gallery: Gallery, **photos: list[int]) -> None:
    gallery.enroll("zebra", NET, [item(name, n, VECTORS[n]) for name, numbers in photos.items() for n in numbers])


@pytest.fixture
def camps(gallery: Gallery, tmp_path: Path) -> tuple[Gallery, Gallery]:
    """Two copies of one gallery: a #1 with photos 1-3, b #2 with 4 and 5, c #3 with 6; the common past ends at entry 2."""
    enroll(gallery, a=[0, 1, 2], b=[3, 4], c=[5])
    return gallery, Gallery.open(gallery.exchange.copy_to(tmp_path / "north").folder)


def known(told: Merged) -> list[tuple[str, str]]:
    return [(one.what, one.do) for one in told.conflicts]


def test_what_only_one_camp_changed_is_taken(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(here, a=[10], new_here=[11])
    here.identities.rename("b", "Bela")
    enroll(there, a=[20], new_there=[21, 22])
    there.identities.rename("c", "Cleo")
    there.corrections.correct([1], side="left")
    there.corrections.move([2], "b")
    there.corrections.remove([3])
    plan = here.exchange.merge_from(there.exchange, only_plan=True)
    head = here.head()
    told = here.exchange.merge_from(there.exchange, why="end of season")
    assert (plan.seq, told.seq) == (0, head + 1) and plan.conflicts == told.conflicts == ()
    assert (told.common, told.entries, told.not_searched) == (2, 5, 0)
    assert (told.new_individuals, told.new_photos, told.altered) == (1, 3, 4)
    contents = {name: sorted(int(photo.path.stem) for photo in here.photos("zebra", name)) for name in owners(here)}
    assert contents == {"Bela": [1, 3, 4], "Cleo": [5], "a": [0, 10, 20], "new_here": [11], "new_there": [21, 22]}
    assert here.photo(1).side == "left"
    assert here.search("zebra", VECTORS[20:23], 1).scores[:, 0].tolist() == pytest.approx([1, 1, 1])
    assert here.exchange.merge_from(there.exchange).seq == 0
    entry = here.log(1)[0]
    assert entry.summary == "north: 1 individuals, 3 photos, 4 values, 0 conflicts" and entry.why == "end of season"
    connection = sqlite3.connect(here.folder / "catalog.sqlite")
    assert connection.execute("SELECT seq, what FROM merged_journal ORDER BY seq").fetchall() == [
        (3, "enroll"), (4, "rename"), (5, "correct_photos"), (6, "move_photos"), (7, "remove_photos"),
    ]
    connection.close()


def test_a_merge_of_galleries_is_undone_as_one(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(there, a=[20], new_there=[21])
    there.identities.merge("c", "b")
    before = seen(here)
    here.exchange.merge_from(there.exchange)
    assert seen(here) != before
    here.history.undo()
    assert seen(here) == before


def test_a_photo_brought_back_there_stays_removed_with_its_individual_where_that_cannot_come_back(
    gallery: Gallery, tmp_path: Path
) -> None:
    enroll(gallery, a=[0, 1], b=[3])
    gallery.identities.remove("a")
    there = Gallery.open(gallery.exchange.copy_to(tmp_path / "north").folder)
    there.identities.restore("a")
    enroll(gallery, a=[7])  # another animal has the name here by now, so theirs cannot take it again
    told = gallery.exchange.merge_from(there.exchange)
    assert known(told) == [
        ("individual #1 'a'", "reid individuals restore '#1'"),
        ("photo 1 of individual #1", "reid individuals restore '#1', then reid photos restore 1"),
        ("photo 2 of individual #1", "reid individuals restore '#1', then reid photos restore 2"),
    ]
    assert {one.id for one in gallery.photos()} == {3, 4} and gallery.checkup.damage() == []
    there.close()


def test_what_both_changed_stays_and_is_told_with_both_sides(
    camps: tuple[Gallery, Gallery], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = camps
    monkeypatch.setenv("REID_USER", "Ana")
    here.identities.rename("a", "Amara")
    here.corrections.move([4], "c")
    here.corrections.correct([5], side="left")
    here.corrections.remove([6])
    monkeypatch.setenv("REID_USER", "Ben")
    there.identities.rename("a", "Asha")
    there.corrections.move([4], "Asha")
    there.corrections.correct([5, 6], side="right")
    told = here.exchange.merge_from(there.exchange)
    assert known(told) == [
        ("name of individual #1", "reid individuals rename '#1' Asha"),
        ("individual of photo 4", "reid photos move 4 --to Amara"),
        ("side of photo 5", "reid photos correct 5 --side right"),
    ]
    first = told.conflicts[0]
    assert first.ours.startswith("'Amara' (entry 3, Ana, 20") and first.theirs.startswith("'Asha' (entry 3, Ben, 20")
    assert (here.photo(4).individual, here.photo(5).side) == ("c", "left")
    assert (here.photo(6).side, here.photo(6).removed) == ("right", True)
    assert owners(here)["Amara"] == [1, 2, 3]


def test_a_name_that_both_gave_makes_two_individuals_until_a_person_says_they_are_one(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(here, Zuri=[10])
    enroll(there, Zuri=[20])
    told = here.exchange.merge_from(there.exchange)
    assert known(told) == [("both galleries have a 'Zuri'", "reid individuals merge 'Zuri (2)' Zuri --species zebra")]
    assert {name for name in owners(here) if "Zuri" in name} == {"Zuri", "Zuri (2)"}
    here.identities.merge("Zuri (2)", "Zuri")
    enroll(there, Zuri=[21])
    again = here.exchange.merge_from(there.exchange)
    assert again.conflicts == () and [int(one.path.stem) for one in here.photos("zebra", "Zuri")] == [10, 20, 21]


def test_one_photo_enrolled_in_both_camps_is_one_photo(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(here, a=[10, 11])
    enroll(there, a=[10], b=[11])
    told = here.exchange.merge_from(there.exchange)
    assert known(told) == [("individual of photo 8", "reid photos move 8 --to b")]
    assert (told.new_photos, len(here.photos())) == (0, 8)


def test_individuals_merged_removed_or_split_over_there(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    there.identities.merge("a", "b")
    there.identities.split("b", "d", photos=[5])
    there.identities.remove("c")
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert owners(here) == owners(there) | {"d": [5]}
    assert {one.name: one.merged_into for one in here.individuals(removed=True)} == {"a": 2, "c": 0}
    assert here.identities.split("b", "a").photo_ids == (1, 2, 3)


def test_photos_enrolled_here_of_an_individual_merged_over_there_keep_it_until_told(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(here, a=[10])
    there.identities.merge("a", "b")
    told = here.exchange.merge_from(there.exchange)
    assert known(told) == [("individual #1 'a'", "reid individuals merge '#1' '#2'")]
    assert owners(here) == {"a": [1, 2, 3, 7], "b": [4, 5], "c": [6]}  # nothing of their merge is taken by halves
    here.identities.merge("#1", "#2")
    assert owners(here) == {"b": [1, 2, 3, 4, 5, 7], "c": [6]}


def test_photos_enrolled_over_there_follow_a_merge_made_here(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    here.identities.merge("a", "b")
    here.identities.remove("c")
    enroll(there, a=[20], c=[21])
    told = here.exchange.merge_from(there.exchange)
    assert owners(here) == {"b": [1, 2, 3, 4, 5, 7]}
    assert [one.what for one in told.conflicts] == ["a new photo of individual #3"]
    here.identities.restore("c")
    here.corrections.restore([8])
    assert owners(here)["c"] == [6, 8]


def test_both_ways_the_two_camps_end_up_the_same(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(here, a=[10], x=[11])
    here.identities.rename("b", "Bela")
    enroll(there, c=[20], y=[21])
    there.corrections.move([1], "c")
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert there.exchange.merge_from(here.exchange).conflicts == ()

    def content(gallery: Gallery) -> dict[str, list[str]]:
        return {name: sorted(photo.path.stem for photo in gallery.photos("zebra", name)) for name in owners(gallery)}

    assert content(here) == content(there)
    assert here.exchange.merge_from(there.exchange).conflicts == () and content(here) == content(there)


def test_new_species_come_with_their_net_and_other_nets_are_told(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    there.set_embedding_net("lion", "lions", 8, calibration=None)
    there.enroll("lion", "lions", [item("Leo", "l", unit(4, 1, 8)[0])])
    newer = dict(zip(range(1, 7), unit(5, 6, 8), strict=True))
    there.set_embedding_net("zebra", "newer", 8, calibration=None, vectors=newer)
    there.enroll("zebra", "newer", [item("a", 30, unit(6, 1, 8)[0])])
    told = here.exchange.merge_from(there.exchange)
    assert [(one.what, one.ours, one.theirs) for one in told.conflicts] == [("net of zebra", NET, "newer")]
    assert (told.not_searched, here.embedding_net("zebra"), here.embedding_net("lion")) == (1, NET, "lions")
    assert here.search("lion", unit(4, 1, 8), 1).scores[0, 0] == pytest.approx(1)
    assert [one.path.stem for one in here.embeddings.missing("zebra")] == ["30"]


def test_galleries_without_a_common_past_are_not_merged(camps: tuple[Gallery, Gallery], tmp_path: Path) -> None:
    here, _ = camps
    with Gallery.open(tmp_path / "stranger", create=True) as other:
        other.set_embedding_net("zebra", NET, 32, calibration=None)
        with pytest.raises(UsageError, match="the two galleries have no common past"):
            here.exchange.merge_from(other.exchange)
