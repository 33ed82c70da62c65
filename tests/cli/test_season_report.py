"""`reid report`: the page is written, its numbers printed, a season that never was refused."""

from pathlib import Path

import pytest

from tests.commands import command


def test_the_page_is_written_and_its_numbers_are_printed(kept: Path, tmp_path: Path) -> None:
    page = tmp_path / "season é.html"
    shown = command("report", "--out", page, "--gallery", kept)
    assert shown.code == 0 and "<h1>Season 2023</h1>" in page.read_text("utf-8")
    assert shown.out.splitlines() == [
        "zebra, season 2023: 0 returned, 0 reappeared, 3 new, 0 not seen, 0 not decided", "0 unresolved sightings",
        f"wrote {page} ({page.stat().st_size / 1e6:.1f} MB)",
    ]  # fmt: skip
    assert "no deployments table was given: effort and positions are not known" in shown.err


def test_as_json_it_is_one_line(kept: Path, tmp_path: Path) -> None:
    (told,) = command("report", "--out", tmp_path / "a.html", "--gallery", kept, "--json").lines
    assert (told["season"], told["individuals"]["zebra"]["new"], told["doubts"], told["doubts_table"]) == ("2023", 3, 0, None)
    assert told["size"] == (tmp_path / "a.html").stat().st_size


@pytest.mark.parametrize(("options", "text"), [
    (("--of", "1999"), "there is no season '1999'; photos, enrolled or given, are of 2023"),
    (("--side", "top"), "side 'top': wanted one of all, left, right"), (("--days", -1), "Invalid value for '--days'"),
])  # fmt: skip
def test_a_wrong_option_is_refused_and_no_page_written(
    kept: Path, tmp_path: Path, options: tuple[object, ...], text: str
) -> None:
    refused = command("report", *options, "--out", tmp_path / "a.html", "--gallery", kept)
    assert (refused.code, refused.out) == (2, "") and text in refused.err and not list(tmp_path.iterdir())
