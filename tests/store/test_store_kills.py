"""Killed at any moment while it merges, splits, undoes, upgrades: every acknowledged change is there, and no half one."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import reid
from reid.store import Gallery
from reid.store.history import as_of
from tests.store import corrector

ROOT = Path(__file__).parents[2]


def assert_whole(folder: Path) -> None:
    """The catalogue is sound, and nothing points nowhere."""
    connection = sqlite3.connect(folder / "catalog.sqlite")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute(
            "SELECT p.id FROM photo p JOIN individual i ON i.id = p.individual_id"
            " WHERE p.removed_seq IS NULL AND i.removed_seq IS NOT NULL"
        ).fetchall() == []
        (head, count), = connection.execute("SELECT max(seq), count(*) FROM journal")
        assert head == count
        for table in ("history", "embedding", "photo", "individual", "species"):
            assert (connection.execute(f"SELECT max(seq) FROM {table}").fetchone()[0] or 0) <= head
    finally:
        connection.close()


def digest_at(folder: Path, seq: int) -> str:
    """What a user saw after a change, worked out from the history."""
    with Gallery.open(folder) as gallery:
        as_of.show_as_of(gallery._catalog, seq)
        return corrector.digest(gallery)


@pytest.mark.skipif(os.name != "posix", reason="fork and SIGKILL are those of POSIX")
def test_a_kill_in_any_change_loses_nothing_acknowledged_and_leaves_no_half_change(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    kills = 200 if request.config.getoption("--campaign") else 20
    chance, folder = random.Random(5), tmp_path / "galerie é"
    acknowledged: dict[int, str] = {}
    command = [sys.executable, "-m", "tests.store.corrector"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None and program.stdout is not None
        for kill in range(kills):
            print(folder, kill, file=program.stdin, flush=True)
            pid = int(program.stdout.readline().split()[1])
            lines = [program.stdout.readline() for _ in range(chance.randint(0, 3))]
            time.sleep(chance.uniform(0, 0.25))
            os.kill(pid, signal.SIGKILL)
            while (line := program.stdout.readline()) != "dead\n":
                lines.append(line)
            told = {int(line.split()[1]): line.split()[2] for line in lines if line.startswith("done") and line.endswith("\n")}
            assert not [line for line in lines if line.startswith("failed")]
            last = max([*told, *acknowledged], default=0)
            with Gallery.open(folder) as gallery:
                head = gallery.head()
                assert head >= last
                if head in told:
                    assert corrector.digest(gallery) == told[head]
                if gallery.embedding_net(corrector.SPECIES):  # else everything was undone
                    gallery.search(corrector.SPECIES, corrector.vector(1)[None], 3)
                assert gallery.checkup.damage() == []  # what `reid doctor` says of catalogue and cache
            assert_whole(folder)
            if (tmp_path / "north").exists():
                assert_whole(tmp_path / "north")
            for seq, digest in told.items():
                assert acknowledged.setdefault(seq, digest) == digest
        program.stdin.close()
    for seq in chance.sample(sorted(acknowledged), min(20, len(acknowledged))):
        assert digest_at(folder, seq) == acknowledged[seq]
    assert len(acknowledged) >= kills


@pytest.mark.skipif(os.name != "posix", reason="fork is that of POSIX")
def test_four_writers_and_four_readers_lose_nothing_and_see_no_half_change(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seconds = 60 if request.config.getoption("--campaign") else 4
    command = [sys.executable, "-m", "tests.store.corrector", str(tmp_path / "g"), str(seconds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=seconds + 120)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["ok"] * 8, done.stdout + done.stderr
    told = [int(number) for line in lines for number in line[4:]]
    assert len(told) == len(set(told)) > 0
    assert_whole(tmp_path / "g")
    with Gallery.open(tmp_path / "g") as gallery:
        assert set(told) == {one.id for one in (*gallery.photos(), *gallery.photos(removed=True))}
        assert len(gallery.log(10**6)) == gallery.head()


UNBUNDLES = """
import shutil, sys
from pathlib import Path
from reid.actions.exchange.bundles import unbundle
parcel, place = Path(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
for turn in range(1000):
    unbundle(parcel, place / f"g{turn}")
    print("done", turn, flush=True)
"""


def test_a_kill_while_a_bundle_is_unpacked_leaves_a_whole_gallery_or_none(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    kills, chance = (100 if request.config.getoption("--campaign") else 4), random.Random(6)
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        gallery.set_embedding_net(corrector.SPECIES, "net-1", 16, calibration=None)
        for _ in range(20):
            corrector.enroll(gallery, chance)
        wanted = corrector.digest(gallery)
    reid.bundle(tmp_path / "g.zip", gallery=tmp_path / "g", thumbnails=False)
    for kill in range(kills):
        place = tmp_path / f"place {kill}"
        place.mkdir()
        command = [sys.executable, "-c", UNBUNDLES, str(tmp_path / "g.zip"), str(place)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
            assert program.stdout is not None and program.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 0.1))
            program.kill()
            done = [line for line in program.stdout if line.startswith("done") and line.endswith("\n")]
        there = sorted(path for path in place.iterdir() if not path.name.startswith("."))
        assert len(there) >= len(done)
        for folder in there:
            assert_whole(folder)
            with Gallery.open(folder) as gallery:
                assert (corrector.digest(gallery), gallery.checkup.damage()) == (wanted, [])
        reid.unbundle(tmp_path / "g.zip", place / f"g{len(there)}")
        shutil.rmtree(place)
