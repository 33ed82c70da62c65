"""A deployment's days: both ends in it, those off left out."""

from __future__ import annotations

from datetime import date, timedelta

from reid.records import Deployment


def test_a_camera_works_from_its_first_to_its_last_day_but_not_when_it_was_off() -> None:
    place = Deployment("north", date(2024, 2, 27), date(2024, 3, 2), off=frozenset({date(2024, 2, 29)}))
    days = [date(2024, 2, 26) + timedelta(days=day) for day in range(7)]
    assert [day.isoformat() for day in days if place.works(day)] == ["2024-02-27", "2024-02-28", "2024-03-01", "2024-03-02"]
