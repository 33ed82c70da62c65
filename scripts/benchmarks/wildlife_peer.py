"""The peer's side of `speed.py`, run by an interpreter that has wildlife-tools: its features of a folder, with our net.

    PEER-PYTHON scripts/benchmarks/wildlife_peer.py features FOLDER OUT.npy

The net is our base net by torch, so that both do the same work; photos are squashed to its input by torchvision's Resize on
what wildlife-tools reads (OpenCV, the whole picture). Prints one JSON line: seconds by the clock and of the processors.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas
from torchvision import transforms
from wildlife_tools.data import WildlifeDataset
from wildlife_tools.features.deep import DeepFeatures

from reid.nets import bundle


def processors() -> float:
    """Seconds of all cores, of this process and of the children that ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def features(folder: Path, out: Path) -> None:
    card, net = bundle.load(bundle.BASE)
    paths = sorted(str(path) for path in folder.iterdir())
    shape = transforms.Compose([transforms.Resize(card.image_size), transforms.ToTensor()])
    table = pandas.DataFrame({"path": paths, "identity": ["one"] * len(paths)})
    extract = DeepFeatures(net, batch_size=16, num_workers=1)
    extract(WildlifeDataset(table.head(1), transform=shape))  # what is loaded at first use is not counted
    wall, cores = time.perf_counter(), processors()
    found = extract(WildlifeDataset(table, transform=shape))
    seconds = {"wall": time.perf_counter() - wall, "cpu": processors() - cores}
    np.save(out, found)
    print(json.dumps(seconds))


if __name__ == "__main__":
    assert sys.argv[1] == "features"
    features(Path(sys.argv[2]), Path(sys.argv[3]))
