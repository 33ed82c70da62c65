"""Files are whole or not there, and what is said to be written is on the disk: the file synced, renamed, then its folder."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reid import files, images
from reid.errors import UsageError
from reid.nets import net_files
from reid.nets.net_files import NetCard
from reid.pages.html import Page, write_page
from reid.store.layout.net_folder import NetFolder
from reid.tables.archive import read_parcel, write_parcel
from reid.tables.spreadsheets import write_book
from reid.tables.tables import write_table

Log = list[tuple[str, str]]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere folders are not synced")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """What was synced and renamed, in order: ("sync", final name at that time) and ("rename", new name)."""
    calls: Log = []
    fsync, replace, rename = os.fsync, Path.replace, Path.rename

    def synced(handle: int) -> None:
        calls.append(("sync", Path(f"/proc/self/fd/{handle}").readlink().name))
        fsync(handle)

    def replaced(self: Path, target: Path) -> Path:
        calls.append(("rename", Path(target).name))
        return replace(self, target)

    def renamed(self: Path, target: Path) -> Path:
        calls.append(("rename", Path(target).name))
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(Path, "rename", renamed)
    return calls


def durable(log: Log, path: Path) -> bool:
    """Whether the file's bytes were synced before it got its name, and its folder after that."""
    at = [number for number, call in enumerate(log) if call == ("rename", path.name)]
    if not at:
        return False
    before, after = log[: at[-1]], log[at[-1] + 1 :]
    bytes_synced = any(kind == "sync" and name.startswith(f".{path.name}{files.TEMPORARY}") for kind, name in before)
    return bytes_synced and ("sync", path.parent.name) in after


def test_a_file_is_synced_then_renamed_then_its_folder_is_synced(tmp_path: Path, log: Log) -> None:
    with files.atomic_replace(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole", "utf-8")
        assert not (tmp_path / "a.txt").exists()
    assert [kind for kind, _ in log] == ["sync", "rename", "sync"]
    assert log[0][1].startswith(".a.txt.new-") and log[1:] == [("rename", "a.txt"), ("sync", tmp_path.name)]
    assert (tmp_path / "a.txt").read_text("utf-8") == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


CARD = NetCard("embedding", "mobilenet_v2", (64, 64), dimension=8)
PIXELS = np.zeros((4, 4, 3), np.uint8)
WRITERS: dict[str, Callable[[Path], object]] = {
    "a.txt": lambda path: files.write_text(path, "text"),
    "a.csv": lambda path: write_table(path, ("a",), [("1",)]),
    "a.xlsx": lambda path: write_book(path, {"a": (("a",), [(1,)])}),
    "a.html": lambda path: write_page(path, Page("t", (), ())),
    "a.jpg": lambda path: images.write_jpeg(path, PIXELS),
    "a.png": lambda path: images.write_png(path, PIXELS),
    "a.zip": lambda path: write_parcel(path, [("catalog.sqlite", b"x")], {}),
}


@pytest.mark.parametrize("name", WRITERS)
def test_whoever_writes_a_file_makes_it_and_its_name_durable(name: str, tmp_path: Path, log: Log) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    assert durable(log, path), log
    assert [left.name for left in tmp_path.iterdir()] == [name]


def test_a_net_is_durable_when_it_is_saved_and_when_a_gallery_takes_it_over(tmp_path: Path, log: Log) -> None:
    card = net_files.save(CARD, net_files.build(CARD).state_dict(), tmp_path / "made")
    names = [f"{card.fingerprint}{suffix}" for suffix in (".safetensors", ".json")]
    assert [durable(log, tmp_path / "made" / name) for name in names] == [True, True], log
    saved = log.copy()
    log.clear()
    NetFolder(tmp_path / "taken").put(tmp_path / "made" / names[0])
    assert [durable(log, tmp_path / "taken" / name) for name in names] == [True, True], log
    assert saved[0] == log[0] == ("sync", tmp_path.name)  # the name of the folder that was made


def test_folders_that_are_made_keep_their_names(tmp_path: Path, log: Log) -> None:
    files.write_text(tmp_path / "a" / "b" / "c.txt", "text")
    assert log[:2] == [("sync", tmp_path.name), ("sync", "a")]
    assert durable(log, tmp_path / "a" / "b" / "c.txt")
    log.clear()
    files.make_folder(tmp_path / "a" / "b")
    assert log == []


def test_a_folder_gets_its_name_when_everything_in_it_is_on_the_disk(tmp_path: Path, log: Log) -> None:
    fresh = tmp_path / "fresh"
    (fresh / "nets").mkdir(parents=True)
    (fresh / "catalog").write_bytes(b"rows")
    (fresh / "nets" / "one").write_bytes(b"weights")
    (fresh / "nets" / "link").symlink_to("gone")
    files.move_folder(fresh, tmp_path / "copy")
    assert ("rename", "copy") in log
    at = log.index(("rename", "copy"))
    assert {name for _, name in log[:at]} == {"catalog", "one", "nets", "fresh"}
    assert log[at + 1 :] == [("sync", tmp_path.name)]
    assert (tmp_path / "copy" / "nets" / "one").read_bytes() == b"weights" and not fresh.exists()


def test_many_files_are_synced_together_and_each_folder_once(tmp_path: Path, log: Log) -> None:
    (tmp_path / "x").mkdir()
    paths = [tmp_path / "x" / f"{number}" for number in range(3)]
    for path in paths:
        with files.atomic_replace(path, synced=False) as temporary:
            temporary.touch()
    assert {kind for kind, _ in log} == {"rename"}
    log.clear()
    files.sync_files(paths)
    assert log == [("sync", "0"), ("sync", "1"), ("sync", "2"), ("sync", "x")]


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), ValueError("no row")])
def test_what_fails_or_is_stopped_leaves_the_old_file_and_nothing_beside(tmp_path: Path, fault: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")
    with pytest.raises(type(fault)), files.atomic_replace(path) as temporary:
        temporary.write_text("half", "utf-8")
        raise fault
    assert path.read_text("utf-8") == "old" and list(tmp_path.iterdir()) == [path]


def test_a_file_whose_bytes_cannot_be_synced_does_not_take_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(UsageError, match=r"a\.txt: not written \(Input/output error\)"):
        files.write_text(tmp_path / "a.txt", "text")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "fails"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_a_disk_that_syncs_no_folders_is_no_error_and_one_that_fails_is(
    number: int, fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{handle}"):  # noqa: PTH112
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    if fails:
        with pytest.raises(OSError, match="Input/output error"), files.atomic_replace(tmp_path / "a") as temporary:
            temporary.touch()
    else:
        with files.atomic_replace(tmp_path / "a") as temporary:
            temporary.touch()
        assert (tmp_path / "a").exists()


def test_a_file_that_may_not_be_written_to_is_synced_too(tmp_path: Path) -> None:
    with files.atomic_replace(tmp_path / "a.jpg") as temporary:
        temporary.write_bytes(b"of a write-protected card")
        temporary.chmod(0o444)
    assert (tmp_path / "a.jpg").read_bytes() == b"of a write-protected card"


@pytest.mark.parametrize("name", ["é" * 120 + ".jpg", "x" * 255, "猫" * 85])
def test_names_as_long_as_the_disk_allows_can_be_written(name: str, tmp_path: Path) -> None:
    files.write_text(tmp_path / name, "text")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_that_cannot_be_written_to_is_named_before_the_work_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"file: cannot be made \(File exists\)"):
        files.writable_folder(tmp_path / "file")
    with pytest.raises(UsageError, match=r"file: cannot be made"):
        files.check_writable(tmp_path / "file" / "below")
    files.check_writable(tmp_path / "not" / "yet")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert list(files.writable_folder(tmp_path / "made" / "now").iterdir()) == []


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(UsageError, match=r"cannot be written to \(Permission denied\)"):
        files.writable_folder(tmp_path)


KILLED = """
import os, sys
from pathlib import Path
from reid import files
with files.atomic_replace(Path(sys.argv[1])) as temporary:
    temporary.write_text("half", "utf-8")
    os._exit(9)
"""


def test_a_kill_leaves_the_old_file_and_a_name_that_says_whose_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")
    root = Path(__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=root, check=False, timeout=60).returncode == 9
    assert path.read_text("utf-8") == "old"
    (left,) = (other for other in tmp_path.iterdir() if other != path)
    assert left.name.startswith(".a.txt.new-") and files.is_left_over(left)
    assert not files.is_left_over(path)


def test_a_parcel_that_is_not_whole_leaves_no_file(tmp_path: Path) -> None:
    write_parcel(tmp_path / "a.zip", [("catalog.sqlite", b"x")], {"of": "north"})
    assert read_parcel(tmp_path / "a.zip").about == {"of": "north"}
    before = (tmp_path / "a.zip").read_bytes()
    with pytest.raises(AssertionError, match=r"\.\./a"):
        write_parcel(tmp_path / "a.zip", [("../a", b"x")], {})
    assert (tmp_path / "a.zip").read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_what_another_machine_writes_is_left_alone_for_an_hour(tmp_path: Path) -> None:
    def left(process: str, machine: str, age: float) -> Path:
        folder = tmp_path / f"copy.new-{process}-{machine}0123abcd"
        folder.mkdir()
        os.utime(folder, (time.time() - age, time.time() - age))
        return folder

    ours = files._machine()
    theirs = "0" * 8
    wanted = {left("999999999", theirs, 3500): False, left("999999998", theirs, 3700): True, left("1", ours, 3500): False}
    if os.name == "posix":
        wanted[left("999999997", ours, 0)] = True
    assert {folder: files.is_left_over(folder) for folder in wanted} == wanted
    files.clear_left_over(wanted)
    assert {folder for folder in wanted if folder.is_dir()} == {folder for folder, gone in wanted.items() if not gone}
