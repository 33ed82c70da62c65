"""Spreadsheets: cells as the sheet shows them, sheets in their order, text that stays text, a damaged file refused."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from reid.errors import ManifestError
from reid.tables.spreadsheets import MergedCells, read_book, write_book


def read(path: Path, first: str = "") -> list[list[Any]]:
    return list(read_book(path, lambda head: bool(head) and head[0][:1] == [first], 1).rows)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path, day = tmp_path / "a é.xlsx", datetime(2024, 3, 1, 10, 30)
    write_book(path, {"animals": (("name", "photos", "share", "seen"), [("Zoë", 3, 0.5, day), ("=1+1", 12, 2.0, None)])})
    assert read(path) == [["name", "photos", "share", "seen"], ["Zoë", "3", "0.5", day], ["=1+1", "12", "2"]]
    kept = openpyxl.load_workbook(path)["animals"]
    assert [cell.data_type for cell in kept[3]][:3] == ["s", "n", "n"], "no cell becomes a formula, numbers stay numbers"


def test_the_names_of_sheets_are_made_to_fit(tmp_path: Path) -> None:
    write_book(tmp_path / "a.xlsx", {"left/right: [which?]" + "x" * 40: (("a",), []), "b": (("b",), [])})
    names = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert names == ["left-right- -which--xxxxxxxxxxx", "b"] and len(names[0]) == 31


def test_the_first_sheet_that_is_wanted_is_read_and_the_first_of_all_where_none_is(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_book(path, {"cover": (("read me",), []), "data": (("path",), [("a.jpg",)]), "older": (("path",), [("b.jpg",)])})
    assert read(path, "path") == [["path"], ["a.jpg"]]
    assert read(path, "nowhere") == [["read me"]]


def test_cells_are_text_as_the_sheet_shows_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append([" Zoë ", 7.0, 7.5, True, date(2024, 3, 1), None, 1e20, 7])
    book.active["H1"].number_format = '"Z-"000'
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx") == [["Zoë", "7", "7.5", "TRUE", datetime(2024, 3, 1), "", "1e+20", "Z-007"]]


def test_merged_cells_higher_than_a_row_are_named_with_the_rows_they_cover(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["path", "name", ""], ["a.jpg", "Bo", ""], ["b.jpg", None, ""]):
        book.active.append(row)
    for span in ("B2:B3", "A1:C1"):
        book.active.merge_cells(span)
    book.save(tmp_path / "a.xlsx")
    sheet = read_book(tmp_path / "a.xlsx", lambda head: True, 1)
    assert sheet.merged == (MergedCells(column=1, first=2, last=3),)
    assert [row[1] for row in sheet.rows][1:] == ["Bo", ""]


def test_what_is_no_spreadsheet_or_a_damaged_one_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"path,species\n")
    with pytest.raises(ManifestError, match=r"a\.xlsx: cannot be read as a spreadsheet .*save it again as \.xlsx"):
        read(path)
    write_book(path, {"data": (("path",), [("a.jpg",)] * 50)})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ManifestError, match="cannot be read as a spreadsheet"):
        read(path)
