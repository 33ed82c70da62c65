from __future__ import annotations

from pathlib import Path

import pytest

from reid.errors import UsageError
from reid.store import Gallery
from tests.store.sync.replicas import Pair, enroll
from tests.store.sync.replicas import replicas as replicas


def test_a_copy_is_a_gallery_of_its_own_with_the_same_head(replicas: Pair, tmp_path: Path) -> None:
    ours, _ = replicas
    copy = ours.exchange.copy_to(tmp_path / "south")
    with Gallery.open(copy.folder) as opened:
        assert [individual.name for individual in opened.individuals()] == ["a", "b", "c"] and opened.head() == ours.head() == 2
        enroll(opened, d=[10])
    assert ours.head() == 2
    with pytest.raises(UsageError, match="south"):
        ours.exchange.copy_to(tmp_path / "south")


def test_a_plan_reports_and_changes_nothing_and_the_other_gallery_is_named_by_its_folder(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(theirs, d=[20])
    plan = ours.exchange.merge_from(theirs.exchange, only_plan=True)
    assert (plan.seq, plan.new_individuals, plan.new_photos, ours.head()) == (0, 1, 1, 2)
    merged = ours.exchange.merge_from(theirs.exchange, why="end of season")
    assert (merged.seq, ours.head()) == (3, 3)
    assert ours.log(1)[0].summary == "north: 1 individuals, 1 photos, 0 values, 0 conflicts"
