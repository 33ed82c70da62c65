"""How fast is reid, beside what others need for the same and beside the machine's limit? One command, one table.

    python scripts/benchmarks/speed.py [--originals ../shared/data/originals] [--peer PYTHON] [--only embedding] [--clock cpu]

Ours and the peer take turns within one run, several times; the table has the medians, and what is compared gave the same
answers in that run. The peer of enrolling is wildlife-tools; --peer names an interpreter that has it and all that reid needs
(python -m venv peer; peer/bin/pip install . pandas opencv-python-headless pycocotools timm transformers wildlife-datasets;
peer/bin/pip install --no-deps wildlife-tools). --clock cpu counts seconds of the cores instead of the clock's, which is fairer
on a busy machine. `rows()` of search.py is added where it is there.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import numpy as np

from reid import images, synthetic, threads
from reid.actions.identification.identifier import Identifier
from reid.actions.intake.enroll import enroll
from reid.nets import inference, net_files
from reid.records import Photo
from reid.settings import QuerySettings
from reid.steps.embedded_photos import classify, embed_and_map, shortest_side
from reid.steps.search import SHORTLIST, ShortlistQuery, shortlist
from reid.store import Gallery, Where
from reid.store.layout.net_folder import NetFolder

HERE = Path(__file__).parent
SPECIES = "drawn zebra"
"""A class of the species net that ships, so that both stages answer."""


class Row(NamedTuple):
    """One line of the table; `ratio` is how much better ours is (above 1) where wanted says >=, else how much it costs."""

    name: str
    ours: float
    unit: str
    peer_name: str
    peer: float
    ratio: float
    wanted: str


class Options(NamedTuple):
    """What was asked for on the command line."""

    originals: Path
    peer: str
    clock: str
    repeats: int
    photos: int
    folder: Path


def processors() -> float:
    """Seconds of all cores, of this process and of the children that ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def seconds(work: Callable[[], Any], clock: str) -> float:
    now = time.perf_counter if clock == "wall" else processors
    start = now()
    work()
    return now() - start


def in_turn(clock: str, repeats: int, *works: Callable[[], Any]) -> list[float]:
    """The median seconds of each work, done in turn so that a busy minute hits all alike."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for row, work in enumerate(works):
            found[row].append(seconds(work, clock))
    return [median(one) for one in found]


def copies(sources: Sequence[bytes], count: int, folder: Path) -> list[Path]:
    """So many photos in a new folder, each with a content of its own: a few bytes behind the picture's end."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number:06d}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(sources[number % len(sources)] + number.to_bytes(4, "big"))
    return paths


def small(pixels: np.ndarray, short: int = 384) -> bytes:
    factor = short / min(pixels.shape[:2])
    return images.jpeg_bytes(images.resize(pixels, *(round(edge * factor) for edge in pixels.shape[:2])), quality=90)


def drawings(count: int) -> list[np.ndarray]:
    size = {"encounters": count, "photos_per_encounter": 1, "width": 576, "height": 384}
    return [pixels for _, pixels in synthetic.draw_season(["zebra"], range(1), season=0, **size)]


def enrolling(options: Options) -> Iterator[Row]:
    """Enroll end to end: read, decode, embed, write; the peer reads, decodes and embeds."""
    found = sorted(options.originals.iterdir()) if options.originals.is_dir() else []
    sets = {"384-px photos": ([small(one) for one in drawings(4)], 160, ">= 3")}
    if found:
        sets = {"16-megapixel originals": ([path.read_bytes() for path in found], 25, ">= 5")}
        sets |= {"384-px photos": ([small(images.read(path).pixels) for path in found], 160, ">= 3")}
    for name, (sources, count, wanted) in sets.items():
        folder = options.folder / name
        paths = copies(sources, count, folder / "photos")
        _base(folder / "gallery")  # a gallery with its net, as one has after the first photo
        ours, peer, worst = [], [], 1.0
        for turn in range(options.repeats):
            gallery = folder / f"g{turn}"
            shutil.copytree(folder / "gallery", gallery)
            ours.append(seconds(partial(_enroll, paths, gallery), options.clock))
            if options.peer:
                told, vectors = _peer(options.peer, folder)
                peer.append(told[options.clock])
                worst = min(worst, _least_cosine(vectors, paths, gallery))
        rate, other = count / median(ours), count / median(peer) if peer else float("nan")
        yield Row(f"enroll, {name}", rate, "photos/s", f"wildlife-tools (cosine {worst:.3f})", other, rate / other, wanted)


def _enroll(paths: Sequence[Path], gallery: Path) -> None:
    report = enroll(paths, gallery=gallery, species=SPECIES, individual="one", device="cpu")
    assert report.added == {SPECIES: len(paths)}, report.problems


def _peer(python: str, folder: Path) -> tuple[dict[str, float], np.ndarray]:
    command = [python, str(HERE / "wildlife_peer.py"), "features", str(folder / "photos"), str(folder / "peer.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]), np.load(folder / "peer.npy")


def _least_cosine(vectors: np.ndarray, paths: Sequence[Path], gallery: Path) -> float:
    with Gallery.open(gallery) as opened:
        ids, vectors_of = opened.vectors(SPECIES)
        by_name = {opened.photo(int(one)).path.name: vector for one, vector in zip(ids, vectors_of, strict=True)}
    ours = np.stack([by_name[path.name] for path in paths])
    return float((ours * vectors).sum(axis=1).min())


def embedding(options: Options) -> Iterator[Row]:
    """The net alone, on photos already of its size."""
    import torch

    torch.set_num_threads(threads.cores())
    card, net = net_files.load(net_files.BASE)
    ready = _base(options.folder)
    pixels = list(np.random.default_rng(0).integers(0, 256, (16, *card.image_size, 3), dtype=np.uint8))
    square = np.random.default_rng(0).random((1536, 1536), dtype=np.float32)

    def eager() -> Any:
        with torch.inference_mode():
            return net(torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255.0)

    work = 2.0 * len(square) ** 3
    ours, theirs, one, matrix = in_turn(options.clock, 3 * options.repeats, lambda: ready.embed(pixels), eager,
                                        lambda: ready.embed(pixels[:1]), lambda: square @ square)  # fmt: skip
    cosine = float((ready.embed(pixels) * eager().numpy()).sum(axis=1).min())
    assert cosine >= 0.9999, cosine
    floor = 1000 * _flops(net, card.image_size) * matrix / work
    name = f"embedding, {card.image_size[0]}x{card.image_size[1]}"
    ms, other = 1000 * ours / 16, 1000 * theirs / 16
    yield Row(f"{name}, batch 16", ms, "ms a photo", f"torch eager (cosine {cosine:.5f})", other, other / ms, ">= 4")
    yield Row(f"{name}, batch 16", ms, "ms a photo", f"FLOPs at {work / matrix / 1e9:.0f} GFLOP/s", floor, ms / floor, "<= 1.5")
    yield Row(f"{name}, one photo", 1000 * one, "ms", "the same", floor, 1000 * one / floor, "")


def _base(folder: Path) -> inference.Runtime:
    card = net_files.read_card(NetFolder(folder / "nets").put(net_files.BASE))
    return inference.load(folder / "nets" / f"{card.fingerprint}.safetensors", "cpu")


def _flops(net: Any, size: tuple[int, int]) -> float:
    """Two for each multiplication of convolutions and linear layers, for one photo."""
    import torch

    counted = [0.0]

    def count(module: Any, _: Any, out: Any) -> None:
        counted[0] += 2.0 * out.numel() * module.weight[0].numel()

    hooks = [one.register_forward_hook(count) for one in net.modules() if isinstance(one, torch.nn.Conv2d | torch.nn.Linear)]
    with torch.inference_mode():
        net(torch.zeros(1, 3, *size))
    for hook in hooks:
        hook.remove()
    return counted[0]


def both_stages(folder: Path) -> tuple[Path, list[Path]]:
    """A gallery with a species net, and photos to ask it about."""
    paths = copies([small(one) for one in drawings(8)], 64, folder / "photos")
    gallery = folder / "gallery"
    enroll(paths[:32], gallery=gallery, species=SPECIES, individual="one", device="cpu")
    with Gallery.open(gallery) as opened:
        card = net_files.read_card(opened.nets.put(net_files.SPECIES_BASE))
        inference.load(opened.nets_folder / f"{card.fingerprint}.safetensors", "cpu")
        opened.set_species_net(card.fingerprint)
    return gallery, paths[32:]


def cold(options: Options) -> Iterator[Row]:
    """A whole command, from nothing to the answer."""
    gallery, paths = both_stages(options.folder / "cold")
    query = [sys.executable, "-m", "reid", "query", str(paths[0]), "--gallery", str(gallery), "--json", "--device", "cpu"]
    load = [sys.executable, "-c", "import torch, torchvision, faiss"]
    told = json.loads(subprocess.run(query, capture_output=True, check=True).stdout.splitlines()[0])
    assert told["searched"] == [SPECIES], told
    runs = [lambda one=one: subprocess.run(one, capture_output=True, check=True) for one in (query, load)]
    ours, theirs = in_turn(options.clock, 2 * options.repeats, *runs)
    yield Row("reid query, cold, both stages", ours, "s", "import torch, torchvision, faiss", theirs, ours / theirs, "<= 0.5")


def warm(options: Options) -> Iterator[Row]:
    """One photo at a time in a process that is ready, beside each part of the work measured alone."""
    gallery, paths = both_stages(options.folder / "warm")
    settings = QuerySettings(device="cpu")
    with Gallery.open(gallery) as opened:
        identifier = Identifier(opened, settings)
        whole, parts = [], []
        for path in paths * 4:
            whole.append(seconds(lambda path=path: list(identifier.identify([Photo(path)])), options.clock))
            parts.append(_parts(opened, identifier, path, options.clock))
    for name, at in (("p50", 50), ("p99", 99)):
        ours, theirs = (1000 * quantiles(sorted(one), n=100)[at - 1] for one in (whole[8:], parts[8:]))
        yield Row(f"query, warm, {name}", ours, "ms", "sum of its parts", theirs, ours / theirs, "<= 1.15")


def _parts(opened: Gallery, identifier: Identifier, path: Path, clock: str) -> float:
    """Seconds of reading, routing, embedding and searching, nothing else."""
    species_net, net = identifier.species_net, inference.load(identifier.nets[SPECIES], "cpu")
    assert species_net is not None
    now = time.perf_counter if clock == "wall" else processors
    start = now()
    picture = images.read(path, shortest=shortest_side(species_net, net))
    classify(species_net, [picture])
    vectors, _ = embed_and_map(net, [picture])
    shortlist(opened, SPECIES, vectors, ShortlistQuery(net.card.fingerprint, Where(), 1, SHORTLIST))
    return now() - start


def memory(options: Options) -> Iterator[Row]:
    """What a long enrolling holds in memory, in a process of its own."""
    folder = options.folder / "memory"
    copies([small(one) for one in drawings(4)], options.photos, folder / "photos")
    command = [sys.executable, __file__, "--memory", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, last, most = json.loads(done.stdout.splitlines()[-1])
    yield Row(f"memory after {options.photos} photos", last, "MB", "after 1,000 photos", first, last / first, "flat: <= 1.05")
    yield Row("memory at most", most, "MB", "limit", 1000.0, most / 1000.0, "<= 1")


def _memory(folder: Path) -> None:
    """Enroll the folder's photos and print resident MB after 1,000, at the end, and at most."""
    held: dict[int, float] = {}

    class Watch:
        def start(self, task: str, total: int | None = None) -> None: ...
        def say(self, text: str) -> None: ...
        def finish(self) -> None: ...
        def advance(self, done: int, note: str = "") -> None:
            held[done] = int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * resource.getpagesize() / 1e6

    enroll([folder / "photos"], gallery=folder / "gallery", species=SPECIES, individual="one", device="cpu", progress=Watch())
    first = min(held, key=lambda done: abs(done - 1000))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps([held[first], held[max(held)], most]))


def searching(options: Options) -> Iterator[Row]:
    """The rows of search.py, where it is there."""
    path = HERE / "search.py"
    spec = importlib.util.spec_from_file_location("search_benchmark", path) if path.exists() else None
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # its dataclasses look themselves up
        spec.loader.exec_module(module)
        folder = options.folder / "search"
        folder.mkdir()
        yield from (Row(*row) for row in module.rows(folder))


PARTS = {"enroll": enrolling, "embedding": embedding, "cold": cold, "warm": warm, "memory": memory, "search": searching}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--originals", type=Path, default=HERE.parents[2] / "shared" / "data" / "originals")
    parser.add_argument("--peer", default="", help="an interpreter that has wildlife-tools")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--photos", type=int, default=20_000, help="enrolled for the memory row")
    parser.add_argument("--only", choices=tuple(PARTS), action="append")
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory is not None:
        _memory(given.memory)
        return
    print(f"{threads.cores()} cores, load {os.getloadavg()[0]:.1f}, clock: {given.clock}\n")
    print("| what | ours | beside | theirs | ratio | wanted |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        options = Options(given.originals, given.peer, given.clock, given.repeats, given.photos, Path(folder))
        for part in given.only or PARTS:
            for row in PARTS[part](options):
                cells = (row.name, f"{row.ours:.3g} {row.unit}", row.peer_name, f"{row.peer:.3g}", f"{row.ratio:.2f}", row.wanted)
                print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
