"""A manifest of many rows through `reid import --dry-run`: seconds of wall clock and of processor, and the largest memory held.

    python scripts/benchmarks/manifest.py FOLDER [--rows 1000,10000,100000] [--kinds table,exif,pixels,xlsx]

table: everything is in a CSV. exif: dates and cameras are read from the photos. pixels: boxes in pixels, so that each photo's
size is read. xlsx: the first as an Excel sheet. The photos are small JPEGs, one in 10,000 a file of its own, the others links to
it; one row in 500 has a mistake. We want 100,000 rows in under 60 s.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from reid.formats.readers.photo_lists import BOX_COLUMNS, PHOTO_COLUMNS
from reid.images import write_jpeg
from reid.tables.spreadsheets import write_book

KINDS = ("table", "exif", "pixels", "xlsx")
LINKS = 10_000
HEADER = (*PHOTO_COLUMNS, *BOX_COLUMNS, "sex")


def photos(folder: Path, rows: int) -> None:
    """cards/CAM-00/IMG_000000.JPG and so on."""
    for number in range(rows):
        path = folder / f"cards/CAM-{number // LINKS:02d}/IMG_{number:06d}.JPG"
        if path.exists():
            continue
        first = path.with_name(f"IMG_{number // LINKS * LINKS:06d}.JPG")
        if path == first:
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(number).integers(0, 255, (60, 90, 3), np.uint8)
            write_jpeg(path, pixels, captured_at=datetime(2023, 5, 1, 6), camera=path.parent.name)
        else:
            os.link(first, path)


def row(number: int, kind: str) -> tuple[object, ...]:
    camera = f"CAM-{number // LINKS:02d}"
    taken = datetime(2021, 1, 1) + timedelta(minutes=7 * number)
    box = (10, 12, 40, 30) if kind == "pixels" else (0.1, 0.2, 0.5, 0.6)
    known = kind != "exif"
    wrong = "lft" if number % 500 == 499 else ""
    return (f"cards/{camera}/IMG_{number:06d}.JPG", "zebra", f"zebra-{number % 1000:04d}", taken if known else "", "",
            camera if known else "", wrong or ("left", "right")[number % 2], "", *box, "female")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", default="1000,10000,100000")
    parser.add_argument("--kinds", default="table,exif,pixels,xlsx")
    given = parser.parse_args()
    sizes = [int(one) for one in given.rows.split(",")]
    photos(given.folder, max(sizes))
    for kind in given.kinds.split(","):
        for size in sizes:
            path = given.folder / f"{kind}-{size}.{'xlsx' if kind == 'xlsx' else 'csv'}"
            rows = (row(number, kind) for number in range(size))
            if kind == "xlsx":
                write_book(path, {"photos": (HEADER, rows)})
            else:
                with path.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file)
                    writer.writerow(HEADER)
                    writer.writerows(rows)
            measure(kind, size, path)


def measure(kind: str, size: int, path: Path) -> None:
    """One import in a process of its own, so that its memory is its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", MEASURED, str(path), str(path.with_suffix(".gallery"))]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode != 1:  # some rows have a mistake
        raise SystemExit(done.stderr)
    *told, held = done.stdout.splitlines()
    report = json.loads(told[-1])
    assert report["photos"] == size - size // 500 and len(report["problems"]) == size // 500, report
    print(f"{kind}, {size} rows: {seconds:.1f} s, {used:.1f} s of processor, {int(held) / 1024:.0f} MB", flush=True)


MEASURED = """
import resource, sys
from reid import cli
try:
    cli.run(["import", sys.argv[1], "--dry-run", "--json", "--gallery", sys.argv[2]])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


if __name__ == "__main__":
    main()
