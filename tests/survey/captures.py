"""A small survey with a known truth, for the tests of what is exported."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from reid.records import Box, Deployment, Photo

CAMERAS = (
    Deployment("A1", date(2023, 5, 1), date(2023, 5, 20), -1.25, 36.75, off=frozenset({date(2023, 5, 3)})),
    Deployment("B_2", date(2023, 5, 1), date(2023, 5, 10), -1.26, 36.76),
    Deployment("B_2", date(2023, 5, 26), date(2023, 5, 30), -1.26, 36.76),
)
"""With occasions of five days from 1 May: 9, 10, 5, 5, 0 and 5 days of work. Nobody could be seen on the fifth."""


def photo(
    individual: str, day: int, camera: str = "A1", side: str = "left", *, hour: int = 6, year: int = 2023, **notes: str
) -> Photo:
    path = Path(f"/cards/{camera}/{individual} {year}-{day}-{hour}.jpg")
    when = datetime(year, 5, day, hour, 30)
    return Photo(path, "zebra", individual, when, "", camera, side, "", Box(0.1, 0.2, 0.3, 0.4), notes)


SURVEY = (
    photo("Amara", 1, sex="female", age="3"), photo("Amara", 1, hour=7, sex="female", age="3"),
    photo("Amara", 12, side="right", sex="female", age="3"), photo("Zoë", 2, "B_2", "right", sex="male", age="4.5"),
    photo("Zoë", 27, "B_2", "right", sex="male", age="4.5"), photo("Bo", 7, side="left", sex="female"),
)  # fmt: skip
