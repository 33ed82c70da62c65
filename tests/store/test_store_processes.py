from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reid.errors import GalleryError
from reid.store import Gallery
from tests.store import rewriter, writer
from tests.store.stock import NET, brute_force, item, unit

ROOT = Path(__file__).parents[2]
BATCH = 7


@contextlib.contextmanager
def writing(folder: Path, first: int, stop: int, batch: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.store.writer", str(folder), str(first), str(stop), str(batch)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def enrolled_by(line: str) -> set[int]:
    """The photos that a line of the writer says are on the disk."""
    words = line.split()
    return set(range(int(words[1]), int(words[2]))) if words[0] == "enrolled" and line.endswith("\n") else set()


def numbers_of(gallery: Gallery) -> list[int]:
    """Which photos of the writer the gallery holds, by id; each with its own vector."""
    held = {writer.sha256(number): number for number in range(3000)}
    found = [held[photo.sha256] for photo in gallery.photos(writer.SPECIES)]
    ids, vectors = gallery.vectors(writer.SPECIES)
    assert len(ids) == len(found)
    for number, vector in zip(found, vectors, strict=True):
        np.testing.assert_array_equal(vector, writer.vector(number))
    return found


def test_a_kill_while_enrolling_loses_nothing_acknowledged_and_leaves_no_half_batch(folder: Path) -> None:
    delays = random.Random(1)
    acknowledged: set[int] = set()
    first = 0
    for kill in range(6):
        with writing(folder, first, first + 10_000, BATCH) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            for _ in range(kill % 3):
                acknowledged |= enrolled_by(process.stdout.readline())
            time.sleep(delays.uniform(0, 0.03))
            process.kill()
            for line in process.stdout:
                acknowledged |= enrolled_by(line)
        with Gallery.open(folder) as gallery:
            held = numbers_of(gallery)
            assert len(held) == len(set(held))
            assert acknowledged <= set(held)
            assert len(held) % BATCH == 0
            assert gallery.species()[0].photos == len(held)
            again = gallery.enroll(writer.SPECIES, writer.NET, [writer.item(number) for number in held])
            assert {one.status for one in again} <= {"already"}
        first = len(held) - len(held) % BATCH
    assert len(acknowledged) >= BATCH
    with writing(folder, 0, first + BATCH, BATCH) as process:  # the retry of everything
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
        assert process.wait(60) == 0
    assert sum(int(line.split()[3]) for line in lines[1:]) == BATCH
    with Gallery.open(folder) as gallery:
        assert numbers_of(gallery) == list(range(first + BATCH))


def test_two_processes_enrolling_at_once_lose_nothing(folder: Path) -> None:
    with writing(folder, 0, 120, 3) as left, writing(folder, 90, 210, 3) as right:
        told = [process.communicate(timeout=60)[0] for process in (left, right)]
        assert (left.returncode, right.returncode) == (0, 0)
    added = sum(int(line.split()[3]) for text in told for line in text.splitlines()[1:])
    assert added == 210
    manifest = (folder / "gallery.json").read_bytes()
    with Gallery.open(folder) as gallery:
        assert sorted(numbers_of(gallery)) == list(range(210))
        assert [one.name for one in gallery.individuals()] == sorted(f"animal {n}" for n in range(70))
        assert len(gallery.log(1000)) == gallery.head()
        queries = np.stack([writer.vector(n) for n in (3, 100, 209)])
        state = dict(zip(*gallery.vectors(writer.SPECIES), strict=True))
        np.testing.assert_array_equal(
            gallery.search(writer.SPECIES, queries, 20).photo_ids, brute_force(state, queries, 20)[1]
        )
    assert (folder / "gallery.json").read_bytes() == manifest


def test_a_reader_sees_what_another_process_enrolls(folder: Path) -> None:
    with Gallery.open(folder, create=True) as reader:
        reader.set_embedding_net(writer.SPECIES, writer.NET, writer.DIMENSION, calibration=None)
        reader.enroll(writer.SPECIES, writer.NET, [writer.item(0)])
        query = writer.vector(5)[None]
        assert reader.search(writer.SPECIES, query, 1).photo_ids.tolist() == [[1]]
        with writing(folder, 5, 6, 1) as process:
            process.communicate(timeout=60)
        found = reader.search(writer.SPECIES, query, 1)
        assert found.photo_ids.tolist() == [[2]]
        assert found.scores[0, 0] == pytest.approx(1)


@pytest.mark.parametrize("numbers", [10**9, 1], ids=["exact", "by codes"])
def test_a_kill_while_the_cache_is_written_leaves_a_gallery_that_answers(
    folder: Path, numbers: int, caplog: pytest.LogCaptureFixture
) -> None:
    delays = random.Random(numbers)
    search = rewriter.search_settings(numbers)
    first = 0
    for kill in range(8):
        command = [sys.executable, "-m", "tests.store.rewriter", str(folder), str(first), "100000", str(numbers)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            while process.stdout.readline() != "open\n":
                assert process.poll() is None
            for _ in range(2 * (kill % 4) + 1):
                process.stdout.readline()  # ends with "writing": it is at it now
            time.sleep(delays.uniform(0, 0.02))
            process.kill()
        with Gallery.open(folder, search=search) as gallery:
            held = numbers_of(gallery)
            first = max(held) + 1
            queries = np.stack([writer.vector(number) for number in held[::5]])
            state = dict(zip(*gallery.vectors(writer.SPECIES), strict=True))
            found = gallery.search(writer.SPECIES, queries, 1)
            np.testing.assert_array_equal(found.photo_ids, brute_force(state, queries, 1)[1])
    assert "damaged" not in caplog.text
    assert not list(folder.glob("cache/*.4.faiss"))


@contextlib.contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may write anywhere: be nobody for a while."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.skipif(os.name != "posix", reason="permissions of folders are those of POSIX")
def test_a_gallery_that_cannot_be_written_can_be_searched() -> None:
    vectors, queries = unit(1, 30), unit(2, 3)
    outer = Path(tempfile.mkdtemp())
    outer.chmod(0o755)
    folder = outer / "lecture seule"
    try:
        with Gallery.open(folder, create=True) as gallery:
            gallery.set_embedding_net("zebra", NET, 32, calibration=None)
            gallery.enroll("zebra", NET, [item("a", n, vector) for n, vector in enumerate(vectors)])
        for path in (folder, folder / "cache", folder / "nets"):
            path.chmod(0o555)
        before = sorted(path.name for path in folder.rglob("*"))
        with ordinary_user(), Gallery.open(folder) as gallery:
            assert not gallery.writable
            expected = brute_force(dict(enumerate(vectors, 1)), queries, 5)
            np.testing.assert_array_equal(gallery.search("zebra", queries, 5).photo_ids, expected[1])
            with pytest.raises(GalleryError, match=r"is open for reading only .* then enroll again"):
                gallery.enroll("zebra", NET, [item("a", "x", vectors[0])])
        assert sorted(path.name for path in folder.rglob("*")) == before
    finally:
        for path in (folder, folder / "cache", folder / "nets"):
            path.chmod(0o755)
        shutil.rmtree(outer)
