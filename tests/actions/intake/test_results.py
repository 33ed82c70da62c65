"""What enrolling and importing answer with: what nobody counted is empty, never shared between two reports."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from reid.actions.intake.results import EnrollReport, ImportReport


def enrolled() -> EnrollReport:
    return EnrollReport(Path("g"), {"zebra": 2}, 1, 0, (("zebra", "Ada"),), (), ())


def test_a_report_without_a_side_net_has_counts_of_its_own() -> None:
    one, other = enrolled(), enrolled()
    one.sides_predicted["left"] = 1
    assert (other.sides_predicted, other.closing) == ({}, "")
    with pytest.raises(FrozenInstanceError):
        one.already = 2  # type: ignore[misc]


def test_a_dry_run_of_an_import_has_enrolled_nothing_and_written_no_table() -> None:
    found = ImportReport(3, 2, 0, 1, 0, {"left": 2, "": 1}, ("zebra",), 2, ("C1",), ("2024",), None, None, (), ())
    assert (found.enrolled, found.problems_table, found.closing) == (None, None, "")
