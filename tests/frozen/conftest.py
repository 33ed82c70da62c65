from __future__ import annotations

import os

import pytest

from tests.frozen.place import Place, lay_out


@pytest.fixture(autouse=True)
def without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """No REID_* variable of the person who runs the tests changes an answer."""
    for name in [*os.environ]:
        if name.startswith("REID_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def herd(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The fixed gallery, for reading: never change it in a test."""
    return lay_out(tmp_path_factory.mktemp("frozen") / "herd")


@pytest.fixture
def editable(herd: Place, request: pytest.FixtureRequest) -> Place:
    """A copy of the fixed gallery that a test may change."""
    return herd.copy(request.node.name)
