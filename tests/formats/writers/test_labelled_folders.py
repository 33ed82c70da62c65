"""Copies of photos under their individual, and a manifest that reads them again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reid.formats.readers.photo_lists import read_photos
from reid.formats.writers.export_job import ExportJob, Written
from reid.formats.writers.labelled_folders import write_folders
from reid.records import Photo
from reid.settings import ExportSettings


def test_photos_of_one_name_get_numbers_gone_ones_are_listed_and_names_lead_out_of_no_folder(tmp_path: Path) -> None:
    photos = []
    for number, card in enumerate(("a", "b", "c")):
        path = tmp_path / card / "IMG 1.JPG"
        path.parent.mkdir()
        path.write_bytes(card.encode())
        photos.append(Photo(path, "zebra", "../Ama" if number < 2 else "Bo", side="left"))
    gone = Photo(tmp_path / "gone.jpg", "zebra", "Bo")
    written = Written()
    out = tmp_path / "out"
    write_folders(ExportJob((*photos, gone), (), (), ExportSettings(), out), "", written)
    assert {path.relative_to(out).as_posix(): path.read_text("utf-8") for path in sorted(out.rglob("*.JPG"))} == {
        "zebra/-Ama/IMG 1.JPG": "a", "zebra/-Ama/IMG 1-2.JPG": "b", "zebra/Bo/IMG 1.JPG": "c",
    }  # fmt: skip
    assert [(lost.photo, lost.reason) for lost in written.left_out] == [(str(gone.path), "the file is not there any more")]
    assert (written.photos, written.individuals) == (3, 2)
    again = read_photos([out / "manifest.csv"]).photos
    assert [replace(photo, path=Path(), origin="", notes={}) for photo in again] == [replace(one, path=Path()) for one in photos]
