from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from reid.errors import GalleryError
from reid.store import Gallery
from reid.store.catalog import own_files
from tests.store.stock import NET, item, unit

FINGERPRINT = NET[:16]


@pytest.mark.parametrize("name", [
    f"zebra-{FINGERPRINT}.json", f"Zèbre_de_plaine-7-{FINGERPRINT}.12.faiss", f"zebra-{FINGERPRINT}.12.codes.faiss",
    f"zebra-{FINGERPRINT}.3.facts.npz", f"zebra-{FINGERPRINT}.3.ids.npy", f"zebra-{FINGERPRINT}.3.sums.npy",
    f"{FINGERPRINT}.maps", "photos-384x384.pixels",
])  # fmt: skip
def test_names_of_the_cache_are_reid_s_own_and_temporary_ones_too(name: str) -> None:
    assert own_files.of_cache(name) and not own_files.is_temporary(name)
    assert own_files.is_temporary(f".{name}.new-17-0123456789abcdef") and not own_files.of_cache(f".{name}.new-17-abc")


@pytest.mark.parametrize("name", [
    "notes.txt", "list.json", "season-2024.json", "zebra.npy", "zebra.1.npz", "photo.jpg", "thesis.new-version.docx", "a.new-1",
    "photos.pixels",
])  # fmt: skip
def test_other_names_are_not(name: str) -> None:
    assert not own_files.of_cache(name) and not own_files.is_temporary(name)


@pytest.fixture
def crowded(gallery: Gallery) -> tuple[Gallery, list[Path]]:
    """A gallery with an index, and with files of somebody else in its folders, all of them old."""
    gallery.enroll("zebra", NET, [item("a", n, vector) for n, vector in enumerate(unit(1, 3))])
    gallery.search("zebra", unit(1, 1), 1)
    theirs = [
        gallery.cache_folder / "thesis.odt", gallery.cache_folder / "data.json",
        gallery.cache_folder / "draft.new-1" / "page.txt",
        gallery.folder / "list.new-2024.csv", gallery.folder / "nets" / "mine.new-2.txt",
    ]  # fmt: skip
    for path in theirs:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
        os.utime(path, (time.time() - 7200,) * 2)
        os.utime(path.parent, (time.time() - 7200,) * 2)
    return gallery, theirs


def test_doctor_deletes_only_what_reid_made_and_names_the_rest(crowded: tuple[Gallery, list[Path]]) -> None:
    gallery, theirs = crowded
    gallery.search("zebra", unit(1, 1), 1)
    gallery._searches.settle()
    assert own_files.cached(gallery.cache_folder)
    left = gallery.folder / ".gallery.json.new-17-0123456789abcdef"
    left.write_text("half")
    os.utime(left, (time.time() - 7200,) * 2)
    gallery.checkup.clear()
    assert own_files.cached(gallery.cache_folder) == [] and not left.exists()
    assert [path.read_text() for path in theirs] == ["mine"] * 5
    assert [path.name for path in gallery.checkup.foreign()] == ["data.json", "draft.new-1", "thesis.odt"]
    assert gallery.checkup.damage() == []


def test_a_purge_deletes_only_what_reid_made_and_names_the_rest(crowded: tuple[Gallery, list[Path]]) -> None:
    gallery, theirs = crowded
    gallery._searches.settle()
    gallery.corrections.remove([1])
    done = gallery.history.purge()
    assert [path.read_text() for path in theirs] == ["mine"] * 5 and own_files.cached(gallery.cache_folder) == []
    assert [Path(text.split(" was not made by reid")[0]).name for text in done.warnings] == [
        "data.json", "draft.new-1", "thesis.odt",
    ]


@pytest.mark.parametrize("name", ["cache", "nets", "nets/training", "gallery.json", "cache/notes", f"nets/{FINGERPRINT}.json"])
def test_a_gallery_with_a_link_inside_is_refused_and_nothing_behind_it_is_touched(
    gallery: Gallery, tmp_path: Path, name: str
) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    gallery.close()
    folder = gallery.folder
    outside = tmp_path / "thesis"
    outside.mkdir()
    (outside / f"zebra-{FINGERPRINT}.json").write_text("mine")
    place = folder / name
    if place.is_dir():
        for path in place.iterdir():
            path.unlink()
        place.rmdir()
    place.unlink(missing_ok=True)
    place.symlink_to(outside, target_is_directory=True)
    with pytest.raises(GalleryError, match=r"is a link: what is deleted or written by its name would lie elsewhere"):
        Gallery.open(folder)
    assert [path.read_text() for path in outside.iterdir()] == ["mine"]


def test_the_folder_of_a_gallery_may_be_a_link_itself(gallery: Gallery, tmp_path: Path) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    gallery.close()
    (tmp_path / "link").symlink_to(gallery.folder, target_is_directory=True)
    with Gallery.open(tmp_path / "link") as opened:
        assert [one.name for one in opened.individuals()] == ["a"]


def test_checkpoints_go_and_what_lies_beside_them_stays(tmp_path: Path) -> None:
    folder = tmp_path / "training"
    folder.mkdir()
    (folder / "embedding-0123456789ab.ckpt").write_text("x")
    own_files.clear_checkpoints(folder)
    assert not folder.exists()
    folder.mkdir()
    (folder / "embedding-0123456789ab.ckpt").write_text("x")
    (folder / "notes.txt").write_text("mine")
    own_files.clear_checkpoints(folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
