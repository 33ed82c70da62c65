"""What errors promise the doors: a code of its own for each class, a status the web knows, one base."""

import re

import pytest

from reid import errors
from reid.errors import ReidError, UndoConflict

CLASSES = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, ReidError)]


def test_each_class_has_the_exit_code_and_status_it_always_had() -> None:
    assert {one.__name__: (one.exit_code, one.http_status) for one in CLASSES} == {
        "ReidError": (10, 500), "UsageError": (2, 400), "PhotoError": (3, 422), "ManifestError": (4, 422),
        "GalleryError": (5, 409), "GalleryTooNew": (6, 409), "GalleryBusy": (7, 503), "ModelMismatch": (8, 409),
        "NetError": (9, 409), "TrainingError": (11, 422), "ShapeError": (12, 400), "UndoConflict": (13, 409),
    }  # fmt: skip


def test_no_two_classes_share_an_exit_code_and_none_takes_that_of_success_or_of_inputs_that_failed() -> None:
    codes = [one.exit_code for one in CLASSES]
    assert len(set(codes)) == len(codes) and not {0, 1} & set(codes)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_says_when_it_is_raised(kind: type[ReidError]) -> None:
    assert re.fullmatch(r"[A-Z].*\.", (kind.__doc__ or "").strip(), re.DOTALL)


def test_a_gallery_of_another_time_or_in_use_is_caught_as_an_error_of_the_gallery() -> None:
    assert issubclass(errors.GalleryTooNew, errors.GalleryError) and issubclass(errors.GalleryBusy, errors.GalleryError)
    assert not issubclass(errors.NetError, errors.GalleryError)


def test_a_conflict_names_the_later_entry() -> None:
    conflict = UndoConflict("entry 3 cannot be undone: undo 4 first", 4)
    assert (str(conflict), conflict.entry) == ("entry 3 cannot be undone: undo 4 first", 4)
