"""What every writer uses: the history with its notes, names of files, and copies of photos."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from reid.errors import UsageError
from reid.formats.writers.export_job import ExportJob, Written, copy_photo, counted_photos, history_of, stem_of
from reid.records import Season
from reid.settings import ExportSettings
from tests.survey.captures import CAMERAS, SURVEY, photo

MAY = (Season("2023", date(2023, 5, 1), date(2023, 5, 30)),)


def test_the_history_notes_occasions_without_effort_and_counts_its_photos(tmp_path: Path) -> None:
    written = Written()
    history = history_of(ExportJob(SURVEY, CAMERAS, MAY, ExportSettings(days=5), tmp_path), written)
    assert (written.individuals, written.photos, len(counted_photos(history))) == (3, 6, 6)
    assert [note for note in written.notes if "no camera worked" in note] == [
        "zebra: on occasion 2023-5 (2023-05-21 to 2023-05-25) no camera worked: not known, not 0"
    ]


def test_without_deployments_it_is_noted_that_every_occasion_counts(tmp_path: Path) -> None:
    written = Written()
    history_of(ExportJob((photo("A", 1),), (), MAY, ExportSettings(), tmp_path), written)
    assert written.notes == ["zebra: no deployments table was given, so every occasion counts as sampled"]


def test_files_of_a_species_have_a_plain_name() -> None:
    assert [stem_of(name) for name in ("Grévy's zebra", "", "熊")] == ["Grevy-s-zebra", "animals", "x"]


def test_a_copy_has_the_content_and_the_time_of_its_photo_and_a_write_protected_one_is_copied_too(tmp_path: Path) -> None:
    source = tmp_path / "card.jpg"
    source.write_bytes(b"pixels")
    os.utime(source, (1e9, 1e9))
    source.chmod(0o444)
    copy_photo(source, tmp_path / "out" / "a" / "b.jpg")
    copied = tmp_path / "out" / "a" / "b.jpg"
    assert (copied.read_bytes(), copied.stat().st_mtime) == (b"pixels", 1e9)
    assert [path.name for path in copied.parent.iterdir()] == ["b.jpg"]


def test_a_photo_that_cannot_be_copied_is_named_with_its_target(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.jpg: not copied to .*a\.jpg \(No such file or directory\)"):
        copy_photo(tmp_path / "gone.jpg", tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []
