"""Is reid as fast and as small as the build before? One command, two interpreters in turn, one table.

    python scripts/benchmarks/house.py --before PYTHON --now PYTHON [--repeats 5] [--only doctor] [--folder FOLDER]

PYTHON: of a virtual environment with that build installed. Seconds are those of the cores, of the process and its children,
and memory is the most that was resident at once; each is the median of the repeats, in which the two take turns. The photos
are drawn, with a seed, by the build that runs this script. Wanted: at most 1.05 of before; of doctor on 1,000 photos a quarter
of the memory and half of the seconds; of train on 2,000 photos of 100x185 px 0.6 of the memory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from reid import synthetic

HOME = tempfile.gettempdir()
"""Where the interpreters run: `reid` is then the one that is installed, not one of the folder of whoever starts this."""
WARM = """
import sys, time, resource
from pathlib import Path
try:
    from reid.actions.identification.identifier import Identifier
except ImportError:
    from reid.actions.query import Identifier
from reid.records import Photo
from reid.settings import QuerySettings
from reid.store import Gallery
with Gallery.open(Path(sys.argv[1])) as opened:
    identifier = Identifier(opened, QuerySettings(device="cpu"))
    paths = sorted(Path(sys.argv[2]).rglob("*.jpg"))[:20]
    for path in paths[:5]:
        list(identifier.identify([Photo(path)]))
    start = time.process_time()
    for path in paths * 5:
        list(identifier.identify([Photo(path)]))
    print((time.process_time() - start) / 100)
"""
"""Seconds of one photo in a process that is ready."""


class Cost(NamedTuple):
    """Of one run: seconds of the cores, megabytes at most."""

    seconds: float
    megabytes: float


class Case(NamedTuple):
    """What is run. prepare: what a run changes, made again before it; printed: its seconds are those it prints."""

    name: str
    command: list[str]
    seconds: float | None
    megabytes: float | None
    prepare: Callable[[], None] = lambda: None
    printed: bool = False


def cost(python: str, case: Case) -> Cost:
    """One run of a case under an interpreter."""
    case.prepare()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([python, *case.command], stdout=output, stderr=subprocess.DEVNULL, cwd=HOME)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode()
    assert process.returncode == 0, (python, case.command)
    seconds = float(text.split()[-1]) if case.printed else usage.ru_utime + usage.ru_stime
    return Cost(seconds, usage.ru_maxrss / 1000)


def draw(folder: Path, individuals: int, photos: int, width: int, height: int) -> Path:
    """A folder of drawn zebras with a manifest, so many photos each."""
    if not (folder / "manifest.csv").exists():
        drawn = synthetic.draw_season(
            ["zebra"], range(individuals), season=0, encounters=photos, photos_per_encounter=1, width=width, height=height, seed=7
        )
        synthetic.write_photos(folder, drawn)
    return folder


def cases(folder: Path, before: str, names: list[str]) -> Iterator[Case]:
    """Every case, on photos drawn and a gallery that the build before enrolled."""
    gallery, scratch = folder / "gallery", folder / "scratch"

    def reid(*arguments: object) -> list[str]:
        return ["-m", "reid", *map(str, arguments)]

    def fresh() -> None:
        shutil.rmtree(scratch, ignore_errors=True)

    if {"doctor", "query", "warm"} & set(names):
        enrolled = draw(folder / "enrolled", 100, 10, 192, 128)
        photo = next(iter(sorted(enrolled.rglob("*.jpg"))))
        if not gallery.exists():
            for arguments in (("enroll", enrolled), ("query", photo)):  # the query makes the index
                subprocess.run([before, *reid(*arguments, "--gallery", gallery, "--device", "cpu")], check=True, cwd=HOME)
    if "help" in names:
        yield Case("`reid --help`", reid("--help"), 1.05, 1.05)
    if "query" in names:
        yield Case("`reid query`, cold", reid("query", photo, "--gallery", gallery, "--json", "--device", "cpu"), 1.05, 1.05)
    if "warm" in names:
        yield Case("one photo, warm", ["-c", WARM, str(gallery), str(enrolled)], 1.05, 1.05, printed=True)
    if "doctor" in names:
        yield Case("`reid doctor`, 1,000 photos", reid("doctor", "--gallery", gallery, "--json"), 0.5, 0.25)
    if "enroll" in names:
        photos = draw(folder / "of 384 px", 10, 8, 576, 384)
        command = reid("enroll", photos, "--gallery", scratch, "--device", "cpu")
        yield Case("`reid enroll`, 80 photos of 384 px", command, 1.05, 1.05, fresh)
    if "train" in names:
        photos = draw(folder / "taught", 200, 10, 185, 100)
        command = reid("train", photos, "--stage", "embedding", "--gallery", scratch, "--device", "cpu", "--epochs", 1)
        yield Case("`reid train`, 2,000 photos of 100x185 px, 1 epoch", command, None, 0.6, fresh)


NAMES = ["help", "query", "warm", "doctor", "enroll", "train"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", required=True, help="an interpreter with the build before")
    parser.add_argument("--now", default=sys.executable, help="an interpreter with the build to judge")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=NAMES, action="append")
    parser.add_argument("--folder", type=Path, help="where photos and gallery are kept for the next run")
    options = parser.parse_args()
    os.environ["MPLBACKEND"] = "agg"
    print("| what | measure | before | now | ratio | wanted |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for case in cases((options.folder or Path(name)).resolve(), options.before, options.only or NAMES):
            turns = [(cost(options.before, case), cost(options.now, case)) for _ in range(options.repeats)]
            before, now = (Cost(*map(median, zip(*column, strict=True))) for column in zip(*turns, strict=True))
            for measure, wanted, old, new in (("s", case.seconds, before.seconds, now.seconds),
                                              ("MB", case.megabytes, before.megabytes, now.megabytes)):  # fmt: skip
                goal = "" if wanted is None else f"<= {wanted}"
                print(f"| {case.name} | {measure} | {old:.3g} | {new:.3g} | {new / old:.2f} | {goal} |", flush=True)


if __name__ == "__main__":
    main()
