"""Decisions of queries are kept with whom they are of, and read back."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from reid.records import Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.store import Gallery
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
