"""The door: how a run begins and ends, how inputs that failed are named, how moments are read."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import typer

from reid import __version__
from reid.cli.door import end, given_moment, line, tables
from reid.records import Problem
from tests.commands import command

Captured = pytest.CaptureFixture[str]


def test_the_version_and_help_end_well() -> None:
    version = command("--version")
    assert (version.code, version.out) == (0, f"reid {__version__}\n")
    shown = command("--help")
    assert shown.code == 0 and "Who is this animal?" in shown.out
    assert command().code == 2 and "Who is this animal?" in command().err


def test_the_help_lists_commands_in_the_order_in_which_they_are_used() -> None:
    shown = command("--help").out
    rows = shown[shown.index("Commands") :].splitlines()[1:]
    listed = [row.split()[0] for row in rows if row.startswith("  ") and row[2] != " "]
    order = ("train", "evaluate", "enroll", "query", "seasons", "count", "log", "doctor", "import", "export", "report", "manual")
    assert [listed.index(name) for name in order] == sorted(listed.index(name) for name in order)


@pytest.mark.parametrize("words", [("whoami",), ("query", "x.jpg", "--sure"), ("query",)])
def test_what_no_command_or_option_is_ends_with_2(words: tuple[str, ...]) -> None:
    refused = command(*words)
    assert (refused.code, refused.out) == (2, "") and refused.err.startswith("Usage: ") and "Error: " in refused.err


def test_an_error_of_reid_ends_with_the_code_of_its_class_and_no_traceback(tmp_path: Path) -> None:
    refused = command("gallery", "--gallery", tmp_path)
    assert refused.code == 5 and refused.err.startswith("reid: no gallery at ") and "Traceback" not in refused.err
    assert command("import", tmp_path / "none.csv", "--gallery", tmp_path).code == 4


def test_all_well_ends_quietly_with_its_closing_line(capsys: Captured) -> None:
    end((), closing="3 photos")
    end(())
    assert capsys.readouterr() == ("", "3 photos\n")


def test_inputs_that_failed_are_named_once_and_end_with_1(capsys: Captured) -> None:
    first, second = Problem("a.jpg", "is empty"), Problem("b.jpg", "is truncated")
    with pytest.raises(typer.Exit) as ended:
        end((first, second), ("zebra: no net",), reported=(first,), closing="1 photo")
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err.splitlines() == [
        f"skipped {second}", "failed zebra: no net", "1 photo", "reid: finished, but 3 inputs failed (named above)",
    ]  # fmt: skip


def test_a_moment_is_a_day_or_has_a_time_or_is_none() -> None:
    assert given_moment("2025-03-01", "--as-of") == date(2025, 3, 1)
    assert not isinstance(given_moment("2025-03-01", "--as-of"), datetime)
    assert given_moment("2025-03-01T14:30", "--as-of") == datetime(2025, 3, 1, 14, 30)
    assert given_moment("", "--as-of") is None
    with pytest.raises(typer.BadParameter, match=r"'2025-02-30' is no date; write 2025-03-01 or 2025-03-01T14:30"):
        given_moment("2025-02-30", "--as-of")


def test_a_line_is_json_in_utf_8_and_tables_follow_each_other(capsys: Captured) -> None:
    line({"name": "Zoë", "share": None})
    assert capsys.readouterr().out == '{"name": "Zoë", "share": null}\n'
    tables([("One", ("a",), [(1,)]), ("Two", ("b",), [])])
    shown = capsys.readouterr().out
    assert shown.index("One") < shown.index("Two")
