from __future__ import annotations

import shlex
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from reid.errors import GalleryError, UsageError
from reid.records import Box, Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.store import Gallery, Merged
from tests.commands import command
from tests.store.stock import LEARNT, NET, digest, item, owners, seen, unit

VECTORS = unit(1, 40)


def enroll(gallery: Gallery, **photos: list[int]) -> None:
    gallery.enroll("zebra", NET, [item(name, n, VECTORS[n], again=True) for name, numbers in photos.items() for n in numbers])


@pytest.fixture
def camps(gallery: Gallery, tmp_path: Path) -> tuple[Gallery, Gallery]:
    """Two copies of one gallery: a #1 with photos 1-3, b #2 with 4 and 5, c #3 with 6; the common past ends at entry 2."""
    enroll(gallery, a=[0, 1, 2], b=[3, 4], c=[5])
    return gallery, Gallery.open(gallery.exchange.copy_to(tmp_path / "north").folder)


def run(gallery: Gallery, told: Merged) -> None:
    """Do what the conflicts say, word by word, as a person would who copies it into a shell."""
    for one in told.conflicts:
        for words in one.do.split(" && "):
            assert words.startswith("reid ")
            done = command(*shlex.split(words)[1:], "--gallery", gallery.folder)
            assert done.code == 0, (one, done.err)


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


def test_who_is_brought_back_there_under_a_name_that_is_in_use_here_comes_under_another_name(
    gallery: Gallery, tmp_path: Path
) -> None:
    enroll(gallery, a=[0, 1], b=[3])
    gallery.identities.remove("a")
    there = Gallery.open(gallery.exchange.copy_to(tmp_path / "north").folder)
    there.identities.restore("a")
    enroll(gallery, a=[7])  # another animal has the name here by now, so theirs cannot take it again
    told = gallery.exchange.merge_from(there.exchange)
    assert known(told) == [("both galleries have a 'a'", "reid individuals merge '#1' '#3'")]
    assert owners(gallery) == {"a (2)": [1, 2], "b": [3], "a": [4]} and gallery.checkup.damage() == []
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
        ("individual of photo 4", "reid photos move 4 --to '#1'"),
        ("side of photo 5", "reid photos correct 5 --side=right"),
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
    assert known(told) == [("both galleries have a 'Zuri'", "reid individuals merge '#5' '#4'")]
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
    assert known(told) == [("individual of photo 8", "reid photos move 8 --to '#2'")]
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
    assert known(told) == [
        ("photo 8 of individual #3 'c'", "reid individuals restore '#3' && reid photos restore 8"),
    ]
    run(here, told)
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


def stands(gallery: Gallery, content: int) -> list[str]:
    """Under whom a content is in a gallery; twice would be two names."""
    return [one.individual for one in gallery.photos() if one.path.stem == str(content)]


def both_ways(here: Gallery, there: Gallery) -> None:
    """Merged in both directions the two see the same, and nothing is told."""
    for one, other in ((here, there), (there, here), (here, there)):
        assert one.exchange.merge_from(other.exchange).conflicts == ()
    assert [stands(here, n) for n in range(40)] == [stands(there, n) for n in range(40)]


def test_a_photo_removed_and_enrolled_again_there_as_another_individual_stands_here_once_with_that_one(
    camps: tuple[Gallery, Gallery]
) -> None:
    here, there = camps
    there.corrections.remove([1])
    enroll(there, b=[0])
    told = here.exchange.merge_from(there.exchange)
    assert (told.conflicts, stands(here, 0)) == ((), ["b"])
    both_ways(here, there)


def test_the_second_of_two_enrollments_removed_there_and_the_first_restored_changes_whom_it_shows_here_too(
    gallery: Gallery, tmp_path: Path
) -> None:
    enroll(gallery, a=[0, 1], b=[3])
    gallery.corrections.remove([1])
    enroll(gallery, b=[0])
    there = Gallery.open(gallery.exchange.copy_to(tmp_path / "north").folder)
    there.corrections.remove([4])
    there.corrections.restore([1])
    told = gallery.exchange.merge_from(there.exchange)
    assert (told.conflicts, stands(gallery, 0)) == ((), ["a"])
    both_ways(gallery, there)
    there.close()


def test_what_the_other_camp_enrolled_again_goes_to_and_fro_and_stays_one_photo(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    there.corrections.remove([1])
    enroll(there, b=[0])
    both_ways(here, there)
    here.corrections.move([1], "c")
    both_ways(there, here)
    assert stands(there, 0) == ["c"]
    there.corrections.remove([one.id for one in there.photos("zebra", "c") if one.path.stem == "0"])
    both_ways(here, there)
    assert stands(here, 0) == []


def test_a_removed_photo_restored_there_and_enrolled_again_here_is_a_conflict_and_one_photo(
    gallery: Gallery, tmp_path: Path
) -> None:
    enroll(gallery, a=[0, 1], b=[3])
    gallery.corrections.remove([1])
    there = Gallery.open(gallery.exchange.copy_to(tmp_path / "north").folder)
    there.corrections.restore([1])
    enroll(gallery, b=[0])
    told = gallery.exchange.merge_from(there.exchange)
    assert known(told) == [("individual of photo 4", "reid photos move 4 --to '#1'")]
    assert stands(gallery, 0) == ["b"]
    run(gallery, told)
    assert stands(gallery, 0) == ["a"]
    both_ways(gallery, there)
    there.close()


def test_a_merge_there_that_cannot_be_taken_leaves_name_photos_and_status_as_they_were(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(here, a=[10])
    there.identities.merge("a", "b")
    there.corrections.correct([2], side="left")
    before = owners(here)
    told = here.exchange.merge_from(there.exchange)
    assert (owners(here), here.photo(2).side) == (before, "left")  # what else they know of the photos is taken
    assert [one.merged_into for one in here.individuals(removed=True)] == []
    run(here, told)
    both_ways(here, there)
    assert owners(here) == {"b": [1, 2, 3, 4, 5, 7], "c": [6]}


def test_a_removal_there_of_whom_a_photo_was_moved_to_here_is_told_and_can_be_taken(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    here.corrections.move([4], "a")
    there.identities.remove("a")
    told = here.exchange.merge_from(there.exchange)
    assert known(told) == [("individual #1 'a'", "reid individuals remove '#1'")]
    assert owners(here) == {"a": [1, 2, 3, 4], "b": [5], "c": [6]}
    run(here, told)
    both_ways(here, there)
    assert owners(there) == {"b": [5], "c": [6]}


def test_a_merge_that_was_undone_here_is_brought_back_before_the_next_one(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(there, a=[20])
    here.exchange.merge_from(there.exchange)
    here.history.undo()
    enroll(there, b=[21])
    with pytest.raises(UsageError, match=r"merged with that one by entry 3, which entry 4 undid: `reid undo 4` brings it back"):
        here.exchange.merge_from(there.exchange)
    here.history.undo(4)
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert (stands(here, 20), stands(here, 21)) == (["a"], ["b"])


def test_an_older_copy_of_the_other_gallery_brings_nothing_back(camps: tuple[Gallery, Gallery], tmp_path: Path) -> None:
    here, there = camps
    there.corrections.move([1], "b")
    older = Gallery.open(there.exchange.copy_to(tmp_path / "older").folder)
    there.corrections.move([1], "c")
    here.exchange.merge_from(there.exchange)
    assert here.exchange.merge_from(older.exchange).seq == 0 and stands(here, 0) == ["c"]
    older.close()


def test_names_that_two_individuals_changed_with_each_other_are_taken_and_can_be_undone(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    for name, other in (("a", "x"), ("b", "a"), ("x", "b")):
        there.identities.rename(name, other)
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert owners(here) == {"b": [1, 2, 3], "a": [4, 5], "c": [6]}
    here.history.undo()
    assert owners(here) == {"a": [1, 2, 3], "b": [4, 5], "c": [6]}
    here.history.undo(here.head())
    assert owners(here) == {"b": [1, 2, 3], "a": [4, 5], "c": [6]} and here.checkup.damage() == []


def test_thresholds_of_the_same_net_are_taken_where_only_they_set_them(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    ours, theirs = (replace(LEARNT, slope=slope) for slope in (10.0, 11.0))
    there.set_calibrations({"zebra": (NET, theirs)})
    assert here.exchange.merge_from(there.exchange).conflicts == () and here.calibration("zebra") == theirs
    here.set_calibrations({"zebra": (NET, ours)})
    both_ways(there, here)
    assert there.calibration("zebra") == ours


def test_embeddings_of_every_net_come_with_a_photo(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(there, a=[20])
    newer = dict(zip(range(1, 8), unit(5, 7, 8), strict=True))
    there.embeddings.add("zebra", "newer", 8, newer)
    here.exchange.merge_from(there.exchange)
    assert here.vectors("zebra")[0].tolist() == [1, 2, 3, 4, 5, 6, 7]
    ids, vectors = here.vectors("zebra", "newer")
    assert dict(zip(ids.tolist(), vectors.tolist(), strict=True))[7] == pytest.approx(newer[7].tolist())


def test_a_damaged_gallery_that_would_leave_a_photo_with_nobody_changes_nothing_here(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(there, a=[20])
    connection = sqlite3.connect(here.folder / "catalog.sqlite")
    connection.execute("UPDATE individual SET removed_seq = 2 WHERE id = 2")
    connection.commit()
    connection.close()
    head = here.head()
    with pytest.raises(GalleryError, match=r"would leave photo 4 with individual #2, which is not there: nothing was changed"):
        here.exchange.merge_from(there.exchange)
    assert here.head() == head and stands(here, 20) == []


def test_what_they_have_of_us_is_no_news_when_it_comes_back(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    here.corrections.correct([5], side="left")
    here.corrections.move([1], "b")
    here.identities.rename("c", "Cleo")
    there.exchange.merge_from(here.exchange)
    here.corrections.correct([5], side="right")
    here.corrections.move([1], "a")
    here.identities.rename("Cleo", "Cleopatra")
    there.corrections.correct([4], side="left")
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert (here.photo(5).side, here.photo(4).side, here.photo(1).individual) == ("right", "left", "a")
    assert "Cleopatra" in owners(here)


def test_a_photo_that_they_removed_by_itself_does_not_come_back_with_its_individual(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    here.identities.remove("a")
    there.corrections.remove([2])
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    here.identities.restore("a")
    assert owners(here)["a"] == [1, 3]
    both_ways(there, here)


def test_facts_of_a_photo_that_one_camp_removed_are_no_conflict(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    there.corrections.correct([6], side="left")
    there.corrections.remove([6])
    here.corrections.correct([6], side="right")
    both_ways(here, there)
    assert (here.photo(6).removed, there.photo(6).removed) == (True, True)


def test_a_side_that_a_person_confirmed_there_is_a_net_s_word_here_no_longer(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    for camp in camps:
        camp.corrections.predict_sides({1: ("left", 0.9), 2: ("left", 0.9)}, "sides 1")
    there.corrections.correct([1], side="left")
    here.corrections.correct([2], side="left")
    both_ways(here, there)
    assert [[camp.photo(n).side_predicted for n in (1, 2)] for camp in camps] == [[False, False]] * 2
    assert here.photo(1).side == "left" and here.checkup.damage() == []


def test_nets_of_the_whole_gallery_are_taken_where_only_they_set_them(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    there.set_species_net("router")
    there.sides.use_net("sides 1")
    told = here.exchange.merge_from(there.exchange)
    assert (told.altered, here.species_net(), here.sides.net()) == (2, "router", "sides 1")
    here.history.undo()
    assert (here.species_net(), here.sides.net()) == (None, None)
    here.history.undo(here.head())
    here.sides.use_net("sides 2")
    there.set_species_net("router 2")
    there.sides.use_net("sides 3")
    here.exchange.merge_from(there.exchange)
    assert (here.species_net(), here.sides.net()) == ("router 2", "sides 2")  # where both did, ours stays
    there.set_species_net("router")
    there.set_species_net("router 2")
    seq = here.head()
    here.set_species_net("router 3")
    here.exchange.merge_from(there.exchange)
    assert here.species_net() == "router 3" and here.head() == seq + 2 and here.checkup.damage() == []


def test_a_merge_that_was_undone_here_takes_nothing_back_over_there(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    there.corrections.correct([1], side="left")
    there.corrections.move([4], "c")
    here.exchange.merge_from(there.exchange)
    here.history.undo()
    assert there.exchange.merge_from(here.exchange).conflicts == ()
    assert (there.photo(1).side, there.photo(4).individual) == ("left", "c")


def test_who_is_removed_there_as_before_though_in_between_restored_is_no_news(gallery: Gallery, tmp_path: Path) -> None:
    enroll(gallery, a=[0, 1], b=[3])
    gallery.identities.remove("a")
    there = Gallery.open(gallery.exchange.copy_to(tmp_path / "north").folder)
    there.identities.restore("a")
    there.identities.remove("a")
    gallery.identities.restore("a")
    assert gallery.exchange.merge_from(there.exchange).conflicts == () and owners(gallery) == {"a": [1, 2], "b": [3]}
    both_ways(there, gallery)
    there.close()


def test_who_arrives_merged_into_another_is_merged_here_too(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(there, x=[20])
    there.identities.merge("x", "a")
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert owners(here) == {"a": [1, 2, 3, 7], "b": [4, 5], "c": [6]}
    assert {one.name: one.merged_into for one in here.individuals(removed=True)} == {"x": 1}


def contents(gallery: Gallery) -> dict[str, list[int]]:
    """Who has which contents; ids are each camp's own."""
    return {name: sorted(int(one.path.stem) for one in gallery.photos("zebra", name)) for name in owners(gallery)}


def test_who_arrives_merged_gets_exactly_its_photos_again_by_a_split_here(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(there, x=[20, 21, 22], y=[23], a=[24])
    there.corrections.move([7], "a")  # 20: shows a, whatever x is
    there.identities.merge("x", "y")
    there.identities.merge("y", "a")
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    for camp in camps:
        assert contents(camp) == {"a": [0, 1, 2, 20, 21, 22, 23, 24], "b": [3, 4], "c": [5]}
        camp.identities.split("a", "y")
        camp.identities.split("y", "x")
        assert contents(camp) == {"a": [0, 1, 2, 20, 24], "b": [3, 4], "c": [5], "x": [21, 22], "y": [23]}
    assert here.checkup.damage() == []
    for seq in (here.head(), here.head() - 1, here.head() - 2):  # the two splits and the merge of galleries are undone
        here.history.undo(seq)
    assert contents(here) == {"a": [0, 1, 2], "b": [3, 4], "c": [5]}


def test_photos_of_known_individuals_that_were_merged_one_into_the_other_over_there_are_split_apart_here(
    camps: tuple[Gallery, Gallery]
) -> None:
    here, there = camps
    there.corrections.move([2], "b")  # content 1 was moved by a person, into whom a is merged then: a split leaves it there
    there.corrections.move([3], "c")  # and content 2 into the last of the three
    there.corrections.remove([4])
    there.identities.merge("a", "b")
    there.identities.merge("b", "c")
    enroll(there, c=[20])
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    for camp in camps:
        assert contents(camp) == {"c": [0, 1, 2, 4, 5, 20]}
        camp.identities.split("c", "b")
        camp.identities.split("b", "a")
        assert contents(camp) == {"a": [0], "b": [1, 4], "c": [2, 5, 20]}
        camp.corrections.restore([4])
        assert contents(camp)["b"] == [1, 3, 4]


def test_a_photo_moved_by_a_person_to_whom_its_individual_was_merged_into_later_stays_there_when_they_are_split_here(
    camps: tuple[Gallery, Gallery]
) -> None:
    here, there = camps
    there.corrections.move([1], "b")
    there.identities.merge("a", "b")
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert here.identities.split("b", "a").photo_ids == there.identities.split("b", "a").photo_ids == (2, 3)


def test_a_photo_enrolled_over_there_of_whom_was_merged_here_goes_with_it_when_the_merge_is_split(
    camps: tuple[Gallery, Gallery]
) -> None:
    here, there = camps
    here.identities.merge("a", "b")
    here.identities.merge("b", "c")
    enroll(there, a=[20], b=[21])
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert contents(here) == {"c": [0, 1, 2, 3, 4, 5, 20, 21]}
    here.identities.split("c", "b")
    here.identities.split("b", "a")
    assert contents(here) == {"a": [0, 1, 2, 20], "b": [3, 4, 21], "c": [5]}


def test_a_photo_that_was_purged_here_does_not_come_back_because_it_was_corrected_there(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    here.corrections.remove([1])
    here.history.purge()
    there.corrections.correct([1, 2], side="left")
    assert here.exchange.merge_from(there.exchange).new_photos == 0
    assert (stands(here, 0), stands(here, 1), here.photo(2).side) == ([], ["a"], "left")


def test_of_two_enrollments_there_the_one_that_stands_counts_though_the_other_was_changed_later(
    camps: tuple[Gallery, Gallery]
) -> None:
    here, there = camps
    there.corrections.remove([1])
    enroll(there, b=[0])
    there.identities.merge("a", "c")  # takes the removed enrollment along
    assert here.exchange.merge_from(there.exchange).conflicts == () and stands(here, 0) == ["b"]
    both_ways(there, here)


def test_who_was_renamed_and_then_removed_or_merged_there_has_that_name_here_too(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    there.identities.rename("c", "Cleo")
    there.identities.remove("Cleo")
    there.identities.rename("b", "Bela")
    there.identities.merge("Bela", "a")
    enroll(here, Cleo=[10])  # a name that one has who is there here is no conflict with one who is gone
    assert here.exchange.merge_from(there.exchange).conflicts == ()
    assert {one.name for one in here.individuals(removed=True)} == {"Cleo", "Bela"}
    assert owners(here) == {"a": [1, 2, 3, 4, 5], "Cleo": [7]} and here.checkup.damage() == []
    both_ways(there, here)


def asked(content: object, name: str | None, path: str = "q.jpg", outcome: Outcome = Outcome.KNOWN) -> Sighting:
    match = Match("zebra", "a", 1, 0.9, 0.97, "/photos/0.jpg", sha256=digest(0))
    decision = Decision(outcome, name, 0.97, f"about {content}")
    return Sighting(path, digest(content), SpeciesGuess("zebra", 1.0), decision, (match,), "", None, "", "", "", NET, (), (path,))


def kept(gallery: Gallery) -> list[tuple[str, str | None, int]]:
    return [(one.sighting.photo, one.sighting.decision.individual, one.individual_id) for one in gallery.sightings()]


def test_decisions_that_were_kept_there_come_in_with_the_merge_and_go_with_its_undo(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    here.add_sightings([asked("both", None, "both.jpg", Outcome.REVIEW)])
    enroll(here, z=[15])
    enroll(there, x=[20])
    there.add_sightings([asked("q", "x", "/card/1.jpg"), asked("both", "a", "both.jpg"), asked("other", "a", "both.jpg")])
    plan = here.exchange.merge_from(there.exchange, only_plan=True)
    told = here.exchange.merge_from(there.exchange)
    assert (told.new_sightings, told.sightings_left) == (plan.new_sightings, plan.sightings_left) == (2, 1)
    assert here.log(1)[0].summary == "north: 1 individuals, 1 photos, 0 values, 0 conflicts, 2 sightings"
    x = next(one.id for one in here.individuals() if one.name == "x")
    assert kept(here) == [("both.jpg", None, 0), ("/card/1.jpg", "x", x), ("north:both.jpg", "a", 1)]  # the last is another photo
    assert here.sightings()[2].sighting.photos == ("north:both.jpg",)
    here.history.undo()
    assert kept(here) == [("both.jpg", None, 0)]
    here.history.undo(here.head())
    assert there.exchange.merge_from(here.exchange).new_sightings == 0  # their own come back, and of "both" theirs stays there
    assert len(kept(there)) == 3


def test_decisions_go_to_and_fro_once_and_the_newer_of_two_that_knew_of_each_other_comes_in(
    camps: tuple[Gallery, Gallery]
) -> None:
    here, there = camps
    there.add_sightings([asked("q", None, outcome=Outcome.REVIEW)])
    assert here.exchange.merge_from(there.exchange).new_sightings == 1
    here.add_sightings([asked("q", "a")])
    assert here.exchange.merge_from(there.exchange).seq == 0
    told = there.exchange.merge_from(here.exchange)
    assert (told.new_sightings, told.sightings_left) == (1, 0)
    assert kept(here) == kept(there) == [("q.jpg", "a", 1)]
    for one, other in ((here, there), (there, here)):
        told = one.exchange.merge_from(other.exchange)
        assert (told.new_sightings, told.sightings_left) == (0, 0)
    assert kept(here) == kept(there) == [("q.jpg", "a", 1)]


def test_of_an_encounter_that_was_asked_about_here_in_part_the_decisions_made_here_stay(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps

    def of(*contents: str) -> Sighting:
        paths = tuple(f"/{one}.jpg" for one in contents)
        return replace(asked(contents[0], "a", paths[0]), contents=tuple(map(digest, contents)), photos=paths)

    here.add_sightings([of("p", "q"), asked("r", "a")])
    there.add_sightings([of("q", "p"), of("s", "r"), of("x", "y"), asked("z", "a")])
    before = here.sightings()
    told = here.exchange.merge_from(there.exchange)
    assert (told.new_sightings, told.sightings_left) == (2, 2)
    assert here.sightings()[:2] == before
    assert [one.sighting.contents for one in here.sightings()[2:]] == [(digest("x"), digest("y")), ()]
    there.add_sightings([of("x", "y", "w")])  # of one more photo, the rest equal
    assert here.exchange.merge_from(there.exchange).new_sightings == 1
    assert [len(one.sighting.contents) for one in here.sightings()] == [2, 0, 0, 3]


def test_decisions_that_were_taken_back_there_are_taken_back_here_and_come_again_with_theirs(
    camps: tuple[Gallery, Gallery]
) -> None:
    here, there = camps
    there.add_sightings([asked("q", "a")])
    here.exchange.merge_from(there.exchange)
    there.history.undo()
    assert here.exchange.merge_from(there.exchange).altered == 1 and kept(here) == []
    there.history.undo(there.head())
    assert here.exchange.merge_from(there.exchange).altered == 1 and kept(here) == kept(there) == [("q.jpg", "a", 1)]
    here.history.undo(3)  # by itself: a later merge does not bring it again, and takes it back there
    assert there.exchange.merge_from(here.exchange).new_sightings == 0


def test_where_the_answer_of_a_frame_stays_none_of_its_animals_is_taken_back(camps: tuple[Gallery, Gallery]) -> None:
    """They asked about one animal again and we about the other: theirs does not come in, so what it replaced there stays."""
    here, there = camps
    left = replace(asked("q", "a"), box=Box(0.0, 0.0, 0.4, 1.0))
    there.add_sightings([left])
    here.exchange.merge_from(there.exchange)
    there.add_sightings([replace(left, decision=Decision(Outcome.REVIEW, "b", 0.6, "again"))])
    here.add_sightings([replace(left, box=Box(0.5, 0.0, 0.4, 1.0))])
    before = here.sightings()
    told = here.exchange.merge_from(there.exchange)
    assert (told.new_sightings, told.sightings_left, told.altered) == (0, 1, 0)
    assert here.sightings() == before and len(before) == 2


def test_a_merge_that_brought_nothing_is_undone_and_that_too(camps: tuple[Gallery, Gallery]) -> None:
    here, there = camps
    enroll(there, a=[20])
    here.exchange.merge_from(there.exchange)
    before, seq = contents(there), there.head()
    told = there.exchange.merge_from(here.exchange)
    assert (told.seq, told.entries, told.altered, told.new_photos) == (seq + 1, 1, 0, 0)
    assert there.log(1)[0].summary == f"{here.name}: nothing that is not here already"
    assert there.history.undo(told.seq).undoes == told.seq
    with pytest.raises(UsageError, match=rf"merged with that one by entry {told.seq}, which entry {told.seq + 1} undid"):
        there.exchange.merge_from(here.exchange)
    assert there.history.undo(told.seq + 1).undoes == told.seq + 1
    assert there.exchange.merge_from(here.exchange).seq == 0 and contents(there) == before
    assert there.history.undo().undoes == seq  # without a number it is no step back
