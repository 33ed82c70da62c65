"""Tables of a capture history: NA where no camera worked, and photos that are a manifest again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from reid.formats.readers.photo_lists import BOX_COLUMNS, PHOTO_COLUMNS
from reid.formats.writers.export_job import ExportJob, Written
from reid.formats.writers.history_tables import occasion_table, photo_table, write_csv, write_xlsx
from reid.records import Season
from reid.settings import ExportSettings
from reid.survey.capture_history import capture_history
from reid.tables.tables import read_table
from tests.survey.captures import CAMERAS, SURVEY, photo

MAY = (Season("2023", date(2023, 5, 1), date(2023, 5, 30)),)


def test_an_occasion_without_effort_has_na_individuals_and_the_last_has_no_next() -> None:
    columns, rows = occasion_table(capture_history(SURVEY, seasons=MAY, days=5, deployments=CAMERAS))
    assert [row[columns.index("individuals")] for row in rows] == [2, 1, 1, 0, "NA", 1]
    assert [row[columns.index("years_to_next")] for row in rows] == [0.0] * 5 + [None]


def test_photos_have_a_box_only_where_some_have_one_and_each_note_once() -> None:
    columns, rows = photo_table([photo("A", 1, sex="female"), photo("B", 2, age="NA")])
    assert columns == (*PHOTO_COLUMNS, *BOX_COLUMNS, "age", "sex")
    assert [row[-6:] for row in rows] == [(0.1, 0.2, 0.3, 0.4, "", "female"), (0.1, 0.2, 0.3, 0.4, "", "")]


def test_csv_and_workbook_hold_the_same_history(tmp_path: Path) -> None:
    job = ExportJob(SURVEY, CAMERAS, MAY, ExportSettings(days=5), tmp_path)
    tables, book = Written(), Written()
    write_csv(job, "zebra", tables)
    write_xlsx(job, "zebra", book)
    assert [path.name for path in tables.files] == ["zebra-history.csv", "zebra-occasions.csv", "zebra-photos.csv"]
    assert [path.name for path in book.files] == ["zebra.xlsx"]
    by_table, by_book = (
        [[row.text(column) for column in table.columns] for row in table.rows]
        for table in (read_table(tmp_path / "zebra-history.csv"), read_table(tmp_path / "zebra.xlsx"))
    )
    assert by_table == by_book and by_table[0] == ["Amara", "1", "0", "1", "0", "NA", "0"]
