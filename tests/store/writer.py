"""A program of its own that enrolls photos and says which are on the disk: the tests run it, two at once, and kill it.

    python writer.py FOLDER FIRST STOP BATCH

Photo i shows individual i // 3 and has the vector `vector(i)`; every finished batch prints "enrolled FIRST STOP added".
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid.records import Photo
from reid.store import Enrollment, Gallery

SPECIES, NET, DIMENSION = "zebra", "net-of-the-writer", 16


def vector(number: int) -> NDArray[np.float32]:
    found = np.random.default_rng(number).standard_normal(DIMENSION)
    return (found / np.linalg.norm(found)).astype(np.float32)


def sha256(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def item(number: int) -> Enrollment:
    photo = Photo(Path(f"/photos/Zoë {number}.jpg"), side="left", encounter=f"night {number // 3}")
    return Enrollment(f"animal {number // 3}", photo, sha256(number), 640, 480, vector(number))


def main(folder: str, first: str, stop: str, batch: str) -> None:
    with Gallery.open(Path(folder), create=True) as gallery:
        if gallery.embedding_net(SPECIES) is None:
            gallery.set_embedding_net(SPECIES, NET, DIMENSION, calibration=None)
        print("open", flush=True)
        for start in range(int(first), int(stop), int(batch)):
            end = min(start + int(batch), int(stop))
            told = gallery.enroll(SPECIES, NET, [item(number) for number in range(start, end)])
            print("enrolled", start, end, sum(one.status == "added" for one in told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
