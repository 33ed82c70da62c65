"""How well does a side net tell the sides of animals it has never seen? One row for each table of photos of known side.

    reid train TRAIN.csv --stage side --gallery FOLDER
    python scripts/benchmarks/sides.py FOLDER/nets/FINGERPRINT.safetensors TEST.csv [TEST.csv ...]

right: the likelier side is the known one. told, wrong: of all photos, those whose side the net is sure enough to tell, and those
told a wrong one; the net's card states the error it was trained for. A species the net did not learn is never asked about in
use: its row says what would come of it.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path

import numpy as np

from reid.formats.readers.photo_lists import read_photos
from reid.nets import inference
from reid.steps.embedded_photos import inputs, sizes_of
from reid.steps.photos import Opened, open_photos

BATCH = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", type=Path)
    parser.add_argument("tables", type=Path, nargs="+")
    given = parser.parse_args()
    net = inference.load(given.net, "cpu")
    print(f"side net {net.card.fingerprint}, learned from {', '.join(net.card.among)}, tells from {net.card.sure_at:.3f} on\n")
    print("| photos | number | individuals | right | told | wrong |\n|---|---|---|---|---|---|")
    for table in given.tables:
        photos = [photo for photo in read_photos([table]).photos if photo.side in net.card.classes]
        right, sure = [], []
        answers = (item for item in open_photos(photos, sizes=sizes_of(net)) if isinstance(item, Opened))
        while batch := list(islice(answers, BATCH)):
            chances = net.sides(inputs(net, [item.picture for item in batch]))
            known = np.array([net.card.classes.index(item.photo.side) for item in batch])
            right += (chances.argmax(axis=1) == known).tolist()
            sure += (chances.max(axis=1) >= net.card.sure_at).tolist()
        good, told = np.array(right), np.array(sure)
        people = len({photo.individual for photo in photos})
        shares = " | ".join(f"{share:.3f}" for share in (good.mean(), told.mean(), (told & ~good).mean()))
        print(f"| {table.name} | {len(good)} | {people} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
