"""`reid seasons` and `reid discover`: which seasons, how sure, and what to do with what was discovered."""

from pathlib import Path

import pytest

from reid.cli.seasons import _how_to
from reid.settings import QuerySettings
from tests.commands import command


@pytest.mark.parametrize(("words", "text"), [
    (("seasons",), "name both seasons, or ask for --all"), (("seasons", "--from", "2023"), "name both seasons, or ask for --all"),
    (("seasons", "--all", "--from", "2023", "--to", "2024"), "name both seasons, or ask for --all"),
    (("seasons", "--all", "--record"), "decisions are kept of one season: name it with --from and --to"),
    (("seasons", "--from", "2023", "--to", "2024"), "nothing is of season '2024': the gallery has ['2023']; give photos of it"),
    (("seasons", "--all"), "the only season is 2023; wanted two at least"),
    (("seasons", "--from", "2023", "--to", "2024", "--link", 2), "wanted a probability in (0, 1], such as 0.65"),
    (("seasons", "--from", "2023", "--to", "2024", "--minutes", -1), "Invalid value for '--minutes'"),
    (("discover", "x.jpg", "--side", "top"), "'top' is no side; wanted left or right"),
    (("discover", "x.jpg", "--link", 2), "wanted a probability in (0, 1], such as 0.65"), (("discover",), "Missing argument"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_written(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = command(*words, "--gallery", kept)
    assert (refused.code, refused.out) == (2, "") and text in refused.err and not list(tmp_path.iterdir())


def test_who_discovered_animals_is_told_how_to_enroll_them_seen_and_unseen() -> None:
    files = (Path("proposals.csv"), Path("new ones.csv"), Path("discover.html"))
    settings = QuerySettings(enroll_link=0.95)
    assert _how_to(settings, None, Path("my gallery"), files) == (
        "; once a person looked: `reid enroll 'new ones.csv' --gallery 'my gallery'`; unseen: --enroll, by links right with "
        "probability 0.95"
    )
    assert _how_to(settings, 0.8, None, files) == "; once a person looked: `reid enroll 'new ones.csv'`; unseen: --enroll"
