"""Dates as cameras, programs and people write them: each kind with its siblings, and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reid.dates import AmbiguousDateError, read_moment

DAY, MORNING, MINUTE, EVENING = (
    datetime(2024, 3, 1), datetime(2024, 3, 1, 6, 7, 8), datetime(2024, 3, 1, 6, 7), datetime(2024, 3, 1, 18, 7, 8),
)


@pytest.mark.parametrize(("text", "moment"), [
    # one-digit parts, slashes, dots, and the spaces that some cameras put before a digit
    ("2024:3:1 06:07:08", MORNING), ("2024/03/01 06:07:08", MORNING), ("2024/3/1 6:07:08", MORNING), ("2024.03.01", DAY),
    ("2024: 3: 1  6:07:08", MORNING), ("2024-3-1T6:07:08", MORNING), ("2024:03:01 06.07.08", MORNING),
    # no seconds
    ("2024-03-01 6:07", MINUTE), ("2024:03:01 06:07", MINUTE), ("2024-03-01T06:07Z", MINUTE), ("2024/3/1 6:07", MINUTE),
    ("2024-03-01, 06:07", MINUTE),
    # AM and PM
    ("2024:03:01 06:07:08 PM", EVENING), ("2024-03-01 6:07:08PM", EVENING), ("2024-03-01 6:07:08 p.m.", EVENING),
    ("2024-03-01 06:07:08\u202fpm", EVENING), ("2024-03-01 6:07:08 AM", MORNING), ("2024-03-01 18:07:08 PM", EVENING),
    ("2024-03-01 12:00:00 AM", DAY), ("2024-03-01 12:30 PM", datetime(2024, 3, 1, 12, 30)),
    # the month by its name: Timelapse, Excel, AVI's IDIT
    ("01-Mar-2024", DAY), ("1-Mar-24", DAY), ("1 March 2024 06:07:08", MORNING), ("01.mar.2024", DAY), ("Mar 1, 2024", DAY),
    ("March 1st, 2024 6:07:08 PM", EVENING), ("2024-Mar-01 06:07", MINUTE), ("Fri, 1 Mar 2024 06:07:08 GMT", MORNING),
    ("Fri Mar  1 06:07:08 2024", MORNING), ("FRI MAR 01 06:07:08 2024", MORNING), ("30-Sept-1999", datetime(1999, 9, 30)),
    ("1-May-70", datetime(1970, 5, 1)),
    # digits alone
    ("20240301", DAY), ("20240301_060708", MORNING), ("20240301T060708", MORNING), ("20240301060708", MORNING),
    ("202403010607", MINUTE),
    # a spreadsheet's day numbers
    ("45352", DAY), ("45352.25495370370", MORNING), ("45352,75495370370", EVENING), ("45352.0", DAY),
    ("45352.9999999", datetime(2024, 3, 2)),
    # fractions and zones, which EXIF has not
    ("2024-03-01T06:07:08.999+02:00", MORNING), ("2024-03-01 06:07:08 UTC", MORNING), ("2024-03-01T06:07:08-0800", MORNING),
    ("2024-03-01T06:07:08,5Z", MORNING), ("2024-03-01 06:07+01", MINUTE),
])  # fmt: skip
def test_a_date_is_read_as_it_was_meant(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize(("text", "day_first", "month_first"), [
    ("03/04/2024", datetime(2024, 4, 3), datetime(2024, 3, 4)), ("3.4.2024", datetime(2024, 4, 3), datetime(2024, 3, 4)),
    ("3-4-24 6:07", datetime(2024, 4, 3, 6, 7), datetime(2024, 3, 4, 6, 7)),
    ("3/4/2024 6:07:08 PM", datetime(2024, 4, 3, 18, 7, 8), datetime(2024, 3, 4, 18, 7, 8)),
    ("03.04.2024 18.07.08", datetime(2024, 4, 3, 18, 7, 8), datetime(2024, 3, 4, 18, 7, 8)),
])  # fmt: skip
def test_where_the_year_is_last_the_order_must_be_said(text: str, day_first: datetime, month_first: datetime) -> None:
    assert (read_moment(text, "day-first"), read_moment(text, "month-first")) == (day_first, month_first)
    with pytest.raises(AmbiguousDateError, match="may be read day first or month first"):
        read_moment(text)


def test_an_order_counts_for_nothing_else_and_a_month_of_25_is_none() -> None:
    assert read_moment("2024-03-01", "day-first") == read_moment("1-Mar-2024", "month-first") == DAY
    assert read_moment("25/12/2024", "day-first") == datetime(2024, 12, 25)
    with pytest.raises(ValueError, match=r"month must be in 1..12"):
        read_moment("25/12/2024", "month-first")


@pytest.mark.parametrize("text", [
    "", "spring", "2024", "2024-03", "2024-03/01", "24:00", "0000:00:00 00:00:00", "2024-02-30", "2024-03-01 25:00",
    "13-Mrz-2024", "2024-03-01 13:07 AM", "2024-03-01 0:07 PM", "1709273228", "99999", "32873", "65381", "2024-03-01 6",
    "1-Mar", "20241301", "2024-03-01 06:07:8", "Mar 2024",
])  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_moment(text)


@given(some.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2078, 1, 1)))
def test_whatever_form_a_moment_is_written_in_it_is_the_same_moment(when: datetime) -> None:
    when = when.replace(microsecond=0)
    number = (when - datetime(1899, 12, 30)) / timedelta(days=1)
    forms = ("%Y-%m-%dT%H:%M:%S", "%Y:%m:%d %H:%M:%S", "%d-%b-%Y %I:%M:%S %p", "%b %d, %Y, %H:%M:%S", "%Y%m%d%H%M%S", "%c")
    assert {read_moment(text) for text in (*(when.strftime(form) for form in forms), f"{number:.8f}")} == {when}
