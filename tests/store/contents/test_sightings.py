"""Decisions of queries are kept with whom they are of, and read back."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from reid.records import Box, Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.store import Gallery
from reid.store.contents.sightings import known_sighting
from tests.store.stock import NET, item, unit


def test_sightings_are_kept_with_their_individual(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    sighting = Sighting(
        photo="/q.jpg", sha256="s", species=SpeciesGuess("zebra", 0.9), side="left", captured_at=datetime(2024, 1, 2),
        decision=Decision(Outcome.KNOWN, "a", 0.97, "score 0.9"), encounter="", camera="", season="",
        matches=(Match("zebra", "a", 1, 0.9, 0.97, "/photos/1.jpg"),), embedding_fingerprint=NET,
    )
    gallery.add_sightings([sighting, sighting])
    assert (gallery.log(1)[0].what, gallery.head()) == ("add_sightings", 3)
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    rows = connection.execute("SELECT id, path, outcome, individual_id, individual, probability, seq FROM sighting")
    assert rows.fetchall() == [(n, "/q.jpg", "known", 1, "a", 0.97, 3) for n in (1, 2)]
    connection.close()


def test_a_decision_is_read_back_as_it_was_kept_whole(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    sighting = Sighting(
        photo="/é.jpg", sha256="s", species=SpeciesGuess("zebra", 0.9, (("horse", 0.1),)), side="left",
        decision=Decision(Outcome.REVIEW, "a", 0.6, "score 0.7", 0.4), encounter="e", camera="c", season="2024",
        matches=(Match("zebra", "a", 1, 0.9, 0.97, "/photos/1.jpg", captured_at=datetime(2023, 4, 5, 6, 7, 8, 9)),),
        captured_at=datetime(2024, 1, 2), embedding_fingerprint=NET, searched=("zebra",), photos=("/é.jpg", "/f.jpg"),
        box=Box(0.1, 0.2, 1 / 3, 0.4), boxes=(Box(0.1, 0.2, 1 / 3, 0.4), None), contents=("s", "t"),
    )
    gallery.add_sightings([sighting])
    [kept] = gallery.sightings()
    assert (kept.id, kept.seq, kept.species, kept.individual_id, kept.sighting) == (1, 3, "zebra", 1, sighting)


def test_an_enrolled_photo_is_a_record_whose_season_is_its_own_only_where_it_is_not_the_year(herd: Gallery) -> None:
    herd.corrections.correct([2], season="dry")
    seasons = [known_sighting(photo, photo.path).season for photo in herd.photos_by_id([1, 2])]
    first = known_sighting(herd.photo(1), Path("/here.jpg"))
    assert seasons == ["", "dry"]
    assert (first.path, first.individual, first.side, first.origin) == (Path("/here.jpg"), "Zoë", "left", "photo 1")
