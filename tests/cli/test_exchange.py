"""`reid import` and `reid export`: what is there, what was written, what is wanted instead of a wrong word."""

from pathlib import Path

import pytest

from reid.cli.exchange import _say_files, _say_left_out
from reid.survey.capture_history import LeftOut
from tests.commands import command


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "x.jpg"
    path.write_bytes(b"no photo")
    return path


def test_a_dry_run_says_what_is_there_and_makes_no_gallery(photo: Path, tmp_path: Path) -> None:
    arguments = ("import", photo, "--dry-run", "--gallery", tmp_path / "new")
    (told,) = command(*arguments, "--json").lines
    assert (told["photos"], told["labelled"], told["undated"], told["sides"]["unknown"], told["enrolled"]) == (1, 0, 1, 1, None)
    shown = command(*arguments)
    assert shown.code == 0 and shown.out.splitlines() == [
        "1 photos: 0 of 0 individuals (no species named), 0 empty",
        "0 cameras, seasons not named; without date 1, without camera 1; sides left 0, right 0, unknown 1",
    ]
    assert shown.err == "nothing to enroll; 1 without an individual\n" and not (tmp_path / "new").exists()


def test_problems_of_a_table_are_listed_and_kept_and_end_with_1(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("path,species,individual\nnone.jpg,zebra,Zoë\n", encoding="utf-8")
    answer = command("import", table, "--dry-run", "--problems", tmp_path / "problems.csv", "--gallery", tmp_path / "new")
    assert answer.code == 1 and "Problems" in answer.out and "none.jpg" in answer.out
    assert "none.jpg" in (tmp_path / "problems.csv").read_text("utf-8")
    assert "skipped" not in answer.err, "what stands in the table of problems is not told twice"


def test_an_export_names_its_files_and_json_has_them_too(kept: Path, tmp_path: Path) -> None:
    days = ("--days", 5, "--season", "2023=2023-05-01..2023-05-20", "--gallery", kept)
    shown = command("export", "mark", "--out", tmp_path / "mark", *days)
    inp, occasions = tmp_path / "mark" / "zebra.inp", tmp_path / "mark" / "zebra-occasions.csv"
    assert shown.code == 0 and shown.out == f"3 individuals, 6 photos\nwrote {inp}\nwrote {occasions}\n"
    histories = [row.split()[-2] for row in inp.read_text("utf-8").splitlines() if row.endswith("1;")]
    assert sorted(histories) == ["0001", "1100", "1110"]
    (told,) = command("export", "mark", "--out", tmp_path / "again", *days, "--json").lines
    assert (told["format"], told["individuals"], len(told["files"])) == ("mark", 3, 2)
    assert "no deployments table was given" in shown.err


@pytest.mark.parametrize(("words", "text"), [
    (("export", "word"), "format 'word', side 'all': wanted one of mark, secr"),
    (("export", "csv", "--side", "top"), "side 'top'"), (("export", "csv", "--scientific", "zebra"), "wanted NAME=VALUE"),
    (("export", "camtrapr", "--minutes", -1), "Invalid value for '--minutes'"),
    (("import", "x.jpg", "--changed", "maybe"), "changed 'maybe': wanted one of tell, add"),
])  # fmt: skip
def test_a_wrong_word_is_refused_with_those_wanted(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = command(*words, "--gallery", kept)
    assert (refused.code, refused.out) == (2, "") and text in refused.err and not list(tmp_path.iterdir())


def test_of_many_files_their_number_is_named_and_of_what_is_left_out_the_animals(capsys: pytest.CaptureFixture[str]) -> None:
    _say_files([Path(f"{n}.jpg") for n in range(21)], Path("out"))
    _say_left_out([LeftOut("zebra", "Zoë", "", "no date"), *(LeftOut("zebra", "Max", f"{n}.jpg", "no side") for n in range(2))])
    shown = capsys.readouterr()
    assert shown.out == "wrote 21 files to out\n" and shown.err.splitlines() == [
        "left out zebra Zoë: no date", "left out 2 photos; left_out.csv lists them with the reason",
    ]  # fmt: skip
