"""How long the commands of a person take in a gallery of a million photos (20 numbers each: what is timed is the catalogue).

    python scripts/benchmarks/large_catalogue.py [PHOTOS] [FOLDER]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from reid.records import Photo
from reid.store import Enrollment, Gallery

DIMENSION, BATCH, EACH = 20, 10_000, 50


def fill(folder: Path, photos: int) -> None:
    chance = np.random.default_rng(1)
    with Gallery.open(folder, create=True) as gallery:
        gallery.set_embedding_net("zebra", "net", DIMENSION, calibration=None)
        for start in range(0, photos, BATCH):
            vectors = chance.standard_normal((BATCH, DIMENSION)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            gallery.enroll("zebra", "net", [
                Enrollment(f"animal {(start + n) // EACH}", Photo(Path(f"/photos/{start + n}.jpg"), side="left", season="2024"),
                           f"{start + n:064x}", 640, 480, vectors[n])
                for n in range(BATCH)
            ])


def timed(name: str, run: Callable[[], object], times: int = 3) -> None:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    print(f"{name:<55} {np.median(taken) * 1000:10.1f} ms", flush=True)


def main(photos: int, folder: Path) -> None:
    if not (folder / "catalog.sqlite").exists():
        start = time.perf_counter()
        fill(folder, photos)
        print(f"enrolled {photos} in {time.perf_counter() - start:.0f} s")
    print(f"catalogue {(folder / 'catalog.sqlite').stat().st_size / 1e6:.0f} MB")
    timed("open and close", lambda: Gallery.open(folder).close())
    with Gallery.open(folder) as gallery:
        query = np.ones((1, DIMENSION), np.float32) / np.float32(np.sqrt(DIMENSION))
        timed("first search (builds or maps the index)", lambda: gallery.search("zebra", query, 5), 1)
        timed("search", lambda: gallery.search("zebra", query, 5))
        timed("log, 20 entries", lambda: gallery.history.log(20))
        timed("log of one individual", lambda: gallery.history.log(20, individual_id=700))
        timed("list the individuals", gallery.individuals)
        timed("photos of one individual", lambda: gallery.photos("zebra", "animal 700"))
        timed("correct the side of a photo", lambda: gallery.corrections.correct([7], side="right"), 1)
        timed("undo it", gallery.history.undo, 1)
        timed(f"merge two individuals of {EACH} photos", lambda: gallery.identities.merge("animal 1", "animal 2"), 1)
        timed("search after it", lambda: gallery.search("zebra", query, 5), 1)
        timed("undo the merge", gallery.history.undo, 1)
        at = gallery.history.log(1)[0].at
        timed("rename", lambda: gallery.identities.rename("animal 3", "Three"), 1)
        timed("undo it", gallery.history.undo, 1)
    timed("open as of a day", lambda: Gallery.open(folder, as_of=at).close(), 1)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if len(sys.argv) > 2:
        main(count, Path(sys.argv[2]))
    else:
        place = Path(tempfile.mkdtemp())
        try:
            main(count, place / "large")
        finally:
            shutil.rmtree(place)
