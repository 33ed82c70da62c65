"""`reid enroll` and `reid query`: options as settings, a decision as lines, refusals before a net is opened."""

from pathlib import Path

import pytest
import typer

from reid.cli.identification import _print_sighting, from_files, given_side, in_time
from reid.records import Decision, Match, Outcome, Sighting, SpeciesGuess
from tests.commands import command


def test_options_that_were_not_given_leave_the_settings_as_they_are() -> None:
    assert set(in_time(None, None, None).values()) == {None} and set(in_time([], [], None).values()) == {None}
    assert in_time(["C1=+1h"], ["2023=a..b"], Path("cameras.csv")) == {
        "clocks": ("C1=+1h",), "seasons": ("2023=a..b",), "deployments": "cameras.csv",
    }  # fmt: skip
    assert from_files(None, None, None, None) == {"side_path": None, "video": None, "frames": None, "dates": None}
    assert from_files(["left=*_L*"], "every=2", "frames", "day-first") == {
        "side_path": ("left=*_L*",), "video": "every=2", "frames": "frames", "dates": "day-first",
    }  # fmt: skip


def test_a_side_is_left_or_right_or_none() -> None:
    assert [given_side(side) for side in ("left", "right", "")] == ["left", "right", None]
    with pytest.raises(typer.BadParameter, match="'top' is no side; wanted left or right"):
        given_side("top")


def test_a_decision_is_printed_with_its_matches(capsys: pytest.CaptureFixture[str]) -> None:
    matches = (Match("zebra", "Zoë", 1, 0.9, 0.75, "a.jpg", local=0.5), Match("zebra", "Max", 2, 0.25, None, "b.jpg"))
    decision = Decision(Outcome.KNOWN, "Zoë", 0.75, "surely")
    species = SpeciesGuess("zebra", 1.0)
    _print_sighting(Sighting("q.jpg", "", species, decision, matches, "left", None, "", "", "", "", photos=("q.jpg", "r.jpg")))
    assert capsys.readouterr().out.splitlines() == [
        f"q.jpg (+1 photos)\t{Outcome.KNOWN.value}\tZoë\tzebra\tsurely",
        f"    1. {'Zoë':<20} score 0.900  places 0.50  probability 0.750  a.jpg",
        f"    2. {'Max':<20} score 0.250  probability   -    b.jpg",
    ]


@pytest.mark.parametrize(("words", "text"), [
    (("query", "x.jpg", "--side", "top"), "'top' is no side; wanted left or right"),
    (("query", "x.jpg", "--as-of", "1.2.2024"), "'1.2.2024' is no date"), (("query", "x.jpg", "--top", 0), "'--top'"),
    (("query", "x.jpg", "--returning", 2), "'--returning'"), (("query", "x.jpg", "--confidence", 2), "'--confidence'"),
    (("query", "x.jpg", "--fade", -1), "'--fade'"),
    (("enroll", "x.jpg", "--individual", "Zoë", "--species", "zebra", "--changed", "maybe"), "wanted one of tell, add"),
    (("enroll",), "Missing argument"),
])  # fmt: skip
def test_a_wrong_value_is_refused_with_what_is_wanted(kept: Path, words: tuple[object, ...], text: str) -> None:
    refused = command(*words, "--gallery", kept)
    assert (refused.code, refused.out) == (2, "") and text in refused.err


def test_photos_that_name_nobody_are_refused_with_the_ways_to_name_one(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"no photo")
    refused = command("enroll", tmp_path / "x.jpg", "--gallery", kept)
    assert refused.code == 2 and "none of the 1 photos names a species and an individual: use a manifest" in refused.err


def test_a_gallery_whose_net_is_gone_is_an_error_of_the_net(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"no photo")
    refused = command("query", tmp_path / "x.jpg", "--species", "zebra", "--gallery", kept)
    assert refused.code == 9 and "is missing; a net is a .safetensors file with its .json card beside it" in refused.err
