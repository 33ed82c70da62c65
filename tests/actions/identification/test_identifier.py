"""The flow of one question: stage 1, the side, the nets of the species, the search and the decision."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import reid
from reid.actions.identification.identifier import Identifier
from reid.errors import UsageError
from reid.formats.readers.megadetector import FOUND_NOTHING
from reid.records import EMPTY, Outcome, Photo, Problem, Sighting
from reid.settings import QuerySettings
from reid.steps.sightings import SearchedPhoto
from reid.store import Gallery, Where

SETTINGS = QuerySettings(species="zebra", device="cpu")


def photos_of(place: Path, count: int) -> list[Photo]:
    return [Photo(path) for path in sorted((place / "photos").glob("**/*.jpg"))[:count]]


def test_the_species_of_the_settings_must_be_in_the_gallery_and_returning_a_share(place: Path) -> None:
    with Gallery.open(place / "gallery") as gallery:
        with pytest.raises(UsageError, match=r"species 'lion' is not in the gallery; there are \['zebra'\]"):
            Identifier(gallery, replace(SETTINGS, species="lion"))
        with pytest.raises(UsageError, match=r"returning is 1; wanted a share in \(0, 1\)"):
            Identifier(gallery, replace(SETTINGS, returning=1.0))
        assert Identifier(gallery, replace(SETTINGS, species="")).only_species == "zebra", "the gallery has no other"
        gallery.set_embedding_net("lion", "a" * 16, 16, calibration=None)
        with pytest.raises(UsageError, match="the gallery has no species net and 2 species; give --species"):
            Identifier(gallery, replace(SETTINGS, species=""))


def test_photos_and_problems_come_in_their_order_with_how_many_are_done(place: Path) -> None:
    good = photos_of(place, 2)
    asked = [good[0], Photo(place / "missing.jpg"), good[1]]
    with Gallery.open(place / "gallery") as gallery:
        answers = list(Identifier(gallery, replace(SETTINGS, batch=2)).identify(asked))
    assert sorted(str(item.photo if isinstance(item, Sighting) else item.path) for _, item in answers) == sorted(
        str(photo.path) for photo in asked
    )
    assert [type(item) for _, item in answers].count(Problem) == 1 and answers[-1][0] == 3


def test_what_the_detector_found_empty_is_shown_to_no_net(place: Path) -> None:
    (photo,) = photos_of(place, 1)
    with Gallery.open(place / "gallery") as gallery:
        ((_, searched),) = Identifier(gallery, SETTINGS).search([replace(photo, notes=dict(FOUND_NOTHING))])
        assert isinstance(searched, SearchedPhoto)
        assert (searched.guess.name, searched.shortlists, searched.vectors) == (EMPTY, (), {})
        ((_, sighting),) = Identifier(gallery, SETTINGS).identify([replace(photo, notes=dict(FOUND_NOTHING))])
        assert isinstance(sighting, Sighting) and sighting.decision.outcome == Outcome.EMPTY


def test_labels_are_not_looked_at_and_an_enrolled_photo_is_not_its_own_match(place: Path) -> None:
    (photo,) = photos_of(place, 1)
    with Gallery.open(place / "gallery") as gallery:
        ((_, searched),) = Identifier(gallery, SETTINGS).search([replace(photo, individual="nobody", species="lion")])
        assert isinstance(searched, SearchedPhoto) and searched.already is not None
        assert (searched.photo.individual, searched.photo.species) == ("", "")
        assert searched.sha256 not in {one.photo.sha256 for one in searched.shortlists[0].listed}
        assert searched.vectors["zebra"].shape == (1, 16)


def test_a_question_may_be_restricted_and_its_side_is_added(place: Path) -> None:
    (photo,) = photos_of(place, 1)
    with Gallery.open(place / "gallery") as gallery:
        name = gallery.individuals()[-1].name
        only = Where(individuals=frozenset({name}))
        ((_, searched),) = Identifier(gallery, SETTINGS, only).search([photo])
        assert isinstance(searched, SearchedPhoto)
        assert (searched.shortlists[0].enrolled, [one.individual for one in searched.shortlists[0].listed]) == (1, [name])
    shown = [one.id for one in reid.photos(place / "gallery", individual=name)]
    reid.correct_photos(shown, side="right", gallery=place / "gallery")
    with Gallery.open(place / "gallery") as gallery:
        ((_, searched),) = Identifier(gallery, SETTINGS, only).search([replace(photo, side="left")])
        assert isinstance(searched, SearchedPhoto) and searched.shortlists[0].listed == ()


def test_threads_that_ask_at_once_share_one_reranker_and_get_one_answer(place: Path) -> None:
    photos = photos_of(place, 3)
    with Gallery.open(place / "gallery") as gallery:
        identifier = Identifier(gallery, SETTINGS)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: [item for _, item in identifier.identify(photos)], range(8)))
            rerankers = set(pool.map(lambda _: identifier.closer("zebra"), range(8)))
    assert all(answer == answers[0] for answer in answers) and len(rerankers) == 1
