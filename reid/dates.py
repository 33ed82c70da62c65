"""A date as cameras, spreadsheets and people write it, read as the wall clock showed it. What may mean two days is refused."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

DATE_ORDERS = ("", "day-first", "month-first")
"""How 3/4/2020 is read: "" = not at all."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[ ,.]+)?"
_CLOCK = r"(?P<hour>\d{1,2})(?P<colon>[:.])(?P<minute>\d\d)(?:(?P=colon)(?P<second>\d\d)(?:[.,]\d+)?)?"
_TIME = rf"(?:(?:[t ]|, ?){_CLOCK} ?(?P<half>[ap]\.? ?m\.?)? ?(?:z|utc|gmt|[+-]\d\d(?::?\d\d)?)?)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?P<year>\d{{4}})(?P<mark>[-:/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}}){_TIME}",
        rf"{_WEEKDAY}{_DAY}[- ./]{_MONTH}[- ./,]+(?P<year>\d{{4}}|\d\d){_TIME}",
        rf"{_WEEKDAY}{_MONTH} {_DAY},? (?P<year>\d{{4}}){_TIME}",
        rf"{_WEEKDAY}{_MONTH} {_DAY} {_CLOCK} (?P<year>\d{{4}})",
        rf"(?P<year>\d{{4}})[- ./]{_MONTH}[- ./]{_DAY}{_TIME}",
        r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?:[t _-]?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?",
    )
)
_YEAR_LAST = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<mark>[-./])(?P<then>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d\d){_TIME}", re.IGNORECASE
)
_DAY_NUMBER = re.compile(r"\d{5}(?:[.,]\d+)?")
_FIRST_NUMBER, _LAST_NUMBER = 32_874, 65_381
"""1990 and 2079, as spreadsheets number days."""


class AmbiguousDateError(ValueError):
    """A date that may be read day first or month first."""


def read_moment(text: str, order: str = "") -> datetime:
    """The moment that a text names; midnight where it names a day alone. Fractions of a second and time zones are dropped.

    Year first with - : / or . between (`2020-03-04T18:05:59`, `2020:3:4 18:05`), the month by its English name (`13-Mar-2024`,
    `Mar 13, 2024`, `Wed Mar 13 10:22:33 2024`), digits alone (`20240313_102233`), a spreadsheet's day number from 1990 to
    2079 (`45352.5`); the time by 24 hours or with AM and PM.

    Args:
        text: what was written.
        order: one of DATE_ORDERS: how `3/4/2020` and `3.4.20` are read.

    Raises:
        AmbiguousDateError: the year stands last, the month is a number, and no order is given.
        ValueError: no date. Its text says why where the form is one of a date.
    """
    plain = re.sub(r": +", ":", " ".join(text.split()))  # "2005: 7: 4  6: 7: 8" of some cameras
    for form in _FORMS:
        if match := form.fullmatch(plain):
            return _moment(match.groupdict())
    if match := _YEAR_LAST.fullmatch(plain):
        if not order:
            raise AmbiguousDateError("may be read day first or month first")
        parts = match.groupdict()
        names = ("day", "month") if order == "day-first" else ("month", "day")
        return _moment(parts | dict(zip(names, (parts["first"], parts["then"]), strict=True)))
    if _DAY_NUMBER.fullmatch(plain):
        number = float(plain.replace(",", "."))
        if _FIRST_NUMBER <= number < _LAST_NUMBER:
            return datetime(1899, 12, 30) + timedelta(seconds=round(number * 86_400))
    raise ValueError("")


def _moment(parts: dict[str, str | None]) -> datetime:
    year, name = parts["year"] or "", parts.get("name")
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(parts["month"] or 0)
    hour, half = int(parts.get("hour") or 0), (parts.get("half") or "")[:1].lower()
    if half and (hour > 12 if half == "a" else hour == 0):
        raise ValueError(f"{hour} o'clock has no {half.upper()}M")
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    whole = int(year) if len(year) == 4 else int(year) + (1900 if int(year) > 68 else 2000)
    return datetime(whole, month, int(parts["day"] or 0), hour, int(parts.get("minute") or 0), int(parts.get("second") or 0))
