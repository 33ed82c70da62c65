"""Encounters by camera and time, seasons by name or year."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reid.records import Photo
from reid.steps.encounters import encounters, events, season, stays

NOON = datetime(2024, 5, 1, 12)


def photo(name: str = "a.jpg", minutes: float | None = 0.0, **facts: Any) -> Photo:
    when = None if minutes is None else NOON + timedelta(minutes=minutes)
    return Photo(Path(name), captured_at=when, **{"camera": "C1", **facts})


def test_a_gap_exactly_at_the_limit_is_within_and_a_second_more_is_not() -> None:
    found = encounters([photo(minutes=0), photo(minutes=30), photo(minutes=60 + 1 / 60)], minutes=30)
    assert found == ("C1/2024-05-01T12:00:00", "C1/2024-05-01T12:00:00", "C1/2024-05-01T13:00:01")


def test_the_gap_counts_from_the_photo_before_not_from_the_first() -> None:
    assert len(set(encounters([photo(minutes=20 * i) for i in range(6)], minutes=30))) == 1


def test_two_cameras_at_one_time_are_two_encounters() -> None:
    found = encounters([photo(camera="C1"), photo(camera="C2")], minutes=30)
    assert found == ("C1/2024-05-01T12:00:00", "C2/2024-05-01T12:00:00")


def test_two_known_individuals_at_one_camera_are_two_encounters() -> None:
    found = encounters([photo(individual="Ada"), photo(individual="Bo"), photo(individual="Ada", minutes=5)], minutes=30)
    assert found == ("C1/Ada/2024-05-01T12:00:00", "C1/Bo/2024-05-01T12:00:00", "C1/Ada/2024-05-01T12:00:00")


def test_a_photo_without_a_date_stands_for_itself() -> None:
    found = encounters([photo("a/1.jpg", None), photo("b/1.jpg", None), photo("c.jpg")], minutes=30)
    assert found == ("photo:a/1.jpg", "photo:b/1.jpg", "C1/2024-05-01T12:00:00")


def test_a_named_encounter_is_kept_and_joins_no_other() -> None:
    found = encounters([photo(encounter="E7"), photo(minutes=1), photo(minutes=None, encounter="E7")], minutes=30)
    assert found == ("E7", "C1/2024-05-01T12:01:00", "E7")


def test_no_photos_have_no_encounters() -> None:
    assert encounters([], minutes=30) == ()


PHOTOS = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 300)), st.sampled_from(["C1", "C2", ""]), st.sampled_from(["", "E1"])),
    max_size=12,
)


@given(PHOTOS, st.randoms())
def test_the_order_of_the_photos_does_not_matter(facts: list[tuple[int | None, str, str]], random: Any) -> None:
    photos = [
        photo(f"{row}.jpg", minutes, camera=camera, encounter=encounter) for row, (minutes, camera, encounter) in enumerate(facts)
    ]
    shuffled = random.sample(photos, len(photos))
    one = {item.path: name for item, name in zip(photos, encounters(photos, minutes=30), strict=True)}
    two = {item.path: name for item, name in zip(shuffled, encounters(shuffled, minutes=30), strict=True)}
    assert one == two
    assert all(one.values())


def test_a_season_is_the_name_given_else_the_year_else_unknown() -> None:
    assert season(photo(season="wet 2024")) == "wet 2024"
    assert season(photo()) == "2024"
    assert season(photo(minutes=None)) == ""


def test_events_count_from_the_last_that_counted_and_each_camera_for_itself() -> None:
    taken = [("C1", NOON + timedelta(minutes=at)) for at in (0, 20, 40, 59, 60, 90)]
    assert events(taken, 30) == 3  # 0, 40 and 90: 59 and 60 are too soon after 40
    assert events(taken, 0) == 6 and events([*taken, *taken], 0) == 6
    assert events([*taken, ("C2", NOON)], 30) == 4
    assert events([("C1", None), ("C1", None), ("C2", NOON), ("C2", None)], 30) == 2


def test_a_stay_is_a_season_where_there_are_several_else_a_day_else_an_encounter() -> None:
    day = 24 * 60
    photos = [
        photo(individual="Ada", minutes=at, season=name)
        for at, name in ((0, "2023"), (day, "2023"), (300 * day, "2024"), (None, ""))
    ]
    photos += [photo(individual="Bo", minutes=at) for at in (0, 60, day)]
    photos += [photo(individual="Cy", minutes=at, encounter=f"E{at}") for at in (0, 60)]
    groups = encounters(photos, minutes=30)
    found = stays(photos, groups)
    assert found[0] == found[1] != found[2]  # Ada on two days of a season, and in another season
    assert found[3] == groups[3]
    assert found[4] == found[5] != found[6]
    assert found[7:] == ("E0", "E60")
    assert len(set(found)) == 7


def test_an_encounter_over_midnight_is_one_stay_of_a_day_and_of_a_season() -> None:
    """NOON + 719 minutes is 23:59: a burst over midnight is no animal that came back."""
    photos = [photo(individual="Ada", minutes=at) for at in (719, 721, 3 * 24 * 60)]
    found = stays(photos, encounters(photos, minutes=30))
    assert found[0] == found[1] != found[2]
    year = 366 * 24 * 60
    eve = [replace(one, captured_at=when) for one, when in zip(
        photos, (datetime(2023, 12, 31, 23, 59), datetime(2024, 1, 1, 0, 1), datetime(2024, 1, 1) + timedelta(minutes=year)),
        strict=True,
    )]
    found = stays(eve, encounters(eve, minutes=30))
    assert found[0] == found[1] != found[2]
