"""How fast a gallery is searched, opened and added to, beside FAISS, numpy and scikit-learn in the same run.

    python scripts/benchmarks/search.py --folder /somewhere/large [--sizes 1e3,1e4,1e5,1e6] [--plot .github/search.png]

Galleries of made-up embeddings (256 numbers; individuals of eight photos, a falling spectrum) are enrolled by the store's own
`Gallery.enroll` into FOLDER and kept there for the next run: 1e6 photos take some minutes and 3 GB. Every figure is the
median of several repeats, process CPU time on one thread; wall time stands beside it. `rows()` gives the table to others.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from reid.records import Photo
from reid.settings import SearchSettings
from reid.store import Enrollment, Gallery, Where

D, K, NET, SPECIES = 256, 10, "benchmark" * 4, "zebra"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUERIES = 1000
ENROLL_AT_ONCE = 10_000
Row = tuple[str, float, str, str, float, float, str]
"""name, ours, its unit, the peer, the peer's figure, ours / peer, what is wanted."""


def embeddings(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(count, D) of a gallery, eight views an individual, and (QUERIES, D) further views of some of them."""
    rng = np.random.default_rng(seed)
    spectrum = (1 + np.arange(D)) ** -0.5
    spectrum /= np.linalg.norm(spectrum)
    animals = rng.standard_normal((max(count // 8, 1), D), dtype=np.float32) * spectrum.astype(np.float32)
    animals /= np.linalg.norm(animals, axis=1, keepdims=True)

    def views(of: np.ndarray) -> np.ndarray:
        found = animals[of] + 0.7 * spectrum.astype(np.float32) * rng.standard_normal((len(of), D), dtype=np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    rows = np.concatenate([views(np.arange(at, min(at + 50_000, count)) // 8 % len(animals)) for at in range(0, count, 50_000)])
    return rows, views(rng.integers(0, len(animals), QUERIES))


def items(rows: np.ndarray, first: int) -> list[Enrollment]:
    """Enrollments of photos first, first + 1, ... with these vectors."""
    return [
        Enrollment(
            f"animal {n // 8}",
            Photo(Path(f"/photos/{n}.jpg"), side=("left", "right", "")[n % 3], season=str(2015 + n % 10), camera=f"c{n % 50}"),
            hashlib.sha256(str(n).encode()).hexdigest(), 640, 480, row,
        )
        for n, row in enumerate(rows, first)
    ]


def made(folder: Path, count: int) -> tuple[Path, np.ndarray, np.ndarray]:
    """The gallery of `count` photos, enrolled if it is not there yet, and its data."""
    rows, queries = embeddings(count)
    path, done = folder / f"gallery-{count}", folder / f"gallery-{count}.done"
    if not done.exists():
        shutil.rmtree(path, ignore_errors=True)
        with Gallery.open(path, create=True) as gallery:
            gallery.set_embedding_net(SPECIES, NET, D, calibration=None)
            for at in range(0, count, ENROLL_AT_ONCE):
                gallery.enroll(SPECIES, NET, items(rows[at : at + ENROLL_AT_ONCE], at))
            gallery.search(SPECIES, queries[:1], 1)
        done.write_text(str(count), "utf-8")
    return path, rows, queries


@dataclass
class Timed:
    """Seconds a call: medians of CPU and of wall time."""

    cpu: float
    wall: float


def side_by_side(calls: dict[str, Callable[[int], object]], seconds: float) -> dict[str, Timed]:
    """Time calls in turn, each for about `seconds`; a call is given the number of its turn."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for call in calls.values():
        call(0)
    turn, started = 1, time.monotonic()
    gc.disable()
    try:
        while time.monotonic() - started < seconds * len(calls) or turn < 6 * len(calls):
            for name, call in calls.items():
                # A peer runs over the caches of the one before; some calls in a row bring its own data back.
                row = time.monotonic()
                for _ in range(16):
                    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
                    call(turn)
                    taken[name].append((time.process_time_ns() - cpu, time.perf_counter_ns() - wall))
                    turn += 1
                    if time.monotonic() - row > seconds / 2:
                        break
    finally:
        gc.enable()
    return {
        name: Timed(statistics.median(one[0] for one in all_) / 1e9, statistics.median(one[1] for one in all_) / 1e9)
        for name, all_ in taken.items()
    }


def search_rows(folder: Path, count: int, seconds: float) -> Iterator[Row]:
    """One query and a batch of 64, ours and the peers', with recall and equality in the same run."""
    import faiss
    from sklearn.neighbors import NearestNeighbors

    path, rows, queries = made(folder, count)
    faiss.omp_set_num_threads(1)
    with Gallery.open(path) as gallery:
        found = gallery.search(SPECIES, queries, K)
        gallery.settle()
        found = gallery.search(SPECIES, queries, K)  # by the cache
        flat = faiss.IndexFlatIP(D)
        flat.add(rows)
        neighbours = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(rows)
        _, exact = flat.search(queries, K)
        recall = float((found.photo_ids[:, 0] - 1 == exact[:, 0]).mean())
        recall10 = float(np.mean([len(np.intersect1d(a - 1, b)) / K for a, b in zip(found.photo_ids, exact, strict=True)]))
        yield f"recall@1 of {QUERIES} queries at {count:.0e}", recall, "", "exact", 1.0, recall, "0.999"
        yield f"recall@{K} at {count:.0e}", recall10, "", "exact", 1.0, recall10, ""
        for batch in (1, 64):
            def some(turn: int, batch: int = batch) -> np.ndarray:
                return queries[turn * batch % (QUERIES - batch) :][:batch]

            def by_numpy(turn: int) -> None:
                scores = some(turn) @ rows.T
                best = np.argpartition(scores, -K, axis=1)[:, -K:]
                np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, 1), axis=1), 1)

            calls: dict[str, Callable[[int], object]] = {
                "ours": lambda turn: gallery.search(SPECIES, some(turn), K),
                "raw FAISS IndexFlatIP": lambda turn: flat.search(some(turn), K),
                "numpy": by_numpy,
                "scikit-learn brute": lambda turn: neighbours.kneighbors(some(turn)),
            }
            if count * D > 80_000_000:
                refined, params, _kept = raw_refined(folder, rows)
                calls["raw FAISS IVF-RaBitQ + refine"] = lambda turn: refined.search(some(turn), K, params=params)  # noqa: B023
                near = refined.search(queries, K, params=params)[1]
                same = float((near[:, 0] == exact[:, 0]).mean())
                yield f"recall@1 of raw FAISS IVF-RaBitQ + refine at {count:.0e}", same, "", "exact", 1.0, same, ""
            what = "one query" if batch == 1 else f"batch of {batch}"
            mine = calls.pop("ours")
            for peer, theirs in calls.items():  # two at a time: whoever else runs takes the processor's caches
                timed = side_by_side({"ours": mine, peer: theirs}, seconds)
                ours, took = timed["ours"], timed[peer]
                raw = "1.1" if "raw" in peer else ""
                yield f"search {count:.0e}, {what} (CPU)", 1e3 * ours.cpu, "ms", peer, 1e3 * took.cpu, ours.cpu / took.cpu, raw
            yield f"search {count:.0e}, {what} (wall)", 1e3 * ours.wall, "ms", "its CPU", 1e3 * ours.cpu, ours.wall / ours.cpu, ""
            if batch == 1 and count == 1_000_000:
                yield "search 1e+06, one query (CPU)", 1e3 * ours.cpu, "ms", "the target", 8.0, ours.cpu / 8e-3, "1.0"


def raw_refined(folder: Path, rows: np.ndarray) -> tuple[object, object, object]:
    """FAISS' own two-stage search with the settings of ours, kept as a file; its parameters; what it must not outlive."""
    import faiss

    path = folder / f"raw-{len(rows)}.faiss"
    if not path.exists():
        index = faiss.index_factory(D, f"RR{D},IVF{2 ** round(np.log2(np.sqrt(len(rows))))},RaBitQfs", faiss.METRIC_L2)
        index.train(rows[:: max(len(rows) // 65536, 1)])
        index.add(rows)
        faiss.write_index(index, str(path))
    index, every = faiss.read_index(str(path)), faiss.IndexFlatL2(D)
    every.add(rows)
    refined, same = faiss.IndexRefine(index, every), SearchSettings()
    inner = faiss.SearchParametersPreTransform(index_params=faiss.SearchParametersIVF(nprobe=same.probes))
    return refined, faiss.IndexRefineSearchParameters(k_factor=same.candidates / K, base_index_params=inner), (index, every)


def filtered_rows(folder: Path, count: int, seconds: float) -> Iterator[Row]:
    """What a filter costs: by side (two thirds pass), by season and camera (one in 50), and the first time."""
    path, _, queries = made(folder, count)
    two = Where(side="left"), Where(seasons=frozenset({"2017"}), cameras=frozenset({"c2", "c12", "c22", "c32", "c42"}))
    with Gallery.open(path) as gallery:
        gallery.search(SPECIES, queries[:1], K)
        start = time.process_time()
        gallery.search(SPECIES, queries[:1], K, where=two[0])
        first = time.process_time() - start
        calls: dict[str, Callable[[int], object]] = {
            name: lambda turn, where=where: gallery.search(SPECIES, queries[turn % QUERIES :][:1], K, where=where)
            for name, where in (("all", Where()), ("a side", two[0]), ("a tenth", two[1]))
        }
        timed = side_by_side(calls, seconds)
    all_ = timed["all"].cpu
    for name in ("a side", "a tenth"):
        took = timed[name].cpu
        yield f"search {count:.0e} among {name} (CPU)", 1e3 * took, "ms", "all photos", 1e3 * all_, took / all_, ""
    yield f"search {count:.0e}, first with a side (CPU)", 1e3 * first, "ms", "all photos", 1e3 * all_, first / all_, ""


def enroll_times(folder: Path, count: int, repeats: int = 60) -> tuple[Timed, Timed]:
    """To enroll one photo into an open gallery, and to enroll one and search."""
    path, _, queries = made(folder, count)
    copy = folder / "enrolling"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(path, copy, copy_function=lambda a, b: os.link(a, b) if "cache" in str(a) else shutil.copy2(a, b))
    rng = np.random.default_rng(int(time.time()))
    one: dict[str, list[tuple[float, float]]] = {"enroll": [], "both": []}
    try:
        with Gallery.open(copy) as gallery:
            gallery.search(SPECIES, queries[:1], K)
            for turn in range(repeats):
                vector = rng.standard_normal((1, D)).astype(np.float32)
                item = items(vector / np.linalg.norm(vector), count + turn)
                cpu, wall = time.process_time(), time.perf_counter()
                (told,) = gallery.enroll(SPECIES, NET, item)
                one["enroll"].append((time.process_time() - cpu, time.perf_counter() - wall))
                found = gallery.search(SPECIES, item[0].vector[None], K)
                one["both"].append((time.process_time() - cpu, time.perf_counter() - wall))
                assert told.status == "added" and found.photo_ids[0, 0] == told.photo_id
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    return tuple(  # type: ignore[return-value]
        Timed(*(statistics.median(took) for took in zip(*all_[5:], strict=True))) for all_ in one.values()
    )


OPEN = """
import sys, time
from pathlib import Path
import numpy as np
from reid.store import Gallery, engine
engine.version()
query = np.load(sys.argv[2])
cpu, wall = time.process_time(), time.perf_counter()
gallery = Gallery.open(Path(sys.argv[1]))
found = gallery.search("zebra", query, 10)
print(time.process_time() - cpu, time.perf_counter() - wall, found.photo_ids[0, 0])
"""
LOAD = """
import sys, time
import numpy as np
cpu, wall = time.process_time(), time.perf_counter()
rows = np.load(sys.argv[1])
print(time.process_time() - cpu, time.perf_counter() - wall, len(rows))
"""


def open_times(folder: Path, count: int, repeats: int = 5) -> tuple[Timed, Timed]:
    """In a fresh process with its libraries loaded: to open and answer the first query; to load the raw array."""
    path, rows, queries = made(folder, count)
    raw, query = folder / f"raw-{count}.npy", folder / "query.npy"
    if not raw.exists():
        np.save(raw, rows)
    np.save(query, queries[:1])
    nearest = int(np.argmax(rows @ queries[0])) + 1
    taken: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    for _ in range(repeats):
        for at, command in enumerate(([OPEN, str(path), str(query)], [LOAD, str(raw)])):
            told = subprocess.run([sys.executable, "-c", *command], capture_output=True, text=True, check=True).stdout.split()
            taken[at].append((float(told[0]), float(told[1])))
            assert at or int(told[2]) == nearest
    return tuple(  # type: ignore[return-value]
        Timed(*(statistics.median(took) for took in zip(*all_, strict=True))) for all_ in taken
    )


def rows(folder: Path, sizes: tuple[int, ...] = SIZES, seconds: float = 2.0) -> Iterator[Row]:
    """The whole table, row by row; see `Row`."""
    for count in sizes:
        yield from search_rows(folder, count, seconds)
    for count in sizes[-1:]:
        yield from filtered_rows(folder, count, seconds)
    least: tuple[Timed, Timed] | None = None
    for count in sizes:
        took = enroll_times(folder, count)
        least = least or took
        for at, what in enumerate(("enroll one photo into", "enroll one photo and search among")):
            for clock in ("cpu", "wall"):
                ours, base = getattr(took[at], clock), getattr(least[at], clock)
                wanted = "1.5" if at == 0 else ""
                yield f"{what} {count:.0e} ({clock})", 1e3 * ours, "ms", f"at {sizes[0]:.0e}", 1e3 * base, ours / base, wanted
    for count in sizes:
        ours, load = open_times(folder, count)
        for clock in ("cpu", "wall"):
            a, b = getattr(ours, clock), getattr(load, clock)
            wanted = "1.0" if count == 1_000_000 else ""
            yield f"open {count:.0e} and answer ({clock})", 1e3 * a, "ms", "np.load of the raw array", 1e3 * b, a / b, wanted


def plot(table: list[Row], path: Path) -> None:
    """Cost against gallery size, from the figures of a run."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(12, 3.8), layout="constrained")

    def line(axis: object, starts: str, ends: str, peer: str, label: str, style: str) -> None:
        points = {}
        for name, ours, _, other, theirs, _, _ in table:
            if name.startswith(starts) and name.endswith(ends) and peer in ("", other):
                points[float(name.removeprefix(starts).strip().split(",")[0].split()[0])] = theirs if peer else ours
        if points:
            axis.loglog(list(points), list(points.values()), style, label=label)  # type: ignore[attr-defined]

    for peer, label, style in (
        ("", "reid", "o-"), ("raw FAISS IndexFlatIP", "FAISS, exact", "s--"), ("numpy", "numpy", "^:"),
        ("scikit-learn brute", "scikit-learn", "v:"),
    ):
        line(axes[0], "search ", "one query (CPU)", peer, label, style)
    line(axes[1], "enroll one photo into ", "(cpu)", "", "enroll", "o-")
    line(axes[1], "enroll one photo and search among ", "(cpu)", "", "enroll and search", "s--")
    line(axes[2], "open ", "and answer (wall)", "", "reid: open, first answer", "o-")
    line(axes[2], "open ", "and answer (wall)", "np.load of the raw array", "np.load of the vectors alone", "s--")
    for axis, title, unit in zip(
        axes, ("Search, one query", "Enroll one photo", "Open"), ("ms of CPU", "ms of CPU", "ms"), strict=True
    ):
        axis.set(title=title, xlabel="photos in the gallery", ylabel=unit)
        axis.grid(True, which="major", alpha=0.3)
        axis.legend(frameon=False, fontsize=8)
    axes[1].set_ylim(0.1, 100)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--sizes", default="1e3,1e4,1e5,1e6")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each call of a row")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--only-plot", action="store_true", help="from the figures of the last run")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    kept = given.folder / "figures.json"
    table: list[Row] = [tuple(row) for row in json.loads(kept.read_text("utf-8"))] if given.only_plot else []
    for row in () if given.only_plot else rows(given.folder, tuple(int(float(n)) for n in given.sizes.split(",")), given.seconds):
        name, ours, unit, peer, theirs, ratio, wanted = row
        table.append(row)
        print(f"{name:48} {ours:10.4g} {unit:3} {peer:32} {theirs:10.4g} {ratio:8.3f}  {wanted}", flush=True)
    kept.write_text(json.dumps(table), "utf-8")
    if given.plot:
        plot(table, given.plot)


if __name__ == "__main__":
    main()
