"""Clocks and seasons as people write them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reid.errors import ManifestError, UsageError
from reid.records import Season
from reid.survey.season_dates import read_clocks, read_offset, read_seasons


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+1h", 3600),
        ("-30m", -1800),
        ("-30min", -1800),
        ("+1d2h30m", 95400),
        ("+01:30", 5400),
        ("-00:00:05", -5),
        ("1.5h", 5400),
        ("-365 d", -31536000),
        ("−1h", -3600),
    ],
)
def test_an_offset_is_what_to_add_to_the_clock(text, seconds):
    assert read_offset(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "1", "+h", "1h ago", "one hour", "1:2:3:4"])
def test_an_offset_that_means_nothing_certain_is_refused(text):
    with pytest.raises(UsageError, match="cannot be read; wanted what to add to the clock"):
        read_offset(text)


def test_an_offset_of_more_than_a_century_is_refused():
    with pytest.raises(UsageError, match="no camera's clock is that wrong"):
        read_offset("+99999999999d")


def test_a_season_without_an_end_is_refused():
    with pytest.raises(UsageError, match="is no span of days"):
        read_seasons(["2023=2023-03-01.."])


def test_a_camera_may_have_an_equals_sign_in_its_name_but_not_two_clocks():
    assert read_clocks(["A=1=+1h"]) == {"A=1": timedelta(hours=1)}
    with pytest.raises(UsageError, match="clock of 'A' is given twice"):
        read_clocks(["A=+1h", "A=+2h"])


def test_seasons_come_from_options_or_a_table_and_may_not_overlap(tmp_path):
    path = tmp_path / "seasons.csv"
    path.write_text("Season,From,To\nwet,2023-11-01,2024-03-31\ndry,2023-05-01,2023-09-30\n", "utf-8")
    wanted = (Season("dry", date(2023, 5, 1), date(2023, 9, 30)), Season("wet", date(2023, 11, 1), date(2024, 3, 31)))
    assert read_seasons([str(path)]) == wanted
    assert read_seasons(["wet=2023-11-01..2024-03-31", "dry=2023-05-01 to 2023-09-30"]) == wanted
    with pytest.raises(UsageError, match=r"seasons 'a' .* and 'b' .* overlap"):
        read_seasons(["a=2023-01-01..2023-02-01", "b=2023-02-01..2023-03-01"])
    with pytest.raises(UsageError, match="ends before it starts"):
        read_seasons(["a=2023-02-01..2023-01-01"])


def test_a_season_without_a_name_is_told_with_row_and_column(tmp_path):
    path = tmp_path / "seasons.csv"
    path.write_text("name,start,end\nNA,2023-05-01,2023-05-31\n", "utf-8")
    with pytest.raises(ManifestError, match=r"seasons\.csv, row 2: name: is empty; name the season"):
        read_seasons([str(path)])
