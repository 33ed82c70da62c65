"""Three copies of one gallery that pass it round: what a third camp brought is no change of one's own, and never a conflict."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reid.errors import UndoConflict, UsageError
from reid.store import Conflict, Gallery
from tests.store.sync.test_merge import camps as camps
from tests.store.sync.test_merge import contents, enroll
from tests.store.sync.test_sync_two_replicas import KINDS, TwoCamps, seen
from tests.store.test_store_model import MEMORY

Trio = tuple[Gallery, Gallery, Gallery]


@pytest.fixture
def trio(camps: tuple[Gallery, Gallery], tmp_path: Path) -> Iterator[Trio]:
    """The two of `camps`, a #1 with photos 1-3, b #2 with 4 and 5, c #3 with 6, and a third one."""
    third = Gallery.open(camps[0].exchange.copy_to(tmp_path / "south").folder)
    yield (*camps, third)
    third.close()


def bring(into: Gallery, *others: Gallery) -> None:
    for other in others:
        assert into.exchange.merge_from(other.exchange).conflicts == ()


def changed(gallery: Gallery, side: str, name: str, owner: str) -> None:
    gallery.corrections.correct([5], side=side)
    gallery.identities.rename("#2", name)
    gallery.corrections.move([1], owner)


def test_what_came_by_way_of_a_third_camp_and_was_changed_again_at_home_is_no_conflict(trio: Trio) -> None:
    one, two, three = trio
    changed(one, "left", "Bela", "c")
    one.identities.remove("#2")
    bring(two, one)
    enroll(two, a=[20])
    bring(three, two)
    one.identities.restore("#2")
    changed(one, "right", "Bella", "#2")
    bring(three, one)
    bring(one, three)
    bring(two, three)
    for camp in trio:
        assert contents(camp) == {"a": [1, 2, 20], "Bella": [0, 3, 4], "c": [5]} and camp.photo(5).side == "right"


def test_a_photo_that_a_person_moved_before_two_were_merged_stays_with_the_second_in_every_camp_that_splits_them(
    trio: Trio
) -> None:
    home, north, south = trio
    north.corrections.move([1], "b")
    north.identities.merge("a", "b")
    bring(home, north)
    bring(south, home)
    for one in trio:
        assert one.identities.split("b", "a").photo_ids == (2, 3)


def test_an_old_value_that_a_third_camp_still_has_is_no_news_at_home(trio: Trio) -> None:
    one, two, three = trio
    changed(one, "left", "Bela", "c")
    bring(two, one)
    bring(three, two)
    changed(one, "right", "Bella", "#2")
    bring(one, three)
    assert contents(one) == {"a": [1, 2], "Bella": [0, 3, 4], "c": [5]} and one.photo(5).side == "right"


def test_what_was_changed_here_since_is_not_undone_by_a_third_camp_that_brings_what_was_known_here(trio: Trio) -> None:
    one, two, three = trio
    changed(one, "left", "Bela", "c")
    bring(three, one)
    bring(two, one)
    changed(three, "right", "Bella", "#2")
    bring(three, two)
    assert contents(three) == {"a": [1, 2], "Bella": [0, 3, 4], "c": [5]} and three.photo(5).side == "right"


def test_a_removal_that_was_taken_back_reaches_a_third_camp_though_another_one_never_saw_it(trio: Trio) -> None:
    one, two, three = trio
    two.identities.remove("a")
    bring(three, two)
    two.identities.restore("a")
    two.identities.rename("a", "Amara")
    bring(one, two)
    bring(three, one, two)
    assert contents(three)["Amara"] == [0, 1, 2]


class Told(Exception):
    """Something was told where no two camps changed the same thing."""

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        super().__init__(conflicts)


class ThreeCamps(TwoCamps):
    """Each individual is one camp's to change, with its photos; all are free to enroll new ones."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        third = Gallery.open(self.galleries[0].exchange.copy_to(folder / "C").folder)
        self.everyone: list[Gallery] = [*self.galleries, third]
        self.galleries = tuple(self.everyone)  # type: ignore[assignment]
        self.mine = [set("abe"), set("cdf"), set("gh")]
        self.shared = [gallery.head() for gallery in self.everyone]

    def meet(self, into: int, of: int) -> None:
        if told := self.everyone[into].exchange.merge_from(self.everyone[of].exchange).conflicts:
            raise Told(told)
        assert self.everyone[into].checkup.damage() == []

    def passed_round(self, chance: random.Random) -> None:
        kinds = [kind for kind in KINDS if kind not in ("bring", "share", "undo")]
        for _ in range(chance.randint(6, 24)):
            if chance.random() < 0.3:
                self.meet(*chance.sample(range(3), 2))
                continue
            camp, kind = chance.randint(0, 2), chance.choice(kinds)
            with suppress(UsageError, UndoConflict):  # it does not fit here
                self.do(camp, kind, chance.randint(0, 60), chance.randint(0, 60))
        for into, of in ((0, 1), (1, 2), (2, 0), (0, 2), (1, 0), (2, 1), (0, 1), (1, 2)):
            self.meet(into, of)


def test_what_only_one_of_three_camps_changed_reaches_all_of_them(request: pytest.FixtureRequest) -> None:
    """Now and then, about twice in a hundred histories, something is told all the same; never does a camp miss anything."""
    count, told = 200 if request.config.getoption("--campaign") else 12, 0
    for seed in range(count):
        folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        three = ThreeCamps(folder)
        try:
            three.passed_round(random.Random(seed))
            first, second, third = map(seen, three.everyone)
            assert first == second == third
        except Told:
            told += 1
        finally:
            three.close()
            shutil.rmtree(folder)
    assert told <= count // 33
