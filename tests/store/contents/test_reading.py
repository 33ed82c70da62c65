"""What the catalogue answers: photos as they were enrolled, summaries, thresholds of any age."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

import pytest

from reid.errors import UsageError
from reid.store import Gallery
from tests.store.stock import DIMENSION, LEARNT, NET, item, unit


def test_the_summaries_count_sides_seasons_and_dates(gallery: Gallery) -> None:
    vectors = unit(2, 4)
    early, late = datetime(2023, 5, 1, 10), datetime(2024, 7, 2, 11)
    gallery.enroll("zebra", NET, [
        item("a", 1, vectors[0], side="left", season="2024", captured_at=late),
        item("a", 2, vectors[1], side="left", season="2023", captured_at=early),
        item("a", 3, vectors[2], side="right"), item("b", 4, vectors[3]),
    ])
    (species,) = gallery.species()
    assert (species.name, species.fingerprint, species.dimension) == ("zebra", NET, DIMENSION)
    assert (species.individuals, species.photos, species.calibrated) == (2, 4, False)
    assert species.sides == {"": 1, "left": 2, "right": 1}
    assert (species.seasons, species.first, species.last) == (("2023", "2024"), early, late)
    first, second = gallery.individuals("zebra")
    assert (first.name, first.photos, first.sides, first.years) == ("a", 3, {"left": 2, "right": 1}, (2023, 2024))
    assert (first.first, first.last, first.seasons) == (early, late, ("2023", "2024"))
    assert (second.name, second.photos, second.years, second.first) == ("b", 1, (), None)
    assert gallery.individuals("giraffe") == ()


def test_a_calibration_written_before_sizes_and_sides_is_still_read(gallery: Gallery) -> None:
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=LEARNT)
    older = {name: value for name, value in LEARNT.to_json().items() if name not in (
        "checked_up_to", "bounds", "more_slopes", "left", "right")}
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.execute("UPDATE species SET calibration = ?", (json.dumps(older),))
    connection.commit()
    connection.close()
    with Gallery.open(gallery.folder) as again:
        assert again.calibration("zebra") == LEARNT


def test_an_id_that_never_was_is_told(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match="no photo with id 9 was ever enrolled"):
        gallery.photo(9)
