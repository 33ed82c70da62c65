"""Two copies of one gallery, changed at random: the commands that the conflicts name settle them, for both camps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.store.sync.test_merge import run
from tests.store.sync.test_sync_two_replicas import STEP, apart, tried


@given(steps=st.lists(STEP, min_size=4, max_size=12))
def settled(steps: list[tuple[bool, str, int, int]]) -> None:
    """Who brings the other in takes its side in all that is told."""
    with apart(steps) as camps:
        here, there = camps.galleries
        run(here, here.exchange.merge_from(there.exchange))
        camps.share(0)


def test_the_commands_of_all_conflicts_settle_them_in_both_camps() -> None:
    """The same histories each time: three individuals merged into each other the other way round may be told once more there."""
    tried(settled, False)
