"""Individuals by occasions, as a season's page shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from reid.actions.season_report.history_matrix import WIDE, history_matrix
from tests.actions.season_report.by_hand import animal, figures, occasion

LATE, EARLY = datetime(2024, 5, 9), datetime(2023, 5, 9)


def test_rows_go_by_when_an_animal_became_known_and_a_span_without_effort_is_not_known() -> None:
    occasions = (occasion("2023", effort=10.0), occasion("2024", 1, effort=10.0), occasion("2024", 2, effort=0.0))
    animals = (animal("Ada", "new", (0, 2, None), LATE), animal("Zoë", "returned", (1, 1, None), EARLY))
    section = history_matrix(figures(occasions, animals=animals), "")
    (matrix,) = section.matrices
    assert [(row.name, row.mark, row.cells) for row in matrix.rows] == [
        ("Zoë", "returned", (1, 1, None)), ("Ada", "new", (0, 2, None)),
    ]  # fmt: skip
    assert (matrix.spans, matrix.columns) == ((("2023", 1), ("2024", 2)), ("1", "1", "2"))
    assert "occasions of 10 days" in section.intro and "– no camera worked, so not known" in section.intro


def test_where_each_season_is_one_occasion_its_column_is_named_by_its_first_day() -> None:
    section = history_matrix(figures((occasion("2023"), occasion("2024")), animals=(animal("Ada", "returned", (1, 1)),)), "")
    (matrix,) = section.matrices
    assert matrix.columns == ("01 May", "01 May") and "occasions of one season each" in section.intro


def test_a_study_too_wide_for_a_sheet_is_parted_between_seasons_and_names_those_in_which_nobody_was_seen() -> None:
    half = WIDE // 2 + 1
    occasions = tuple(
        replace(occasion(season), number=number) for season in ("2023", "2024", "2025") for number in range(1, half + 1)
    )
    ada, bo = (1,) + (0,) * (3 * half - 1), (0,) * (2 * half) + (3,) * half
    section = history_matrix(figures(occasions, animals=(animal("Ada", "new", ada), animal("Bo", "new", bo))), "")
    assert [(one.title, [row.name for row in one.rows], len(one.columns)) for one in section.matrices] == [
        ("Individuals by occasions (2023)", ["Ada"], half), ("Individuals by occasions (2025)", ["Bo"], half),
    ]  # fmt: skip
    assert "None of the enrolled was seen in 2024." in section.intro
