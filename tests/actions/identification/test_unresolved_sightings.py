"""Kept sightings that nobody has decided, asked of a gallery in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from reid.actions.identification.unresolved_sightings import by_frame, in_review, open_sightings, to_keep
from reid.records import Box, Decision, Match, Outcome, Sighting, SpeciesGuess
from tests.store.in_memory import Disk, InMemoryGallery
from tests.store.stock import DIMENSION, NET, VECTORS, digest, item

DAY = datetime(2024, 5, 1)
LEFT, RIGHT = Box(0.0, 0.0, 0.5, 1.0), Box(0.5, 0.0, 0.5, 1.0)


@pytest.fixture
def gallery(tmp_path: Path) -> InMemoryGallery:
    opened = InMemoryGallery(Disk(tmp_path / "g"))
    opened.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
    opened.enroll("zebra", NET, [item("Ada", "a", VECTORS[0]), item("Bo", "b", VECTORS[1])])
    return opened


def review(photo: str, share: float, encounter: str = "") -> Sighting:
    """Perhaps Ada, with that probability; else nobody."""
    match = Match("zebra", "Ada", 1, 0.8, share, "/photos/a.jpg", sha256=digest("a"))
    path = f"/photos/{photo}.jpg"
    return Sighting(
        path, digest(photo), SpeciesGuess("zebra", 0.9), Decision(Outcome.REVIEW, "Ada", share, "between", 1 - share), (match,),
        "left", DAY, encounter, "C1", "2024", "", photos=(path,),
    )  # fmt: skip


def test_the_sightings_of_an_encounter_show_one_animal_with_their_mean_chances(gallery: InMemoryGallery) -> None:
    gallery.add_sightings([review("p", 0.4, "e1"), review("q", 0.6, "e1")])
    (animal,) = open_sightings(gallery, "zebra")
    assert [photo.path.name for photo in animal.photos] == ["p.jpg", "q.jpg"]
    (ada,) = animal.alternatives
    assert (ada.individual, ada.probability, animal.nobody) == ("Ada", pytest.approx(0.5), pytest.approx(0.5))
    assert (animal.outcome, animal.individual, animal.frame) == (Outcome.REVIEW, "", "")


def test_two_animals_of_one_frame_stay_two(gallery: InMemoryGallery) -> None:
    gallery.add_sightings([replace(review("p", 0.4, "e1"), box=box) for box in (LEFT, RIGHT)])
    found = open_sightings(gallery, "zebra")
    assert by_frame(found) == {digest("p"): (0, 1)}


def test_a_sighting_whose_photo_was_enrolled_since_is_settled(gallery: InMemoryGallery) -> None:
    gallery.add_sightings([review("p", 0.4), review("q", 0.6)])
    gallery.enroll("zebra", NET, [item("Ada", "p", VECTORS[2])])
    assert [one.photos[0].path.name for one in open_sightings(gallery, "zebra")] == ["q.jpg"]


def test_who_was_renamed_since_has_the_name_of_today(gallery: InMemoryGallery) -> None:
    gallery.add_sightings([review("p", 0.4)])
    gallery.identities.rename("Ada", "Adah")
    assert [one.individual for one in open_sightings(gallery, "zebra")[0].alternatives] == ["Adah"]
    (waiting,) = in_review(gallery, "2024")
    assert (waiting.decision.individual, waiting.matches[0].individual) == ("Adah", "Adah")


def test_only_the_season_waits_and_nothing_that_is_asked_now(gallery: InMemoryGallery) -> None:
    gallery.add_sightings([review("p", 0.4)])
    assert in_review(gallery, "2023") == in_review(gallery, "2024", {digest("p")}) == []
    assert [one.photo for one in in_review(gallery, "2024")] == ["/photos/p.jpg"]


def test_what_is_kept_names_its_photos_by_absolute_path() -> None:
    (kept,) = to_keep([replace(review("p", 0.4), photo="p.jpg", photos=("p.jpg", "q.jpg"))])
    assert (kept.photo, kept.photos) == (str(Path.cwd() / "p.jpg"), (str(Path.cwd() / "p.jpg"), str(Path.cwd() / "q.jpg")))
