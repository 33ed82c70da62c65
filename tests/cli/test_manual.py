"""`reid manual`: the list, a page plain and in a terminal, a page that is not there."""

import pytest

from reid import terminal
from tests import prose
from tests.commands import command


def test_the_list_has_each_page_with_its_first_line():
    rows = command("manual").out.splitlines()
    assert rows[0].split("  ", 1)[0] == "first_day" and "how do I start" in rows[0]
    assert len([row for row in rows if "  " in row]) == len(list(prose.MANUAL.glob("*.md"))) - 1
    assert "reid manual PAGE" in rows[-1]
    first = command("manual", "--json").lines[0]
    assert first == {"page": "first_day", "first_line": "Your first day: how do I start, and what do the answers mean?"}


def test_a_page_that_is_not_read_in_a_terminal_is_the_markdown_as_it_is():
    answer = command("manual", "two-field-stations")
    assert (answer.code, answer.out, answer.err) == (0, prose.page("two_field_stations"), "")
    assert command("manual", "Glossary.md", "--json").lines[0]["text"] == prose.page("glossary")


def test_a_page_that_is_not_there_is_refused_with_the_nearest_one_and_all_names():
    answer = command("manual", "glosary")
    assert answer.code == 2 and answer.out == ""
    assert "no page 'glosary'; did you mean glossary? pages: first_day, your_own_photos, " in answer.err
    assert "did you mean" not in command("manual", "zzz").err


def test_a_page_is_set_for_reading_in_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    terminal.markdown("# A head\n\nA *word* of [two](two.md).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    shown = capsys.readouterr().out
    assert "A head" in shown and "# A head" not in shown and "*word*" not in shown and "|---|" not in shown
