from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.frozen.place import Place, lay_out, without_variables


@pytest.fixture(scope="session")
def herd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The fixed gallery, for reading: never change it in a test."""
    with without_variables():
        yield lay_out(tmp_path_factory.mktemp("frozen") / "herd")


@pytest.fixture
def editable(herd: Place, request: pytest.FixtureRequest) -> Place:
    """A copy of the fixed gallery that a test may change."""
    return herd.copy(request.node.name)
