"""Program MARK's file, checked by hand and by an independent reading."""

from __future__ import annotations

import re
from datetime import date

import pytest

from reid.errors import UsageError
from reid.formats.writers.mark import inp
from reid.records import Season
from reid.survey.capture_history import capture_history
from tests.survey.captures import CAMERAS, SURVEY, photo

MAY = (Season("2023", date(2023, 5, 1), date(2023, 5, 30)),)


def texts(found) -> dict[str, str]:
    return {one.individual: one.text() for one in found.histories}


def test_marks_file_is_the_history_the_frequencies_of_the_groups_the_covariates_and_a_semicolon():
    text = inp(capture_history(SURVEY[:5], seasons=MAY, days=5, deployments=CAMERAS, group="sex", covariates=["age"]))
    statements = [line for line in text.splitlines() if not line.startswith("/*")]
    assert statements == ["1010.0 1 0 3;", "1000.1 0 1 4.5;"]
    assert "/* groups: female, male */" in text and "/* time intervals in years: 0 0 0 0 0 */" in text


def test_the_robust_design_has_no_time_within_a_season_and_years_between():
    seasons = (*MAY, Season("2024", date(2024, 5, 1), date(2024, 5, 10)))
    found = capture_history([*SURVEY, photo("Amara", 6, year=2024)], seasons=seasons, days=10)
    assert found.intervals() == (0.0, 0.0, 1.0)
    assert texts(found)["Amara"] == "1101"


def test_a_name_cannot_end_a_comment_or_a_statement_of_mark():
    text = inp(capture_history([photo("a */ 111 1; b", 1)]))
    assert "/* a * / 111 1, b */" in text and text.count(";") == 1


def test_no_line_of_mark_is_longer_than_240_characters():
    spans = (Season("long", date(2023, 1, 1), date(2023, 8, 8)),)
    found = capture_history([photo(f"{'x' * 300}", 1), photo("B", 2, g="2")], seasons=spans, days=1, group="g")
    assert max(map(len, inp(found).splitlines())) <= 240
    with pytest.raises(UsageError, match="221 occasions: MARK reads lines of 240"):
        inp(capture_history([photo("A", 1)], seasons=(Season("l", date(2023, 1, 1), date(2023, 8, 9)),), days=1))


def parsed_inp(text: str) -> list[tuple[str, list[float]]]:
    """As RMark's convert.inp reads it: comments out, statements by semicolons, words by spaces."""
    bare = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    words = [statement.split() for statement in bare.split(";") if statement.strip()]
    return [(one[0], [float(word) for word in one[1:]]) for one in words]


def test_an_independent_reading_of_marks_file_gives_the_histories_again():
    found = capture_history(SURVEY, seasons=MAY, days=5, deployments=CAMERAS, group="sex")
    read = parsed_inp(inp(found))
    assert [history for history, _ in read] == [one.text() for one in found.histories]
    assert [numbers for _, numbers in read] == [[1, 0], [1, 0], [0, 1]]
