from __future__ import annotations

from reid.records import Outcome
from reid.store.sync.merge_sightings import SightingMerge
from reid.store.sync.three_way import ThreeWay
from tests.store.sync.replicas import Pair, merging
from tests.store.sync.replicas import replicas as replicas
from tests.store.sync.test_merge import asked


def sightings(both: ThreeWay) -> list[tuple[str, str, int | None]]:
    return [tuple(row) for row in both.change.ask("SELECT path, individual, individual_id FROM sighting ORDER BY id")]


def test_a_decision_comes_in_by_content_once_and_its_path_gets_the_name_of_the_other_gallery(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.add_sightings([asked("mine", "a", "/card/1.jpg")])
    theirs.add_sightings([asked("q", "b", "/card/1.jpg"), asked("r", "c", "/card/2.jpg")])
    with merging(ours, theirs) as both:
        merge = SightingMerge(both)
        merge.plan()
        merge.settle()
        assert (merge.new, merge.left) == (0, 0) and len(sightings(both)) == 1
        merge.write()
        assert (merge.new, merge.left) == (2, 0)
        assert sightings(both) == [("/card/1.jpg", "a", 1), ("north:/card/1.jpg", "b", 2), ("/card/2.jpg", "c", 3)]
        merge.write()  # what is here already does not come in again
        assert merge.new == 2 and len(sightings(both)) == 3


def test_of_a_photo_that_both_asked_about_ours_stays(replicas: Pair) -> None:
    ours, theirs = replicas
    ours.add_sightings([asked("q", None, outcome=Outcome.REVIEW)])
    theirs.add_sightings([asked("q", "b"), asked("r", "c", "r.jpg")])
    with merging(ours, theirs) as both:
        merge = SightingMerge(both)
        merge.plan()
        merge.settle()
        assert merge.left == 1
        merge.write()
        assert merge.new == 1 and sightings(both) == [("q.jpg", None, None), ("r.jpg", "c", 3)]
