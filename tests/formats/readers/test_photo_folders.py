"""Folders read as photos: levels that name species and individual, manifests in them, links."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from reid.errors import ManifestError
from reid.formats.readers.photo_lists import read_photos


def touch(path: Path) -> Path:
    """A photo whose content does not matter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def table(folder: Path, text: str, *, name: str = "photos.csv", encoding: str = "utf-8", photos: str = "a b c") -> Path:
    for photo in photos.split():
        touch(folder / f"{photo}.jpg")
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def sheet(path: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_folder_names_species_and_individual_by_its_levels(tmp_path):
    for name in ["flat.JPG", "zebra/one.png", "zebra/Z 1/two.tif", "zebra/Z 1/2019/three.webp", "lion/ L  2/four.bmp",
                 ".hidden.jpg", ".git/x.jpg", "__MACOSX/zebra/x.jpg", "zebra/Thumbs.db", "zebra/notes.txt"]:
        touch(tmp_path / name)
    found = read_photos([tmp_path])
    assert [(str(p.path.relative_to(tmp_path)), p.species, p.individual, p.captured_at) for p in found.photos] == [
        ("flat.JPG", "", "", None), ("lion/ L  2/four.bmp", "lion", "L 2", None), ("zebra/one.png", "zebra", "", None),
        ("zebra/Z 1/two.tif", "zebra", "Z 1", None), ("zebra/Z 1/2019/three.webp", "zebra", "Z 1", None)]
    assert {p.origin for p in found.photos} == {str(tmp_path)} and found.problems == ()


def test_a_folder_without_a_photo_is_refused(tmp_path):
    touch(tmp_path / "notes.txt")
    with pytest.raises(ManifestError, match=r"holds no photo .*wanted species/individual/photo\.jpg"):
        read_photos([tmp_path])


def test_a_link_that_leads_back_into_the_folder_is_walked_once(tmp_path):
    touch(tmp_path / "zebra/a.jpg")
    (tmp_path / "zebra/again").symlink_to(tmp_path, target_is_directory=True)
    assert [p.path for p in read_photos([tmp_path]).photos] == [tmp_path / "zebra/a.jpg"]


@pytest.mark.parametrize("name", ["manifest.csv", "Manifest.xlsx"])
def test_a_folder_with_a_manifest_is_read_by_it(tmp_path, name):
    touch(tmp_path / "zebra/a.jpg")
    touch(tmp_path / "~$manifest.xlsx")
    if name.endswith("csv"):
        (tmp_path / name).write_text("path,species\nzebra/a.jpg,Equus quagga\n", encoding="utf-8")
    else:
        sheet(tmp_path / name, [["path", "species"], ["zebra/a.jpg", "Equus quagga"]])
    assert [(p.species, p.origin) for p in read_photos([tmp_path]).photos] == [("Equus quagga", f"{name}, row 2")]


def test_a_manifest_beside_other_tables_must_be_named(tmp_path):
    table(tmp_path, "path\na.jpg\n", name="manifest.csv")
    table(tmp_path, "path\na.jpg\n", name="results.csv")
    with pytest.raises(ManifestError, match=r"holds several tables \(manifest\.csv, results\.csv\); name the one"):
        read_photos([tmp_path])
    assert len(read_photos([tmp_path / "manifest.csv"]).photos) == 1


def test_tables_of_another_name_leave_a_folder_a_folder(tmp_path):
    table(tmp_path / "zebra", "path\n", photos="a")
    table(tmp_path, "station,x\n", name="stations.csv", photos="")
    assert [p.species for p in read_photos([tmp_path]).photos] == ["zebra"]
