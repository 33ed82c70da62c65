from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.errors import GalleryError
from reid.store import Gallery
from reid.store.catalog import network_disk
from tests.store.stock import NET, item, unit

LINE = "36 35 98:0 / {} rw,noatime master:1 - {} server:/share rw\n"


def mounts(tmp_path: Path, **kinds: str) -> Path:
    path = tmp_path / "mountinfo"
    lines = ["22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"]
    lines += [LINE.format(str(tmp_path / name).replace(" ", "\\040"), kind) for name, kind in kinds.items()]
    path.write_text("".join(lines), "utf-8")
    return path


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_disk_is_told_from_one_of_this_machine(tmp_path: Path, kind: str) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "shared").mkdir()
    found = mounts(tmp_path, share=kind)
    assert f"network disk ({kind})" in network_disk.unsafe(tmp_path / "share" / "not" / "yet", found)
    assert network_disk.unsafe(tmp_path / "shared", found) == ""
    assert network_disk.unsafe(tmp_path, found) == ""
    assert network_disk.unsafe(tmp_path, tmp_path / "no such list") == ""


def test_a_disk_mounted_over_another_counts(tmp_path: Path) -> None:
    (tmp_path / "share" / "ssd").mkdir(parents=True)
    found = mounts(tmp_path, **{"share": "nfs", "share/ssd": "xfs"})
    assert network_disk.unsafe(tmp_path / "share" / "ssd", found) == ""


def test_a_disk_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", refuse)
    assert network_disk.unsafe(tmp_path) == "its disk has no locks"


def test_a_gallery_on_such_a_disk_is_read_but_not_written(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    gallery.close()
    monkeypatch.setattr(network_disk, "unsafe", lambda _: "it lies on a network disk (nfs)")
    with Gallery.open(gallery.folder) as opened:
        assert opened.search("zebra", unit(1, 1), 1).photo_ids.tolist() == [[1]]
        with pytest.raises(GalleryError, match=r"open for reading only \(it lies on a network disk \(nfs\)\)"):
            opened.identities.rename("a", "b")
    with pytest.raises(GalleryError, match=r"no gallery is made at .*: it lies on a network disk"):
        Gallery.open(gallery.folder.parent / "new", create=True)
    assert not (gallery.folder.parent / "new").exists()


def test_a_full_disk_is_told_and_nothing_is_changed(gallery: Gallery) -> None:
    vectors = unit(1, 400)
    gallery.enroll("zebra", NET, [item("a", n, vector) for n, vector in enumerate(vectors[:50])])
    (pages,) = gallery._catalog.ask("PRAGMA page_count")[0]
    gallery._catalog.ask(f"PRAGMA max_page_count={pages}")
    before = (gallery.head(), gallery.individuals(), gallery.photos())
    with pytest.raises(GalleryError, match=r"the disk of .* is full: free some space, then try again"):
        gallery.enroll("zebra", NET, [item("b", n, vectors[n]) for n in range(50, 400)])
    assert (gallery.head(), gallery.individuals(), gallery.photos()) == before
    gallery._catalog.ask("PRAGMA max_page_count=1000000")
    gallery.enroll("zebra", NET, [item("b", n, vectors[n]) for n in range(50, 400)])
    assert gallery.species()[0].photos == 400


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    place = tmp_path / "tiny"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.skipif(os.name != "posix" or shutil.which("mount") is None, reason="needs a disk of its own")
def test_a_disk_that_fills_up_while_enrolling_and_merging_loses_nothing(tiny: Path) -> None:
    vectors = unit(1, 4000)
    enrolled = 0
    with Gallery.open(tiny / "g", create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, 32, calibration=None)
        with pytest.raises(GalleryError, match=r"is full|fails|cannot be written"):
            for start in range(0, 4000, 20):
                batch = [item("ab"[n % 2], n, vectors[n]) for n in range(start, start + 20)]
                gallery.enroll("zebra", NET, batch)
                enrolled += 20
        with contextlib.suppress(GalleryError):
            gallery.identities.merge("a", "b")
        with contextlib.suppress(GalleryError):
            gallery.search("zebra", vectors[:1], 1)
    with Gallery.open(tiny / "g") as gallery:
        assert enrolled > 0 and len(gallery.photos()) == enrolled
        assert [one for one in gallery.checkup.damage() if not one.derived] == []


@pytest.mark.skipif(os.name != "posix" or shutil.which("mount") is None, reason="needs a disk of its own")
def test_a_gallery_on_a_full_disk_is_read_and_what_cannot_be_written_is_told(tiny: Path) -> None:
    vectors = unit(1, 30)
    with Gallery.open(tiny / "g", create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, 32, calibration=None)
        gallery.enroll("zebra", NET, [item("ab"[n % 2], n, vector) for n, vector in enumerate(vectors)])
        before = gallery.search("zebra", vectors, 3).photo_ids.tolist()
    with contextlib.suppress(OSError), (tiny / "fill").open("wb", buffering=0) as fill:
        while True:
            fill.write(bytes(1 << 12))
    assert shutil.disk_usage(tiny).free == 0
    with Gallery.open(tiny / "g") as gallery:
        assert gallery.search("zebra", vectors, 3).photo_ids.tolist() == before
        assert len(gallery.photos()) == 30 and len(gallery.log()) == 2
        with pytest.raises(GalleryError, match=r"reading only \(its disk is full\): free some space, then rename again"):
            gallery.identities.rename("a", "c")
    (tiny / "fill").unlink()
    with Gallery.open(tiny / "g") as gallery:
        assert gallery.identities.rename("a", "c").individual == "c"
        assert gallery.search("zebra", vectors, 3).photo_ids.tolist() == before
