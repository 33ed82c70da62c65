"""Which photos a filter names, and which vectors are of unit length."""

from __future__ import annotations

import unicodedata
import warnings
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from reid.records.gallery import UNIT, Where, are_unit


@pytest.mark.parametrize(("where", "picks"), [
    ({}, False), ({"side": "left"}, True), ({"seasons": frozenset()}, True), ({"individuals": frozenset({"Ama"})}, True),
    ({"cameras": frozenset({"n"})}, True), ({"after": datetime(2024, 1, 1)}, True), ({"before": datetime(2024, 1, 1)}, True),
    ({"exclude_sha256": frozenset({"a"})}, False), ({"exclude_encounters": frozenset({"a"})}, False),
])
def test_a_filter_picks_where_a_photo_must_have_something_to_pass(where: dict[str, Any], picks: bool) -> None:
    assert Where(**where).picks() is picks


def test_names_in_a_filter_are_composed_as_the_gallery_keeps_them() -> None:
    apart = unicodedata.normalize("NFD", "Été")
    assert Where(individuals=frozenset({apart})).composed().individuals == {"Été"}
    assert Where(side="left").composed() == Where(side="left")


@pytest.mark.parametrize(("length", "wanted"), [(1.0, True), (1 + 0.9 * UNIT, True), (1 - 0.9 * UNIT, True),
                                                (1 + 1.2 * UNIT, False), (1 - 1.2 * UNIT, False), (0.0, False)])
@pytest.mark.parametrize("count", [1, 3])
def test_a_vector_is_of_unit_length_within_a_thousandth(length: float, wanted: bool, count: int) -> None:
    vectors = np.eye(3, 8, dtype=np.float32)[:count]
    vectors[-1] *= length
    assert are_unit(vectors) is wanted


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_what_is_no_number_or_too_large_is_no_unit_vector_and_warns_nobody(value: float) -> None:
    vectors = np.eye(3, 8, dtype=np.float32)
    vectors[1, 0] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert are_unit(vectors) is False
