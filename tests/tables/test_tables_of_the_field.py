"""Tables as the field keeps them: mixed encodings, spreadsheets' formats and merged cells, rows above the header."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from reid.errors import ManifestError
from reid.tables.tables import read_table

KNOWN = ("path", "species", "individual", "captured_at")


def rows(path: Path, known: Sequence[str] = KNOWN) -> list[tuple[int, dict[str, Any]]]:
    return [(row.number, dict(row.cells)) for row in read_table(path, known).rows]


def book(path: Path, change: Callable[[Any], None], name: str = "Sheet") -> Path:
    made = openpyxl.Workbook()
    made.active.title = name
    change(made)
    made.save(path)
    return path


@pytest.mark.parametrize(("encoding", "odd"), [
    ("utf-8", b"Zo\xeb"), ("utf-8-sig", b"Zo\xeb"), ("utf-8", b"\x80uro \x93Zo\xeb\x94"), ("utf-8", b"\xe9\xe9\xe9"),
    ("utf-8", b"\xe9"), ("utf-8", b"caf\xe9 \xfc\xdf"),
])  # fmt: skip
def test_a_row_in_cp1252_spoils_no_row_in_utf_8(tmp_path: Path, encoding: str, odd: bytes) -> None:
    table = tmp_path / "a.csv"
    table.write_bytes("path,individual\na.jpg,Zoë Żółw\n".encode(encoding) + b"b.jpg," + odd + "\nc.jpg,Ümit 猫\n".encode())
    assert [cells["individual"] for _, cells in rows(table)] == ["Zoë Żółw", odd.decode("cp1252"), "Ümit 猫"]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_whole_file_is_read_in_any_encoding_that_spreadsheets_write(tmp_path: Path, encoding: str) -> None:
    table = tmp_path / "a.csv"
    table.write_bytes("path;individual\nä.jpg;Zoë é à ü ß €\n".encode(encoding))
    assert rows(table) == [(2, {"path": "ä.jpg", "individual": "Zoë é à ü ß €"})]


@pytest.mark.parametrize(("value", "shape", "text"), [
    (7, "000", "007"), (1234, "000", "1234"), (7, "0000;-0000", "0007"), (7, '"Z-"000', "Z-007"), (7, "\\Z00", "Z07"),
    (7, '000" b"', "007 b"), (7.0, "00000", "00007"), (7, "General", "7"), (7, "0", "7"), (0, "000", "000"), (7.5, "000", "7.5"),
    (-7, "000", "-7"), ("007", "@", "007"), (7, "0.00", "7"), (1000, "#,##0", "1000"), (True, "000", "TRUE"),
])  # fmt: skip
def test_a_number_has_the_zeros_and_letters_that_its_format_shows(tmp_path: Path, value: object, shape: str, text: str) -> None:
    def fill(made: Any) -> None:
        made.active.append(["path", "individual"])
        made.active.append(["a.jpg", value])
        made.active["B2"].number_format = shape

    assert rows(book(tmp_path / "a.xlsx", fill)) == [(2, {"path": "a.jpg", "individual": text})]


def test_each_of_merged_cells_has_their_value_and_those_of_the_header_have_not(tmp_path: Path) -> None:
    def fill(made: Any) -> None:
        sheet = made.active
        for row in (
            ["Survey"], ["path", "individual", "captured_at", None], ["a.jpg", 1, datetime(2024, 3, 1), "x"],
            ["b.jpg", None, None, "y"], ["c.jpg"], ["d.jpg", 2], ["e.jpg", "Bo", None, "z"],
        ):  # fmt: skip
            sheet.append(row)
        for span in ("A1:D1", "B3:B5", "C3:C4", "C2:D2", "C6:C7"):
            sheet.merge_cells(span)
        sheet["B3"].number_format = "000"

    day = datetime(2024, 3, 1)
    assert rows(book(tmp_path / "a.xlsx", fill)) == [
        (3, {"path": "a.jpg", "individual": "001", "captured_at": day}),
        (4, {"path": "b.jpg", "individual": "001", "captured_at": day}), (5, {"path": "c.jpg", "individual": "001"}),
        (6, {"path": "d.jpg", "individual": "2"}), (7, {"path": "e.jpg", "individual": "Bo"}),
    ]  # fmt: skip


@pytest.mark.parametrize(("first", "mark"), [
    ("sep=;", ";"), ("SEP=;", ";"), ('"sep=,"', ","), ("sep=\t", "\t"), ("sep=\\t", "\t"), ("\ufeffsep=;", ";"), ("sep=|", "|"),
    ("sep=,,,", ","), ("sep=;;", ";"),
])  # fmt: skip
def test_a_first_line_that_says_what_stands_between_the_cells_is_followed(tmp_path: Path, first: str, mark: str) -> None:
    table = tmp_path / "a.csv"
    other = "," if mark == ";" else ";"
    table.write_text(f"{first}\r\npath{mark}individual\r\na.jpg{mark}Bo{other}2{other}3\r\n", "utf-8", newline="")
    assert rows(table) == [(2, {"path": "a.jpg", "individual": f"Bo{other}2{other}3"})]


@pytest.mark.parametrize("above", [
    ["Kruger 2024"], ["Kruger, 2024", ""], ["Survey;Kruger", "Season;2024", ""], ["", "", ""], ["Species list", "by: A; B, C"],
    ["x"] * 19,
])  # fmt: skip
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_rows_above_the_header_are_passed_over_and_rows_count_as_the_spreadsheet_does(
    tmp_path: Path, above: list[str], mark: str
) -> None:
    table = tmp_path / "a.csv"
    table.write_text("\n".join([*above, mark.join(("path", "individual")), mark.join(("a.jpg", "Bo"))]) + "\n", "utf-8")
    assert rows(table) == [(len(above) + 2, {"path": "a.jpg", "individual": "Bo"})]


def test_a_first_row_with_the_names_stays_the_header_whatever_stands_below(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("path,individual\npath,individual\nspecies,captured_at\n", "utf-8")
    assert rows(table) == [
        (2, {"path": "path", "individual": "individual"}), (3, {"path": "species", "individual": "captured_at"}),
    ]  # fmt: skip
    table.write_text("Kruger\npath\na.jpg\n", "utf-8")  # a single name is enough where it is the one that is needed
    assert rows(table) == [(3, {"path": "a.jpg"})]
    table.write_text("photo,animal\na.jpg,Bo\n", "utf-8")
    assert read_table(table, KNOWN).columns == ("photo", "animal")


def test_data_on_another_sheet_is_found_and_the_first_sheet_that_has_them_counts(tmp_path: Path) -> None:
    def fill(made: Any) -> None:
        made.active.append(["Read me first"])
        made.create_sheet("Codes").append(["code", "meaning"])
        for name, individual in (("Data", "Bo"), ("Older", "Ada")):
            sheet = made.create_sheet(name)
            for row in (["2024"], ["path", "individual"], ["a.jpg", individual]):
                sheet.append(row)

    path = book(tmp_path / "a.xlsx", fill, "Cover")
    assert rows(path) == [(3, {"path": "a.jpg", "individual": "Bo"})]
    assert read_table(path).columns == ("read me first",)  # where no names are known, the first sheet is read
    empty = book(tmp_path / "b.xlsx", lambda made: made.create_sheet("more"))
    with pytest.raises(ManifestError, match="has no header in its first row"):
        read_table(empty, KNOWN)


def test_names_of_columns_are_the_same_composed_or_not(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text(unicodedata.normalize("NFD", "path,größe\na.jpg,3\n"), "utf-8")
    assert read_table(table, KNOWN).columns == ("path", "größe")
