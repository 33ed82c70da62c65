"""Two copies of one gallery, changed at random: the commands that the conflicts name settle them, for both camps."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.store.test_merging import run as run_commands
from tests.store.test_model import MEMORY
from tests.store.test_two_camps import STEP, TwoCamps, tried


@given(steps=st.lists(STEP, min_size=4, max_size=12))
def settled(steps: list[tuple[bool, str, int, int]]) -> None:
    """Both change whatever they like; who brings the other in takes its side in all that is told."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    camps = TwoCamps(folder)
    camps.mine = [camps.mine[0] | camps.mine[1]] * 2
    here, there = camps.galleries
    try:
        for camp, kind, one, two in steps:
            if kind not in ("bring", "share"):
                camps.step(int(camp), kind, one, two)
        run_commands(here, here.exchange.merge_from(there.exchange))
        camps.share(0)
    finally:
        camps.close()
        shutil.rmtree(folder)


def test_the_commands_of_all_conflicts_settle_them_in_both_camps() -> None:
    """The same histories each time: three individuals merged into each other the other way round may be told once more there."""
    tried(settled, False)
