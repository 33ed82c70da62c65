"""The demo as it is by default: returning, missing and new animals, and a word for each kind of photo."""

from __future__ import annotations

from reid.actions.demo.demo import _cases
from reid.actions.demo.results import DEMO_KINDS, DemoSettings
from reid.records import Problem


def test_by_default_most_animals_return_some_stay_away_and_some_are_new() -> None:
    first, second = set(DemoSettings().first_season), set(DemoSettings().second_season)
    assert (len(first & second), len(first - second), len(second - first)) == (9, 3, 4)


def test_each_demo_has_training_settings_of_its_own_with_frames_wider_than_high() -> None:
    one, other = DemoSettings(), DemoSettings()
    assert one.train == other.train and one.train is not other.train
    assert one.train.image_size == (160, 224)


def test_a_file_that_is_cut_off_is_a_case_of_a_kind_that_the_page_explains() -> None:
    (case,) = _cases([], [Problem("cut.jpg", "truncated")], [], DemoSettings())
    assert (DEMO_KINDS[case.kind], case.verdict, case.sighting) == ("reported and skipped", "right", None)
