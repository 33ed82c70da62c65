"""Another process that changes a gallery as it is told, line by line: `python changer.py GALLERY`; answers `done` to each."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import reid
from reid.records import Calibration
from reid.store import Gallery

LEARNED = Calibration(
    slope=10.0, intercept=-5.0, ceiling=4.0, known_at=0.9, new_at=0.9, prior=0.5, max_false_match=0.01, false_match=0.0,
    false_new=0.0, individuals=20, photos=60, comparisons=500,
)  # fmt: skip


def main() -> None:
    """Do what each line says: enroll PHOTO INDIVIDUAL, upgrade NET, calibrate, undo, or swap TIMES."""
    gallery = Path(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        what, *words = line.rstrip("\n").split("\t")
        if what == "enroll":
            reid.enroll([Path(words[0])], gallery=gallery, species="zebra", individual=words[1])
        elif what == "upgrade":
            reid.upgrade(words[0], gallery=gallery, yes=True)
        elif what == "calibrate":
            with Gallery.open(gallery) as opened:
                opened.set_calibrations({"zebra": (opened.embedding_net("zebra") or "", LEARNED)})
        elif what == "undo":
            reid.undo(gallery=gallery)
        elif what == "swap":  # to the net before and back again
            for _ in range(2 * int(words[0])):
                reid.undo(reid.log(gallery=gallery)[0].seq, gallery=gallery)
                time.sleep(0.2)
        print("done", flush=True)


if __name__ == "__main__":
    main()
