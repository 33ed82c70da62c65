from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reid.errors import GalleryError, UsageError
from reid.store import Gallery
from reid.store.layout import copy_gallery
from tests.commands import command
from tests.store import writer
from tests.store.stock import NET, item, seen, unit


def test_a_copy_is_a_gallery_with_everything_but_the_cache(gallery: Gallery, tmp_path: Path) -> None:
    vectors = unit(1, 3)
    gallery.enroll("zebra", NET, [item("a", n, vector) for n, vector in enumerate(vectors)])
    gallery.identities.rename("a", "b")
    for suffix in (".safetensors", ".json"):
        (gallery.nets_folder / f"{NET}{suffix}").write_bytes(b"net")
    gallery.search("zebra", vectors, 1)
    done = gallery.exchange.copy_to(tmp_path / "à part")
    assert (done.seq, done.photos, done.individuals, done.nets) == (3, 3, 1, 1)
    assert sorted(path.name for path in done.folder.iterdir()) == ["catalog.sqlite", "gallery.json", "nets"]
    assert (done.folder / "gallery.json").read_bytes() == (gallery.folder / "gallery.json").read_bytes()
    with Gallery.open(done.folder) as copy:
        assert (seen(copy), copy.log()) == (seen(gallery), gallery.log())
        copy.history.undo()
        assert copy.individuals()[0].name == "a"
        assert gallery.individuals()[0].name == "b"


def test_a_copy_taken_while_others_write_is_of_one_moment(folder: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.store.writer", str(folder), "0", "100000", "7"]
    with subprocess.Popen(program, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            with Gallery.open(folder) as gallery:
                for number in range(3):
                    time.sleep(0.1)
                    done = gallery.exchange.copy_to(tmp_path / f"copy {number}")
                    with Gallery.open(done.folder) as copy:
                        assert copy.head() == done.seq
                        assert len(copy.photos()) == done.photos == len(copy.vectors(writer.SPECIES)[0])
                        assert done.photos % 7 == 0
        finally:
            process.kill()


def test_a_copy_never_takes_the_place_of_something_and_leaves_nothing_half_done(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match="is there already: name a new folder"):
        gallery.exchange.copy_to(tmp_path / "there")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copy_gallery, "publish", full)
    with pytest.raises(GalleryError, match=r"cannot be written .*No space left.*: nothing was kept"):
        gallery.exchange.copy_to(tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["indexes", "there"]


def test_the_command_names_the_copy_by_its_date(gallery: Gallery) -> None:
    answer = command("backup", "--gallery", gallery.folder, "--json")
    assert answer.code == 0
    folder = Path(answer.lines[0]["folder"])
    assert folder.parent == gallery.folder.parent and folder.name.startswith(f"{gallery.folder.name}-20")
    assert command("backup", folder, "--gallery", gallery.folder).code == 2


BACKUP = """
import sys, time
from pathlib import Path
from reid.store import Gallery
from reid.store.layout import copy_gallery
copy_gallery.publish = lambda *_: (print("written", flush=True), time.sleep(60))
with Gallery.open(Path(sys.argv[1])) as gallery:
    gallery.exchange.copy_to(Path(sys.argv[2]))
"""


@pytest.mark.skipif(os.name != "posix", reason="elsewhere nothing tells whether a process lives")
def test_what_a_killed_backup_left_is_cleared_by_the_next_one_and_by_doctor_and_nothing_else_is(
    gallery: Gallery, tmp_path: Path
) -> None:
    place = gallery.folder.parent
    target = place / f"{gallery.folder.name}-2026"
    with subprocess.Popen(
        [sys.executable, "-c", BACKUP, str(gallery.folder), str(target)], cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE, text=True,
    ) as program:
        assert program.stdout is not None and program.stdout.readline() == "written\n"
        (left,) = place.glob("*.new-*")
        command("backup", target, "--gallery", gallery.folder)
        assert left.is_dir()  # its process lives
        assert gallery.checkup.damage() == []
        shutil.rmtree(target)
        program.kill()
    (told,) = gallery.checkup.damage()
    assert (told.what, told.derived) == ("left over", True) and told.reason.startswith(f"{left.name} was being written")
    shutil.copytree(left, tmp_path / "kept")
    gallery.checkup.clear()
    assert not left.exists() and gallery.checkup.damage() == []
    shutil.copytree(tmp_path / "kept", left)
    mine = place / "my.new-photos"  # no name of ours
    mine.mkdir()
    os.utime(mine, (0, 0))
    answer = command("backup", target, "--gallery", gallery.folder)
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in place.iterdir()) == sorted([gallery.folder.name, target.name, mine.name])
