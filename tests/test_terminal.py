"""What the command line shows: cells and tables on stdout, notes and bars on stderr."""

import pytest

from reid import terminal

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(("value", "shown"), [
    (None, ""), (0.12345, "0.123"), (2.0, "2.000"), (7, "7"), ("Zoë", "Zoë"), ("", ""), (True, "True"),
])  # fmt: skip
def test_a_cell_is_short_and_nothing_is_empty(value: object, shown: str) -> None:
    assert terminal.cell(value) == shown


def test_a_table_has_title_head_and_rows_with_numbers_to_the_right(capsys: Captured) -> None:
    terminal.table("Animals", ("name", "photos", "score"), [("Zoë", 3, 0.5), ("[bold]Max", 12, ""), ("Ida", 1, 0.25)])
    title, *rest = capsys.readouterr().out.splitlines()
    assert title.strip() == "Animals"
    head, *rows = [[cell[1:-1] for cell in row.strip("┃│").replace("┃", "│").split("│")] for row in rest if row[0] in "┃│"]
    assert [cell.strip() for cell in head] == ["name", "photos", "score"]
    assert rows == [["Zoë      ", "     3", "0.500"], ["[bold]Max", "    12", "     "], ["Ida      ", "     1", "0.250"]]


def test_a_wide_table_is_not_cut_where_nobody_reads_in_a_terminal(capsys: Captured) -> None:
    terminal.table("", ("path",), [("/photos/" + "x" * 120 + ".jpg",)])
    assert "x" * 120 + ".jpg" in capsys.readouterr().out


def test_lines_go_to_stdout_and_complaints_to_stderr(capsys: Captured) -> None:
    terminal.out("an answer")
    terminal.complain("a warning")
    terminal.markdown("# A page\n\n")
    assert capsys.readouterr() == ("an answer\n# A page\n", "a warning\n")


def test_bars_are_drawn_on_stderr_and_lines_stay_as_they_are(capsys: Captured) -> None:
    bars = terminal.Bars()
    bars.advance(1)  # before a task starts there is nothing to move
    bars.say("before")
    bars.start("Embedding", 4)
    bars.advance(3, "loss 0.25")
    bars.say("photo [red]7 is empty")
    bars.finish()
    bars.finish()
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith("before\n")
    assert "photo [red]7 is empty\n" in shown.err and "Embedding" in shown.err and "3/4" in shown.err and "loss 0.25" in shown.err
