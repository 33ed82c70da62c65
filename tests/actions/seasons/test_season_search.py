"""What a season needs to put encounters together: what links are worth, and who was where."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from reid.actions.seasons.season_search import SeasonSearch, link_worth, near_in_time, places, search_season
from reid.formats.readers.photo_lists import read_photos
from reid.progress import SILENT
from reid.records import Deployment, Photo
from reid.settings import QuerySettings
from reid.steps.cannot_link import Position
from reid.steps.season.clustering import LinkCalibration
from reid.store import Gallery
from tests.actions import colour_pool
from tests.actions.colour_pool import Taken
from tests.actions.seasons.by_hand import MAY, enrolled
from tests.steps.season.searched import look
from tests.store.in_memory import Disk, InMemoryGallery

DRAWN = LinkCalibration(20.0, -14.0, 100, 90, 24, drawn=True)
COUNTED = replace(DRAWN, drawn=False)


def searched(place: Path, monkeypatch: pytest.MonkeyPatch, *, drawn: bool, links: LinkCalibration | None = DRAWN) -> SeasonSearch:
    """Two zebras nobody knows, looked at by eyes that see colours; links of drawn animals are said to be worth `links`."""
    monkeypatch.setattr("reid.steps.embedded_photos.embed_and_map", colour_pool.colours)
    monkeypatch.setattr("reid.actions.seasons.season_search.synthetic_links", lambda net: links)
    if not (place / "gallery").exists():
        colour_pool.gallery(place / "gallery", None)
        colour_pool.write(place / "card", [Taken("Ada", when=MAY), Taken("Ada", when=MAY + timedelta(days=1))], named=False)
    photos = read_photos([place / "card"]).photos
    with Gallery.open(place / "gallery") as opened:
        settings = QuerySettings(species="zebra", rerank=0)
        return search_season(opened, photos, opened.photos(), settings, SILENT, drawn=drawn)


def test_links_are_counted_on_drawn_animals_only_where_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = searched(tmp_path, monkeypatch, drawn=False)
    assert (dict(plain.rules.worth), plain.notes) == ({"zebra": None}, ())
    assert [len(one.parts) for one in plain.animals(0.5)] == [1, 1], "nothing is known of links: encounters stay alone"
    asked = searched(tmp_path, monkeypatch, drawn=True)
    assert dict(asked.rules.worth) == {"zebra": DRAWN}
    assert [len(one.parts) for one in asked.animals(0.5)] == [2]
    assert asked.notes[0].endswith("what a link is worth was counted on drawn animals: look at each")
    none = searched(tmp_path, monkeypatch, drawn=True, links=None)
    assert none.notes[0].endswith("what a link is worth is not known: encounters stay alone")


def test_where_the_enrolled_tell_what_a_link_is_worth_no_drawn_animal_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reid.actions.seasons.season_search.link_worth", lambda gallery, species: COUNTED)
    asked = searched(tmp_path, monkeypatch, drawn=True)
    assert (dict(asked.rules.worth), asked.notes) == ({"zebra": COUNTED}, ())


def test_without_a_net_nothing_is_known_of_a_link(tmp_path: Path) -> None:
    assert link_worth(InMemoryGallery(Disk(tmp_path / "g")), "zebra") is None


def test_a_photo_was_taken_where_its_columns_say_else_where_its_camera_stood_on_that_day() -> None:
    stood = Deployment("C1", date(2024, 4, 1), date(2024, 5, 31), -2.0, 34.0)
    place = places([stood, replace(stood, camera="C2", latitude=-3.0)])
    photo = Photo(Path("q.jpg"), captured_at=MAY, camera="C1")
    assert place(photo) == Position(-2.0, 34.0)
    assert place(replace(photo, notes={"latitude": "-1", "longitude": "35"})) == Position(-1.0, 35.0)
    assert place(replace(photo, camera="C9")) is None and place(replace(photo, captured_at=datetime(2023, 5, 1))) is None


def test_an_enrolled_photo_may_bar_a_name_if_it_was_taken_near_in_time_or_is_of_a_file_given() -> None:
    photos = [
        enrolled(1, "Ada", "2024"), enrolled(2, "Bo", "2023"), replace(enrolled(3, "Cy", "2022"), sha256="f" * 64),
        replace(enrolled(4, "Di", "2024"), captured_at=MAY + timedelta(days=1, seconds=1)),
        replace(enrolled(5, "Eve", "2024"), captured_at=None),
    ]  # fmt: skip
    looks = [look("q.jpg", {}, when=MAY), look("r.jpg", {}, file="f" * 64, when=MAY)]
    barring = near_in_time(photos, looks, lambda photo: Position(0.0, 0.0))
    assert {name: [one.sha256 for one in near] for (_, name), near in barring.items()} == {
        "Ada": [f"{1:064x}"], "Cy": ["f" * 64],
    }  # fmt: skip
    assert near_in_time(photos, (), lambda photo: None) == {}
