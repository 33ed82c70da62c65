"""`reid count`: estimates as JSON, as tables and as files, warnings apart from them, wrong options refused."""

from pathlib import Path

import pytest

from tests.commands import command

MAY = ("--season", "2023=2023-05-01..2023-05-20", "--days", 5, "--draws", 0, "--no-compare")


def test_a_species_is_one_line_of_json_and_what_to_beware_of_stands_on_stderr(kept: Path) -> None:
    answer = command("count", *MAY, "--gallery", kept, "--json")
    (zebra,) = answer.lines
    assert (answer.code, zebra["species"], zebra["side"], zebra["individuals"], zebra["photos"]) == (0, "zebra", "all", 3, 6)
    (scope,) = zebra["scopes"]
    assert [one["individuals"] for one in scope["occasions"]] == [2, 2, 1, 1] and scope["recaptures"] == 3
    assert "zebra, 2023: 3 recaptures: with fewer than 7 estimates are biased" in answer.err
    assert "zebra: no sighting is kept beside what is enrolled" in answer.err
    assert answer.err.endswith("3 individuals of zebra\n")


def test_tables_are_printed_and_files_written_where_a_folder_is_given(kept: Path, tmp_path: Path) -> None:
    answer = command("count", *MAY, "--out", tmp_path / "counted é", "--gallery", kept)
    assert answer.code == 0 and "zebra: 3 individuals in 6 photos" in answer.out and "2023-05-01 to 2023-05-20" in answer.out
    written = [Path(row.removeprefix("wrote ")) for row in answer.out.splitlines() if row.startswith("wrote ")]
    assert [one.name for one in written] and all(one.parent == tmp_path / "counted é" and one.stat().st_size for one in written)


@pytest.mark.parametrize(("options", "text"), [
    (("--method", "guess"), "method 'guess': wanted one of"),
    (("--side", "top"), "side 'top', method '': wanted one of all, left"),
    (("--days", -1), "Invalid value for '--days'"), (("--look", -1), "Invalid value for '--look'"),
    (("--species", "okapi"), "no photo of a named individual of okapi is enrolled (6 photos looked at)"),
])  # fmt: skip
def test_what_cannot_be_counted_is_a_usage_error(kept: Path, options: tuple[object, ...], text: str) -> None:
    refused = command("count", *options, "--gallery", kept)
    assert (refused.code, refused.out) == (2, "") and text in refused.err
