"""One scope counted by hand: four animals on three occasions, and one sighting that is in doubt."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np

from reid.abundance.history_sampling import draw
from reid.abundance.uncertain_history import Uncertain, UncertainHistory
from reid.actions.counting.scopes import Scope, count_scope
from reid.actions.identification.unresolved_sightings import Alternative, OpenSighting
from reid.records import Outcome, Photo
from reid.settings import CountSettings
from reid.survey.effort import Occasion

OCCASIONS = tuple(Occasion("2024", at + 1, date(2024, 5, at + 1), date(2024, 5, at + 1), 2.0) for at in range(3))
KNOWN = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], [0, 0, 1]], dtype=np.bool_)
NAMES = ("Ada", "Bo", "Cy", "Di")
SCOPE = Scope("2024", ((0,), (1,), (2,)))
SETTINGS = CountSettings(look=1)


def test_what_was_seen_is_counted_animal_by_animal_and_occasion_by_occasion() -> None:
    scope = count_scope(SCOPE, OCCASIONS, UncertainHistory(KNOWN, ()), (), NAMES, None, SETTINGS)
    assert (scope.seen, scope.recaptures, scope.known_alive, scope.method) == (4, 3, 4, "chao")
    assert [(one.name, one.individuals, one.camera_days) for one in scope.occasions] == [
        ("2024-1", 2, 2.0), ("2024-2", 2, 2.0), ("2024-3", 3, 2.0),
    ]  # fmt: skip
    assert (scope.seen_drawn, scope.errors, scope.if_new, scope.if_best, scope.look) == (None, None, None, None, ())
    assert any(text.startswith("3 recaptures") for text in scope.warnings)


def test_an_animal_seen_before_and_after_a_scope_was_alive_in_it() -> None:
    scope = count_scope(Scope("2", ((1,),)), OCCASIONS, UncertainHistory(KNOWN, ()), (), NAMES, None, SETTINGS)
    assert (scope.seen, scope.known_alive) == (2, 3)  # Cy
    assert scope.warnings == ("one occasion: nothing can be estimated; --days N cuts the season into occasions",)


def test_an_occasion_without_cameras_is_not_known_and_left_out() -> None:
    idle = (*OCCASIONS[:2], Occasion("2024", 3, date(2024, 5, 3), date(2024, 5, 3), 0.0))
    seen = KNOWN & [True, True, False]
    scope = count_scope(SCOPE, idle, UncertainHistory(seen, ()), (), NAMES, None, SETTINGS)
    assert [one.individuals for one in scope.occasions] == [2, 2, None]
    assert scope.method == "chapman"  # two occasions are left
    assert scope.warnings[0] == "no camera worked on 2024-3 (2024-05-03 to 2024-05-03): not known (NA), left out"


def test_an_open_sighting_is_carried_through_and_is_the_photo_to_look_at() -> None:
    study = UncertainHistory(KNOWN, (Uncertain((0,), {1: 0.5}, 0.5),))
    sighting = OpenSighting(
        (Photo(Path("q.jpg"), "zebra", captured_at=datetime(2024, 5, 1), camera="C1"),), Outcome.REVIEW, "",
        (Alternative("Bo", 0.5, "bo.jpg"),), 0.5,
    )  # fmt: skip
    labels = draw(study, 100, np.random.default_rng(1))
    scope = count_scope(SCOPE, OCCASIONS, study, (sighting,), NAMES, labels, SETTINGS)
    assert (scope.seen, scope.seen_drawn) == (4, (4, 5))  # Bo again, or a fifth animal
    assert scope.if_new is not None and scope.if_best is not None and scope.if_new > scope.if_best
    (look,) = scope.look
    assert (look.photo, look.camera, look.decision) == ("q.jpg", "C1", "review")
    assert {(one.answer, one.photo) for one in look.answers} == {("Bo", "bo.jpg"), ("nobody enrolled", "")}
    assert scope.warnings[-1].startswith("1 unresolved sightings may show animals that are not among those seen")
