from __future__ import annotations

from collections.abc import Iterable

from reid.store.sync.conflict_commands import Command
from reid.store.sync.resolutions import Resolutions
from reid.store.sync.three_way import TheirIndividual
from tests.store.sync.replicas import Pair, enroll, merging
from tests.store.sync.replicas import replicas as replicas


def texts(commands: Iterable[Command]) -> list[str]:
    return [command.text for command in commands]


def test_an_individual_that_is_there_needs_no_command_to_come_back(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.identities.remove("b")
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        resolve = Resolutions(both)
        assert texts(resolve.back(1)) == [] and texts(resolve.back(2)) == ["reid individuals restore '#2'"]


def test_a_merged_individual_comes_back_by_a_split_and_what_it_was_merged_into_goes_on(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.identities.merge("a", "b")
    ours.identities.merge("b", "c")
    enroll(ours, d=[10])
    ours.identities.rename("d", "a")  # another one has its name by now
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        assert texts(Resolutions(both).back(1)) == [
            "reid individuals split '#3' '#2'", "reid individuals rename '#4' 'a (2)'", "reid individuals split '#2' '#1'",
            "reid individuals merge '#2' '#3'",
        ]


def test_a_photo_enrolled_again_stays_with_the_individual_it_has_now(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.identities.remove("c")
    enroll(ours, a=[5])  # photo 7 is photo 6 again
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        assert texts(Resolutions(both).back(3)) == [
            "reid photos remove 7", "reid individuals restore '#3'", "reid photos remove 6", "reid photos restore 7",
        ]


def test_a_name_is_taken_from_the_one_that_has_it_and_not_given_to_the_removed(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.identities.remove("c")
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        resolve = Resolutions(both)
        assert texts(resolve.renamed(1, "b")) == ["reid individuals rename '#2' 'b (2)'", "reid individuals rename '#1' b"]
        assert texts(resolve.renamed(3, "Cleo")) == [] and texts(resolve.freed(1, "a")) == []


def test_two_are_united_where_both_are_there_and_not_the_same_one_by_now(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.identities.merge("a", "b")
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        resolve = Resolutions(both)
        assert texts(resolve.united(3, 1)) == ["reid individuals merge '#3' '#2'"] and texts(resolve.united(1, 2)) == []


def test_a_photo_is_placed_moved_restored_or_removed_as_it_is_over_there(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.corrections.remove([4])
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        resolve = Resolutions(both)
        assert texts(resolve.placed(1, 2)) == ["reid photos move 1 --to '#2'"] and texts(resolve.placed(1, 1)) == []
        assert texts(resolve.placed(4, 2)) == ["reid photos restore 4"]
        assert texts(resolve.placed(4, 1)) == ["reid photos restore 4 --to '#1'"]
        assert texts(resolve.placed(1, None)) == ["reid photos remove 1"] and texts(resolve.placed(4, None)) == []
        assert texts(resolve.corrected(1, "side", "left")) == ["reid photos correct 1 --side=left"]
        assert texts(resolve.corrected(4, "side", "left")) == []


def test_photos_without_an_individual_bring_it_back_first(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.identities.remove("c")
    enroll(theirs, there=[20])
    with merging(ours, theirs) as both:
        assert texts(Resolutions(both).housed(3, [6])) == ["reid individuals restore '#3'", "reid photos restore 6"]


def test_an_individual_becomes_what_it_is_over_there(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.identities.merge("a", "c")
    enroll(theirs, there=[20])

    def row(number: int, into: int | None, removed: int | None) -> TheirIndividual:
        return TheirIndividual(number, 1, 2, "x", into, removed, 3)

    with merging(ours, theirs) as both:
        resolve = Resolutions(both)
        assert texts(resolve.as_theirs(2, row(2, 1, 3), unless_one=False)) == [
            "reid individuals merge '#2' '#3'",
        ]  # "a" is "c" here
        assert texts(resolve.as_theirs(1, row(1, 3, 3), unless_one=True)) == []
        assert texts(resolve.as_theirs(3, row(3, None, 3), unless_one=False)) == [
            "reid individuals split '#3' '#1'", "reid individuals remove '#3'",
        ]  # "a" is there over there: it does not go with "c"
