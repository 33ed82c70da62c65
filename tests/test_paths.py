"""Every path and every module that README, manual, notes and docstrings name is there."""

import pytest

from tests import prose

READ = [*prose.texts(), "scripts/benchmarks/README.md", "indexes/README.md"]
DOCSTRINGS = prose.docstrings()


@pytest.mark.parametrize("name", READ)
def test_every_path_of_a_text_exists(name: str):
    assert prose.lost_paths((prose.ROOT / name).read_text(encoding="utf-8"), name) == []


def test_every_path_of_the_docstrings_exists():
    assert {name: lost for name, text in DOCSTRINGS.items() if (lost := prose.lost_paths(text, name))} == {}


def test_a_path_that_is_not_there_is_noticed():
    assert prose.lost_paths("see `steps/nowhere.py`, scripts/nothing.py, `steps.nowhere.function` and reid/none/") == [
        "steps/nowhere.py", "scripts/nothing.py", "reid/none", "steps.nowhere.function",
    ]  # fmt: skip
    assert prose.lost_paths("`steps/decision.py`, reid/nets, `steps.decision.decide`, `sighting.photo`, `indexes/south`") == []
