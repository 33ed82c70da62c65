"""A program of its own that enrolls photos, so that the cache is due all the time, and writes it: the tests kill it.

    python rewriter.py FOLDER FIRST STOP NUMBERS

NUMBERS is `SearchSettings.exact_numbers`. Every turn enrolls four photos of the writer and searches; it prints
"writing SEQ" when the cache is about to be written and "written SEQ" when it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from reid.settings import SearchSettings
from reid.store import Gallery
from tests.store.writer import DIMENSION, NET, SPECIES, item, vector

BATCH = 4


def search_settings(numbers: int) -> SearchSettings:
    return SearchSettings(exact_numbers=numbers, candidates=8, probes=64, rewrite_photos=1, rewrite_share=0.0)


def main(folder: str, first: str, stop: str, numbers: str) -> None:
    with Gallery.open(Path(folder), create=True, search=search_settings(int(numbers))) as gallery:
        if gallery.embedding_net(SPECIES) is None:
            gallery.set_embedding_net(SPECIES, NET, DIMENSION, calibration=None)
        print("open", flush=True)
        for start in range(int(first), int(stop), BATCH):
            gallery.enroll(SPECIES, NET, [item(number) for number in range(start, start + BATCH)])
            print("writing", gallery.head(), flush=True)
            gallery.search(SPECIES, vector(start)[None], 1)
            gallery.settle()
            print("written", gallery.head(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
